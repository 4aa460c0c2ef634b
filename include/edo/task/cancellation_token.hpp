/// Asking tasks to come to an end.
#pragma once

#include <edo/task/detail/token_node.hpp>
#include <edo/task/select.hpp>

#include <optional>
#include <stop_token>
#include <utility>

namespace edo {
namespace detail {

/// Lets the branches that are ready run before this one.
class later_leaf : public leaf<later_leaf> {
public:
    later_leaf() noexcept {}
    [[nodiscard]] bool ready() const noexcept { return false; }
    [[nodiscard]] bool arm(suspension& waiter) const noexcept {
        make_ready(static_cast<branch&>(waiter));
        return true;
    }
    void await_resume() const noexcept {}
};

/// The second branch of run_until_cancelled: a result that comes in the same turn goes first.
inline task<> cancelled_last(cancelled_leaf cancelled) {
    co_await std::move(cancelled);
    co_await later_leaf();
}

/// The first branch's result, unless the second has won.
struct until_cancelled_result : select_result {
    template <class First, class Second>
    static auto take(std::tuple<First, Second>& bodies, std::size_t winner) {
        using value = joined_value_t<typename First::result_type>;
        return winner == 0 ? std::optional<value>(take_joined(std::get<0>(bodies)))
                           : std::optional<value>();
    }
};

}  // namespace detail

/// A request to stop, which tasks look at or wait for. Copies share it; a token that child_token()
/// gives is cancelled with its parent, not the other way round.
///
/// Ownership      counted; dropping tokens cancels nothing. One that was moved from may only be
///                assigned to or destroyed.
/// Thread safety  every const member may be called from any thread, with or without a runtime.
/// Memory         what was done before cancel() happens before what follows a cancelled wait.
/// Allocation     one block for each token that is no copy.
/// Source         tokio_util::sync::CancellationToken.
class cancellation_token {
public:
    class guard;

    /// Not cancelled. Throws std::bad_alloc.
    cancellation_token() : node_(detail::token_node::make()) {}
    /// Cancelled when a stop is requested, perhaps at once, on the thread that requests it, as long as
    /// there is a copy of it. Throws std::bad_alloc.
    explicit cancellation_token(std::stop_token token) : cancellation_token() {
        node_->obey(std::move(token));
    }

    /// A token that is cancelled when this one is, or by itself. Throws std::bad_alloc.
    [[nodiscard]] cancellation_token child_token() const {
        return cancellation_token(detail::token_ref(node_->make_child()));
    }
    /// Cancels it, its copies and all that descends from it. Once more does nothing.
    void cancel() const noexcept { node_->cancel(); }
    /// Whether it is cancelled.
    [[nodiscard]] bool is_cancelled() const noexcept { return node_->is_cancelled(); }
    /// Waits until it is cancelled. Keeps what it needs of the token.
    ///
    /// Cancel safety  dropping the awaiter has no effect.
    [[nodiscard("co_await it")]] auto cancelled() const noexcept {
        return detail::cancelled_leaf(node_);
    }
    /// `co_await run_until_cancelled(x)` awaits x: std::optional of its result, std::monostate for
    /// void; or nothing, if the token is cancelled before. x is tried first, and a result that comes
    /// in the same turn as the cancellation counts. x is dropped then, as by select().
    template <class A>
    [[nodiscard("co_await it")]] auto run_until_cancelled(A&& x) const {
        return detail::make_group<detail::until_cancelled_result>(
            false, std::forward<A>(x), detail::cancelled_last(cancelled()));
    }
    /// Cancels the token when the guard is destroyed.
    [[nodiscard]] guard drop_guard() const noexcept;
    /// A stop_token on which a stop is requested when this is cancelled, after its waiters were woken;
    /// callbacks run on the thread that cancels. It does not keep this token: when all copies are gone
    /// no stop will be requested. Throws std::bad_alloc.
    operator std::stop_token() const { return node_->follow(); }  // NOLINT: meant to be implicit

private:
    explicit cancellation_token(detail::token_ref node) noexcept : node_(std::move(node)) {}
    detail::token_ref node_;
};

/// Cancels its token when it is destroyed.
class [[nodiscard("it cancels at once if it is not kept")]] cancellation_token::guard {
public:
    /// Guards `token`.
    explicit guard(cancellation_token token) noexcept : token_(std::move(token)) {}
    /// Takes the duty over.
    guard(guard&& other) noexcept : token_(std::exchange(other.token_, std::nullopt)) {}
    /// Cancels the own token and takes the other's duty over.
    guard& operator=(guard&& other) noexcept {
        guard moved(std::move(other));
        std::swap(token_, moved.token_);
        return *this;
    }
    ~guard() {
        if (token_) { token_->cancel(); }
    }
    /// Cancels nothing any more.
    ///
    /// Returns        the token; nullopt if this was moved from or disarmed.
    std::optional<cancellation_token> disarm() noexcept {
        return std::exchange(token_, std::nullopt);
    }

private:
    std::optional<cancellation_token> token_;
};

inline cancellation_token::guard cancellation_token::drop_guard() const noexcept {
    return guard(*this);
}

}  // namespace edo
