/// What spawn throws for a task whose parameters break the `owning` or the `sendable` rule.
#pragma once

#include <edo/base/config.hpp>
#include <edo/coro/detail/parameter_record.hpp>

#include <source_location>
#include <stdexcept>
#include <string_view>

namespace edo {

/// A `task` was spawned whose coroutine has a parameter that is not owning: a reference, a view, a
/// pointer, or the object of a member function. The task could outlive what the parameter refers to.
/// Nothing has run; the task is destroyed. `what()` names the coroutine, the parameter's position
/// and type, and the fix.
class EDO_API borrow_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// A `task` was spawned on a runtime with several threads whose coroutine has a parameter that is
/// not sendable, an `edo::rc`, say. Nothing has run; the task is destroyed. `what()` names the
/// coroutine, the parameter's position and type, and the fix.
class EDO_API send_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

namespace detail {

/// Throw the error for the first bad parameter of the coroutine `function` (as
/// std::source_location::function_name() gives it), spawned at `where`.
[[noreturn]] EDO_API void throw_borrow_error(const parameter_record& record,
                                             std::string_view function,
                                             const std::source_location& where = {});
[[noreturn]] EDO_API void throw_send_error(const parameter_record& record,
                                           std::string_view function,
                                           const std::source_location& where = {});

}  // namespace detail
}  // namespace edo
