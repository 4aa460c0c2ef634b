// The regular files under some paths, as `find -H PATH... -type f` lists them.
#pragma once

#include <string>
#include <vector>

namespace treesum {

struct listing {
    std::vector<std::string> files;   // sorted by their bytes, with duplicates
    std::vector<std::string> errors;  // "path: why", in the order of the walk
};

// Symlinks among `paths` are followed, those below them are not.
listing walk(const std::vector<std::string>& paths);

}  // namespace treesum
