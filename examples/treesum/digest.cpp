#include "digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <cerrno>
#include <new>
#include <stdexcept>

namespace treesum {
namespace {

constexpr std::size_t chunk_size = std::size_t{128} * 1024;

struct free_openssl {
    void operator()(EVP_MD* md) const noexcept { EVP_MD_free(md); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

void check(int result) {
    if (result != 1) { throw std::runtime_error("libcrypto: SHA-256 failed"); }
}

class descriptor {
public:
    explicit descriptor(const std::string& path) noexcept
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) { ::close(fd_); }
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

class hasher {
public:
    hasher() {
        if (md_ == nullptr || context_ == nullptr) { throw std::bad_alloc(); }
    }
    digest hash(const std::string& path) {
        digest result;
        const descriptor file(path);
        if (file.get() < 0) {
            result.error = errno;
            return result;
        }
        check(EVP_DigestInit_ex2(context_.get(), md_.get(), nullptr));
        for (;;) {
            const ssize_t n = ::read(file.get(), chunk_.data(), chunk_.size());
            if (n > 0) {
                check(EVP_DigestUpdate(context_.get(), chunk_.data(), static_cast<size_t>(n)));
            } else if (n == 0) {
                break;
            } else if (errno != EINTR) {
                result.error = errno;
                return result;
            }
        }
        check(EVP_DigestFinal_ex(context_.get(), result.bytes.data(), nullptr));
        return result;
    }

private:
    std::unique_ptr<EVP_MD, free_openssl> md_{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
    std::unique_ptr<EVP_MD_CTX, free_openssl> context_{EVP_MD_CTX_new()};
    std::vector<char> chunk_ = std::vector<char>(chunk_size);
};

}  // namespace

batch hash_files(const file_list& files, std::size_t first, std::size_t last) {
    hasher sha256;
    batch result{first, {}};
    result.digests.reserve(last - first);
    for (std::size_t i = first; i < last; ++i) {
        result.digests.push_back(sha256.hash((*files)[i]));
    }
    return result;
}

}  // namespace treesum
