#include "runtime/core.hpp"

#include <edo/base/detail/fatal.hpp>

#include <stdexcept>

namespace edo::detail {
namespace {

std::shared_ptr<const task_hooks> shared_hooks(const task_hooks& hooks) {
    const bool any = hooks.on_spawn || hooks.on_terminate || hooks.on_before_poll ||
                     hooks.on_after_poll || hooks.unhandled_exception;
    return any ? std::make_shared<const task_hooks>(hooks) : nullptr;
}

thread_pool_options with_after_job(thread_pool_options options, std::function<void()> after_job) {
    options.after_job = std::move(after_job);
    return options;
}

/// A place looks for a thread to hold it while its own one blocks.
class place_job final : public blocking_job {
public:
    place_job(executor& exec, place& p) noexcept : exec_(exec), place_(p) {}
    void run() noexcept override {
        const std::unique_ptr<place_job> self(this);
        exec_.adopt(place_);
    }
    void cancel() noexcept override {
        const std::unique_ptr<place_job> self(this);
        exec_.hand_on(place_);
    }

private:
    executor& exec_;
    place& place_;
};

/// Blocking is allowed, and nothing spends budget, while it lives.
class blocking_region {
public:
    blocking_region() noexcept
        : cx_(this_context()),
          allowed_(std::exchange(cx_.blocking_allowed, true)),
          budget_(std::exchange(cx_.budget, no_budget)) {}
    ~blocking_region() {
        cx_.blocking_allowed = allowed_;
        cx_.budget = budget_;
    }
    blocking_region(const blocking_region&) = delete;
    blocking_region& operator=(const blocking_region&) = delete;

private:
    context& cx_;
    bool allowed_;
    std::uint32_t budget_;
};

}  // namespace

runtime_impl::runtime_impl(const runtime_options& options)
    : timers(options.scheduler.places, !options.scheduler.has_threads,
             [this](unsigned shard) { exec.wake_shard(shard); }),
      pool(*this, with_after_job(options.blocking, [this] { timers.permit(); })),
      exec(*this, *this, options.scheduler),
      inhibiting(*this),
      shutdown_on_exception(options.shutdown_on_exception) {
    hooks = shared_hooks(options.hooks);
    if (options.start_paused) { timers.pause({}); }
}

runtime_core::shard_choice runtime_impl::timer_place() const noexcept {
    const place* here = exec.place_here();
    return here != nullptr ? shard_choice{here->index, true} : shard_choice{0, false};
}

void runtime_impl::require_own_process(const std::source_location& where) const {
    if (exec.is_inherited()) {
        throw std::logic_error(
            at_line(where) +
            "edo: this runtime was made before fork(), and its threads are in the "
            "parent; build a new runtime in the child");
    }
}

/// In the child of a fork there is nothing to wait for, and what the threads of the parent had in
/// their hands cannot be destroyed: all of it stays. False: this is no such child.
bool runtime_impl::leave_to_parent() noexcept {
    if (!exec.is_inherited()) { return false; }
    static atomic<runtime_impl*> left{nullptr};  // for leak checkers
    add_reference();
    next_left_ = left.exchange(this, relaxed);
    return true;
}

void runtime_impl::task_failed() noexcept {
    if (shutdown_on_exception) { exec.fail(); }
}

void runtime_impl::run_in_place(void (*f)(void*), void* argument,
                                const std::source_location& where) {
    context& cx = this_context();
    if (!exec.options().has_threads || cx.locals != nullptr) {
        throw std::logic_error(
            at_line(where) +
            "edo::block_in_place can be called only on a multi-thread runtime and "
            "outside of a local_set; use spawn_blocking");
    }
    const bool blocks_worker = cx.current && !cx.blocking_allowed;
    const executor::left_place left = blocks_worker ? exec.leave_place() : executor::left_place{};
    if (left.at != nullptr) {
        try {
            auto job = std::make_unique<place_job>(exec, *left.at);
            inhibiting.submit(*job);
            static_cast<void>(job.release());
        } catch (...) {
            exec.return_place(left);  // no thread is to be had: the other tasks have to wait
        }
    }
    const blocking_region region;
    f(argument);
}

void runtime_impl::block_on(thread_cell& root, bool may_lend, const std::source_location& where) {
    require_own_process(where);
    if (!this_context().blocking_allowed) {
        throw std::logic_error(
            at_line(where) +
            "edo: block_on inside a task would block its worker; co_await instead, or call it in "
            "spawn_blocking or block_in_place");
    }
    const bool lends = may_lend && (exec.options().lend || !exec.options().has_threads);
    exec.block_on(root, lends);
    if (root.was_dropped()) {
        throw std::runtime_error(
            "edo: a task threw, and the runtime was built to shut down when that happens");
    }
}

void runtime_impl::shutdown(
    std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
    if (leave_to_parent()) { return; }
    if (exec.runs_here()) {
        fatal(
            "a runtime was shut down inside one of its own tasks, which would wait for itself; "
            "call shutdown_background() there");
    }
    exec.close();
    const bool all_dropped = exec.wait_closed(deadline);
    pool.close();
    if (!all_dropped) {
        leaked.store(exec.alive(), relaxed);
        exec.detach_threads();
    }
    if (!wait_for_pool(deadline)) { pool.detach_threads(); }
}

/// A closure may wait for a timer, and the workers that fired them have ended.
bool runtime_impl::wait_for_pool(
    std::optional<std::chrono::steady_clock::time_point> deadline) noexcept {
    constexpr std::chrono::milliseconds slice(10);
    for (;;) {
        const auto end_of_slice = std::chrono::steady_clock::now() + slice;
        const bool is_last = deadline && *deadline <= end_of_slice;
        if (pool.wait_closed(is_last ? *deadline : end_of_slice)) { return true; }
        if (is_last) { return false; }
        for (unsigned shard = 0; shard < exec.options().places; ++shard) { timers.fire(shard); }
    }
}

void runtime_impl::shutdown_background() noexcept {
    if (leave_to_parent()) { return; }
    exec.close();
    if (!exec.options().has_threads && !exec.runs_here()) {
        static_cast<void>(exec.wait_closed(std::chrono::steady_clock::now()));  // nobody else can
    }
    exec.detach_threads();
    pool.close();
    pool.detach_threads();
}

void runtime_impl::inhibiting_pool::submit(blocking_job& job) {
    runtime_.require_own_process({});
    runtime_.timers.inhibit();
    try {
        runtime_.pool.submit(job);
    } catch (...) {
        runtime_.timers.permit();
        throw;
    }
}

}  // namespace edo::detail
