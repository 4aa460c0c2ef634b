/// A spawned task in memory.
///
/// One block holds the scheduling part (cell_base), identity, the join word, the slot for the
/// result, and, until the task has ended, its callable and arguments; the executing worker makes
/// the coroutine frame, a second block. So an abort before the start only destroys the arguments,
/// and a `const T&` parameter binds the task's own copy.
///
/// References. One is shared by the task and its join_handle (see join_word); each abort_handle has
/// one; a worker that has the ended cell still in its list has one. Wakers have none: they touch
/// the cell only inside the latch of a leaf, and the leaf unregisters before the cell can end.
#pragma once

#include <edo/coro/task.hpp>
#include <edo/task/detail/invoke_stored.hpp>
#include <edo/task/detail/join_word.hpp>
#include <edo/task/detail/runtime_core.hpp>
#include <edo/task/detail/signature.hpp>
#include <edo/task/join_error.hpp>
#include <edo/task/spawnable.hpp>

#include <memory>
#include <tuple>

namespace edo::detail {

/// Draws an id without touching a shared word most of the time.
EDO_API task_id next_task_id() noexcept;

/// The part of a task that does not depend on types.
class EDO_API cell : public cell_base, public list_link {
public:
    cell(task_owner& owned_by, std::source_location where) noexcept
        : cell_base(owned_by.tasks(), where), id(next_task_id()) {}

    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* block, std::size_t size) noexcept { pool_free(block, size); }

    [[nodiscard]] const cell* as_cell() const noexcept final { return this; }
    /// Asks for the end of the task. Any thread, any number of times.
    void abort() noexcept {
        if (state.request_abort()) { home->schedule(*this); }
    }
    /// Ends a task that nothing has queued: on shutdown, or when it could not be launched.
    void cancel_unqueued() noexcept;

    void add_reference() noexcept { references.fetch_add(1, relaxed); }
    void release_reference() noexcept {
        // acquire: pairs with the release half of the fetch_sub; exact while we are the only one
        if (references.load(acquire) == 1 || references.fetch_sub(1, acq_rel) == 1) { delete this; }
    }
    /// The handle gives up its right to join.
    void detach_handle() noexcept {
        if (join.detach()) { dispose(); }
    }
    [[nodiscard]] std::string_view name() const noexcept {
        return side() != nullptr ? std::string_view(side()->name) : std::string_view();
    }
    [[nodiscard]] task_meta meta() const noexcept { return {id, name(), spawned_at()}; }
    /// Valid until the task has ended.
    [[nodiscard]] task_owner& owner_of_tasks() const noexcept { return *home->tasks_owner; }
    /// Calls the hook for new tasks; it may throw.
    void announce() const {
        const auto& hooks = owner_of_tasks().hooks;
        if (hooks && hooks->on_spawn) { hooks->on_spawn(meta()); }
    }

    const task_id id;
    join_word join;

protected:
    virtual ~cell() = default;
    /// Destroys the result in the context of the task; an exception is reported to the hook.
    virtual void dispose_result() noexcept = 0;
    /// Publishes the outcome. The cell may be gone when it returns.
    void complete(const std::exception_ptr& error) noexcept {
        if (awaited_here && !error) {
            join.complete_here();  // executor::run_awaited() counts it; there are no hooks
        } else {
            complete_and_tell(error);
        }
    }
    /// The hook for an exception that nobody has seen.
    void report_unobserved(const std::exception_ptr& error) noexcept;

private:
    void complete_and_tell(const std::exception_ptr& error) noexcept;
    void call_hooks(const task_hooks& hooks, const std::exception_ptr& error) noexcept;
    /// Tells who joins. The cell may be gone when it returns.
    void tell_joiner() noexcept;
    /// Disposes of result and reference: both the task and its handle are done with the cell.
    void dispose() noexcept;
};

/// The cell that runs on this thread: a task, or null.
EDO_API const cell* current_cell() noexcept;

/// Nothing of a result that was taken stays behind in a handle that is kept.
template <class T>
class clear_on_exit {
public:
    explicit clear_on_exit(sink<T>& slot) noexcept : slot_(&slot) {}
    ~clear_on_exit() { slot_->clear(); }
    clear_on_exit(const clear_on_exit&) = delete;
    clear_on_exit& operator=(const clear_on_exit&) = delete;

private:
    sink<T>* slot_;
};

/// A task with a result of type T.
template <class T>
class spawned : public cell {
public:
    using result_type = T;
    using cell::cell;

    /// The result, once the task has ended; taken at most once.
    std::expected<T, join_error> take_expected() {
        const clear_on_exit cleared(result);
        switch (outcome()) {
            case task_outcome::exception:
                return std::unexpected(
                    join_error::failed(id, std::exchange(result.error, nullptr)));
            case task_outcome::value:
                if constexpr (std::is_void_v<T>) {
                    return {};
                } else {
                    return result.take();
                }
            default: return std::unexpected(join_error::cancelled(id));
        }
    }
    /// The same; failures are thrown.
    T take() {
        const clear_on_exit cleared(result);
        if (outcome() == task_outcome::cancelled) { throw join_error::cancelled(id); }
        return result.take();
    }

    /// Whether it may borrow: the children of a scope.
    static constexpr bool may_borrow = false;

    /// Frames and arguments are gone.
    void finish(bool dropped) noexcept override {
        settle(dropped);
        complete(result.error);
    }

