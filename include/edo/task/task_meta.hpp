/// What hooks are told of a task.
#pragma once

#include <edo/task/task_id.hpp>

#include <exception>
#include <functional>
#include <source_location>

namespace edo {

/// A task, as the hooks of runtime_builder see it. Valid during the call.
struct task_meta {
    task_id id;             ///< its id
    std::string_view name;  ///< its name, empty if it has none
    /// Where it was spawned. `spawn(f, args...)` cannot know its caller; there it is the coroutine that
    /// f made (its first line with Clang, its last one with GCC), and line 0 before the first run.
    std::source_location spawned_at;
};

namespace detail {

/// The hooks of a runtime; immutable once it is built.
struct task_hooks {
    std::function<void(const task_meta&)> on_spawn;
    std::function<void(const task_meta&)> on_terminate;
    std::function<void(const task_meta&)> on_before_poll;
    std::function<void(const task_meta&)> on_after_poll;
    std::function<void(const task_meta&, std::exception_ptr)> unhandled_exception;
};

/// Tells the user of an exception that nobody will see: the hook, or a line on stderr.
EDO_API void report_unhandled(const task_hooks* hooks, const task_meta& meta,
                              const std::exception_ptr& error) noexcept;

}  // namespace detail
}  // namespace edo
