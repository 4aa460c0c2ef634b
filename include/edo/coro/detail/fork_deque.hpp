/// The children of forks that wait on one worker: its owner takes the newest, thieves take the oldest.
#pragma once

#include <edo/base/detail/asymmetric_fence.hpp>
#include <edo/base/detail/cache_line.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace edo::detail {

class fork_child;

/// Chase and Lev, "Dynamic Circular Work-Stealing Deque" (SPAA 2005), where the owner's pop has no fence:
/// thieves, who are rare, make it for him. Indices only grow, but for the bottom in pop(). What a thief
/// has read counts only if `top_` still is what it was: then its slot was not used again.
class fork_deque {
public:
    fork_deque() noexcept = default;
    fork_deque(const fork_deque&) = delete;
    fork_deque& operator=(const fork_deque&) = delete;

    /// Owner: adds at the bottom. False: there is no memory for it.
    [[nodiscard]] bool push(fork_child& child) noexcept {
        const std::int64_t bottom = bottom_.load(relaxed);
        if (bottom >= limit_ && !make_room(bottom)) [[unlikely]] { return false; }
        own_->slot(bottom).store(&child, relaxed);
        bottom_.store(bottom + 1, release);  // pairs with: steal()'s and is_empty()'s loads
        return true;
    }
    /// Owner: takes what was pushed last, if no thief was faster.
    [[nodiscard]] fork_child* pop() noexcept {
        const std::int64_t bottom = bottom_.load(relaxed) - 1;
        if (own_ == nullptr) [[unlikely]] { return nullptr; }
        // release, as in push(), for the children that stay: a thief may know of them through this store
        bottom_.store(bottom, release);  // pairs with: steal()'s and is_empty()'s loads
        light_fence();                   // pairs with: the heavy fence in steal()
        std::int64_t top = top_.load(relaxed);
        if (top < bottom) [[likely]] { return own_->slot(bottom).load(relaxed); }
        fork_child* last = nullptr;
        // acq_rel: pairs with the CAS of the thieves; whoever advances top_ has the entry
        if (top == bottom && top_.compare_exchange(top, top + 1, acq_rel, relaxed)) {
            last = own_->slot(bottom).load(relaxed);
        }
        bottom_.store(bottom + 1, relaxed);
        return last;
    }
    /// Any thread: takes the oldest. Null: there is none, or somebody else was faster.
    [[nodiscard]] fork_child* steal() noexcept {
        if (is_empty()) { return nullptr; }     // nobody is disturbed for nothing
        std::int64_t top = top_.load(acquire);  // pairs with: the CAS of thieves and pop()
        heavy_fence();                          // pairs with: the light fence in pop()
        if (top >= bottom_.load(acquire)) { return nullptr; }  // pairs with: push()
        buffer* entries = shared_.load(acquire);               // pairs with: make_room()
        fork_child* oldest = entries->slot(top).load(relaxed);
        // acq_rel: pairs with the CAS in pop(), and with make_room()'s load
        return top_.compare_exchange(top, top + 1, acq_rel, relaxed) ? oldest : nullptr;
    }
    /// Any thread: whether there seems to be nothing.
    [[nodiscard]] bool is_empty() const noexcept {
        // acquire: pairs with push()
        return top_.load(relaxed) >= bottom_.load(acquire);
    }

private:
    struct buffer {
        explicit buffer(std::size_t capacity)
            : slots(std::make_unique<atomic<fork_child*>[]>(capacity)), mask(capacity - 1) {}
        [[nodiscard]] atomic<fork_child*>& slot(std::int64_t index) const noexcept {
            return slots[static_cast<std::size_t>(index) & mask];
        }
        std::unique_ptr<atomic<fork_child*>[]> slots;
        std::size_t mask;
    };
    static constexpr std::size_t first_capacity = 64;

    /// Owner: a larger buffer; or, where thieves have taken some, the same one goes further.
    [[gnu::noinline]] bool make_room(std::int64_t bottom) noexcept {
        // acquire: pairs with the CAS of the thieves, who have read their slots
        const std::int64_t top = top_.load(acquire);
        std::size_t capacity = own_ == nullptr ? 0 : own_->mask + 1;
        if (own_ == nullptr || bottom - top >= static_cast<std::int64_t>(capacity)) {
            capacity = own_ == nullptr ? first_capacity : 2 * capacity;
            try {
                auto larger = std::make_unique<buffer>(capacity);
                for (std::int64_t i = top; i < bottom; ++i) {
                    larger->slot(i).store(own_->slot(i).load(relaxed), relaxed);
                }
                buffers_.push_back(std::move(larger));  // thieves may still read the old one
            } catch (const std::bad_alloc&) { return false; }
            own_ = buffers_.back().get();
            shared_.store(own_, release);  // pairs with: steal()
        }
        limit_ = top + static_cast<std::int64_t>(capacity);
        return true;
    }

    // The owner's.
    alignas(cache_line) atomic<std::int64_t> bottom_{0};
    std::int64_t limit_ = 0;  ///< where the buffer was full when the owner looked at top_ last
    buffer* own_ = nullptr;   ///< null until the first push
    std::vector<std::unique_ptr<buffer>> buffers_;
    // The thieves'.
    alignas(cache_line) atomic<std::int64_t> top_{0};
    atomic<buffer*> shared_{nullptr};
};

}  // namespace edo::detail
