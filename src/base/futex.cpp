#include <edo/base/detail/futex.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace edo::detail {
namespace {

void wake(atomic<std::uint32_t>& word, int most) noexcept {
    ::syscall(SYS_futex, &word.native(), FUTEX_WAKE_PRIVATE, most, nullptr, nullptr, 0);
}

}  // namespace

void futex_wait(atomic<std::uint32_t>& word, std::uint32_t value,
                const std::optional<std::chrono::steady_clock::time_point>& deadline) noexcept {
    timespec until{};
    if (deadline) {
        auto since_boot = deadline->time_since_epoch();
        auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
        until.tv_sec = seconds.count();
        until.tv_nsec = (since_boot - seconds).count();
    }
    // FUTEX_WAIT_BITSET takes an absolute deadline of the monotonic clock, as steady_clock is here.
    ::syscall(SYS_futex, &word.native(), FUTEX_WAIT_BITSET_PRIVATE, value,
              deadline ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void futex_wake(atomic<std::uint32_t>& word) noexcept { wake(word, 1); }

void futex_wake_all(atomic<std::uint32_t>& word) noexcept { wake(word, INT_MAX); }

}  // namespace edo::detail
