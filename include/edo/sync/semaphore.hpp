/// Permits that limit how many do something at once.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>
#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/sync/channel_errors.hpp>
#include <edo/sync/detail/permit_leaf.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace edo::detail {

/// Waits for permits; nothing comes once they are closed.
template <class Permit, class Owner>
class acquire_leaf : public permit_leaf<acquire_leaf<Permit, Owner>, Owner> {
public:
    using permit_leaf<acquire_leaf, Owner>::permit_leaf;
    std::expected<Permit, sync::closed> await_resume() noexcept {
        this->waiter_.pass_lock();
        if (!this->waiter_.take()) { return std::unexpected(sync::closed()); }
        return guard_access::make<Permit>(std::move(this->owner_), this->waiter_.wanted());
    }
};

}  // namespace edo::detail

namespace edo::sync {

class semaphore;

/// Permits that were acquired; they go back when this is destroyed. `Owner` is `semaphore*`
/// (semaphore::permit) or `std::shared_ptr<semaphore>` (semaphore::owned_permit).
///
/// Ownership      move-only; one that was moved from or forgotten holds no permits.
/// Thread safety  one thread at a time; it may be moved to another thread.
/// Source         tokio::sync::SemaphorePermit, OwnedSemaphorePermit.
template <class Owner>
class [[nodiscard("the permits go back at once if this is not kept")]] basic_permit {
public:
    /// Takes the permits over.
    basic_permit(basic_permit&& other) noexcept
        : owner_(std::move(other.owner_)), count_(std::exchange(other.count_, 0)) {}
    /// Gives the own permits back and takes the others over.
    basic_permit& operator=(basic_permit&& other) noexcept {
        basic_permit moved(std::move(other));
        std::swap(owner_, moved.owner_);
        std::swap(count_, moved.count_);
        return *this;
    }
    ~basic_permit() { release(); }

    /// Gives the permits back before the end of the scope. Once more does nothing.
    void release() noexcept;
    /// The permits never go back: the semaphore has fewer from now on.
    void forget() noexcept { count_ = 0; }
    /// Takes `n` of the permits into a permit of their own; nullopt if it has fewer.
    [[nodiscard]] std::optional<basic_permit> split(std::size_t n) noexcept {
        if (n > count_) { return std::nullopt; }
        count_ -= n;
        return basic_permit(owner_, n);
    }
    /// Adds the permits of `other`, which holds none afterwards.
    ///
    /// Errors         throws std::invalid_argument if they are of another semaphore.
    void merge(basic_permit&& other);
    /// How many it holds.
    [[nodiscard]] std::size_t num_permits() const noexcept { return count_; }

private:
    friend class semaphore;
    friend struct detail::guard_access;
    basic_permit(Owner owner, std::size_t count) noexcept
        : owner_(std::move(owner)), count_(count) {}
    Owner owner_;
    std::size_t count_;
};

/// A number of permits. Requests are served in their order; a large one is not overtaken by smaller
/// ones that come later.
///
/// Thread safety  every member may be called from any thread, with or without a runtime.
/// Lifetime       it must outlive its permits and awaiters, and the calls of close().
/// Cost           one compare-and-exchange to acquire and one to release while nobody waits.
/// Allocation     none.
/// Source         tokio::sync::Semaphore.
class semaphore {
public:
    /// Refers to the semaphore.
    using permit = basic_permit<semaphore*>;
    /// Shares the ownership of the semaphore.
    using owned_permit = basic_permit<std::shared_ptr<semaphore>>;
    /// The most permits that there can be.
    static constexpr std::size_t max_permits = detail::batch_semaphore::max_permits;

