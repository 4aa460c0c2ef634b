/// What the tasks of a model run on, with little but the protocol under test: a queue behind a lock,
/// on which any thread works. Turns, branches, joins are the library's.
#pragma once

#include "support/explorer.hpp"

#include <edo/base/detail/mutex.hpp>
#include <edo/coro/task.hpp>
#include <edo/task/detail/runtime_core.hpp>
#include <edo/task/join_handle.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

namespace edo::model {

/// Its tasks are those of the library, and toy_tasks.
class toy_runtime final : public detail::runtime_core {
public:
    toy_runtime() : queue_(*this) {}

    /// Runs tasks until every one has ended.
    void work() {
        detail::context& cx = detail::this_context();
        cx.runtime = this;
        while (detail::cell_base* next = take()) {
            if (detail::drive(*next) == detail::turn::yielded) { queue_.schedule(*next); }
        }
        cx.runtime = nullptr;
    }
    void one_has_ended() noexcept {
        const detail::lock_guard guard(lock_);
        if (--alive_ == 0) { changed_.notify_all(); }
    }
    void start(detail::cell_base& task) noexcept {
        {
            const detail::lock_guard guard(lock_);
            ++alive_;
        }
        queue_.schedule(task);
    }

    void launch(detail::cell& task) noexcept override {
        task.counted = true;
        start(task);
    }
    void task_ended(detail::cell&) noexcept override { one_has_ended(); }
    detail::scheduler& tasks() noexcept override { return queue_; }
    bool run_awaited(detail::cell&, detail::suspension&) noexcept override { return false; }
    detail::time_driver& time() noexcept override { return *clock; }
    shard_choice timer_place() const noexcept override { return {.shard = 0, .is_own = false}; }
    detail::time_driver* clock = nullptr;  ///< for those who need one

    // What no model of this kind needs.
    detail::blocking_pool& blocking() noexcept override { std::abort(); }
    bool bind(detail::cell&) noexcept override { std::abort(); }
    void begin_root_fork() noexcept override {}
    void end_root_fork() noexcept override {}
    void run_in_place(void (*)(void*), void*, const std::source_location&) override {
        std::abort();
    }
    void block_on(detail::thread_cell&, bool, const std::source_location&) override {
        std::abort();
    }

private:
    struct queue final : detail::scheduler {
        explicit queue(toy_runtime& of) : scheduler(&of), runtime(of) {}
        void schedule(detail::cell_base& task) noexcept override { runtime.push(task); }
        toy_runtime& runtime;
    };
    void push(detail::cell_base& task) noexcept {
        check(!engine::holds_a_lock(), "a lock is held across a wake");
        const detail::lock_guard guard(lock_);
        check(std::ranges::find(waiting_, &task) == waiting_.end(), "a task is queued twice");
        waiting_.push_back(&task);
        changed_.notify_one();
    }
    /// Null: all have ended.
    detail::cell_base* take() {
        detail::lock_guard guard(lock_);
        changed_.wait(guard, [this] { return !waiting_.empty() || alive_ == 0; });
        if (waiting_.empty()) { return nullptr; }
        detail::cell_base* first = waiting_.front();
        waiting_.erase(waiting_.begin());
        return first;
    }
    void destroy() noexcept override {}

    queue queue_;
    detail::mutex lock_;
    detail::condition changed_;
    std::vector<detail::cell_base*> waiting_;
    int alive_ = 0;
};

/// A coroutine that is scheduled, and nothing more: no handle, no counted references.
class toy_task final : public detail::cell_base {
public:
    toy_task(toy_runtime& on, task<void> body)
        : cell_base(on.tasks()), runtime_(on), body_(std::move(body)) {
        on.start(*this);
    }
    void abort() noexcept {
        if (state.request_abort()) { home->schedule(*this); }
    }
    /// Once all threads have ended.
    [[nodiscard]] bool was_dropped() const noexcept { return dropped_; }

    bool begin() noexcept override {
        // A wake for a branch whose frames are gone ends here: the branch has no point.
        check(!std::exchange(has_begun_, true), "a branch without frames is resumed");
        connect(std::move(body_), result_);
        point = result_.child;
        return true;
    }
    void finish(bool dropped) noexcept override {
        dropped_ = dropped;
        result_.destroy_child();
        runtime_.one_has_ended();
    }

private:
    toy_runtime& runtime_;
    task<void> body_;
    detail::sink<void> result_;
    bool has_begun_ = false;
    bool dropped_ = false;
};

/// Opens once, and wakes the one who waits. Its latch is that of the end of a task.
class gate {
public:
    class waiting;
    void open() {
        message_.write(1);
        detail::claimed waiter;
        static_cast<void>(latch_.complete(waiter));
        waiter.enqueue();
    }
    /// `hasty`: dropped, it does not take itself back. What no leaf may do.
    [[nodiscard]] waiting wait(bool hasty = false);

private:
    detail::join_word latch_;
    tracked message_;
};

class gate::waiting : public detail::leaf<waiting>, public detail::join_listener {
public:
    waiting(gate& at, bool hasty) : at_(&at), hasty_(hasty) {}
    waiting(waiting&& other) noexcept : at_(other.at_), hasty_(other.hasty_) {}
    ~waiting() {
        if (!hasty_) { disarm(); }
    }
    void disarm() noexcept {
        if (std::exchange(is_armed_, false)) { at_->latch_.unlisten(*this); }
    }
    bool ready() { return at_->latch_.is_done(); }
    bool arm(detail::suspension& waiter) noexcept {
        waiter_ = &waiter;
        return is_armed_ = at_->latch_.listen(*this);
    }
    detail::claimed task_ended() noexcept override {
        told_.write(1);
        return claim(*waiter_);
    }
    void await_resume() {
        // Before the latch is asked again: the wake has brought it.
        static_cast<void>(at_->message_.read());
        if (std::exchange(is_armed_, false)) {
            check(!at_->latch_.unlisten(*this), "a branch is resumed that nobody has woken");
        }
    }

private:
    gate* at_;
    detail::suspension* waiter_ = nullptr;
    tracked told_;
    bool hasty_;
    bool is_armed_ = false;
};

inline gate::waiting gate::wait(bool hasty) { return waiting(*this, hasty); }

}  // namespace edo::model
