#include "walk.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace treesum {
namespace {

struct close_directory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

std::string error_of(const std::string& path, int error) {
    return path + ": " + std::generic_category().message(error);
}

enum class kind { file, directory, other };

kind kind_of(mode_t mode) {
    if (S_ISREG(mode)) { return kind::file; }
    return S_ISDIR(mode) ? kind::directory : kind::other;
}

class walker {
public:
    void start(const std::string& path) {
        struct stat status{};
        // A symlink that leads nowhere stands for itself, as with find -H.
        if (::stat(path.c_str(), &status) != 0 && ::lstat(path.c_str(), &status) != 0) {
            found_.errors.push_back(error_of(path, errno));
            return;
        }
        add(path, kind_of(status.st_mode));
        while (!directories_.empty()) {
            const std::string next = std::move(directories_.back());
            directories_.pop_back();
            list(next);
        }
    }
    listing take() {
        std::ranges::sort(found_.files);
        return std::move(found_);
    }

private:
    void add(std::string path, kind what) {
        if (what == kind::file) {
            found_.files.push_back(std::move(path));
        } else if (what == kind::directory) {
            directories_.push_back(std::move(path));
        }
    }
    void list(const std::string& path) {
        const std::unique_ptr<DIR, close_directory> directory(::opendir(path.c_str()));
        if (directory == nullptr) {
            found_.errors.push_back(error_of(path, errno));
            return;
        }
        const std::string prefix = path.ends_with('/') ? path : path + '/';
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(directory.get());
            if (entry == nullptr) { break; }
            const std::string name = entry->d_name;
            if (name != "." && name != "..") { add_entry(prefix + name, entry->d_type); }
        }
        if (errno != 0) { found_.errors.push_back(error_of(path, errno)); }
    }
    void add_entry(std::string path, unsigned char type) {
        if (type != DT_UNKNOWN) {
            add(std::move(path), type == DT_REG   ? kind::file
                                 : type == DT_DIR ? kind::directory
                                                  : kind::other);
            return;
        }
        struct stat status{};  // a file system that does not tell
        if (::lstat(path.c_str(), &status) != 0) {
            found_.errors.push_back(error_of(path, errno));
        } else {
            add(std::move(path), kind_of(status.st_mode));
        }
    }
    listing found_;
    std::vector<std::string> directories_;
};

}  // namespace

listing walk(const std::vector<std::string>& paths) {
    walker all;
    for (const std::string& path : paths) { all.start(path); }
    return all.take();
}

}  // namespace treesum