    /// With `permits` to give. Throws std::invalid_argument above max_permits.
    explicit semaphore(std::size_t permits) : semaphore_(checked(permits)) {}
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    /// Waits until `n` permits can be taken at once. First come, first served.
    ///
    /// Returns        std::expected<permit, closed>; `closed` if the semaphore was closed.
    /// Errors         throws std::invalid_argument above max_permits.
    /// Cancel safety  dropping the awaiter gives up the place in the queue; permits that it had been
    ///                given go to the next in line.
    [[nodiscard("co_await it")]] auto acquire(std::size_t n = 1) {
        return detail::acquire_leaf<permit, semaphore*>(semaphore_, checked(n), this);
    }
    /// The same; the permit shares the ownership of `s`, so it may go where it likes.
    [[nodiscard("co_await it")]] static auto acquire_owned(std::shared_ptr<semaphore> s,
                                                           std::size_t n = 1) {
        return detail::acquire_leaf<owned_permit, std::shared_ptr<semaphore>>(
            s->semaphore_, checked(n), std::move(s));
    }
    /// Takes `n` permits if they are there, nobody waits and it is not closed.
    [[nodiscard]] std::optional<permit> try_acquire(std::size_t n = 1) {
        if (!take_now(n)) { return std::nullopt; }
        return permit(this, n);
    }
    /// The same; the permit shares the ownership of `s`.
    [[nodiscard]] static std::optional<owned_permit> try_acquire_owned(std::shared_ptr<semaphore> s,
                                                                       std::size_t n = 1) {
        if (!s->take_now(n)) { return std::nullopt; }
        return owned_permit(std::move(s), n);
    }
    /// Waits for permits on a plain thread, or in a blocking closure. In the same queue as acquire().
    ///
    /// Errors         throws std::logic_error inside a task, which must not block.
    std::expected<permit, closed> blocking_acquire(
        std::size_t n = 1, std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(acquire(n), "semaphore::blocking_acquire()", where);
    }
    /// The same; the permit shares the ownership of `s`.
    static std::expected<owned_permit, closed> blocking_acquire_owned(
        std::shared_ptr<semaphore> s, std::size_t n = 1,
        std::source_location where = std::source_location::current()) {
        return detail::wait_in_thread(acquire_owned(std::move(s), n),
                                      "semaphore::blocking_acquire_owned()", where);
    }

    /// Adds `n` new permits. Throws std::invalid_argument if there would be more than max_permits
    /// available.
    void add_permits(std::size_t n) {
        if (n > max_permits || available_permits() > max_permits - n) { throw_too_many(); }
        semaphore_.give_back(n);
    }
    /// Removes up to `n` of the permits that are available.
    ///
    /// Returns        how many were removed.
    std::size_t forget_permits(std::size_t n) noexcept { return semaphore_.forget(n); }
    /// How many permits are available now.
    [[nodiscard]] std::size_t available_permits() const noexcept { return semaphore_.available(); }
    /// Fails all who wait and all later requests. Permits that are out stay valid.
    void close() noexcept { semaphore_.close(); }
    /// Whether close() was called.
    [[nodiscard]] bool is_closed() const noexcept { return semaphore_.is_closed(); }

private:
    template <class Owner>
    friend class basic_permit;
    [[noreturn]] EDO_API static void throw_too_many();
    static std::size_t checked(std::size_t n) {
        if (n > max_permits) { throw_too_many(); }
        return n;
    }
    bool take_now(std::size_t n) {
        return semaphore_.try_acquire(checked(n)) == detail::batch_semaphore::attempt::granted;
    }
    detail::batch_semaphore semaphore_;
};

template <class Owner>
void basic_permit<Owner>::release() noexcept {
    if (const std::size_t n = std::exchange(count_, 0)) {
        const Owner keep = std::move(owner_);
        keep->semaphore_.give_back(n);
    }
}

template <class Owner>
void basic_permit<Owner>::merge(basic_permit&& other) {
    if (other.count_ == 0) { return; }
    if (count_ == 0) {
        *this = std::move(other);
        return;
    }
    if (owner_ != other.owner_) {
        throw std::invalid_argument("edo: permit::merge() of permits of different semaphores");
    }
    count_ += std::exchange(other.count_, 0);
}

}  // namespace edo::sync

namespace edo {

/// Permits may be released by another thread.
template <class Owner>
inline constexpr bool enable_sendable<sync::basic_permit<Owner>> = true;
/// permit refers to its semaphore, owned_permit shares it.
template <class Owner>
inline constexpr bool enable_owning<sync::basic_permit<Owner>> = !std::is_pointer_v<Owner>;
template <class Permit, class Owner>
inline constexpr bool enable_owning<detail::acquire_leaf<Permit, Owner>> = enable_owning<Permit>;

}  // namespace edo
