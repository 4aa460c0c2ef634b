// SHA-256 of files.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace treesum {

struct digest {
    std::array<unsigned char, 32> bytes{};
    int error = 0;  // errno if the file could not be read
};

using file_list = std::shared_ptr<const std::vector<std::string>>;

// The digests of files [first, last), in an own batch of results.
struct batch {
    std::size_t first = 0;
    std::vector<digest> digests;
};

// Blocks. Reads in chunks: memory does not depend on the sizes of files.
batch hash_files(const file_list& files, std::size_t first, std::size_t last);

}  // namespace treesum
