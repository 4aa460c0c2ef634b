#include "sched/executor.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/sched/local_set.hpp>
#include <edo/task/detail/local_owner.hpp>

#include <vector>

namespace edo {
namespace detail {
namespace {

constexpr unsigned tasks_a_tick = 61;     // then the driving task gives way, as in Tokio
constexpr unsigned remote_interval = 31;  // tasks between two looks at wakes from other threads

}  // namespace

/// The tasks of a set and those who drive it.
///
/// `local_` and `tasks_` belong to the set's thread. Wakes from there go to `local_`, others to
/// `remote_` under the lock. A driver that has nothing to run registers under the lock, after it has
/// looked at `remote_`; whoever queues a task afterwards claims one driver. Drivers are branches of
/// the tasks that await the set, so the set needs no thread of its own.
class local_set_core final : public local_core, public scheduler {
public:
    local_set_core() noexcept : scheduler(this) {}
    ~local_set_core() { lock_guard last(lock_); }  // a foreign waker may be inside schedule()

    scheduler& tasks() noexcept override { return *this; }
    void schedule(cell_base& cell) noexcept override {
        claimed driver;
        if (is_here()) {
            local_.push(cell);
            if (is_running_) { return; }
            lock_guard guard(lock_);
            driver = claim_driver();
        } else {
            lock_guard guard(lock_);
            remote_.push(cell);
            driver = claim_driver();
            if (closing_thread_ != nullptr) { closing_thread_->unpark(); }
        }
        driver.enqueue();
    }
    void launch(cell& task) noexcept override {
        if (is_closing_) {
            task.cancel_unqueued();
            return;
        }
        task.counted = true;
        tasks_.push_back(task);
        schedule(task);
    }
    void task_ended(cell& task) noexcept override { intrusive_list<cell>::erase(task); }
    void task_failed() noexcept override {
        if (runtime_core* driving = this_context().runtime) { driving->task_failed(); }
    }

    /// The set belongs to the thread that first drives it or spawns on it.
    void bind_thread() noexcept {
        context* here = &this_context();
        if (thread_ == nullptr) { thread_ = here; }
        if (thread_ != here) {
            fatal("a local_set was driven on two threads; it stays on the one that drove it first");
        }
    }
    /// A task of the set may have timers in every runtime that has driven it, so these must stay.
    /// Throws std::bad_alloc.
    void remember(runtime_core& runtime) {
        if (!hooks) { hooks = runtime.hooks; }
        if (runtimes_.empty() || &*runtimes_.back() != &runtime) {
            runtimes_.emplace_back(runtime);
        }
    }
    [[nodiscard]] bool is_here() const noexcept {
        return thread_ == nullptr || thread_ == &this_context();
    }
    [[nodiscard]] bool has_tasks() noexcept { return !tasks_.empty(); }

    /// Runs some of the tasks that are woken. True: there are more.
    bool tick() noexcept {
        context& cx = this_context();
        local_core* outer = std::exchange(cx.locals, this);
        const bool was_running = std::exchange(is_running_, true);
        unsigned runs = 0;
        while (runs < tasks_a_tick) {
            cell_base* next = next_task(++runs);
            if (next == nullptr) { break; }
            if (is_closing_) { static_cast<void>(next->state.request_abort()); }
            if (drive_with_hooks(static_cast<cell&>(*next), true, hooks) == turn::yielded) {
                local_.push(*next);
            }
        }
        is_running_ = was_running;
        cx.locals = outer;
        return runs == tasks_a_tick;
    }
    /// The driver has nothing to run now. False: something came up, it has to tick again.
    bool wait(local_drive& driver) noexcept {
        lock_guard guard(lock_);
        if (!remote_.empty() || !local_.empty()) { return false; }
        driver.is_waiting_ = true;
        drivers_.push_back(driver);
        return true;
    }
    /// True: the driver was waiting and has not been claimed.
    bool stop_waiting(local_drive& driver) noexcept {
        lock_guard guard(lock_);
        if (!std::exchange(driver.is_waiting_, false)) { return false; }
        intrusive_list<local_drive>::erase(driver);
        return true;
    }
    /// A driver leaves: if tasks are woken another one has to run them. All drivers that wait for the
    /// end of the set are woken when it has come.
    void pass_on() noexcept {
        for (;;) {
            claimed driver;
            {
                lock_guard guard(lock_);
                if (drivers_.empty()) { return; }
                if (has_tasks() && remote_.empty() && local_.empty()) { return; }
                driver = claim_driver();
            }
            driver.enqueue();
            if (has_tasks()) { return; }
        }
    }
    /// Drops all tasks, on the set's thread.
    void close() noexcept {
        if (!is_here()) {
            fatal("a local_set was destroyed on another thread than the one that drove it");
        }
        if (thread_ == nullptr) { thread_ = &this_context(); }
        is_closing_ = true;
        parker& self = parker::this_thread();
        {
            lock_guard guard(lock_);
            closing_thread_ = &self;
        }
        intrusive_list<cell> all;
        all.splice_back(tasks_);
        while (cell* task = all.pop_front()) {
            tasks_.push_back(*task);
            if (task->state.request_abort()) { local_.push(*task); }
        }
        while (has_tasks()) {
            if (!tick() && has_tasks()) { self.park(); }  // a pin, or an aborter on its way here
        }
    }

private:
    claimed claim_driver() noexcept EDO_REQUIRES(lock_) {
        local_drive* driver = drivers_.pop_front();
        if (driver == nullptr) { return {}; }
        driver->is_waiting_ = false;
        return claim(*driver->parent_);
    }
    cell_base* next_task(unsigned run) noexcept {
        if (run % remote_interval != 0) {
            if (cell_base* cell = local_.pop()) { return cell; }
        }
        {
            lock_guard guard(lock_);
            local_.append(remote_);
        }
        return local_.pop();
    }

