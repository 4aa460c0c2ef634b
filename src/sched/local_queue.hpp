/// A worker's queue of runnable tasks: a ring that its owner fills and others steal from.
#pragma once

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/cache_line.hpp>
#include <edo/coro/detail/cell_base.hpp>

namespace edo::detail {

/// First in, first out. One producer (the owner); the owner and thieves take from the front.
/// `head_` is advanced by a compare-exchange, so a task is taken by exactly one. A thief copies the
/// tasks first and commits by advancing `head_`: had the owner reused a slot meanwhile, `head_`
/// would have moved and the commit fails. Indices only grow (modulo 2^32).
class local_queue {
public:
    static constexpr std::uint32_t capacity = 256;

    /// Owner: adds at the back. False: the ring is full.
    [[nodiscard]] bool push(cell_base& cell) noexcept {
        const std::uint32_t tail = tail_.load(relaxed);
        // acquire: pairs with the CAS in pop() and steal_into()
        if (tail - head_.load(acquire) >= capacity) { return false; }
        slot(tail).store(&cell, relaxed);
        tail_.store(tail + 1,
                    release);  // pairs with: steal_into()'s and is_empty()'s load of tail_
        return true;
    }
    /// Owner: takes from the front.
    [[nodiscard]] cell_base* pop() noexcept {
        std::uint32_t head = head_.load(relaxed);
        const std::uint32_t tail = tail_.load(relaxed);
        while (head != tail) {
            cell_base* cell = slot(head).load(relaxed);
            // release: pairs with push()'s load of head_, the slot may be used again
            if (head_.compare_exchange(head, head + 1, acq_rel, relaxed)) { return cell; }
        }
        return nullptr;
    }
    /// Owner: takes half of the tasks out, at least one if there is one, as a chain by `next`.
    [[nodiscard]] intrusive_fifo<cell_base> take_half() noexcept {
        intrusive_fifo<cell_base> taken;
        std::uint32_t head = head_.load(relaxed);
        for (;;) {
            const std::uint32_t count = (tail_.load(relaxed) - head + 1) / 2;
            // acq_rel: pairs with push() and with thieves' CAS
            if (!head_.compare_exchange(head, head + count, acq_rel, relaxed)) { continue; }
            for (std::uint32_t i = 0; i < count; ++i) { taken.push(*slot(head + i).load(relaxed)); }
            return taken;
        }
    }
    /// Any thread: whether there seems to be nothing.
    [[nodiscard]] bool is_empty() const noexcept {
        // acquire: pairs with push() and pop()
        return head_.load(acquire) == tail_.load(acquire);
    }
    /// Any thread: about how many tasks there are.
    [[nodiscard]] std::size_t size() const noexcept {
        const std::uint32_t head = head_.load(relaxed);
        const std::uint32_t count = tail_.load(relaxed) - head;
        return count > capacity ? 0 : count;
    }
    /// Another worker: moves half of the tasks into `mine` (which is empty, and the caller's) and
    /// returns one of them, to be run now. Null: nothing was taken.
    [[nodiscard]] cell_base* steal_into(local_queue& mine) noexcept {
        const std::uint32_t start = mine.tail_.load(relaxed);
        std::uint32_t head = head_.load(acquire);  // pairs with: the CAS in pop()
        for (;;) {
            const std::uint32_t tail = tail_.load(acquire);  // pairs with: push()
            std::uint32_t count = tail - head;
            count -= count / 2;
            if (count == 0) { return nullptr; }
            if (count > capacity / 2) {      // head_ was read long ago
                head = head_.load(acquire);  // pairs with: the CAS in pop()
                continue;
            }
            for (std::uint32_t i = 0; i < count; ++i) {
                mine.slot(start + i).store(slot(head + i).load(relaxed), relaxed);
            }
            // acq_rel: pairs with push(), so that the slots were read before they are used again
            if (head_.compare_exchange(head, head + count, acq_rel, acquire)) {
                cell_base* first = mine.slot(start + count - 1).load(relaxed);
                mine.tail_.store(start + count - 1, release);  // pairs with: other thieves' load
                return first;
            }
        }
    }

private:
    static constexpr std::uint32_t mask = capacity - 1;
    atomic<cell_base*>& slot(std::uint32_t index) noexcept { return slots_[index & mask]; }
    alignas(cache_line) atomic<std::uint32_t> head_{0};
    alignas(cache_line) atomic<std::uint32_t> tail_{0};
    atomic<cell_base*> slots_[capacity];
};

}  // namespace edo::detail
