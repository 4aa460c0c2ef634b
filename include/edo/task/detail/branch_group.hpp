/// Several branches of one task, one of which runs at a time: the base of join and select.
#pragma once

#include <edo/coro/detail/branch_body.hpp>
#include <edo/coro/detail/group_child.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace edo::detail {

/// Where a group stands with one of its branches.
struct group_member {
    group_member() noexcept {}
    /// Before the group begins.
    void holds(sink_base& body, bool (*fails)(const sink_base&)) noexcept {
        result = &body;
        is_failure = fails;
    }

    sink_base* result;
    /// Whether the result that has come counts as a failure; null: an exception does.
    bool (*is_failure)(const sink_base&);
    group_child child;
    bool is_alive;  ///< its frames are there; set when it has run for the first time
};

/// Starts its branches one after another inside the await, and ends when all have ended, when the
/// first has, or when the first has failed; what is left is dropped before it goes on. A branch is
/// dropped as soon as another has decided, before it can run again: it takes nothing more.
class EDO_API branch_group : public handler {
public:
    enum class ends_with : unsigned char { all, first, failure };
    static constexpr std::size_t nobody = SIZE_MAX;

    void woken(branch& waiting) noexcept override;
    child_branch* last_child() noexcept override;
    void forget(child_branch& child) noexcept override;
    void child_ended(child_branch& child) noexcept override;
    void child_dropped(child_branch& child) noexcept override;

protected:
    branch_group(ends_with condition, bool from_a_random_one) noexcept
        : condition_(condition), from_a_random_one_(from_a_random_one) {}
    /// Of one that has not begun.
    branch_group(branch_group&& other) noexcept
        : branch_group(other.condition_, other.from_a_random_one_) {}
    branch_group& operator=(const branch_group&) = delete;
    ~branch_group() = default;

    /// Starts the branches, and suspends the parent at `waiter`. False: it can go on. Throws std::logic_error
    /// if one of them is an empty task, as all are the second time; std::bad_alloc.
    bool run(std::span<group_member> members, std::coroutine_handle<> waiter);
    /// Who ended first (ends_with::first), else who failed first; `nobody` if nobody did.
    [[nodiscard]] std::size_t decider() const noexcept { return decider_; }

private:
    group_member& started(std::size_t number) noexcept {
        const std::size_t to_end = members_.size() - first_;
        return members_[number < to_end ? first_ + number : number - to_end];  // no division
    }
    group_member& member_of(const child_branch& child) noexcept;
    void judge(const group_member& ended) noexcept;
    [[nodiscard]] bool is_decided() const noexcept {
        return decider_ != nobody && condition_ != ends_with::all;
    }
    void drop_losers() noexcept;

    std::span<group_member> members_;
    branch* parent_ = nullptr;
    std::size_t first_ = 0;  ///< which one starts first; the others follow in order, round the end
    std::size_t count_ = 0;  ///< of members that were started and may still be alive
    std::size_t alive_ = 0;
    std::size_t decider_ = nobody;
    const ends_with condition_;
    const bool from_a_random_one_;
    bool is_dropping_ = false;  ///< inside drop_losers()
};

}  // namespace edo::detail
