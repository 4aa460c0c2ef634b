/// The threads of spawn_blocking.
#pragma once

#include <edo/base/detail/mutex.hpp>
#include <edo/base/detail/thread.hpp>
#include <edo/task/detail/blocking_cell.hpp>

#include <chrono>
#include <functional>
#include <list>

namespace edo::detail {

/// What the builder decides.
struct thread_pool_options {
    std::size_t max_threads = 512;
    std::chrono::nanoseconds keep_alive = std::chrono::seconds(10);
    std::size_t stack_size = 0;
    std::string thread_name = "edo-blocking";
    std::function<void()> on_thread_start, on_thread_stop;
    std::function<void()> after_job;  ///< after each job that has run or was cancelled
};

/// Grows on demand up to a limit, then queues, first in, first out. One lock: a closure that is
/// worth a thread costs far more than that.
class thread_pool final : public blocking_pool {
public:
    /// Each thread holds a reference to `core` while it lives.
    thread_pool(runtime_core& core, thread_pool_options options);

    void submit(blocking_job& job) override;
    /// Cancels what is queued, and what is submitted later; idle threads end.
    void close() noexcept;
    /// Waits until all threads have ended, at most until `deadline`. False: some were left.
    bool wait_closed(std::optional<std::chrono::steady_clock::time_point> deadline) noexcept;
    /// Lets the threads end by themselves.
    void detach_threads() noexcept;

    [[nodiscard]] std::size_t threads() const noexcept;
    [[nodiscard]] std::size_t idle_threads() const noexcept;
    [[nodiscard]] std::size_t queued() const noexcept;

private:
    using thread_list = std::list<thread>;
    void start_thread();
    void thread_main(thread_list::iterator self) noexcept;
    bool wait_for_job(lock_guard& lock) noexcept;

    runtime_core& core_;
    const thread_pool_options options_;
    mutable mutex lock_;
    condition work_;   ///< a job was queued, or the pool closes
    condition ended_;  ///< the last thread has ended
    intrusive_fifo<blocking_job> queue_;
    thread_list running_;
    thread_list ended_threads_;  ///< the last one to end, to be joined
    std::size_t idle_ = 0;
    std::size_t leaving_ = 0;  ///< of `running_`: they take no job any more
    bool closed_ = false;
};

}  // namespace edo::detail