    sink<T> result;

protected:
    /// The first part of finish(): the outcome is there.
    void settle(bool dropped) noexcept {
        if (result.error) {
            result.clear();
            set_outcome(task_outcome::exception);
        } else if (dropped) {
            result.clear();
            set_outcome(task_outcome::cancelled);
        } else {
            set_outcome(task_outcome::value);
        }
    }
    void dispose_result() noexcept override {
        if (auto error = std::exchange(result.error, nullptr)) { report_unobserved(error); }
        result.clear();
    }
    /// Makes `t` the task's outermost coroutine.
    void start(task<T>&& t) {
        if (spawned_at().line() == 0 && t) { set_spawned_at(task_access::promise(t)->where()); }
        connect(std::move(t), result);
        point = result.child;
    }
};

/// Checks what only run time can see: tasks among the arguments, by the record of their parameters.
/// `spawn(task)` itself uses the same check. Throws borrow_error, send_error, std::logic_error.
EDO_API void check_task(const promise_base* promise, bool must_be_sendable,
                        const std::source_location& where, bool may_borrow = false);

template <bool MayBorrow = false, class T>
void check_argument(const T&, bool, const std::source_location&) noexcept {}
template <bool MayBorrow = false, class T>
void check_argument(const task<T>& t, bool must_be_sendable, const std::source_location& where) {
    const promise_base* made = task_access::promise(t);
    if (made == nullptr || made->rule() != nullptr) {
        check_task(made, must_be_sendable, where, MayBorrow);
    }
}

/// Whether `rule` is the record of the callable's own parameters, which are judged when it is
/// spawned. Also true where they cannot be known: for templates and overload sets.
template <class F, class... Ps>
bool is_own_record(const parameter_record* rule, type_list<Ps...>) {
    if constexpr (std::is_member_pointer_v<F>) {
        return true;  // the object is among the arguments
    } else if constexpr (std::is_pointer_v<F>) {
        return rule == record_of<Ps...>();
    } else {
        return rule == record_of<const F&, Ps...>() || rule == record_of<F&, Ps...>() ||
               rule == record_of<F&&, Ps...>();
    }
}
template <class F>
bool is_own_record(const parameter_record*, no_signature) {
    return true;
}

/// What a plain function returned: the coroutine that it called may break a rule. Throws as
/// check_task().
template <bool MayBorrow, class F, class T>
void check_returned(const task<T>& t, bool must_be_sendable, const std::source_location& where) {
    const promise_base* made = task_access::promise(t);
    if (made == nullptr || !is_own_record<F>(made->rule(), parameters_of<F>{})) {
        check_task(made, must_be_sendable, where, MayBorrow);
    }
}

/// A task made from a callable and its arguments. `Base` is spawned<T> or derives from it.
template <class Base, class F, class... Args>
class spawned_call final : public Base {
public:
    template <class G, class... As>
    spawned_call(task_owner& owned_by, std::source_location where, G&& f, As&&... as)
        : Base(owned_by, where), call_(std::forward<G>(f), std::forward<As>(as)...) {}
    ~spawned_call() override {
        if (this->outcome() == task_outcome::pending) { call_.destroy(); }
    }
    spawned_call(const spawned_call&) = delete;
    spawned_call& operator=(const spawned_call&) = delete;

    bool begin() noexcept override {
        try {
            auto made = call_.invoke();
            if constexpr (!is_unchecked<F>) {
                check_returned<Base::may_borrow, F>(made, !this->is_local, this->spawned_at());
            }
            this->start(std::move(made));
            return true;
        } catch (...) {
            this->result.error = std::current_exception();
            return false;
        }
    }
    /// Callable and arguments die with the task, before its result is seen.
    void finish(bool dropped) noexcept override {
        call_.destroy();
        Base::finish(dropped);
    }

private:
    [[no_unique_address]] stored_call<F, Args...> call_;  ///< until the task ends
};

/// A task made from a coroutine that exists already.
template <class Base>
class spawned_task final : public Base {
    using T = typename Base::result_type;

public:
    spawned_task(task_owner& owned_by, std::source_location where, task<T>&& t) noexcept
        : Base(owned_by, where), task_(std::move(t)) {}
    bool begin() noexcept override {
        this->start(std::move(task_));
        return true;
    }

    /// As in spawned_call.
    void finish(bool dropped) noexcept override {
        task<T>().swap(task_);
        Base::finish(dropped);
    }

private:
    task<T> task_;
};

/// A new cell for `f(args...)`, whatever may be spawned: callable and arguments, or a task.
template <class Base, class F, class... Args>
Base* make_cell(task_owner& owner, std::source_location where, bool must_be_sendable, F&& f,
                Args&&... args) {
    using callable = unwrapped_t<std::decay_t<F>>;
    if constexpr (is_task<callable>) {
        if constexpr (is_task<std::decay_t<F>>) {
            check_argument<Base::may_borrow>(f, must_be_sendable, where);
            return new spawned_task<Base>(owner, where, std::forward<F>(f));
        } else {
            if (!f.value) { throw_empty_task(); }
            return new spawned_task<Base>(owner, where, std::move(f.value));
        }
    } else {
        (check_argument<Base::may_borrow>(args, must_be_sendable, where), ...);
        using made = spawned_call<Base, std::decay_t<F>, std::decay_t<Args>...>;
        auto* task = new made(owner, where, std::forward<F>(f), std::forward<Args>(args)...);
        task->is_local = !must_be_sendable;
        return task;
    }
}

}  // namespace edo::detail
