#include "coro/context_here.hpp"

#include <edo/task/detail/scope_core.hpp>

namespace edo::detail {

bool scope_core::begin(std::coroutine_handle<> waiter) {
    context& cx = context_here();
    branch& parent = current_branch(cx);
    result_ = &make_body();
    add_pin(*this, parent);
    parent.point = waiter;
    parent.wait_on(this);
    if (body_.start(cx, parent, *this, result_->child)) {
        body_is_over();
        if (word_.load(acquire) == 0) {  // pairs with: leave()
            parent.wait_on(nullptr);
            remove_pin(*this);
            return parent.owner().state.is_abort_requested();  // then the parent is dropped here
        }
    }
    return true;
}

bool scope_core::add(scope_member& child) noexcept {
    word_.fetch_add(one_child, relaxed);
    lock_guard guard(lock_);
    children_.push_back(child);
    return is_aborting_;
}

void scope_core::remove(scope_member& child, const std::exception_ptr& error) noexcept {
    {
        lock_guard guard(lock_);
        intrusive_list<scope_member>::erase(child);
    }
    if (error) { fail(error); }
}

/// The last child wakes the parent; so does one that has failed, to end the body.
void scope_core::leave() noexcept {
    branch& parent = at();
    std::size_t v = word_.load(relaxed);
    std::size_t changed = 0;
    do {
        const bool wakes = v - one_child < one_child || body_must_end_.load(relaxed);
        changed = (v - one_child) | (wakes ? signalled : 0);
        // acq_rel: pairs with the other children's and with woken()
    } while (!word_.compare_exchange(v, changed, acq_rel, relaxed));
    if ((changed & signalled) != 0 && (v & signalled) == 0) { claim(parent).enqueue(); }
}

/// The owner's own wake.
void scope_core::signal_self() noexcept {
    // acq_rel: pairs with leave()
    if ((word_.fetch_or(signalled, acq_rel) & signalled) == 0) { make_ready(at()); }
}

/// A child may end, leave the list and die as soon as the lock is free, but not one that was claimed
/// and is not enqueued yet.
void scope_core::abort_children() noexcept {
    intrusive_fifo<cell_base> woken;
    {
        lock_guard guard(lock_);
        is_aborting_ = true;
        children_.for_each([&woken](scope_member& child) {
            cell_base& task = child.task();
            if (task.state.request_abort()) { woken.push(task); }
        });
    }
    while (cell_base* task = woken.pop()) { task->home->schedule(*task); }
}

void scope_core::fail(const std::exception_ptr& error) noexcept {
    {
        lock_guard guard(lock_);
        if (!error_) { error_ = error; }
    }
    body_must_end_.store(true, relaxed);  // read after the change of the word
    abort_children();
}

void scope_core::body_is_over() noexcept {
    is_body_over_ = true;
    if (result_->error) { fail(std::exchange(result_->error, nullptr)); }
}

void scope_core::cancel() noexcept {
    abort_children();
    signal_self();  // there may be no child
}

void scope_core::woken(branch& waiting) noexcept {
    word_.fetch_sub(signalled, acq_rel);  // pairs with: leave(), signal_self()
    if (body_must_end_.load(relaxed) && !is_body_over_ && !body_->dying) { drop(*body_); }
    const bool is_over = is_body_over_ || is_dying(waiting);
    if (is_over && word_.load(acquire) == 0) {  // pairs with: leave()
        pin_completed(*this, waiting);
    }
}

child_branch* scope_core::last_child() noexcept { return is_body_over_ ? nullptr : &*body_; }

void scope_core::forget(child_branch&) noexcept { is_body_over_ = true; }

void scope_core::child_ended(child_branch&) noexcept {
    body_is_over();
    if (word_.load(acquire) == 0) { signal_self(); }  // pairs with: leave()
}

void scope_core::child_dropped(child_branch&) noexcept {
    is_body_over_ = true;
    if (word_.load(acquire) == 0) { signal_self(); }  // pairs with: leave()
}

}  // namespace edo::detail
