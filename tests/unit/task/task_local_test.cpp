// Values that belong to a task. Ports task_local.rs.
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using edo::task;
using namespace std::chrono_literals;

edo::task_local<std::uint32_t> number;
edo::task_local<std::string> text;

class task_local_test : public edo::test::runtime_test {};

TEST_P(task_local_test, local) {
    const auto first = []() -> task<> {
        auto inner = []() -> task<> {
            for (int i = 0; i < 20; ++i) {
                EXPECT_EQ(number.get(), 1U);
                EXPECT_EQ(text.try_get(), nullptr);
                co_await edo::yield_now();
            }
        };
        co_await number.scope(1, inner());
        EXPECT_EQ(number.try_get(), nullptr);
    };
    const auto second = []() -> task<> {
        auto innermost = []() -> task<> {
            for (int i = 0; i < 20; ++i) {
                EXPECT_EQ(number.get(), 2U);
                EXPECT_EQ(text.get(), "two");
                co_await edo::yield_now();
            }
        };
        co_await number.scope(2, text.scope("two", innermost()));
    };
    const auto third = []() -> task<> {
        EXPECT_EQ(number.try_get(), nullptr);
        co_return;
    };
    auto body = [&]() -> task<> {
        auto a = edo::spawn(first);
        auto b = edo::spawn(second);
        auto c = edo::spawn(third);
        co_await a;
        co_await b;
        co_await c;
    };
    rt().block_on(body());
}

TEST_P(task_local_test, nested_scope_of_the_same_key_hides_the_outer_one) {
    auto handle = rt().spawn([]() -> task<> {
        auto inner = []() -> task<> {
            EXPECT_EQ(number.get(), 2U);
            co_await edo::yield_now();
            EXPECT_EQ(number.get(), 2U);
        };
        auto outer = [](task<> below) -> task<> {
            EXPECT_EQ(number.get(), 1U);
            co_await number.scope(2, std::move(below));
            EXPECT_EQ(number.get(), 1U);
        };
        co_await number.scope(1, outer(inner()));
    });
    rt().block_on(std::move(handle));
}

TEST_P(task_local_test, value_is_not_inherited_by_spawned_tasks) {
    auto body = [&]() -> task<> {
        auto inner = []() -> task<> {
            auto child = edo::spawn([]() -> task<bool> { co_return number.try_get() == nullptr; });
            EXPECT_TRUE(co_await child);
            EXPECT_EQ(number.get(), 5U);
        };
        co_await number.scope(5, inner());
    };
    rt().block_on(body());
}

TEST_P(task_local_test, value_is_seen_by_a_branch_of_the_task) {
    auto body = [&]() -> task<> {
        auto inner = []() -> task<> {
            auto branch = []() -> task<std::uint32_t> {
                co_await edo::yield_now();
                co_return number.get();
            };
            auto got = co_await edo::timeout(10s, branch());
            EXPECT_TRUE(got && *got == 6U);
        };
        co_await number.scope(6, inner());
        EXPECT_EQ(number.try_get(), nullptr);
    };
    rt().block_on(body());
}

/// Reads the value when it dies.
class reads {
public:
    explicit reads(std::shared_ptr<std::uint32_t> to) : to_(std::move(to)) {}
    reads(const reads&) = delete;
    reads& operator=(const reads&) = delete;
    ~reads() {
        if (const auto* v = number.try_get()) { *to_ = *v; }
    }

private:
    std::shared_ptr<std::uint32_t> to_;
};

using value_seen = std::shared_ptr<std::uint32_t>;
value_seen make_seen() { return std::make_shared<std::uint32_t>(0); }

/// One dies as a local, the other with the frame.
task<> holds(value_seen by_local, std::unique_ptr<reads>,
             std::shared_ptr<edo::sync::notify> started, bool forever) {
    const reads local(std::move(by_local));
    started->notify_one();
    if (forever) { co_await edo::sleep_until(edo::clock::time_point::max()); }
    co_await edo::yield_now();
}
task<> scoped(value_seen by_local, value_seen by_frame, std::shared_ptr<edo::sync::notify> started,
              bool forever) {
    auto inner = holds(by_local, std::make_unique<reads>(by_frame), started, forever);
    co_await number.scope(42, std::move(inner));
}

TEST_P(task_local_test, task_local_available_on_abort) {
    auto by_local = make_seen();
    auto by_frame = make_seen();
    auto started = std::make_shared<edo::sync::notify>();
    auto handle = rt().spawn(&scoped, by_local, by_frame, started, true);
    auto body = [&]() -> task<> {
        auto running = started->notified();
        co_await running;
        handle.abort();
        EXPECT_FALSE(co_await handle.join());
    };
    rt().block_on(body());
    EXPECT_EQ(*by_local, 42U);
    EXPECT_EQ(*by_frame, 42U);
}

