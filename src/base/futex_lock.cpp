#include <edo/base/detail/futex.hpp>
#include <edo/base/detail/futex_lock.hpp>
#include <edo/base/detail/patience.hpp>

namespace edo::detail {

void futex_lock::lock_slowly() noexcept {
    // A holder leaves soon: to sleep and be woken takes a hundred times as long. A look before each
    // attempt: one that fails takes the word away from the holder's processor.
    if (look_briefly([this] { return word_.load(relaxed) == open && try_lock(); })) { return; }
    // Whoever has slept does not know whether others still do, so it leaves the word `awaited`.
    while (word_.exchange(awaited, acquire) != open) {  // pairs with: unlock()
        futex_wait(word_, awaited, std::nullopt);
    }
}

void futex_lock::wake_one() noexcept { futex_wake(word_); }

}  // namespace edo::detail
