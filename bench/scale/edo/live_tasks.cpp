// What tasks cost beside those that live already.
#include "scale.hpp"

#include <algorithm>

namespace scale {

namespace {

using handles = std::vector<edo::join_handle<void>>;

/// Between two yields of who spawns or ends, so that the others keep up.
constexpr std::size_t batch = 64;
constexpr std::size_t most_beside = 10'000;

/// What nobody wakes.
class never : public edo::detail::leaf<never> {
public:
    [[nodiscard]] bool ready() const noexcept { return false; }
    bool arm(edo::detail::suspension&) noexcept { return true; }
    void await_resume() const noexcept {}
};

std::size_t asleep = 0;  // one worker runs all tasks

edo::task<> sleep_for_ever() {
    ++asleep;
    co_await never();
}

edo::task<> nothing() { co_return; }

edo::task<> spawn_sleepers(handles& all) {
    asleep = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = edo::spawn(sleep_for_ever);
        if (i % batch == 0) co_await edo::yield_now();
    }
    while (asleep != all.size()) co_await edo::yield_now();
}

edo::task<> spawn_short_ones(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        auto handle = edo::spawn(nothing);
        co_await handle;
    }
}

edo::task<std::uint64_t> end_sleepers(handles& all) {
    std::uint64_t cancelled = 0;
    for (std::size_t first = 0; first < all.size(); first += batch) {
        const std::size_t last = std::min(first + batch, all.size());
        for (std::size_t i = first; i < last; ++i) all[i].abort();
        for (std::size_t i = first; i < last; ++i) {
            const auto result = co_await all[i].join();
            if (!result && result.error().is_cancelled()) ++cancelled;
            all[i] = edo::join_handle<void>();
        }
    }
    co_return cancelled;
}

/// Sums over laps.
struct sums {
    clock::duration spawn{}, beside{}, end{};
    std::uint64_t laps = 0;
    std::uint64_t cancelled = 0;
    double peak = 0;
};

edo::task<> run_lap(handles& all, sums& sum) {
    const auto begin = clock::now();
    co_await spawn_sleepers(all);
    const auto spawned = clock::now();
    co_await spawn_short_ones(std::min(all.size(), most_beside));
    const auto beside = clock::now();
    sum.peak = peak_resident_set();
    const auto ending = clock::now();
    const std::uint64_t cancelled = co_await end_sleepers(all);
    sum.end += clock::now() - ending;
    sum.spawn += spawned - begin;
    sum.beside += beside - spawned;
    sum.cancelled += cancelled;
    ++sum.laps;
}

/// `laps` 0: some 400 ms, after a lap that does not count.
edo::task<sums> run_laps(std::uint64_t tasks, std::uint64_t laps) {
    handles all(tasks);
    sums first;
    const double before = peak_resident_set();
    co_await run_lap(all, first);
    sums sum;
    const auto begin = clock::now();
    do {
        co_await run_lap(all, sum);
    } while (laps != 0 ? sum.laps < laps : clock::now() - begin < std::chrono::milliseconds(400));
    sum.peak = first.peak - before;
    co_return sum;
}

}  // namespace

answer live_tasks(numbers n) {
    const std::uint64_t tasks = n[0];
    auto rt = one_worker();
    const sums sum = rt.block_on(rt.spawn(run_laps, tasks, n[1]));
    const std::uint64_t shorts = std::min<std::uint64_t>(tasks, most_beside);
    return {sum.cancelled / sum.laps,
            {{"spawn", nanoseconds_each(sum.spawn, tasks * sum.laps)},
             {"beside", nanoseconds_each(sum.beside, shorts * sum.laps)},
             {"end", nanoseconds_each(sum.end, tasks * sum.laps)},
             {"bytes", sum.peak / static_cast<double>(tasks)}}};
}

}  // namespace scale
