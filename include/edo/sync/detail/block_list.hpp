/// The queue of mpsc: a linked list of blocks with 32 slots, as in Tokio's sync/mpsc/list.rs.
///
/// A sender draws the number of a slot with one fetch_add, walks to its block (blocks are appended
/// as needed), writes the value and sets its READY bit. The receiver takes slots in order. A block
/// is used again, or freed, when no sender can be walking over it: whoever moves the senders'
/// starting block past it notes the next slot number (RELEASED); all senders that may have started
/// at it drew smaller numbers, so it is free once the receiver has passed that number.
///
/// A sender that finds no memory for a block gives its number back. Later numbers are given back before it,
/// by senders that lack the same block; or one of these appends the block after all.
///
/// READY bits, the links and the consumer_latch are seq_cst: after its push a sender looks for a
/// waiting receiver, and a receiver that waits looks for values; one of the two sees the other.
#pragma once

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/cache_line.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace edo::detail {

/// What a block is apart from its values.
class slot_block_base {
public:
    static constexpr std::size_t capacity = 32;
    explicit slot_block_base(std::size_t first_slot) noexcept : first(first_slot) {}
    slot_block_base(const slot_block_base&) = delete;
    slot_block_base& operator=(const slot_block_base&) = delete;

    /// The block that is there before the first one: it has no slots, so all of them are passed.
    struct before_first {};
    explicit slot_block_base(before_first) noexcept : first(0 - capacity), ready_(all_ready) {}

    [[nodiscard]] bool is_ready(std::size_t slot) const noexcept {
        return (ready_.load(seq_cst) & bit(slot)) != 0;  // pairs with: slot_block::write()
    }
    /// Whether all values are written.
    [[nodiscard]] bool is_full() const noexcept {
        return (ready_.load(acquire) & all_ready) == all_ready;  // pairs with: slot_block::write()
    }
    /// Senders that draw `next_slot` or a later one do not start at this block.
    void release_senders(std::size_t next_slot) noexcept {
        passed_at_ = next_slot;
        ready_.fetch_or(released, release);  // pairs with: is_passed()
    }
    /// Whether no sender can touch the block any more, once the receiver is at `slot`.
    [[nodiscard]] bool is_passed(std::size_t slot) const noexcept {
        // acquire: pairs with release_senders()
        return (ready_.load(acquire) & released) != 0 && passed_at_ <= slot;
    }
    /// Empties the block, which nobody else can reach.
    void reset() noexcept {
        ready_.store(0, relaxed);
        next.store(nullptr, relaxed);
    }

    std::size_t first;  ///< number of the first slot; fixed while it is in the list
    atomic<slot_block_base*> next{nullptr};

protected:
    static std::uint64_t bit(std::size_t slot) noexcept {
        return std::uint64_t{1} << (slot % capacity);
    }
    atomic<std::uint64_t> ready_{0};

private:
    static constexpr std::uint64_t all_ready = (std::uint64_t{1} << capacity) - 1;
    static constexpr std::uint64_t released = std::uint64_t{1} << capacity;
    std::size_t passed_at_ = 0;
};

/// 32 slots.
template <class V>
class slot_block final : public slot_block_base {
public:
    explicit slot_block(std::size_t first_slot) noexcept : slot_block_base(first_slot) {}
    ~slot_block() {}

    void write(std::size_t slot, V&& value) noexcept {
        ::new (static_cast<void*>(at(slot))) V(std::move(value));
        // seq_cst: pairs with is_ready(); the receiver reads what was written
        ready_.fetch_or(bit(slot), seq_cst);
    }
    V* at(std::size_t slot) noexcept { return std::addressof(values_[slot % capacity]); }

private:
    union {
        V values_[capacity];
    };
};

/// A lock-free queue with many senders and one receiver. V is moved without exceptions. The first push
/// makes the first block, so an unused queue has no memory of its own.
template <class V>
class block_list {
    static_assert(std::is_nothrow_move_constructible_v<V>);
    using block = slot_block<V>;
    using any_block = slot_block_base;

public:
    block_list() noexcept : senders_block_(&start_), head_(&start_), oldest_(&start_) {}
    block_list(const block_list&) = delete;
    block_list& operator=(const block_list&) = delete;
    ~block_list() {
        while (front() != nullptr) { pop_front(); }
        while (oldest_ != nullptr) { free(*std::exchange(oldest_, oldest_->next.load(relaxed))); }
    }

    /// Appends a value. Lock-free while there is memory. Throws std::bad_alloc; then nothing has changed,
    /// and the value is still the caller's.
    void push(V&& value) {
        // acquire: pairs with the release of the same counter in move_start(): who draws a later
        // number does not start at a block that was passed
        const std::size_t slot = drawn_.fetch_add(1, acquire);
        static_cast<block*>(find(slot))->write(slot, std::move(value));
    }

    // The rest is the receiver's.

    /// The oldest value, if it is written; null: it is not.
    [[nodiscard]] V* front() noexcept {
        while (head_->first != first_of(position_)) {
            any_block* next = head_->next.load(acquire);  // pairs with: append()
            if (next == nullptr) { return nullptr; }
            head_ = next;
        }
        if (oldest_ != head_) { reuse_passed(); }
        return head_->is_ready(position_) ? static_cast<block*>(head_)->at(position_) : nullptr;
    }
    /// Destroys the value that front() has given.
    void pop_front() noexcept { std::destroy_at(static_cast<block*>(head_)->at(position_++)); }
    /// Whether front() would give a value. Changes nothing, so a sender may ask for a receiver that
    /// is suspended (consumer_latch).
    [[nodiscard]] bool is_ready() const noexcept {
        const any_block* b = head_;
        while (b->first != first_of(position_)) {
            b = b->next.load(seq_cst);  // pairs with: append(); see the top of the file
            if (b == nullptr) { return false; }
        }
        return b->is_ready(position_);
    }
    /// The number of values, those included whose push() has not returned yet.
    [[nodiscard]] std::size_t size() const noexcept {
        return drawn_.load(acquire) - position_;  // pairs with: the fetch_add in push()
    }

private:
    static std::size_t first_of(std::size_t slot) noexcept { return slot & ~(block::capacity - 1); }

    /// The block of a slot that the caller has drawn and not yet written.
    any_block* find(std::size_t slot) {
        const std::size_t first = first_of(slot);
        any_block* b = senders_block_.load(acquire);  // pairs with: move_start()
        // One of those that find the start far behind them moves it on, not all.
        bool moves_start = (first - b->first) / block::capacity > slot % block::capacity;
        while (b->first != first) {
            any_block* next =
                b->next.load(seq_cst);  // pairs with: append(); see the top of the file
            if (next == nullptr) { next = append(*b, slot); }
            moves_start = moves_start && b->is_full() && move_start(*b, *next);
            b = next;
        }
        return b;
    }
    any_block* append(any_block& last, std::size_t slot) {
        auto fresh = std::unique_ptr<block>(new (std::nothrow) block(last.first + block::capacity));
        if (fresh == nullptr) { return give_up(last, slot); }
        any_block* expected = nullptr;
        // seq_cst: pairs with the loads of next in find(), front() and is_ready()
        if (last.next.compare_exchange(expected, fresh.get(), seq_cst, seq_cst)) {
            return fresh.release();
        }
        return expected;
    }
    /// For want of memory. Returns the next block if another sender has appended it meanwhile.
    any_block* give_up(any_block& last, std::size_t slot) {
        for (;;) {
            any_block* next = last.next.load(seq_cst);  // pairs with: append()
            if (next != nullptr) { return next; }
            std::size_t drawn = slot + 1;
            // release: pairs with the fetch_add in push() of who draws the number next; the receiver
            // frees no block that was looked at here before that one has written
            if (drawn_.compare_exchange(drawn, slot, release, relaxed)) { throw std::bad_alloc(); }
            yield_thread();
        }
    }
    bool move_start(any_block& from, any_block& to) noexcept {
        any_block* expected = &from;
        // release: pairs with the load in find()
        if (!senders_block_.compare_exchange(expected, &to, release, relaxed)) { return false; }
        // acq_rel: pairs with the fetch_add in push(), and with who has given a number back in give_up()
        from.release_senders(drawn_.fetch_add(0, acq_rel));
        return true;
    }
    /// Puts blocks that all have passed to the end of the list, or frees them.
    void reuse_passed() noexcept {
        while (oldest_ != head_ && oldest_->is_passed(position_)) {
            any_block* passed = std::exchange(oldest_, oldest_->next.load(relaxed));
            if (passed == &start_) { continue; }
            passed->reset();
            if (!append_used(*passed)) { free(*passed); }
        }
    }
    bool append_used(any_block& used) noexcept {
        any_block* last = senders_block_.load(acquire);  // pairs with: move_start()
        for (int attempts = 0; attempts < 3; ++attempts) {
            used.first = last->first + block::capacity;
            any_block* expected = nullptr;
            // seq_cst: pairs with the loads of next in find(), front() and is_ready()
            if (last->next.compare_exchange(expected, &used, seq_cst, seq_cst)) { return true; }
            last = expected;
        }
        return false;
    }

    void free(any_block& unused) noexcept {
        if (&unused != &start_) { delete static_cast<block*>(&unused); }
    }

    atomic<std::size_t> drawn_{0};      ///< slots that senders have drawn
    atomic<any_block*> senders_block_;  ///< where senders start to look
    [[maybe_unused]] line_gap gap_;
    any_block* head_;                             ///< block of the slot that is read next
    any_block* oldest_;                           ///< first block that is not reused yet
    std::size_t position_ = 0;                    ///< slot that is read next
    any_block start_{any_block::before_first{}};  ///< of no use once the first block is there
};

}  // namespace edo::detail
