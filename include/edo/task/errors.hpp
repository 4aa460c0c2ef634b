/// Errors of misuse that concern the place of a call.
#pragma once

#include <edo/base/detail/at_line.hpp>

#include <source_location>
#include <stdexcept>
#include <string>

namespace edo {

/// A call that needs a runtime was made where none is entered.
class EDO_API no_runtime_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// spawn_local was called outside a local_set and a local_runtime.
class EDO_API no_local_set_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

namespace detail {

[[noreturn]] EDO_API void throw_no_runtime(const char* function, const std::source_location& where);
[[noreturn]] EDO_API void throw_no_local_set(const std::source_location& where);

}  // namespace detail
}  // namespace edo
