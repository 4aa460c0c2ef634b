// After tokio/tests/sync_once_cell.rs.
#include <edo/edo.hpp>
#include <edo/sync/latch.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/once_cell.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"
#include "support/poll.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::sync::latch;
using edo::sync::notify;
using edo::sync::once_cell;
using namespace std::chrono_literals;

edo::task<int> five() { co_return 5; }
edo::task<int> fails() {
    throw std::runtime_error("cannot make it");
    co_return 0;
}
edo::task<int> slow_six() {
    co_await edo::sleep_for(1s);
    co_return 6;
}

TEST(once_cell, drop_cell) {
    std::atomic<int> alive{0};
    {
        once_cell<test::counted> cell;
        EXPECT_TRUE(cell.set(test::counted(alive)).has_value());
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(once_cell, drop_cell_new_with) {
    std::atomic<int> alive{0};
    {
        const auto cell = std::make_unique<once_cell<test::counted>>(test::counted(alive));
        EXPECT_TRUE(cell->is_initialized());
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(once_cell, drop_into_inner) {
    std::atomic<int> alive{0};
    const auto cell = std::make_unique<once_cell<test::counted>>();
    EXPECT_FALSE(cell->take().has_value());
    EXPECT_TRUE(cell->set(test::counted(alive)).has_value());
    {
        const auto taken = cell->take();
        EXPECT_TRUE(taken.has_value());
        EXPECT_EQ(cell->get(), nullptr);
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(once_cell, drop_into_inner_new_with) {
    std::atomic<int> alive{0};
    {
        once_cell<test::counted> cell{test::counted(alive)};
        const auto taken = cell.take();
        EXPECT_TRUE(taken.has_value());
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

TEST(once_cell, from) {
    const once_cell<std::string> cell("text");
    EXPECT_TRUE(cell.is_initialized());
    EXPECT_EQ(*cell.get(), "text");
}

TEST(once_cell, set_and_get) {
    once_cell<int> cell;
    EXPECT_TRUE(cell.set(5).has_value());
    EXPECT_EQ(*cell.get(), 5);
}

TEST(once_cell, get_uninit) {
    const once_cell<int> cell;
    EXPECT_EQ(cell.get(), nullptr);
    EXPECT_FALSE(cell.is_initialized());
}

TEST(once_cell, set_twice) {
    once_cell<std::unique_ptr<int>> cell;
    EXPECT_TRUE(cell.set(std::make_unique<int>(5)).has_value());
    const auto second = cell.set(std::make_unique<int>(6));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(*second.error(), 6);
    EXPECT_EQ(**cell.get(), 5);
}

TEST(once_cell, may_be_set_again_after_take) {
    once_cell<int> cell(1);
    EXPECT_EQ(cell.take(), 1);
    EXPECT_TRUE(cell.set(2).has_value());
    EXPECT_EQ(cell.take(), 2);
    auto rt = edo::runtime::current_thread().build();
    EXPECT_EQ(rt.block_on(cell.get_or_init(five)), 5);
}

TEST(once_cell, set_ends_a_wait) {
    once_cell<int> cell;
    auto waiting = test::by_hand(cell.wait());
    auto dropped = test::by_hand(cell.wait());
    EXPECT_FALSE(waiting.poll());
    EXPECT_FALSE(dropped.poll());
    dropped.drop();
    EXPECT_TRUE(cell.set(5).has_value());
    EXPECT_EQ(waiting.wakes(), 1);
    EXPECT_FALSE(dropped.is_woken());
    EXPECT_EQ(waiting.take(), 5);
    auto late = test::by_hand(cell.wait());
    EXPECT_TRUE(late.poll());
}

TEST(once_cell, of_setters_on_two_threads_exactly_one_fails) {
    for (int i = 0; i < 200; ++i) {
        once_cell<int> cell;
        std::atomic<int> failed{0};
        std::vector<std::thread> threads;
        for (int value : {1, 2}) {
            threads.emplace_back([&, value] {
                if (const auto result = cell.set(value); !result) {
                    ++failed;
                    EXPECT_EQ(result.error(), value);
                }
            });
        }
        for (auto& thread : threads) { thread.join(); }
        EXPECT_EQ(failed, 1);
        EXPECT_TRUE(cell.is_initialized());
    }
}

edo::task<> settle() { co_await edo::sleep_for(1ms); }

class once_cell_paused : public test::paused_test {
protected:
    using pointer = std::shared_ptr<once_cell<int>>;
};

TEST_F(once_cell_paused, get_or_init) {
    run([]() -> edo::task<> {
        once_cell<int> cell;
        const int& made = co_await cell.get_or_init(five);
        EXPECT_EQ(made, 5);
        EXPECT_EQ(&made, cell.get());
        const int& again = co_await cell.get_or_init(slow_six);
        EXPECT_EQ(&again, &made);
        EXPECT_FALSE(cell.set(7).has_value());
        EXPECT_EQ(made, 5);
    }());
}

TEST_F(once_cell_paused, get_or_init_panic) {
    // One that would throw is not called: another one was first.
    run([]() -> edo::task<> {
        auto cell = std::make_shared<once_cell<int>>();
        auto first = edo::spawn(
            [](pointer c) -> edo::task<int> {
                const int& value = co_await c->get_or_init(slow_six);
                co_return value;
            },
            cell);
        auto second = edo::spawn(
            [](pointer c) -> edo::task<int> {
                const int& value = co_await c->get_or_init(fails);
                co_return value;
            },
            cell);
        const int a = co_await first;
        const int b = co_await second;
        EXPECT_EQ(a, 6);
        EXPECT_EQ(b, 6);
    }());
}

TEST_F(once_cell_paused, set_while_initializing) {
    run([]() -> edo::task<> {
        auto cell = std::make_shared<once_cell<int>>();
        auto maker = edo::spawn(
            [](pointer c) -> edo::task<> { static_cast<void>(co_await c->get_or_init(slow_six)); },
            cell);
        co_await settle();
        const auto refused = cell->set(4);
        EXPECT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error(), 4);
        EXPECT_FALSE(cell->is_initialized());
        const int& value = co_await cell->wait();
        EXPECT_EQ(value, 6);
        co_await maker;
    }());
}

TEST_F(once_cell_paused, get_or_try_init) {
    run([]() -> edo::task<> {
        once_cell<int> cell;
        bool failed = false;
        try {
            static_cast<void>(co_await cell.get_or_init(fails));
        } catch (const std::runtime_error&) { failed = true; }
        EXPECT_TRUE(failed);
        EXPECT_FALSE(cell.is_initialized());
        const int& value = co_await cell.get_or_init(five);
        EXPECT_EQ(value, 5);
    }());
}

TEST_F(once_cell_paused, a_failed_set_up_leaves_the_cell_free_for_set) {
    run([]() -> edo::task<> {
        once_cell<int> cell;
        try {
            static_cast<void>(co_await cell.get_or_init(fails));
        } catch (const std::runtime_error&) {}
        EXPECT_TRUE(cell.set(3).has_value());
        EXPECT_EQ(*cell.get(), 3);
    }());
}

TEST_F(once_cell_paused, a_make_that_is_no_coroutine_may_throw) {
    run([]() -> edo::task<> {
        once_cell<int> cell;
        bool failed = false;
        const auto make = []() -> edo::task<int> { throw std::runtime_error("at the call"); };
        try {
            static_cast<void>(co_await cell.get_or_init(make));
        } catch (const std::runtime_error&) { failed = true; }
        EXPECT_TRUE(failed);
        const int& value = co_await cell.get_or_init(five);
        EXPECT_EQ(value, 5);
    }());
}

/// Three tasks in line: the first one makes for as long as it is let.
struct line {
    once_cell<int> cell;
    notify fail;
    int calls = 0;
    static edo::task<int> first(std::shared_ptr<line> l) {
        const auto make = [&]() -> edo::task<int> {
            ++l->calls;
            co_await l->fail.notified();
            throw std::runtime_error("the first one fails");
        };
        const int& value = co_await l->cell.get_or_init(make);
        co_return value;
    }
    static edo::task<int> later(std::shared_ptr<line> l, int mine) {
        const auto make = [&]() -> edo::task<int> {
            ++l->calls;
            co_return mine;
        };
        const int& value = co_await l->cell.get_or_init(make);
        co_return value;
    }
};
/// The handles of the first one and of two later ones behind it, which make 2 and 3.
edo::task<std::vector<edo::join_handle<int>>> form(std::shared_ptr<line> state) {
    std::vector<edo::join_handle<int>> tasks;
    tasks.push_back(edo::spawn(line::first, state));
    co_await settle();
    for (const int i : {2, 3}) { tasks.push_back(edo::spawn(line::later, state, i)); }
    co_await settle();
    co_return tasks;
}

TEST_F(once_cell_paused, when_one_fails_the_next_in_line_makes_it_his_way) {
    run([]() -> edo::task<> {
        auto state = std::make_shared<line>();
        auto tasks = co_await form(state);
        auto &first = tasks[0], &second = tasks[1], &third = tasks[2];
        EXPECT_EQ(state->calls, 1);
        state->fail.notify_one();
        const auto result = co_await first.join();
        EXPECT_FALSE(result.has_value());
        const int b = co_await second;
        const int c = co_await third;
        EXPECT_EQ(b, 2);
        EXPECT_EQ(c, 2);
        EXPECT_EQ(state->calls, 2);
    }());
}

TEST_F(once_cell_paused, when_one_is_dropped_the_next_in_line_makes_it_his_way) {
    run([]() -> edo::task<> {
        auto state = std::make_shared<line>();
        auto tasks = co_await form(state);
        auto &first = tasks[0], &second = tasks[1], &third = tasks[2];
        second.abort();
        co_await settle();
        EXPECT_FALSE(state->cell.is_initialized());
        first.abort();
        const int c = co_await third;
        EXPECT_EQ(c, 3);
        EXPECT_EQ(state->calls, 2);
        static_cast<void>(co_await first.join());
        static_cast<void>(co_await second.join());
    }());
}

TEST_F(once_cell_paused, one_that_is_dropped_when_it_is_his_turn_passes_it_on) {
    run([]() -> edo::task<> {
        auto state = std::make_shared<line>();
        auto tasks = co_await form(state);
        auto &first = tasks[0], &second = tasks[1], &third = tasks[2];
        first.abort();
        while (!first.is_finished()) { co_await edo::yield_now(); }
        second.abort();
        static_cast<void>(co_await second.join());
        const int c = co_await third;
        EXPECT_EQ(c, *state->cell.get());
        static_cast<void>(co_await first.join());
    }());
}

TEST_F(once_cell_paused, a_timeout_leaves_the_cell_empty) {
    run([]() -> edo::task<> {
        once_cell<int> cell;
        const auto late = co_await edo::timeout(1ms, cell.get_or_init(slow_six));
        EXPECT_FALSE(late.has_value());
        EXPECT_FALSE(cell.is_initialized());
        EXPECT_TRUE(cell.set(1).has_value());
    }());
}

TEST_F(once_cell_paused, wait_makes_nothing_and_is_awaited_again) {
    run([]() -> edo::task<> {
        once_cell<int> cell;
        auto leaf = cell.wait();
        bool ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        ready = co_await test::poll_once(leaf);
        EXPECT_FALSE(ready);
        static_cast<void>(co_await cell.get_or_init(five));
        const int& value = co_await leaf;
        EXPECT_EQ(&value, cell.get());
    }());
}

class once_cell_test : public test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, once_cell_test, test::all_kinds, test::kind_name);

struct shared_cell {
    once_cell<std::string> cell;
    std::atomic<int> calls{0};
    std::atomic<int> inside{0};
};

TEST_P(once_cell_test, is_made_once) {
    rt().block_on([]() -> edo::task<> {
        auto state = std::make_shared<shared_cell>();
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 50; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<shared_cell> s) -> edo::task<> {
                    const auto make = [&]() -> edo::task<std::string> {
                        ++s->calls;
                        co_await edo::yield_now();
                        co_return "made";
                    };
                    const std::string& value = co_await s->cell.get_or_init(make);
                    EXPECT_EQ(value, "made");
                    EXPECT_EQ(&value, s->cell.get());
                },
                state));
        }
        const std::string& value = co_await state->cell.wait();
        EXPECT_EQ(value, "made");
        for (auto& handle : handles) { co_await handle; }
        EXPECT_EQ(state->calls, 1);
    }());
}

TEST_P(once_cell_test, one_at_a_time_tries_until_one_succeeds) {
    rt().block_on([]() -> edo::task<> {
        auto state = std::make_shared<shared_cell>();
        std::vector<edo::join_handle<bool>> handles;
        for (int i = 0; i < 50; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<shared_cell> s) -> edo::task<bool> {
                    const auto make = [&]() -> edo::task<std::string> {
                        EXPECT_EQ(++s->inside, 1);
                        co_await edo::yield_now();
                        --s->inside;
                        if (++s->calls < 10) { throw std::runtime_error("not yet"); }
                        co_return "made";
                    };
                    try {
                        static_cast<void>(co_await s->cell.get_or_init(make));
                    } catch (const std::runtime_error&) { co_return false; }
                    co_return true;
                },
                state));
        }
        int failed = 0;
        for (auto& handle : handles) {
            const bool good = co_await handle;
            failed += good ? 0 : 1;
        }
        EXPECT_EQ(failed, 9);
        EXPECT_EQ(state->calls, 10);
    }());
}

static_assert(edo::owning<once_cell<int>>);
static_assert(!edo::owning<once_cell<std::string_view>>);
static_assert(edo::sendable<once_cell<int>>);

}  // namespace
