/// An open scope: its body, a branch of the parent, and its children, tasks of their own.
#pragma once

#include <edo/base/detail/mutex.hpp>
#include <edo/coro/detail/branch_body.hpp>
#include <edo/coro/detail/group_child.hpp>
#include <edo/task/detail/cell.hpp>

namespace edo::detail {

class scope_core;

/// A child's link in the list of its scope.
class scope_member : public list_link {
public:
    virtual cell_base& task() noexcept = 0;

protected:
    ~scope_member() = default;
};

/// What does not depend on the type of the body's result.
///
///     word = children << 1 | SIGNALLED
///
/// SIGNALLED: a wake of the parent's branch is on its way, and only one. A child's last access to the
/// scope is the change of the word, so the scope may end when it has taken the wake and the word is 0.
///
/// It is a pin: a parent that is dropped waits for the children, which are aborted.
class EDO_API scope_core : public pin, public leaf_base {
public:
    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter);
    }

    // A child.

    /// True: the scope is being aborted, and so must be the child.
    bool add(scope_member& child) noexcept;
    /// Its frames are gone; `error` if it has failed.
    void remove(scope_member& child, const std::exception_ptr& error) noexcept;
    /// Its last access.
    void leave() noexcept;

    // The parent.

    void cancel() noexcept override;
    void woken(branch& waiting) noexcept override;
    child_branch* last_child() noexcept override;
    void forget(child_branch& child) noexcept override;
    void child_ended(child_branch& child) noexcept override;
    void child_dropped(child_branch& child) noexcept override;

protected:
    scope_core() noexcept = default;
    scope_core(const scope_core&) = delete;
    scope_core& operator=(const scope_core&) = delete;
    ~scope_core() = default;
    /// Makes the body's coroutine, in the context of the parent.
    virtual sink_base& make_body() = 0;
    /// Throws the exception that came first, if one came.
    void rethrow() {
        if (error_) { std::rethrow_exception(std::exchange(error_, nullptr)); }
    }

private:
    static constexpr std::size_t signalled = 1;
    static constexpr std::size_t one_child = 2;

    bool begin(std::coroutine_handle<> waiter);
    void signal_self() noexcept;
    void body_is_over() noexcept;
    void fail(const std::exception_ptr& error) noexcept EDO_EXCLUDES(lock_);
    void abort_children() noexcept EDO_EXCLUDES(lock_);

    atomic<std::size_t> word_{0};
    mutex lock_;
    intrusive_list<scope_member> children_ EDO_GUARDED_BY(lock_);
    bool is_aborting_ EDO_GUARDED_BY(lock_) = false;
    atomic<bool> body_must_end_{false};
    std::exception_ptr error_;  ///< the first; guarded by lock_ while there are children
    sink_base* result_ = nullptr;
    group_child body_;
    bool is_body_over_ = false;
};

/// A child of a scope.
template <class T>
class scoped : public spawned<T>, public scope_member {
public:
    using spawned<T>::spawned;
    static constexpr bool may_borrow = true;

    void finish(bool dropped) noexcept override {
        scope_core* const in = scope;
        this->settle(dropped);
        if (in != nullptr) { in->remove(*this, this->result.error); }
        this->complete(this->result.error);  // the result may die here, or with a handle
        if (in != nullptr) { in->leave(); }
    }
    cell_base& task() noexcept override { return *this; }

    scope_core* scope = nullptr;

protected:
    /// The scope throws the exception again, so nobody is told that it was not seen.
    void dispose_result() noexcept override {
        this->result.error = nullptr;
        this->result.clear();
    }
};

}  // namespace edo::detail
