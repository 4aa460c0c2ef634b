/// Threads on which tasks stay.
#pragma once

#include <edo/runtime/handle.hpp>

#include <memory>
#include <vector>

namespace edo {

/// n threads, each with a local_runtime. A task that is spawned here stays on the thread that was chosen for
/// it, so it may hold what must not change threads, and spawn_local works in it. As
/// tokio_util::task::LocalPoolHandle.
///
/// Destruction    drops all tasks, each on its thread, and waits for that.
/// Thread safety  spawn_pinned from any thread.
class EDO_API local_pool {
public:
    /// Starts the threads. Throws std::invalid_argument for 0, std::system_error, std::bad_alloc.
    explicit local_pool(std::size_t threads,
                        std::source_location where = std::source_location::current());
    local_pool(const local_pool&) = delete;
    local_pool& operator=(const local_pool&) = delete;
    ~local_pool();

    /// Starts f(args...) on the thread with the fewest tasks; see edo::spawn. What goes there, and the
    /// result, must be owning and sendable; what the coroutine makes itself need not.
    template <class F, class... Args>
        requires spawnable<F, Args...>
    auto spawn_pinned(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>> {
        return least_loaded().spawn(std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <
        class F, class... Args,
        class Why = detail::refusal<"edo::local_pool::spawn_pinned", detail::k_send, F, Args...>>
    auto spawn_pinned(F&&, Args&&...);
    /// The number of threads.
    [[nodiscard]] std::size_t num_threads() const noexcept { return members_.size(); }

private:
    struct member;
    [[nodiscard]] const runtime_handle& least_loaded() const noexcept;
    std::vector<std::unique_ptr<member>> members_;
};

}  // namespace edo
