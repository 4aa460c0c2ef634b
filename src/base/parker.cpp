#include <edo/base/detail/futex.hpp>
#include <edo/base/detail/parker.hpp>

namespace edo::detail {

bool parker::try_consume() noexcept {
    std::uint32_t expected = notified;
    return word_.load(relaxed) == notified &&
           word_.compare_exchange(expected, empty, acquire, relaxed);  // pairs with: unpark()
}

void parker::wait(const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept {
    static_cast<void>(
        patience_.wait_for([this] { return word_.load(relaxed) == notified; }, deadline));
    std::uint32_t expected = empty;
    // acquire: pairs with unpark()'s exchange, when it came first
    if (!word_.compare_exchange(expected, parked, acquire, acquire)) {
        // An exchange: a plain store could lie in the store buffer while the caller looks at its
        // condition, and then swallow an unpark() that comes in between.
        word_.exchange(empty, acquire);  // pairs with: unpark()
        return;
    }
    // One wait only: the callers look at their condition again, and a spurious return is allowed.
    futex_wait(word_, parked, deadline);
    word_.exchange(empty, acquire);  // pairs with: unpark()'s exchange
}

void parker::park() noexcept { wait(std::nullopt); }

void parker::park_until(std::chrono::steady_clock::time_point deadline) noexcept { wait(deadline); }

void parker::unpark() noexcept {
    // release: pairs with the acquire in wait() and try_consume()
    if (word_.exchange(notified, release) == parked) { futex_wake(word_); }
}

}  // namespace edo::detail
