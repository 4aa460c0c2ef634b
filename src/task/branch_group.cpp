#include "coro/context_here.hpp"

#include <edo/task/detail/branch_group.hpp>

namespace edo::detail {

bool branch_group::run(std::span<group_member> members, std::coroutine_handle<> waiter) {
    for (const group_member& m : members) {
        if (!m.result->child) { throw_empty_task(); }
    }
    context& cx = context_here();
    branch& parent = current_branch(cx);
    parent.owner().side_or_make();  // a cell with branches has one
    parent.point = waiter;
    parent_ = &parent;
    members_ = members;
    if (from_a_random_one_) {
        first_ = cx.random.below(static_cast<std::uint32_t>(members.size()));
    }
    group_member* const end = members.data() + members.size();
    group_member* next = members.data() + first_;
    for (std::size_t left = members.size(); left != 0 && !is_decided(); --left) {
        group_member& m = *next;
        if (++next == end) { next = members.data(); }
        ++count_;
        m.is_alive = !m.child.start(cx, parent, *this, m.result->child);
        if (m.is_alive) {
            ++alive_;
        } else {
            judge(m);
        }
    }
    if (is_decided()) { drop_losers(); }  // suspended branches: they do not run here
    if (alive_ == 0) {
        return parent.owner().state.is_abort_requested();  // then the waiter is dropped here
    }
    parent.wait_on(this);
    return true;
}

/// Whether the branch that has ended decides.
void branch_group::judge(const group_member& ended) noexcept {
    if (decider_ != nobody) { return; }
    const bool failed = ended.is_failure != nullptr ? ended.is_failure(*ended.result)
                                                    : ended.result->error != nullptr;
    if (failed || condition_ == ends_with::first) {
        decider_ = static_cast<std::size_t>(&ended - members_.data());
    }
}

/// From the newest to the oldest. Those that a pin holds report later. What has not been started is
/// destroyed, too.
void branch_group::drop_losers() noexcept {
    is_dropping_ = true;
    for (std::size_t i = count_; i-- > 0;) {
        if (group_member& m = started(i); m.is_alive) { drop(*m.child); }
    }
    for (std::size_t i = count_; i < members_.size(); ++i) { started(i).result->destroy_child(); }
    is_dropping_ = false;
}

/// The waiting branch is woken once, when no branch is left.
void branch_group::woken(branch& waiting) noexcept { go_on(waiting); }

void branch_group::child_ended(child_branch& child) noexcept {
    forget(child);
    judge(member_of(child));
    if (is_decided()) { drop_losers(); }
    if (alive_ == 0) { make_ready(*parent_); }
}

void branch_group::child_dropped(child_branch& child) noexcept {
    forget(child);
    if (alive_ == 0 && !is_dropping_) { make_ready(*parent_); }
}

void branch_group::forget(child_branch& child) noexcept {
    member_of(child).is_alive = false;
    --alive_;
}

child_branch* branch_group::last_child() noexcept {
    while (count_ != 0 && !started(count_ - 1).is_alive) { --count_; }
    return count_ != 0 ? &*started(count_ - 1).child : nullptr;
}

group_member& branch_group::member_of(const child_branch& child) noexcept {
    const auto* first = reinterpret_cast<const std::byte*>(members_.data());
    const auto distance = reinterpret_cast<const std::byte*>(&child) - first;
    return members_[static_cast<std::size_t>(distance) / sizeof(group_member)];
}

}  // namespace edo::detail
