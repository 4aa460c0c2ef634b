/// What a group runs inside its parent, and becomes a branch only if it has to.
#pragma once

#include <edo/coro/detail/cell_base.hpp>
#include <edo/coro/detail/context.hpp>

#include <optional>

namespace edo::detail {

/// A child of a group (of join, select, timeout, a scope, a stream), which runs for the first time inside
/// the await. Many end there; the others become a branch when they suspend.
class group_child {
public:
    group_child() noexcept = default;
    group_child(const group_child&) = delete;
    group_child& operator=(const group_child&) = delete;

    /// Runs `first` inside `parent`, the branch that is about to be suspended on `group`. False: it has
    /// suspended, or has to wait for its turn: the branch is there, and tells the group of its end. True:
    /// it has returned without that; the group is not told.
    EDO_API bool start(branch& parent, handler& group, std::coroutine_handle<> first) noexcept;
    /// Its own code: it can be suspended from now on.
    EDO_API child_branch& become_branch() noexcept;
    /// Its coroutine has ended; what is left are the destructors of its parameters.
    void note_end() noexcept { has_ended_ = true; }
    /// The branch that waits on the group.
    [[nodiscard]] branch& parent() const noexcept { return *parent_; }
    /// The branch, if it has become one.
    [[nodiscard]] explicit operator bool() const noexcept { return branch_.has_value(); }
    [[nodiscard]] child_branch& operator*() noexcept { return *branch_; }
    [[nodiscard]] child_branch* operator->() noexcept { return &*branch_; }
    [[nodiscard]] const child_branch* operator->() const noexcept { return &*branch_; }

private:
    branch* parent_ = nullptr;
    handler* group_ = nullptr;
    bool has_ended_ = false;
    std::optional<child_branch> branch_;
};

}  // namespace edo::detail
