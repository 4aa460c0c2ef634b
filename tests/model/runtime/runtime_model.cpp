// The whole runtime: injection, parking, waking, lending, the blocking pool, the end.
#include "support/explorer.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace {

using edo::task;
using edo::model::check;
using edo::model::finds;
using edo::model::holds;
using edo::model::limits;

/// Without the intervals that depend on measured time.
edo::runtime_builder small(unsigned workers) {
    auto builder = edo::runtime::multi_thread();
    builder.worker_threads(workers).global_queue_interval(8).event_interval(64);
    return builder;
}

task<int> give() { co_return 7; }

void task_is_spawned_from_outside(unsigned workers) {
    auto rt = small(workers).build();
    auto handle = rt.spawn(&give);
    check(rt.block_on(std::move(handle)) == 7, "the result");
}
void task_spawns_a_task() {
    auto rt = small(2).build();
    auto handle = rt.spawn([]() -> task<int> {
        auto child = edo::spawn(&give);
        co_return co_await child;
    });
    check(rt.block_on(std::move(handle)) == 7, "the result");
}
void root_is_lent_a_place() {
    auto rt = small(1).lend_thread(true).build();
    const auto body = []() -> task<int> {
        auto child = edo::spawn(&give);
        co_return co_await child;
    };
    check(rt.block_on(body()) == 7, "the result");
}
/// One of them has the place of the current-thread runtime, the other one its wake and, later, the place.
void two_roots_want_the_place() {
    auto rt = edo::runtime::current_thread().global_queue_interval(8).event_interval(64).build();
    const auto run = [&rt] {
        const auto body = []() -> task<int> {
            auto child = edo::spawn(&give);
            co_return co_await child;
        };
        check(rt.block_on(body()) == 7, "the result");
    };
    const edo::model::thread other(run);
    run();
}
/// The paused clock jumps for whoever has the place, also after the end of the runtime.
edo::runtime paused_on_one_thread() {
    return edo::runtime::current_thread()
        .global_queue_interval(8)
        .event_interval(64)
        .start_paused(true)
        .build();
}
void root_sleeps_while_another_ends_the_runtime() {
    auto rt = paused_on_one_thread();
    const edo::model::thread other(
        [handle = rt.handle()] { handle.block_on(edo::sleep_for(std::chrono::hours(1))); });
    rt.block_on([](edo::runtime& ends) -> task<> {
        ends.shutdown_background();
        co_return;
    }(rt));
}
/// The same for one that may have the place.
void root_that_seeks_sleeps_meanwhile() {
    auto rt = paused_on_one_thread();
    edo::sync::event is_there;
    const edo::model::thread other([&rt, &is_there] {
        rt.block_on([](edo::sync::event& says) -> task<> {
            says.set();
            co_await edo::sleep_for(std::chrono::hours(1));
        }(is_there));
    });
    rt.block_on([](edo::runtime& ends, edo::sync::event& first) -> task<> {
        co_await first.wait();
        ends.shutdown_background();
    }(rt, is_there));
}
void runtime_ends_with_a_task() {
    auto rt = small(1).build();
    rt.spawn(&give).detach();
}
void closure_runs() {
    auto rt = small(1).build();
    auto handle = rt.spawn_blocking([] { return 7; });
    check(rt.block_on(std::move(handle)) == 7, "the result");
}
void pool_ends_with_a_closure() {
    auto rt = small(1).build();
    rt.spawn_blocking([] {}).detach();
}

constexpr limits sometimes{.preemptions = 2, .steps = 200'000};
constexpr limits rarely{.preemptions = 1, .steps = 200'000};

TEST(runtime, runs_what_is_injected) {
    holds([] { task_is_spawned_from_outside(1); }, sometimes);
    holds([] { task_is_spawned_from_outside(2); }, rarely);
}
TEST(runtime, runs_what_a_task_spawns) {
    holds(task_spawns_a_task, {.preemptions = 0, .steps = 200'000});
}
TEST(runtime, lends_a_place) { holds(root_is_lent_a_place, sometimes); }
TEST(runtime, hands_the_place_over) {
    holds(two_roots_want_the_place, sometimes);
    finds({"executor::free_place"}, two_roots_want_the_place, sometimes);
    finds({"executor::await_wake_or_place"}, two_roots_want_the_place, sometimes);
}
TEST(runtime, gives_the_place_to_a_root_that_sleeps) {
    holds(root_sleeps_while_another_ends_the_runtime, sometimes);
    holds(root_that_seeks_sleeps_meanwhile, sometimes);
}
TEST(runtime, ends_with_a_task) { holds(runtime_ends_with_a_task, sometimes); }
TEST(runtime, wakes_a_sleeping_worker) {
    finds({"executor::enter_sleep"}, [] { task_is_spawned_from_outside(1); }, sometimes);
    finds({"executor::inject"}, [] { task_is_spawned_from_outside(1); }, sometimes);
}
TEST(blocking_pool, runs_a_closure) {
    holds(closure_runs, sometimes);
    finds({"join_word::complete"}, closure_runs, sometimes);
}
TEST(blocking_pool, ends_with_a_closure) { holds(pool_ends_with_a_closure, sometimes); }

}  // namespace
