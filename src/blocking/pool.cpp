#include "blocking/pool.hpp"

#include <edo/base/detail/fatal.hpp>

namespace edo::detail {

thread_pool::thread_pool(runtime_core& core, thread_pool_options options)
    : core_(core), options_(std::move(options)) {}

void thread_pool::submit(blocking_job& job) {
    lock_guard lock(lock_);
    if (closed_) {
        lock.unlock();
        job.cancel();
        options_.after_job();
        return;
    }
    // Idle threads that a queued job has woken already still count as idle, so compare.
    const std::size_t working = running_.size() - leaving_;
    if (idle_ <= queue_.size() && working < options_.max_threads) {
        try {
            start_thread();
        } catch (...) {
            if (working == 0) { throw; }  // otherwise one of the others takes the job
        }
    }
    queue_.push(job);
    work_.notify_one();
}

void thread_pool::start_thread() {
    thread_list made(1);
    const auto self = made.begin();
    *self = thread([this, self, keep = core_ref(core_)] { thread_main(self); },
                   options_.thread_name, options_.stack_size);
    running_.splice(running_.end(), made);
}

void thread_pool::thread_main(thread_list::iterator self) noexcept {
    this_context().runtime = &core_;
    const auto call = [](const std::function<void()>& hook) {
        try {
            if (hook) { hook(); }
        } catch (...) { fatal("a thread hook of the runtime threw"); }
    };
    call(options_.on_thread_start);
    lock_guard lock(lock_);
    do {
        while (blocking_job* job = queue_.pop()) {
            lock.unlock();
            job->run();
            options_.after_job();
            lock.lock();
        }
    } while (wait_for_job(lock));
    ++leaving_;  // from here on it takes no job
    lock.unlock();
    call(options_.on_thread_stop);
    this_context().runtime = nullptr;
    lock.lock();
    // Whoever ends next, or the one who waits for the pool, joins this thread.
    thread_list previous;
    previous.swap(ended_threads_);
    ended_threads_.splice(ended_threads_.end(), running_, self);
    --leaving_;
    if (running_.empty()) { ended_.notify_all(); }
    lock.unlock();
    for (thread& t : previous) { t.join(); }
}

/// False: the thread has been idle for long enough, or the pool is closed.
bool thread_pool::wait_for_job(lock_guard& lock) noexcept {
    const auto now = std::chrono::steady_clock::now();
    const bool for_ever = options_.keep_alive >= std::chrono::steady_clock::time_point::max() - now;
    const auto wanted = [this] { return closed_ || !queue_.empty(); };
    ++idle_;
    if (for_ever) {
        work_.wait(lock, wanted);
    } else {
        work_.wait_until(lock, now + options_.keep_alive, wanted);
    }
    --idle_;
    return !queue_.empty();
}

void thread_pool::close() noexcept {
    intrusive_fifo<blocking_job> unstarted;
    {
        lock_guard lock(lock_);
        closed_ = true;
        unstarted.append(queue_);
    }
    work_.notify_all();
    while (blocking_job* job = unstarted.pop()) {
        job->cancel();
        options_.after_job();
    }
}

bool thread_pool::wait_closed(
    std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
    lock_guard lock(lock_);
    const auto none = [this] { return running_.empty(); };
    if (!deadline) {
        ended_.wait(lock, none);
    } else if (!ended_.wait_until(lock, *deadline, none)) {
        return false;
    }
    thread_list last;
    last.swap(ended_threads_);
    lock.unlock();
    for (thread& t : last) { t.join(); }
    return true;
}

void thread_pool::detach_threads() noexcept {
    lock_guard lock(lock_);
    for (thread& t : running_) { t.detach(); }
    for (thread& t : ended_threads_) { t.detach(); }
}

std::size_t thread_pool::threads() const noexcept {
    lock_guard lock(lock_);
    return running_.size();
}
std::size_t thread_pool::idle_threads() const noexcept {
    lock_guard lock(lock_);
    return idle_;
}
std::size_t thread_pool::queued() const noexcept {
    lock_guard lock(lock_);
    return queue_.size();
}

}  // namespace edo::detail
