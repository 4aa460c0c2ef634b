/// The identity of a spawned task.
#pragma once

#include <edo/base/config.hpp>

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace edo {

/// Names a spawned task; unique in the process, never used again. As tokio::task::Id.
class task_id {
public:
    /// The id with this number; for maps and logs.
    explicit constexpr task_id(std::uint64_t value) noexcept : value_(value) {}
    /// The number, greater than zero.
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
    /// Ids of later tasks are not always greater: each thread draws them in blocks.
    friend constexpr auto operator<=>(task_id, task_id) noexcept = default;

private:
    std::uint64_t value_;
};

/// The number in decimal.
[[nodiscard]] inline std::string to_string(task_id id) { return std::to_string(id.value()); }

namespace this_task {

/// The id of the task (or blocking closure) that runs on this thread. Throws std::logic_error
/// outside a task and in the future of block_on, which is no task. During the destruction of a
/// task's frames and result it is that task's.
[[nodiscard]] EDO_API task_id id(std::source_location where = std::source_location::current());
/// The same, or nothing.
[[nodiscard]] EDO_API std::optional<task_id> try_id() noexcept;
/// The name that a task_builder gave the running task; empty without one and outside a task.
[[nodiscard]] EDO_API std::string_view name() noexcept;

}  // namespace this_task
}  // namespace edo

/// Hashes the number.
template <>
struct std::hash<edo::task_id> {
    /// The hash of `id`.
    std::size_t operator()(edo::task_id id) const noexcept {
        return std::hash<std::uint64_t>()(id.value());
    }
};
