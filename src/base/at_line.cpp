#include <edo/base/detail/at_line.hpp>

namespace edo::detail {

std::string at_line(const std::source_location& where) {
    if (where.line() == 0) { return {}; }
    return std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": ";
}

}  // namespace edo::detail