TEST_P(task_local_test, task_local_available_on_completion_drop) {
    auto by_local = make_seen();
    auto by_frame = make_seen();
    auto started = std::make_shared<edo::sync::notify>();
    rt().block_on(rt().spawn(&scoped, by_local, by_frame, started, false));
    EXPECT_EQ(*by_local, 42U);
    EXPECT_EQ(*by_frame, 42U);
}

TEST_P(task_local_test, scope_that_throws_takes_its_value_away) {
    auto handle = rt().spawn([]() -> task<> {
        auto inner = []() -> task<> {
            co_await edo::yield_now();
            throw std::runtime_error("x");
        };
        try {
            co_await number.scope(1, inner());
            ADD_FAILURE();
        } catch (const std::runtime_error&) {}
        EXPECT_EQ(number.try_get(), nullptr);
    });
    rt().block_on(std::move(handle));
}

TEST_P(task_local_test, get_value) {
    auto body = []() -> task<> {
        auto inner = []() -> task<std::uint32_t> {
            co_await edo::yield_now();
            co_return number.get();
        };
        auto scoped = number.scoped(1, inner());
        const std::uint32_t seen = co_await scoped;
        EXPECT_EQ(seen, 1U);
        EXPECT_EQ(number.try_get(), nullptr);
        EXPECT_EQ(scoped.take_value(), 1U);
        EXPECT_EQ(scoped.take_value(), std::nullopt);
    };
    rt().block_on(body());
}

TEST_P(task_local_test, take_value) {
    auto body = []() -> task<> {
        auto scoped = number.scoped(1, []() -> task<> { co_return; }());
        EXPECT_EQ(scoped.take_value(), 1U);
        EXPECT_EQ(scoped.take_value(), std::nullopt);
        co_return;
    };
    rt().block_on(body());
}

TEST_P(task_local_test, poll_after_take_value_should_fail) {
    auto body = []() -> task<> {
        auto inner = []() -> task<> {
            EXPECT_THROW(static_cast<void>(number.get()), std::logic_error);
            co_return;
        };
        auto scoped = number.scoped(1, inner());
        EXPECT_EQ(scoped.take_value(), 1U);
        co_await scoped;
        bool refused = false;
        try {
            co_await scoped;
        } catch (const std::logic_error&) { refused = true; }
        EXPECT_TRUE(refused) << "a task runs once";
    };
    rt().block_on(body());
}

TEST_P(task_local_test, a_value_is_left_when_its_task_is_dropped) {
    auto body = []() -> task<> {
        auto scoped = number.scoped(
            7, []() -> task<> { co_await edo::sleep_until(edo::clock::time_point::max()); }());
        auto waits = [](edo::scoped_task<std::uint32_t, void>& s) -> task<> { co_await s; };
        auto ended = co_await edo::timeout(1ms, waits(scoped));
        EXPECT_FALSE(ended.has_value());
        EXPECT_EQ(scoped.take_value(), 7U);
    };
    rt().block_on(body());
}

INSTANTIATE_TEST_SUITE_P(task, task_local_test, edo::test::all_kinds, edo::test::kind_name);

TEST(task_local_outside, get_value) {
    EXPECT_EQ(number.try_get(), nullptr);
    number.sync_scope(7, [] {
        EXPECT_EQ(number.get(), 7U);
        number.sync_scope(8, [] { EXPECT_EQ(number.get(), 8U); });
        EXPECT_EQ(number.get(), 7U);
        std::jthread([] { EXPECT_EQ(number.try_get(), nullptr); }).join();
    });
    EXPECT_EQ(number.try_get(), nullptr);
    EXPECT_EQ(number.sync_scope(1, [] { return number.get() + 1; }), 2U);
}

TEST(task_local_outside, local_key_get_panic_caller) {
    EXPECT_THROW(static_cast<void>(number.get()), std::logic_error);
}

TEST(task_local_outside, sync_scope_that_throws_takes_its_value_away) {
    EXPECT_THROW(number.sync_scope(1, [] { throw 5; }), int);
    EXPECT_EQ(number.try_get(), nullptr);
}

TEST(task_local_outside, a_thread_value_is_not_seen_by_the_tasks_it_runs) {
    auto rt = edo::runtime::current_thread().build();
    number.sync_scope(3, [&] {
        auto handle = rt.spawn([]() -> task<bool> { co_return number.try_get() == nullptr; });
        EXPECT_TRUE(rt.block_on(std::move(handle)));
        EXPECT_EQ(number.get(), 3U);
    });
}

}  // namespace
