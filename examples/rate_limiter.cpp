// At most three at a time, and no more than one start in each interval.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <memory>

using namespace std::chrono_literals;

struct load {
    std::atomic<int> running{0};
    std::atomic<int> most{0};
};

// [rate]
edo::task<> call(edo::sync::semaphore::owned_permit permit, std::shared_ptr<load> at) {
    const int now = ++at->running;
    at->most = std::max(at->most.load(), now);
    co_await edo::sleep_for(10ms);
    --at->running;
    permit.release();  // as at the end of the task
}

edo::task<int> co_main(int, char**) {
    auto places = std::make_shared<edo::sync::semaphore>(3);
    auto at = std::make_shared<load>();
    auto starts = edo::interval(1ms);
    edo::task_tracker calls;
    for (int i = 0; i < 12; ++i) {
        co_await starts.tick();
        auto permit = co_await edo::sync::semaphore::acquire_owned(places);
        calls.spawn(call, std::move(*permit), at).detach();
    }
    calls.close();
    co_await calls.wait();
    fmt::print("never more than three: {}\n", at->most.load() <= 3);
    fmt::print("permits that are back: {}\n", places->available_permits());
    co_return 0;
}
// [/rate]
