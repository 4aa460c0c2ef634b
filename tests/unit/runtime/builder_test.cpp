// The options of a runtime, and what is refused.
#include "support/runtime_fixture.hpp"

#include <edo/base/detail/thread.hpp>
#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace {

using namespace std::chrono_literals;
using counter = std::atomic<int>;

class builder : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, builder, edo::test::all_kinds, edo::test::kind_name);

class builder_options : public edo::test::leak_check {};

edo::task<int> give(int value) { co_return value; }

std::string thread_name() {
    std::array<char, 16> name{};
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    return name.data();
}

template <class F>
std::string refusal_of(F&& set) {
    try {
        set();
    } catch (const std::invalid_argument& e) { return e.what(); }
    return "";
}

/// Sets EDO_WORKER_THREADS while it lives.
class environment {
public:
    explicit environment(const char* value) { ::setenv("EDO_WORKER_THREADS", value, 1); }
    ~environment() { ::unsetenv("EDO_WORKER_THREADS"); }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
};

/// Thread creation fails while it lives.
class no_more_threads {
public:
    explicit no_more_threads(int after) { edo::detail::fail_thread_creation_after(after); }
    ~no_more_threads() { edo::detail::fail_thread_creation_after(-1); }
    no_more_threads(const no_more_threads&) = delete;
    no_more_threads& operator=(const no_more_threads&) = delete;
};

