// The end of a runtime races with spawns, wakes, aborts and joins from other threads.
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::sync::notify;
using edo::test::counted;
using edo::test::outcome_counter;

constexpr int wanted = 100;
constexpr int most_rounds = 5'000;

using outcomes = std::vector<const char*>;

class shutdown_stress : public edo::test::runtime_test {
protected:
    [[nodiscard]] std::unique_ptr<edo::runtime> make() const {
        return std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, shutdown_stress, edo::test::all_kinds, edo::test::kind_name);

/// Lets another thread come first.
template <class Reached>
void wait_until(Reached&& reached) {
    while (!reached()) { std::this_thread::yield(); }
}

/// Which of two came first: the end of a runtime, or what another thread does to one of its tasks.
/// The end comes after so many acts, and the next act hits its midst; with 0, all come as they come.
class photo_finish {
public:
    explicit photo_finish(std::size_t before) : before_(before) {}
    /// Ends the runtime.
    template <class End>
    void end(End&& end) {
        wait_until([&] { return acts_ >= before_; });
        closing_ = true;
        end();
    }
    /// The other thread acts on a task. `is_gone` says whether the runtime has dropped the task.
    template <class IsGone, class Act>
    void act(IsGone&& is_gone, Act&& act) {
        const bool late = is_gone();
        if (before_ != 0 && acts_ == before_) {
            wait_until([&] { return closing_.load(); });
        }
        act();
        names_.push_back(late ? "the end was first" : closing_ ? "at once" : "the end was last");
        ++acts_;
    }
    /// One name for each act, when both threads are through.
    [[nodiscard]] const std::vector<const char*>& names() const { return names_; }

private:
    const std::size_t before_;
    std::atomic<bool> closing_{false};
    std::atomic<std::size_t> acts_{0};
    std::vector<const char*> names_;
};
const outcomes of_photo_finish = {"the end was first", "at once", "the end was last"};

/// In some rounds the end comes after a number of acts, in most whenever it comes.
std::size_t acts_before_end(int round, std::size_t all) {
    return round % 4 != 0 ? 0 : static_cast<std::size_t>(round) % (all + 1);
}

/// Runs both at one moment. `end` waits for `before` acts of the other thread.
template <class End>
void meet(edo::test::opponent& other, std::size_t before, End&& end, std::function<void()> acts) {
    if (before == 0) {
        other.race(std::forward<End>(end), std::move(acts));
    } else {
        other.overlap(std::forward<End>(end), std::move(acts));
    }
}

edo::task<> turns(int n) {
    for (int i = 0; i < n; ++i) { co_await edo::yield_now(); }
}

TEST_P(shutdown_stress, spawns_from_a_thread_run_or_are_cancelled) {
    std::atomic<int> alive{0};
    int ran = 0;
    int cancelled = 0;
    int rounds = 0;
    const bool can_run = !is_current_thread();
    for (; rounds < most_rounds && ((can_run && ran < wanted) || cancelled < wanted); ++rounds) {
        auto own = make();
        const auto handle = own->handle();
        std::vector<edo::join_handle<void>> handles;
        std::latch begun(1);
        std::thread spawner([&] {
            for (int i = 0; i < 40; ++i) {
                handles.push_back(
                    handle.spawn([](counted) -> edo::task<> { co_return; }, counted(alive)));
                if (i == 5) { begun.count_down(); }
            }
        });
        begun.wait();
        own.reset();
        spawner.join();
        ASSERT_EQ(alive, 0);
        for (auto& each : handles) {
            ASSERT_TRUE(each.is_finished()) << "the runtime is gone";
            auto result = handle.block_on(each.join());
            result ? ++ran : ++cancelled;
        }
    }
    EXPECT_TRUE(!can_run || ran >= wanted) << rounds << " rounds";
    EXPECT_GE(cancelled, wanted) << rounds << " rounds";
}

TEST_P(shutdown_stress, wakes_race_with_the_end) {
    constexpr std::size_t tasks = 40;
    std::atomic<int> alive{0};
    edo::test::opponent waker;
    int round = 0;
    edo::test::until_seen(
        of_photo_finish,
        [&](const outcome_counter& seen) {
            auto own = make();
            const std::size_t before = acts_before_end(++round, tasks);
            auto gates = std::make_shared<std::vector<notify>>(tasks);
            std::vector<edo::join_handle<void>> handles;
            for (std::size_t i = 0; i < tasks; ++i) {
                handles.push_back(
                    own->spawn([](std::shared_ptr<std::vector<notify>> all, std::size_t at,
                                  counted) -> edo::task<> { co_await (*all)[at].notified(); },
                               gates, i, counted(alive)));
            }
            own->block_on(turns(3));
            photo_finish photo(before);
            meet(
                waker, before,
                [&] {
                    photo.end([&] { own.reset(); });
                    EXPECT_EQ(alive, 0);
                },
                [&] {
                    for (std::size_t i = 0; i < tasks; ++i) {
                        photo.act([&] { return handles[i].is_finished(); },
                                  [&] { (*gates)[i].notify_one(); });
                    }
                });
            for (const char* name : photo.names()) { seen(name); }
            for (auto& each : handles) { EXPECT_TRUE(each.is_finished()); }
        },
        wanted, most_rounds);
}

TEST_P(shutdown_stress, woken_tasks_run_or_are_dropped) {
    constexpr int tasks = 20;
    // A current-thread runtime has nobody to run them.
    const auto expected = is_current_thread() ? outcomes{"dropped"} : outcomes{"ran", "dropped"};
    std::atomic<int> alive{0};
    auto other = edo::runtime::current_thread().build();
    edo::test::opponent waker;
    int round = 0;
    edo::test::until_seen(
        expected,
        [&](const outcome_counter& seen) {
            const std::size_t before = is_current_thread() ? 0 : acts_before_end(++round, tasks);
            auto own = make();
            auto gate = std::make_shared<notify>();
            auto ran = std::make_shared<std::atomic<std::size_t>>(0);
            std::vector<edo::join_handle<void>> handles;
            for (int i = 0; i < tasks; ++i) {
                handles.push_back(own->spawn(
                    [](std::shared_ptr<notify> opens,
                       std::shared_ptr<std::atomic<std::size_t>> count, counted) -> edo::task<> {
                        auto opened = opens->notified();
                        opened.enable();
                        ++*count;
                        co_await opened;
                        co_await edo::yield_now();
                        ++*count;
                    },
                    gate, ran, counted(alive)));
            }
            own->block_on(turns(3));
            if (!is_current_thread()) {  // all wait
                wait_until([&] { return *ran == tasks; });
            }
            meet(
                waker, before,
                [&] {
                    wait_until([&] { return *ran >= (before != 0 ? tasks + before : 0); });
                    own.reset();
                    EXPECT_EQ(alive, 0);
                },
                [&] { gate->notify_waiters(); });
            for (auto& each : handles) {
                const auto result = other.block_on(each.join());
                EXPECT_TRUE(result.has_value() || result.error().is_cancelled());
                seen(result.has_value() ? "ran" : "dropped");
            }
        },
        wanted, most_rounds);
}

TEST_P(shutdown_stress, aborts_and_joins_race_with_the_end) {
    std::atomic<int> alive{0};
    auto joiner_runtime = edo::runtime::multi_thread().worker_threads(1).build();
    edo::test::opponent aborter;
    int round = 0;
    edo::test::until_seen(
        of_photo_finish,
        [&](const outcome_counter& seen) {
            auto own = make();
            const std::size_t before = acts_before_end(++round, 20);
            std::vector<edo::abort_handle> aborts;
            std::vector<edo::join_handle<void>> joins;
            for (int i = 0; i < 20; ++i) {
                auto handle = own->spawn(
                    [](counted) -> edo::task<> { co_await edo::sleep_for(1h); }, counted(alive));
                aborts.push_back(handle.abort_handle());
                joins.push_back(joiner_runtime.spawn(
                    [](edo::join_handle<void> h) -> edo::task<> {
                        auto result = co_await h.join();
                        EXPECT_FALSE(result.has_value());
                    },
                    std::move(handle)));
            }
            photo_finish photo(before);
            meet(
                aborter, before,
                [&] {
                    photo.end([&] { own.reset(); });
                    EXPECT_EQ(alive, 0);
                },
                [&] {
                    for (auto& each : aborts) {
                        photo.act([&] { return each.is_finished(); }, [&] { each.abort(); });
                    }
                });
            for (const char* name : photo.names()) { seen(name); }
            for (auto& each : joins) { joiner_runtime.block_on(each); }
        },
        wanted, most_rounds);
}

TEST_P(shutdown_stress, spawned_tasks_begin_or_never_run) {
    constexpr std::size_t tasks = 20;
    const auto expected = is_current_thread() ? outcomes{"never began"}
                                              : outcomes{"never began", "dropped while it slept"};
    std::atomic<int> alive{0};
    edo::test::opponent spawner;
    int round = 0;
    edo::test::until_seen(
        expected,
        [&](const outcome_counter& seen) {
            const std::size_t before = is_current_thread() ? 0 : acts_before_end(++round, tasks);
            auto own = make();
            const auto handle = own->handle();
            auto began = std::make_shared<std::atomic<std::size_t>>(0);
            meet(
                spawner, before,
                [&] {
                    wait_until([&] { return *began >= before; });
                    own.reset();
                },
                [&] {
                    for (std::size_t i = 0; i < tasks; ++i) {
                        handle
                            .spawn(
                                [](std::shared_ptr<std::atomic<std::size_t>> count,
                                   counted) -> edo::task<> {
                                    ++*count;
                                    co_await edo::sleep_for(1h);
                                },
                                began, counted(alive))
                            .detach();
                    }
                });
            EXPECT_EQ(alive, 0);
            if (*began != 0) { seen("dropped while it slept"); }
            if (*began != tasks) { seen("never began"); }
        },
        wanted, most_rounds);
}

TEST_P(shutdown_stress, shutdown_background_races_with_everything) {
    constexpr std::size_t each_kind = 10;
    const auto expected =
        is_current_thread()
            ? outcomes{"closure ran", "closure cancelled", "task cancelled"}
            : outcomes{"closure ran", "closure cancelled", "task ran", "task cancelled"};
    edo::test::opponent spawner;
    int round = 0;
    edo::test::until_seen(
        expected,
        [&](const outcome_counter& seen) {
            const std::size_t before = acts_before_end(++round, each_kind);
            auto own = edo::test::builder_of(GetParam()).max_blocking_threads(1).build();
            const auto handle = own.handle();
            if (round % 3 == 0) {  // a task that never waits
                own.spawn([]() -> edo::task<> {
                       for (;;) { co_await edo::yield_now(); }
                   })
                    .detach();
            }
            auto ran = std::make_shared<std::atomic<std::size_t>>(0);
            std::vector<edo::join_handle<void>> closures;
            std::vector<edo::join_handle<void>> tasks;
            meet(
                spawner, before,
                [&] {
                    wait_until([&] { return *ran >= before; });
                    own.shutdown_background();
                },
                [&] {
                    for (std::size_t i = 0; i < each_kind; ++i) {
                        const auto count = [](std::shared_ptr<std::atomic<std::size_t>> n) {
                            ++*n;
                        };
                        closures.push_back(handle.spawn_blocking(count, ran));
                        tasks.push_back(handle.spawn(
                            [](std::shared_ptr<std::atomic<std::size_t>> n) -> edo::task<> {
                                ++*n;
                                co_return;
                            },
                            ran));
                    }
                });
            for (auto& each : closures) {
                const auto result = handle.block_on(each.join());
                EXPECT_TRUE(result.has_value() || result.error().is_cancelled());
                seen(result.has_value() ? "closure ran" : "closure cancelled");
            }
            for (auto& each : tasks) {
                ASSERT_TRUE(!is_current_thread() || each.is_finished()) << "nobody else ends it";
                const auto result = handle.block_on(each.join());
                EXPECT_TRUE(result.has_value() || result.error().is_cancelled());
                seen(result.has_value() ? "task ran" : "task cancelled");
            }
            wait_until([&] { return handle.metrics().num_alive_tasks() == 0; });
        },
        wanted, most_rounds);
}

}  // namespace
