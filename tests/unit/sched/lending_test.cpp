// Places that change hands: what nobody may lose when a thread computes for long.
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>
#include <edo/sync/oneshot.hpp>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>

namespace {

using namespace std::chrono_literals;
using edo::task;
using flag = std::atomic<bool>;

void spin_until(const flag& f) {
    while (!f) { std::this_thread::yield(); }
}

class lending : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::multi_thread().worker_threads(2).lend_thread(true).build();
    void SetUp() override { watch(rt); }
    void TearDown() override {
        { const edo::runtime ended = std::move(rt); }
        leak_check::TearDown();
    }
};

// Nobody is awake but the thread of block_on when it begins its long turn.
TEST_F(lending, timers_of_a_place_fire_while_the_future_of_block_on_computes) {
    const auto body = []() -> task<> {
        const auto here = std::this_thread::get_id();
        std::shared_ptr<flag> rung;
        for (bool is_ours = false; !is_ours;) {  // until the other worker has not taken it
            rung = std::make_shared<flag>(false);
            auto [said, where] = edo::sync::oneshot<std::thread::id>();
            edo::spawn(
                [](edo::sync::oneshot_sender<std::thread::id> to,
                   std::shared_ptr<flag> ring) -> task<> {
                    static_cast<void>(to.send(std::this_thread::get_id()));
                    co_await edo::sleep_for(20ms);
                    *ring = true;
                },
                std::move(said), rung)
                .detach();
            auto started_by = co_await where;
            is_ours = started_by.value() == here;
        }
        co_await edo::sleep_for(1ms);  // all fall asleep
        spin_until(*rung);
    };
    rt.block_on(body());
    rt.block_on(edo::sleep_for(25ms));  // the ones that were not ours
}

/// Drives a local_set on the worker that it starts on, and computes there for long once it is told to.
task<> drive(std::shared_ptr<std::latch> both_run, std::shared_ptr<edo::sync::notify> go,
             std::shared_ptr<flag> computes, std::shared_ptr<flag> release) {
    both_run->arrive_and_wait();
    edo::local_set set;
    const auto inside = [&]() -> task<> {
        co_await go->notified();
        *computes = true;
        spin_until(*release);
    };
    co_await set.run_until(inside);
}

// The place that block_on gives back must not go to a thread that is busy with a bound task.
TEST_F(lending, a_place_is_not_given_to_a_thread_that_runs_a_bound_task) {
    auto both_run = std::make_shared<std::latch>(2);
    std::shared_ptr<edo::sync::notify> go[2];
    std::shared_ptr<flag> computes[2], release[2];
    edo::join_handle<void> driver[2];
    for (int i = 0; i < 2; ++i) {
        go[i] = std::make_shared<edo::sync::notify>();
        computes[i] = std::make_shared<flag>(false);
        release[i] = std::make_shared<flag>(false);
        driver[i] = rt.spawn(&drive, both_run, go[i], computes[i], release[i]);
    }
    for (int i = 0; i < 2; ++i) {  // one of the two threads has lent its place
        const auto body = [&]() -> task<> {
            co_await edo::sleep_for(1ms);  // the other one sleeps
            go[i]->notify_one();
            spin_until(*computes[i]);
        };
        rt.block_on(body());
        std::latch ran(1);
        rt.spawn(
              [](std::latch* l) -> task<> {
                  l->count_down();
                  co_return;
              },
              edo::unchecked(&ran))
            .detach();
        ran.wait();
        *release[i] = true;
        rt.block_on(driver[i]);
    }
}

}  // namespace