TEST_F(builder_options, builder_worker_threads_panic_caller) {
    auto made = edo::runtime::multi_thread();
    EXPECT_NE(refusal_of([&] { made.worker_threads(0); }).find("worker_threads"),
              std::string::npos);
    EXPECT_NE(refusal_of([&] { made.worker_threads(65'536); }).find("worker_threads"),
              std::string::npos);
}

TEST_F(builder_options, max_blocking_threads_set_to_zero) {
    auto made = edo::runtime::multi_thread();
    EXPECT_NE(refusal_of([&] { made.max_blocking_threads(0); }).find("max_blocking_threads"),
              std::string::npos);
}

TEST_F(builder_options, intervals_of_zero_are_refused) {
    auto made = edo::runtime::multi_thread();
    EXPECT_NE(refusal_of([&] { made.event_interval(0); }).find("event_interval"),
              std::string::npos);
    EXPECT_NE(refusal_of([&] { made.global_queue_interval(0); }).find("global_queue_interval"),
              std::string::npos);
}

TEST_F(builder_options, a_paused_clock_and_the_shutdown_policy_need_a_current_thread_runtime) {
    auto paused = edo::runtime::multi_thread();
    paused.worker_threads(1).start_paused(true);
    EXPECT_THROW(static_cast<void>(paused.build()), std::invalid_argument);
    auto policy = edo::runtime::multi_thread();
    policy.worker_threads(1).unhandled_exception(edo::unhandled_exception_policy::shutdown_runtime);
    EXPECT_THROW(static_cast<void>(policy.build()), std::invalid_argument);
}

TEST_F(builder_options, the_environment_sets_the_default_number_of_workers) {
    const environment three("3");
    EXPECT_EQ(edo::runtime::multi_thread().build().metrics().num_workers(), 3U);
    auto body = []() -> edo::task<std::size_t> {
        co_return edo::runtime_handle::current().metrics().num_workers();
    };
    EXPECT_EQ(edo::block_on(body()), 3U);
}

TEST_F(builder_options, worker_threads_beats_the_environment) {
    const environment three("3");
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    EXPECT_EQ(rt.metrics().num_workers(), 1U);
}

TEST_F(builder_options, a_current_thread_runtime_ignores_the_environment) {
    const environment none("none");
    auto rt = edo::runtime::current_thread().build();
    EXPECT_EQ(rt.metrics().num_workers(), 1U);
}

TEST_F(builder_options, nonsense_in_the_environment_is_refused_and_quoted) {
    for (const char* nonsense :
         {"0", "-1", "many", "3x", "", " 3", "99999999999999999999", "65536"}) {
        const environment set(nonsense);
        const std::string text =
            refusal_of([] { static_cast<void>(edo::runtime::multi_thread().build()); });
        EXPECT_FALSE(text.empty()) << '"' << nonsense << "\" was accepted";
    }
    const environment set("many");
    const std::string text =
        refusal_of([] { static_cast<void>(edo::runtime::multi_thread().build()); });
    EXPECT_NE(text.find("EDO_WORKER_THREADS"), std::string::npos);
    EXPECT_NE(text.find("\"many\""), std::string::npos);
}

TEST_F(builder_options, the_default_number_of_workers_follows_the_affinity_mask) {
    cpu_set_t before;
    ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
    int first = 0;
    while (!CPU_ISSET(first, &before)) { ++first; }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    const std::size_t workers = edo::runtime::multi_thread().build().metrics().num_workers();
    ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
    EXPECT_EQ(workers, 1U);
    const std::size_t all = edo::runtime::multi_thread().build().metrics().num_workers();
    EXPECT_GE(all, 1U);
    EXPECT_LE(all, static_cast<std::size_t>(CPU_COUNT(&before)));
}

TEST_F(builder_options, single_thread) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).max_blocking_threads(1).build();
    EXPECT_EQ(rt.block_on(rt.spawn(give(1))), 1);
}

TEST_F(builder_options, a_builder_builds_more_than_once) {
    auto made = edo::runtime::multi_thread();
    made.worker_threads(2);
    auto first = made.build();
    auto second = made.build();
    EXPECT_EQ(first.block_on(first.spawn(give(1))), 1);
    EXPECT_EQ(second.block_on(second.spawn(give(2))), 2);
}

TEST_F(builder_options, the_default_number_of_workers_is_asked_for_at_each_build) {
    auto made = edo::runtime::multi_thread();
    {
        const environment three("3");
        EXPECT_EQ(made.build().metrics().num_workers(), 3U);
    }
    const environment two("2");
    EXPECT_EQ(made.build().metrics().num_workers(), 2U);
}

TEST_P(builder, drop_threadpool_drops_futures) {
    for (int round = 0; round < 50; ++round) {
        counter starts{0};
        counter stops{0};
        counter alive{0};
        {
            auto made = edo::test::builder_of(GetParam());
            made.on_thread_start([&] { ++starts; }).on_thread_stop([&] { ++stops; });
            auto rt = made.build();
            rt.spawn([](edo::test::counted) -> edo::task<> { co_await edo::sleep_for(1h); },
                     edo::test::counted(alive))
                .detach();
            auto blocking = rt.spawn_blocking([] {});
            rt.block_on(blocking);
        }
        EXPECT_EQ(starts, stops);
        EXPECT_EQ(starts, static_cast<int>(GetParam().workers) + 1) << "the workers, and one more";
        EXPECT_EQ(alive, 0);
    }
}

TEST_P(builder, park_hooks_come_in_pairs_on_workers) {
    auto parks = std::make_shared<counter>(0);
    auto unparks = std::make_shared<counter>(0);
    auto made = edo::test::builder_of(GetParam());
    made.on_thread_park([parks] { ++*parks; }).on_thread_unpark([unparks] { ++*unparks; });
    use(std::move(made));
    auto body = []() -> edo::task<> {
        for (int i = 0; i < 3; ++i) { co_await edo::sleep_for(1ms); }
        auto child = edo::spawn([]() -> edo::task<> { co_await edo::sleep_for(1ms); });
        co_await child;
    };
    rt().block_on(body());
    stop();
    EXPECT_GE(*parks, 1);
    EXPECT_EQ(*parks, *unparks);
}

// A wake from the park hook is not lost.
TEST_P(builder, before_park_wakes_block_on_task) {
    auto wake = std::make_shared<edo::sync::notify>();
    auto made = edo::test::builder_of(GetParam());
    made.on_thread_park([wake] { wake->notify_one(); });
    use(std::move(made));
    auto waiter = rt().spawn(
        [](std::shared_ptr<edo::sync::notify> n) -> edo::task<> {
            for (int i = 0; i < 20; ++i) { co_await n->notified(); }
        },
        wake);
    rt().block_on(waiter);
}

/// Makes the runtime's hook call `at_park` once, the first time, and waits for the `notify` that it
/// is given. No timer runs: if the wake is missed, this never returns.
using at_park = std::function<void(const std::shared_ptr<edo::sync::notify>&)>;
edo::task<> await_notify(std::shared_ptr<edo::sync::notify> n) { co_await n->notified(); }

class builder_park : public edo::test::runtime_test {
protected:
    void wait_for_hook(const at_park& hook) {
        auto wake = std::make_shared<edo::sync::notify>();
        auto parks = std::make_shared<counter>(0);
        auto made = edo::test::builder_of(GetParam());
        made.on_thread_park([=] {
            if (++*parks == 1) { hook(wake); }
        });
        use(std::move(made));
        rt().block_on(await_notify(wake));
        EXPECT_GE(*parks, 1);
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, builder_park, edo::test::all_kinds, edo::test::kind_name);

TEST_P(builder_park, before_park_wakes_the_future_of_block_on) {
    wait_for_hook([](const auto& wake) { wake->notify_one(); });
}

TEST_P(builder_park, before_park_spawns_task) {
    wait_for_hook([](const auto& wake) {
        edo::spawn(
            [](std::shared_ptr<edo::sync::notify> n) -> edo::task<> {
                n->notify_one();
                co_return;
            },
            wake)
            .detach();
    });
}

TEST_P(builder_park, before_park_yields) {
    wait_for_hook([](const auto& wake) {
        edo::spawn(
            [](std::shared_ptr<edo::sync::notify> n) -> edo::task<> {
                co_await edo::yield_now();
                n->notify_one();
            },
            wake)
            .detach();
    });
}

// Short block_ons, each woken from the hook, do not keep the timers from firing.
TEST_F(builder_options, before_park_does_not_stall_spawned_timer) {
    auto wake = std::make_shared<edo::sync::notify>();
    auto rt = edo::runtime::current_thread().on_thread_park([wake] { wake->notify_one(); }).build();
    auto timer = rt.spawn([]() -> edo::task<> { co_await edo::sleep_for(1ms); });
    auto body = [&]() -> edo::task<> { co_await wake->notified(); };
    while (!timer.is_finished()) { rt.block_on(body()); }
}

TEST_P(builder, threads_carry_the_name) {
    auto made = edo::test::builder_of(GetParam());
    made.thread_name("a-name-that-is-too-long");
    use(std::move(made));
    EXPECT_EQ(rt().block_on(rt().spawn_blocking([] { return thread_name(); })), "a-name-that-is-");
    if (!is_current_thread()) {
        auto body = []() -> edo::task<std::string> { co_return thread_name(); };
        EXPECT_EQ(rt().block_on(rt().spawn(body)), "a-name-that-is-");
    }
}

TEST_F(builder_options, threads_are_named_by_default) {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    auto body = []() -> edo::task<std::string> { co_return thread_name(); };
    EXPECT_EQ(rt.block_on(rt.spawn(body)), "edo-worker");
    EXPECT_EQ(rt.block_on(rt.spawn_blocking([] { return thread_name(); })), "edo-blocking");
}

TEST_P(builder, threads_get_the_stack_that_was_asked_for) {
    auto made = edo::test::builder_of(GetParam());
    made.thread_stack_size(std::size_t{16} << 20);
    use(std::move(made));
    const auto size = rt().block_on(rt().spawn_blocking([] {
        pthread_attr_t attributes;
        ::pthread_getattr_np(::pthread_self(), &attributes);
        std::size_t bytes = 0;
        ::pthread_attr_getstacksize(&attributes, &bytes);
        ::pthread_attr_destroy(&attributes);
        return bytes;
    }));
    EXPECT_GE(size, std::size_t{16} << 20) << "the default is 8 MiB";
}

TEST_P(builder, global_queue_interval_set_to_one) {
    auto made = edo::test::builder_of(GetParam());
    made.global_queue_interval(1).event_interval(1);
    use(std::move(made));
    auto body = []() -> edo::task<int> {
        int sum = 0;
        for (int i = 0; i < 10; ++i) {
            auto child = edo::spawn(give(i));
            sum += co_await child;
        }
        co_return sum;
    };
    EXPECT_EQ(rt().block_on(body()), 45);
}

TEST_F(builder_options, a_thread_that_cannot_start_fails_the_build_and_leaves_none) {
    counter starts{0};
    counter stops{0};
    auto made = edo::runtime::multi_thread();
    made.worker_threads(4).on_thread_start([&] { ++starts; }).on_thread_stop([&] { ++stops; });
    for (int working : {0, 1, 3}) {
        starts = stops = 0;
        const no_more_threads fail(working);
        try {
            static_cast<void>(made.build());
            ADD_FAILURE() << "it was built with " << working << " threads";
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::resource_unavailable_try_again);
        }
        EXPECT_EQ(starts, working);
        EXPECT_EQ(stops, working);
    }
    expect_nothing_left();
    auto rt = made.build();
    EXPECT_EQ(rt.block_on(rt.spawn(give(3))), 3) << "the builder is still good";
}

}  // namespace
