/// A blocking closure as a task.
#pragma once

#include <edo/task/detail/spawn_site.hpp>

namespace edo::detail {

/// Work for a thread of the blocking pool. Exactly one of run() and cancel() is called, once.
class blocking_job {
public:
    virtual void run() noexcept = 0;
    /// The pool has shut down before the job was started.
    virtual void cancel() noexcept = 0;
    blocking_job* next = nullptr;

protected:
    ~blocking_job() = default;
};

/// Where blocking closures run.
class blocking_pool {
public:
    /// Queues a job. Throws std::system_error if there is no thread and none can be started, and
    /// std::bad_alloc; the job is then untouched.
    virtual void submit(blocking_job& job) = 0;

protected:
    ~blocking_pool() = default;
};

/// Runs a closure outside of any task, as the body of blocking task `c`.
class blocking_scope {
public:
    explicit blocking_scope(const cell& c) noexcept
        : outer_(std::exchange(this_context().blocking, &c)) {}
    ~blocking_scope() { this_context().blocking = outer_; }
    blocking_scope(const blocking_scope&) = delete;
    blocking_scope& operator=(const blocking_scope&) = delete;

private:
    const cell* outer_;
};

/// A task that is a plain call. It is owned (queued or running) from its start to its end, so an
/// abort never queues it; the pool looks at the bit before the call. `Base`: as in spawned_call.
template <class Base, class F, class... Args>
class blocking_call final : public Base, public blocking_job {
public:
    template <class G, class... As>
    blocking_call(task_owner& owned_by, std::source_location where, G&& f, As&&... as)
        : Base(owned_by, where), call_(std::forward<G>(f), std::forward<As>(as)...) {}
    ~blocking_call() override {
        if (this->outcome() == task_outcome::pending) { call_.destroy(); }
    }
    blocking_call(const blocking_call&) = delete;
    blocking_call& operator=(const blocking_call&) = delete;

    bool begin() noexcept override { return false; }
    void run() noexcept override {
        const blocking_scope scope(*this);
        const bool aborted = (this->state.look() & state_word::abort) != 0;
        if (!aborted) { call(); }
        finish(aborted);
    }
    void cancel() noexcept override {
        const blocking_scope scope(*this);
        finish(true);
    }
    /// As in spawned_call.
    void finish(bool dropped) noexcept override {
        call_.destroy();
        Base::finish(dropped);
    }

private:
    void call() noexcept {
        try {
            if constexpr (std::is_void_v<typename Base::result_type>) {
                call_.invoke();
                this->result.emplace();
            } else {
                this->result.emplace(call_.invoke());
            }
        } catch (...) { this->result.error = std::current_exception(); }
    }
    [[no_unique_address]] stored_call<F, Args...> call_;  ///< until the task ends
};

/// Hands a new blocking task to the pool.
template <class Base, class F, class... Args>
Base* launch_blocking(runtime_core& core, const spawn_site& site, F&& f, Args&&... args) {
    (check_argument(args, true, site.where), ...);
    using made = blocking_call<Base, std::decay_t<F>, std::decay_t<Args>...>;
    return name_and_start(
        new made(core, site.where, std::forward<F>(f), std::forward<Args>(args)...), site,
        [&core](made& call) { core.blocking().submit(call); });
}

}  // namespace edo::detail
