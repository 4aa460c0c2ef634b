// Timers, on the paused clock: it stands while a task can run and jumps when none can.
#include "operations.hpp"

namespace quick {

using namespace std::chrono_literals;

/// A timer that is registered, and removed because what it limits comes first.
edo::task<count> timer(count n) {
    count sum = 0;
    for (count i = 0; i < n; ++i) {
        const auto in_time = co_await edo::timeout(1s, edo::yield_now());
        sum += in_time ? 1 : 0;
    }
    co_return sum;
}

/// A timer that fires.
edo::task<count> timer_fired(count n) {
    const auto begin = edo::clock::now();
    for (count i = 0; i < n; ++i) co_await edo::sleep_for(1ms);
    co_return static_cast<count>((edo::clock::now() - begin) / 1ms);
}

}  // namespace quick