    intrusive_fifo<cell_base> local_;
    intrusive_list<cell> tasks_;
    const context* thread_ = nullptr;
    std::vector<core_ref> runtimes_;
    bool is_running_ = false;
    bool is_closing_ = false;
    mutex lock_;
    intrusive_fifo<cell_base> remote_ EDO_GUARDED_BY(lock_);
    intrusive_list<local_drive> drivers_ EDO_GUARDED_BY(lock_);
    parker* closing_thread_ EDO_GUARDED_BY(lock_) = nullptr;
};

task_owner& owner_of(local_set_core& core) noexcept { return core; }

local_drive::local_drive(std::shared_ptr<local_set_core> set) noexcept : set_(std::move(set)) {}

local_drive::~local_drive() {
    if (parent_ == nullptr) { return; }
    set_->stop_waiting(*this);
    set_->pass_on();
}

void local_drive::begin(std::coroutine_handle<> waiter) {
    branch& parent = current_branch(this_context());
    if (parent.owner().is_fork) {
        throw std::logic_error(
            "edo: a child of fork_join cannot drive a local_set; spawn a task that does");
    }
    parent.owner().side_or_make();  // a cell with branches has one
    if (runtime_core* driving = this_context().runtime) { set_->remember(*driving); }
    parent.point = waiter;
    parent.wait_on(this);
    parent_ = &parent;
    make_ready(parent);
}

/// A task of a multi-thread runtime that drives a set must not move any more; perhaps it has to move
/// once, to a thread that will be there as long as the task.
bool local_drive::may_start() noexcept {
    const cell* task = parent_->owner().as_cell();
    runtime_core* runtime = this_context().runtime;
    return task == nullptr || runtime == nullptr || runtime->bind(const_cast<cell&>(*task));
}

void local_drive::start_child() {
    state_ = state::driving;
    set_->bind_thread();
    if (sink_base* slot = result()) {
        child_.emplace(*parent_, *this, slot->child);
        child_->set = set_.get();
        make_ready(*child_);
    }
}

bool local_drive::is_complete() const noexcept {
    return state_ == state::ended || (!child_ && !set_->has_tasks());
}

void local_drive::woken(branch& waiting) noexcept {
    if (state_ == state::starting) {
        if (!may_start()) {
            defer(waiting);
            return;
        }
        start_child();
        make_ready(waiting);  // after the child has run for the first time
        return;
    }
    while (!is_complete()) {
        if (set_->tick()) {
            defer(waiting);  // give way to the runtime's other tasks
            return;
        }
        if (!is_complete() && set_->wait(*this)) { return; }
    }
    state_ = state::ended;
    set_->pass_on();
    go_on(waiting);
}

child_branch* local_drive::last_child() noexcept {
    return child_ && state_ == state::driving ? &*child_ : nullptr;
}

void local_drive::forget(child_branch&) noexcept { state_ = state::ended; }

void local_drive::child_ended(child_branch&) noexcept {
    state_ = state::ended;
    if (set_->stop_waiting(*this)) { make_ready(*parent_); }
}

}  // namespace detail

local_set::local_set() : core_(std::make_shared<detail::local_set_core>()) {}

local_set::~local_set() { core_->close(); }

local_set::enter_guard local_set::enter() noexcept { return enter_guard(core_.get()); }

local_set::enter_guard::enter_guard(detail::local_core* set) noexcept
    : outer_(std::exchange(detail::this_context().locals, set)) {
    ++detail::this_context().enter_depth;
}

local_set::enter_guard::~enter_guard() {
    detail::this_context().locals = outer_;
    --detail::this_context().enter_depth;
}

}  // namespace edo
