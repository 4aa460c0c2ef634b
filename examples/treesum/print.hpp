// What treesum shows.
#pragma once

#include "digest.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace treesum {

// A line as sha256sum prints it, with its escapes.
std::string line_of(const digest& sum, std::string_view path);

// "treesum: message" on stderr.
void print_error(std::string_view message);

// All lines and errors. False: something could not be read, or written.
bool print_all(const std::vector<std::string>& files, const std::vector<digest>& digests);

// A bar on stderr, if that is a terminal; it vanishes at the end.
class progress_bar {
public:
    explicit progress_bar(std::size_t total);
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;
    ~progress_bar();
    void show(std::size_t done);

private:
    std::size_t total_;
    bool is_terminal_;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace treesum
