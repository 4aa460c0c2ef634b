// A coroutine for each element, several at once.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;

class for_each_concurrent : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, for_each_concurrent, edo::test::all_kinds, edo::test::kind_name);

task<> takes_rc(const edo::rc<int>& shared) {
    ++*shared;
    co_return;
}

TEST_P(for_each_concurrent, takes_each_element_once) {
    run([]() -> task<> {
        std::vector<int> seen(1000, 0);
        auto mark = [&](int i) -> task<> {
            if (i % 3 == 0) { co_await edo::yield_now(); }
            ++seen[static_cast<std::size_t>(i)];
        };
        co_await edo::for_each_concurrent(std::views::iota(0, 1000), 16, mark);
        EXPECT_EQ(std::ranges::count(seen, 1), 1000);
        auto twice = [](int& n) -> task<> {
            n *= 2;
            co_return;
        };
        co_await edo::for_each_concurrent(seen, 3, twice);
        EXPECT_EQ(std::ranges::count(seen, 2), 1000) << "elements may be changed";
        co_await edo::for_each_concurrent(std::vector<int>(), 3, twice);
    });
}

TEST_P(for_each_concurrent, refuses_what_must_stay_on_its_thread) {
    run([]() -> task<> {
        const auto shared = edo::make_rc<int>(0);
        auto through_a_parameter = [&](int) { return takes_rc(shared); };
        EXPECT_THROW(
            co_await edo::for_each_concurrent(std::views::iota(0, 3), 2, through_a_parameter),
            edo::send_error);
        const std::vector<edo::rc<int>> elements(3, shared);
        EXPECT_THROW(co_await edo::for_each_concurrent(elements, 2, takes_rc), edo::send_error);
        EXPECT_EQ(*shared, 0) << "none of them has run";
    });
}

TEST_P(for_each_concurrent, runs_as_many_as_the_limit_says_and_not_more) {
    run([]() -> task<> {
        std::atomic<int> running = 0, most = 0, ended = 0;
        auto count = [&](int) -> task<> {
            const int now = ++running;
            int before = most;
            while (now > before && !most.compare_exchange_weak(before, now)) {}
            // The first ones meet here; nobody would go on if fewer than four could run.
            while (most < 4) { co_await edo::yield_now(); }
            co_await edo::yield_now();
            --running;
            ++ended;
        };
        co_await edo::for_each_concurrent(std::views::iota(0, 50), 4, count);
        EXPECT_EQ(most, 4);
        EXPECT_EQ(ended, 50);
    });
}

TEST_P(for_each_concurrent, an_exception_aborts_the_others) {
    run([]() -> task<> {
        std::atomic<int> alive = 0;
        auto fails_at_5 = [&](int i) -> task<> {
            ++alive;
            const std::shared_ptr<void> down(nullptr, [&](void*) { --alive; });
            if (i == 5) { throw std::runtime_error("five"); }
            co_await edo::sleep_for(24h);
        };
        try {
            co_await edo::for_each_concurrent(std::views::iota(0, 100), 8, fails_at_5);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "five"); }
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(for_each_concurrent, dropped_it_waits_for_its_coroutines) {
    run([]() -> task<> {
        std::atomic<int> alive = 0;
        auto forever = [&](int) -> task<> {
            ++alive;
            const std::shared_ptr<void> down(nullptr, [&](void*) { --alive; });
            co_await edo::sleep_for(24h);
        };
        auto three = [&]() -> task<> {
            while (alive != 3) { co_await edo::yield_now(); }
        };
        auto all = edo::for_each_concurrent(std::views::iota(0, 100), 3, forever);
        auto won = co_await edo::select(std::move(all), three());
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(for_each_concurrent, a_limit_of_none_is_refused) {
    auto nothing = [](int) -> task<> { co_return; };
    EXPECT_THROW(static_cast<void>(edo::for_each_concurrent(std::views::iota(0, 1), 0, nothing)),
                 std::invalid_argument);
}

}  // namespace
