#include "print.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <system_error>

namespace treesum {

std::string line_of(const digest& sum, std::string_view path) {
    std::string line;
    const bool is_escaped = path.find_first_of("\\\n\r") != std::string_view::npos;
    if (is_escaped) { line += '\\'; }
    for (const unsigned char byte : sum.bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        line += digits[byte >> 4U];
        line += digits[byte & 15U];
    }
    line += "  ";
    for (const char c : path) {
        switch (c) {
            case '\\': line += "\\\\"; break;
            case '\n': line += "\\n"; break;
            case '\r': line += "\\r"; break;
            default: line += c;
        }
    }
    return line + '\n';
}

void print_error(std::string_view message) {
    const std::string text = "treesum: " + std::string(message) + '\n';
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

bool print_all(const std::vector<std::string>& files, const std::vector<digest>& digests) {
    bool is_good = true;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (digests[i].error != 0) {
            print_error(files[i] + ": " + std::generic_category().message(digests[i].error));
            is_good = false;
            continue;
        }
        const std::string line = line_of(digests[i], files[i]);
        if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) { break; }
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        print_error("standard output: " + std::generic_category().message(errno));
        return false;
    }
    return is_good;
}

progress_bar::progress_bar(std::size_t total)
    : total_(total), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

progress_bar::~progress_bar() {
    if (is_terminal_) { fmt::print(stderr, "\r\x1b[K"); }
}

void progress_bar::show(std::size_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (!is_terminal_ || total_ == 0 || now < next_) { return; }
    next_ = now + std::chrono::milliseconds(50);
    constexpr std::size_t width = 40;
    const std::size_t filled = width * done / total_;
    fmt::print(stderr, "\r[{:<{}}] {}/{}", std::string(filled, '#'), width, done, total_);
    std::fflush(stderr);
}

}  // namespace treesum
