/// What tasks, timers and handles need from the runtime they belong to.
#pragma once

#include <edo/base/detail/atomic.hpp>
#include <edo/coro/detail/context.hpp>
#include <edo/task/errors.hpp>
#include <edo/task/task_meta.hpp>

#include <memory>
#include <utility>

namespace edo::detail {

class cell;
class scheduler;
class suspension;
class blocking_pool;
class thread_cell;
class time_driver;

/// Whoever owns tasks: a runtime, a local_set.
class task_owner {
public:
    /// Queues a new task. After shutdown the task is cancelled instead.
    virtual void launch(cell& task) noexcept = 0;
    /// A task of this owner has ended; the last access to the owner by the task.
    virtual void task_ended(cell& task) noexcept = 0;
    /// The scheduler of its tasks.
    virtual scheduler& tasks() noexcept = 0;
    /// A task ended with an exception; comes before task_ended().
    virtual void task_failed() noexcept {}

    std::shared_ptr<const task_hooks> hooks;

protected:
    ~task_owner() = default;
};

/// The shared part of a runtime. Counted references: the runtime, its handles, its threads, and
/// whoever must outlive a shutdown.
class runtime_core : public task_owner {
public:
    runtime_core() noexcept = default;
    runtime_core(const runtime_core&) = delete;
    runtime_core& operator=(const runtime_core&) = delete;

    /// Threads for blocking closures.
    virtual blocking_pool& blocking() noexcept = 0;
    /// Clock and timers.
    virtual time_driver& time() noexcept = 0;
    /// The shard of timers of the calling thread, and whether that is a worker's own.
    struct shard_choice {
        unsigned shard;
        bool is_own;
    };
    virtual shard_choice timer_place() const noexcept = 0;
    /// Runs a task that `waiter` is about to wait for, inside the waiter's turn, if it is in a queue
    /// of the calling thread: then nothing need be woken. True: it has ended.
    virtual bool run_awaited(cell& task, suspension& waiter) noexcept = 0;
    /// Keeps a task that runs now, and has a side block, on one thread for the rest of its life. False:
    /// it can not go on here; it has to yield and to ask again.
    virtual bool bind(cell& task) noexcept = 0;
    /// A fork whose parent is the future of a block_on: its children need the workers until it ends.
    virtual void begin_root_fork() noexcept = 0;
    virtual void end_root_fork() noexcept = 0;
    /// Lets the calling worker's other tasks move to another thread while `f` runs.
    virtual void run_in_place(void (*f)(void*), void* argument,
                              const std::source_location& where) = 0;
    /// Runs a future to its end on the calling thread.
    virtual void block_on(thread_cell& root, bool may_lend, const std::source_location& where) = 0;

    /// A local_runtime: spawn_local of ordinary tasks goes to `locals`, on this thread. Null: no more.
    void keep_locals(task_owner* locals) noexcept {
        locals_ = locals;
        locals_thread_ = &this_context();
    }
    /// What the calling thread's spawn_local goes to, if this is a local_runtime and its thread.
    [[nodiscard]] task_owner* locals_here() const noexcept {
        return locals_thread_ == &this_context() ? locals_ : nullptr;
    }

    void add_reference() noexcept { references_.fetch_add(1, relaxed); }
    void release_reference() noexcept {
        // acq_rel: pairs with the other releases, so that the last one sees all that they did
        if (references_.fetch_sub(1, acq_rel) == 1) { destroy(); }
    }

protected:
    ~runtime_core() = default;
    virtual void destroy() noexcept = 0;

private:
    atomic<std::uint32_t> references_{1};
    const context* locals_thread_ = nullptr;  ///< written before any other thread knows this
    task_owner* locals_ = nullptr;            ///< of that thread alone
};

/// An owning pointer to a runtime_core.
class core_ref {
public:
    core_ref() noexcept = default;
    /// Adds a reference.
    explicit core_ref(runtime_core& core) noexcept : core_(&core) { core.add_reference(); }
    core_ref(const core_ref& other) noexcept : core_(other.core_) {
        if (core_ != nullptr) { core_->add_reference(); }
    }
    core_ref(core_ref&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    core_ref& operator=(core_ref other) noexcept {
        std::swap(core_, other.core_);
        return *this;
    }
    ~core_ref() {
        if (core_ != nullptr) { core_->release_reference(); }
    }
    /// Takes over a reference that is there already.
    static core_ref adopt(runtime_core& core) noexcept {
        core_ref made;
        made.core_ = &core;
        return made;
    }
    explicit operator bool() const noexcept { return core_ != nullptr; }
    runtime_core& operator*() const noexcept { return *core_; }
    runtime_core* operator->() const noexcept { return core_; }

private:
    runtime_core* core_ = nullptr;
};

/// The runtime entered on this thread. Throws no_runtime_error, which names `function`.
inline runtime_core& current_runtime(const char* function, const std::source_location& where) {
    runtime_core* core = this_context().runtime;
    if (core == nullptr) { throw_no_runtime(function, where); }
    return *core;
}

}  // namespace edo::detail
