// What timers cost beside those that are pending already.
#include "scale.hpp"

namespace scale {

namespace {

using std::chrono::milliseconds;

/// Waits on many timers at once, of which none fires; takes some of them back and registers them
/// anew, and goes on.
class pending_timers : public edo::detail::leaf<pending_timers> {
public:
    pending_timers(std::uint64_t timers, std::uint64_t operations) : operations_(operations) {
        all_.reserve(timers);
        for (std::uint64_t i = 0; i < timers; ++i) all_.emplace_back(some_time());
    }
    [[nodiscard]] bool ready() const noexcept { return false; }
    bool arm(edo::detail::suspension& waiter) {
        for (edo::sleep& timer : all_) timer.arm(waiter);
        const auto begin = clock::now();
        for (std::uint64_t i = 0; i < operations_; ++i) {
            const edo::clock::time_point deadline = some_time();
            edo::sleep& timer = all_[random_ % all_.size()];
            if (!timer.disarm()) ++cancelled_;
            timer.reset(deadline);
            timer.arm(waiter);
        }
        time_ = clock::now() - begin;
        for (edo::sleep& timer : all_) timer.disarm();
        return false;
    }
    [[nodiscard]] answer await_resume() const {
        return {cancelled_, {{"cancel", nanoseconds_each(time_, operations_)}}};
    }

private:
    /// In an hour or two.
    edo::clock::time_point some_time() {
        random_ = step(random_);
        return start_ + milliseconds(3'600'000 + random_ % 3'600'000);
    }
    const edo::clock::time_point start_ = edo::clock::now();
    std::uint64_t random_ = 1;
    std::vector<edo::sleep> all_;
    std::uint64_t operations_;
    std::uint64_t cancelled_ = 0;
    clock::duration time_{};
};

edo::task<answer> cancel_some(std::uint64_t timers, std::uint64_t operations) {
    pending_timers pending(timers, operations);
    co_return co_await pending;
}

/// One thread runs all tasks.
struct {
    std::uint64_t started, left, punctual;
    edo::sync::event done;
} fires;

edo::task<> sleep_again_and_again(std::uint64_t random) {
    ++fires.started;
    for (;;) {
        random = step(random);
        const auto deadline = edo::clock::now() + milliseconds(1 + random % 60'000);
        co_await edo::sleep_until(deadline);
        if (fires.left == 0) continue;  // not yet, or not any more
        if (edo::clock::now() == deadline) ++fires.punctual;
        if (--fires.left == 0) fires.done.set();
    }
}

edo::task<answer> fire_some(std::uint64_t timers, std::uint64_t operations) {
    for (std::uint64_t i = 1; i <= timers; ++i) {
        edo::spawn(sleep_again_and_again, i).detach();
        if (i % 64 == 0) co_await edo::yield_now();
    }
    while (fires.started != timers) co_await edo::yield_now();
    fires.left = operations;
    const auto begin = clock::now();
    co_await fires.done.wait();
    const auto time = clock::now() - begin;
    answer found;
    found.checksum = fires.punctual;
    found.figures.emplace_back("fire", nanoseconds_each(time, operations));
    co_return found;
}

}  // namespace

answer timer_cancel(numbers n) {
    auto rt = one_worker();
    return rt.block_on(rt.spawn(cancel_some, n[0], n[1]));
}

/// The clock is paused, so that it jumps to the next timer whenever all tasks sleep.
answer timer_fire(numbers n) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    answer found = rt.block_on(fire_some(n[0], n[1]));
    rt.shutdown_background();
    return found;
}

}  // namespace scale
