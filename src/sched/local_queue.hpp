/// A worker's queue of runnable tasks: a ring that its owner fills and others steal from.
#pragma once

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/cache_line.hpp>
#include <edo/coro/detail/cell_base.hpp>

#include <algorithm>
#include <cstdint>

namespace edo::detail {

/// First in, first out. One producer (the owner); the owner and thieves take from the front, and the
/// owner may take a certain task out (take()). `head_` is advanced by a compare-exchange, so a task is
/// taken by exactly one. A thief copies the tasks first and commits by advancing `head_`: had the
/// owner used a slot again or changed the order meanwhile, `head_` would differ and the commit fails.
/// Indices only grow (modulo 2^32), but for the tail in take(), which counts its changes in `head_`.
class local_queue {
public:
    static constexpr std::uint32_t capacity = 256;

    /// Owner: adds at the back. False: the ring is full.
    [[nodiscard]] bool push(cell_base& cell) noexcept {
        const std::uint32_t tail = tail_.load(relaxed);
        // acquire: pairs with the CAS in pop() and steal_into()
        if (tail - index_in(head_.load(acquire)) >= capacity) { return false; }
        slot(tail).store(&cell, relaxed);
        tail_.store(tail + 1,
                    release);  // pairs with: steal_into()'s and is_empty()'s load of tail_
        return true;
    }
    /// Owner: takes from the front.
    [[nodiscard]] cell_base* pop() noexcept {
        front head = head_.load(relaxed);
        const std::uint32_t tail = tail_.load(relaxed);
        while (index_in(head) != tail) {
            cell_base* cell = slot(index_in(head)).load(relaxed);
            // release: pairs with push()'s load of head_, the slot may be used again
            if (head_.compare_exchange(head, advanced(head, 1), acq_rel, relaxed)) { return cell; }
        }
        return nullptr;
    }
    /// Owner: takes this task out, if it is among the last ones that were pushed; the last one moves
    /// to its place.
    [[nodiscard]] bool take(const cell_base& cell) noexcept {
        constexpr std::uint32_t reach = 64;
        front head = head_.load(relaxed);
        const std::uint32_t tail = tail_.load(relaxed);
        for (std::uint32_t back = 1; back <= std::min(tail - index_in(head), reach);) {
            atomic<cell_base*>& found = slot(tail - back);
            if (found.load(relaxed) != &cell) {
                ++back;
                // acquire: pairs with the CAS of thieves; what they have copied they cannot commit
            } else if (head_.compare_exchange(head, head | locked, acq_rel, relaxed)) {
                found.store(slot(tail - 1).load(relaxed), relaxed);
                tail_.store(tail - 1, relaxed);
                head_.store(head + one_change, release);  // pairs with: steal_into()'s load
                return true;
            }
        }
        return false;
    }
    /// Owner: takes half of the tasks out, at least one if there is one, as a chain by `next`.
    [[nodiscard]] intrusive_fifo<cell_base> take_half() noexcept {
        intrusive_fifo<cell_base> taken;
        front head = head_.load(relaxed);
        for (;;) {
            const std::uint32_t first = index_in(head);
            const std::uint32_t count = (tail_.load(relaxed) - first + 1) / 2;
            // acq_rel: pairs with push() and with thieves' CAS
            if (!head_.compare_exchange(head, advanced(head, count), acq_rel, relaxed)) {
                continue;
            }
            for (std::uint32_t i = 0; i < count; ++i) {
                taken.push(*slot(first + i).load(relaxed));
            }
            return taken;
        }
    }
    /// Any thread: whether there seems to be nothing.
    [[nodiscard]] bool is_empty() const noexcept {
        // acquire: pairs with push() and pop()
        return index_in(head_.load(acquire)) == tail_.load(acquire);
    }
    /// Any thread: about how many tasks there are.
    [[nodiscard]] std::size_t size() const noexcept {
        const std::uint32_t head = index_in(head_.load(relaxed));
        const std::uint32_t count = tail_.load(relaxed) - head;
        return count > capacity ? 0 : count;
    }
    /// Another worker: moves half of the tasks into `mine` (which is empty, and the caller's) and
    /// returns one of them, to be run now. Null: nothing was taken.
    [[nodiscard]] cell_base* steal_into(local_queue& mine) noexcept {
        const std::uint32_t start = mine.tail_.load(relaxed);
        front head = head_.load(acquire);  // pairs with: the CAS in pop(), the store in take()
        for (;;) {
            if ((head & locked) != 0) { return nullptr; }    // the owner is there, and busy with it
            const std::uint32_t tail = tail_.load(acquire);  // pairs with: push()
            const std::uint32_t first = index_in(head);
            std::uint32_t count = tail - first;
            count -= count / 2;
            if (count == 0) { return nullptr; }
            if (count > capacity / 2) {      // head_ was read long ago
                head = head_.load(acquire);  // pairs with: the CAS in pop(), the store in take()
                continue;
            }
            for (std::uint32_t i = 0; i < count; ++i) {
                mine.slot(start + i).store(slot(first + i).load(relaxed), relaxed);
            }
            // acq_rel: pairs with push(), so that the slots were read before they are used again
            if (head_.compare_exchange(head, advanced(head, count), acq_rel, acquire)) {
                cell_base* next = mine.slot(start + count - 1).load(relaxed);
                mine.tail_.store(start + count - 1, release);  // pairs with: other thieves' load
                return next;
            }
        }
    }

private:
    using front = std::uint64_t;  // changes by take() << 33 | locked << 32 | index
    static constexpr front locked = front{1} << 32;
    static constexpr front one_change = front{1} << 33;
    static constexpr std::uint32_t index_in(front head) noexcept {
        return static_cast<std::uint32_t>(head);
    }
    static constexpr front advanced(front head, std::uint32_t count) noexcept {
        return (head & ~front{UINT32_MAX}) | (index_in(head) + count);
    }
    static constexpr std::uint32_t mask = capacity - 1;
    atomic<cell_base*>& slot(std::uint32_t index) noexcept { return slots_[index & mask]; }
    alignas(cache_line) atomic<front> head_{0};
    alignas(cache_line) atomic<std::uint32_t> tail_{0};
    atomic<cell_base*> slots_[capacity];
};

}  // namespace edo::detail
