// Sleeping and waking: no wake-up is lost. A lost one hangs a ping-pong for ever.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/event.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace {

using edo::sync::notify;

constexpr int rounds = EDO_TSAN || EDO_ASAN ? 3'000 : 10'000;
constexpr std::uint64_t wanted = 100;

class park_stress : public edo::test::runtime_test {
protected:
    /// How often workers slept.
    std::uint64_t parks() {
        const auto metrics = rt().metrics();
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < metrics.num_workers(); ++i) {
            sum += metrics.worker_park_count(i);
        }
        return sum;
    }
    /// Whether a player goes on after that many rounds: until the workers have slept often enough.
    [[nodiscard]] bool goes_on(int round, int least) {
        return round < least || (round < 20 * rounds && parks() < wanted);
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, park_stress, edo::test::all_kinds, edo::test::kind_name);

/// Unlike a notify it does not look for what it waits for before it suspends its task.
struct turn : edo::sync::event {
    turn() : event(edo::sync::event_reset::automatic) {}
};

/// Two that take turns. `is_last` belongs to the one whose turn it is.
struct table {
    turn ping;
    std::binary_semaphore pong{0};
    bool is_last = false;
};

// A plain thread and a task: the worker sleeps between two rounds, or is just about to.
TEST_P(park_stress, ping_pong_between_a_plain_thread_and_a_task) {
    auto both = std::make_shared<table>();
    auto task = rt().spawn(
        [](std::shared_ptr<table> at) -> edo::task<> {
            for (bool is_last = false; !is_last;) {
                co_await at->ping.wait();
                is_last = at->is_last;
                at->pong.release();
            }
        },
        both);
    std::thread player([&] {
        for (int i = 1; !both->is_last; ++i) {
            both->is_last = !goes_on(i, rounds);
            both->ping.set();
            both->pong.acquire();
        }
    });
    rt().block_on(task);
    player.join();
    EXPECT_GE(parks(), wanted) << "the workers slept";
}

TEST_P(park_stress, ping_pong_between_block_on_and_a_task) {
    turn ping;
    turn pong;
    bool is_last = false;  // of the one whose turn it is
    auto task = rt().spawn(
        [](std::reference_wrapper<turn> in, std::reference_wrapper<turn> out,
           std::reference_wrapper<bool> last) -> edo::task<> {
            for (bool stop = false; !stop;) {
                co_await in.get().wait();
                stop = last;
                out.get().set();
            }
        },
        edo::unchecked(std::ref(ping)), edo::unchecked(std::ref(pong)),
        edo::unchecked(std::ref(is_last)));
    const bool can_sleep = !is_current_thread();  // there both are on one thread
    auto body = [&]() -> edo::task<> {
        for (int i = 1; !is_last; ++i) {
            is_last = can_sleep ? !goes_on(i, rounds) : i == rounds;
            ping.set();
            co_await pong.wait();
        }
        co_await task;
    };
    rt().block_on(body());
    if (can_sleep) {
        EXPECT_GE(parks(), wanted);
    } else {
        EXPECT_EQ(parks(), 0U);
    }
}

TEST_P(park_stress, spawns_from_plain_threads_always_wake_somebody) {
    constexpr int players = 3;
    edo::runtime& shared = rt();
    std::atomic<int> left{players};
    notify all_left;
    std::vector<std::thread> threads;
    for (int p = 0; p < players; ++p) {
        threads.emplace_back([&] {
            auto ran = std::make_shared<std::binary_semaphore>(0);
            for (int i = 0; goes_on(i, rounds / players); ++i) {
                shared
                    .spawn(
                        [](std::shared_ptr<std::binary_semaphore> done) -> edo::task<> {
                            done->release();
                            co_return;
                        },
                        ran)
                    .detach();
                ran->acquire();
            }
            if (--left == 0) { all_left.notify_one(); }
        });
    }
    auto body = [&]() -> edo::task<> {  // drives a current-thread runtime
        co_await all_left.notified();
        while (edo::runtime_handle::current().metrics().num_alive_tasks() > 0) {
            co_await edo::yield_now();
        }
    };
    shared.block_on(body());
    for (auto& thread : threads) { thread.join(); }
    EXPECT_GE(parks(), wanted);
}

/// Tasks that pass one token on. What is not a seat belongs to whoever has the token.
struct ring {
    std::vector<turn> seats{8};
    std::binary_semaphore is_back{0};
    int laps = 0;
    bool is_last = false;
};

edo::task<> sits(std::shared_ptr<ring> in, std::size_t at) {
    for (bool goes_on = true; goes_on;) {
        co_await in->seats[at].wait();
        goes_on = !in->is_last || in->laps > 1;
        if (at + 1 < in->seats.size()) {
            in->seats[at + 1].set();
        } else if (--in->laps != 0) {
            in->seats.front().set();
        } else {
            in->is_back.release();
        }
    }
}

// Chains of tasks that wake the next one: each link may find its worker asleep. A plain thread lets
// the token in, so that all sleep now and then.
TEST_P(park_stress, a_ring_of_tasks_passes_one_token) {
    constexpr int laps = 4;
    auto circle = std::make_shared<ring>();
    const int trips = rounds / laps / static_cast<int>(circle->seats.size());
    std::vector<edo::join_handle<void>> handles;
    for (std::size_t i = 0; i < circle->seats.size(); ++i) {
        handles.push_back(rt().spawn(&sits, circle, i));
    }
    std::thread player([&] {
        for (int i = 1; !circle->is_last; ++i) {
            circle->laps = laps;
            circle->is_last = !goes_on(i, trips);
            circle->seats.front().set();
            circle->is_back.acquire();
        }
    });
    for (auto& handle : handles) { rt().block_on(handle); }
    player.join();
    EXPECT_GE(parks(), wanted);
}

}  // namespace
