#include <edo/runtime/detail/report_escaped.hpp>

#include <edo/base/detail/fatal.hpp>
#include <edo/task/join_error.hpp>

namespace edo::detail {

void report_escaped(const std::exception_ptr& exception) noexcept {
    try {
        report("co_main threw " + describe(exception));
    } catch (...) { report("co_main threw"); }
}

}  // namespace edo::detail
