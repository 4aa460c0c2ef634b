/// The task that a worker runs next.
#pragma once

#include <edo/base/detail/atomic.hpp>
#include <edo/coro/detail/cell_base.hpp>

namespace edo::detail {

/// Room for one task: what the worker woke or spawned last. Its holder alone fills it, and the guard
/// takes only what it has seen there; so the holder fills an empty slot without a read-modify-write.
class lifo_slot {
public:
    /// Anybody, as a hint.
    [[nodiscard]] bool is_empty() const noexcept { return task_.load(relaxed) == nullptr; }
    /// Holder: puts a task there, and gives the one that was there.
    [[nodiscard]] cell_base* put(cell_base& cell) noexcept {
        if (is_empty()) {
            task_.store(&cell, release);  // pairs with: steal()
            return nullptr;
        }
        return task_.exchange(&cell, acq_rel);  // pairs with: steal()
    }
    /// Holder: null, if the guard was faster.
    [[nodiscard]] cell_base* take() noexcept {
        // relaxed: whatever is there, the holder has put there
        return is_empty() ? nullptr : task_.exchange(nullptr, relaxed);
    }
    /// Holder: takes this one. False: it is not there, or the guard was faster.
    [[nodiscard]] bool take(const cell_base& cell) noexcept {
        return task_.load(relaxed) == &cell && task_.exchange(nullptr, relaxed) != nullptr;
    }
    /// Guard.
    [[nodiscard]] cell_base* steal() noexcept {
        cell_base* seen = task_.load(relaxed);
        // acquire: pairs with put(). Not an exchange: it would wipe out what comes meanwhile.
        const bool taken =
            seen != nullptr && task_.compare_exchange(seen, nullptr, acquire, relaxed);
        return taken ? seen : nullptr;
    }

private:
    atomic<cell_base*> task_{nullptr};
};

}  // namespace edo::detail
