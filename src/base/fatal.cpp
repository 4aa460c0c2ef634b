#include <edo/base/detail/fatal.hpp>

#include <edo/base/detail/atomic.hpp>

#include <sys/uio.h>
#include <unistd.h>

#include <exception>

namespace edo::detail {

void report(std::string_view message) noexcept {
    static constexpr std::string_view prefix = "edo: ";
    static constexpr std::string_view newline = "\n";
    iovec parts[3];
    int count = 0;
    for (std::string_view part : {prefix, message, newline}) {
        parts[count++] = {const_cast<char*>(part.data()), part.size()};
    }
    [[maybe_unused]] auto written = ::writev(STDERR_FILENO, parts, count);
}

void fatal(std::string_view message) noexcept {
    report(message);
    std::terminate();
}

#if EDO_COUNT
operation_counts& counts() noexcept {
    static operation_counts all;
    return all;
}
#endif

}  // namespace edo::detail
