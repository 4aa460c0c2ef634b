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
    sink_base* result = nullptr;
    /// Whether the result that has come counts as a failure; null: an exception does.
    bool (*is_failure)(const sink_base&) = nullptr;
    group_child child{};
    bool is_alive = false;  ///< started, and its frames are there
};

/// A number below `bound` (> 0).
EDO_API std::size_t random_below(std::size_t bound) noexcept;

/// Starts its branches one after another inside the await, and ends when all have ended, when the
/// first has, or when the first has failed; what is left is dropped before it goes on. A branch is
/// dropped as soon as another has decided, before it can run again: it takes nothing more.
class EDO_API branch_group : public handler, public leaf_base {
public:
    enum class ends_with : unsigned char { all, first, failure };
    static constexpr std::size_t nobody = SIZE_MAX;

    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return members_.empty(); }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter);
    }

    void woken(branch& waiting) noexcept override;
    child_branch* last_child() noexcept override;
    void forget(child_branch& child) noexcept override;
    void child_ended(child_branch& child) noexcept override;
    void child_dropped(child_branch& child) noexcept override;

protected:
    explicit branch_group(ends_with condition) noexcept : condition_(condition) {}
    branch_group(const branch_group&) = delete;
    branch_group& operator=(const branch_group&) = delete;
    ~branch_group() = default;

    /// Called once. `first`: which branch starts first; the others follow in order, round the end.
    void open(std::span<group_member> members, std::size_t first) noexcept {
        members_ = members;
        first_ = first;
    }
    /// Who ended first (ends_with::first), else who failed first; `nobody` if nobody did.
    [[nodiscard]] std::size_t decider() const noexcept { return decider_; }

private:
    bool begin(std::coroutine_handle<> waiter);
    group_member& started(std::size_t number) noexcept {
        const std::size_t to_end = members_.size() - first_;
        return members_[number < to_end ? first_ + number : number - to_end];  // no division
    }
    group_member& member_of(const child_branch& child) noexcept;
    void note_end(group_member& ended) noexcept;
    [[nodiscard]] bool is_decided() const noexcept {
        return decider_ != nobody && condition_ != ends_with::all;
    }
    void drop_losers() noexcept;

    std::span<group_member> members_;
    branch* parent_ = nullptr;
    std::size_t first_ = 0;
    std::size_t count_ = 0;  ///< of members that were started and may still be alive
    std::size_t alive_ = 0;
    std::size_t decider_ = nobody;
    ends_with condition_;
    bool is_dropping_ = false;  ///< inside drop_losers()
};

}  // namespace edo::detail
