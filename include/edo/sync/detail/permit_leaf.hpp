/// Leaves that wait for permits of a batch_semaphore.
#pragma once

#include <edo/coro/detail/leaf.hpp>
#include <edo/coro/owning.hpp>
#include <edo/sync/detail/batch_semaphore.hpp>

#include <type_traits>
#include <utility>

namespace edo::detail {

/// Makes what holds permits; the constructors are private.
struct guard_access {
    template <class Guard, class... Args>
    static Guard make(Args&&... args) noexcept {
        return Guard(std::forward<Args>(args)...);
    }
};

/// std::logic_error: a send or an owned form was awaited to its end before, and has given away what it had.
[[noreturn]] EDO_API void throw_taken_already();

/// Waits for `n` permits; dropped, it gives back what it got. `Owner` is a pointer to what has the
/// semaphore, or a std::shared_ptr, which keeps it. `Derived` supplies await_resume(), by waiter_.take().
template <class Derived, class Owner>
class permit_leaf : public leaf<Derived> {
public:
    permit_leaf(batch_semaphore& semaphore, std::size_t n, Owner&& owner) noexcept
        : owner_(std::move(owner)), waiter_(semaphore, n) {}
    permit_leaf(permit_leaf&&) noexcept = default;
    permit_leaf& operator=(permit_leaf&&) = delete;
    ~permit_leaf() { waiter_.give_up(); }
    [[nodiscard]] bool ready() {
        if constexpr (!std::is_pointer_v<Owner>) {
            if (owner_ == nullptr) { throw_taken_already(); }  // what it gave has the owner
        }
        return waiter_.ready();
    }
    [[nodiscard]] bool arm(suspension& waiter) noexcept { return waiter_.arm(waiter); }
    void disarm() noexcept { waiter_.disarm(); }

protected:
    Owner owner_;
    semaphore_waiter waiter_;
};

/// Waits for a lock, whose semaphore is never closed.
template <class Guard, class Owner>
class lock_leaf : public permit_leaf<lock_leaf<Guard, Owner>, Owner> {
public:
    using permit_leaf<lock_leaf, Owner>::permit_leaf;
    Guard await_resume() noexcept {
        this->waiter_.pass_lock();
        static_cast<void>(this->waiter_.take());
        return guard_access::make<Guard>(std::move(this->owner_));
    }
};

}  // namespace edo::detail

namespace edo {

template <class Guard, class Owner>
inline constexpr bool enable_owning<detail::lock_leaf<Guard, Owner>> = enable_owning<Guard>;

}  // namespace edo
