// What makes streams of streams.
#include "support/paused_fixture.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::stream;
using edo::task;
using ints = std::vector<int>;

class adaptors : public edo::test::runtime_test {
protected:
    template <class Pipe>
    auto all_of(Pipe pipe) {
        return rt().block_on(std::move(pipe) | edo::collect());
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, adaptors, edo::test::all_kinds, edo::test::kind_name);

stream<int> numbers(int n) {
    for (int i = 0; i < n; ++i) {
        if (i % 3 == 1) { co_await edo::yield_now(); }
        co_yield i;
    }
}
stream<int> failing_at(int n) {
    for (int i = 0; i < n; ++i) { co_yield i; }
    throw std::runtime_error("source");
}
bool is_odd(int n) { return n % 2 != 0; }

TEST_P(adaptors, from_ranges) {
    ints mine{1, 2, 3};
    EXPECT_EQ(all_of(edo::stream_from(mine)), mine);
    EXPECT_EQ(all_of(edo::stream_from(ints{4, 5})), (ints{4, 5}));
    EXPECT_EQ(all_of(edo::stream_from(ints{})), ints{});
}

TEST_P(adaptors, map_then_filter) {
    EXPECT_EQ(all_of(numbers(4) | edo::map([](int n) { return std::to_string(n); })),
              (std::vector<std::string>{"0", "1", "2", "3"}));
    auto doubled = [](int n) -> task<int> {
        co_await edo::yield_now();
        co_return 2 * n;
    };
    EXPECT_EQ(all_of(numbers(4) | edo::then(doubled)), (ints{0, 2, 4, 6}));
    EXPECT_EQ(all_of(numbers(6) | edo::filter(is_odd)), (ints{1, 3, 5}));
    auto half = [](int n) { return n % 2 == 0 ? std::optional(n / 2) : std::nullopt; };
    EXPECT_EQ(all_of(numbers(6) | edo::filter_map(half)), (ints{0, 1, 2}));
    EXPECT_EQ(all_of(numbers(6) | edo::map_while(half)), (ints{0}));
}

TEST_P(adaptors, take_and_skip) {
    EXPECT_EQ(all_of(numbers(9) | edo::take(3)), (ints{0, 1, 2}));
    EXPECT_EQ(all_of(failing_at(3) | edo::take(3)), (ints{0, 1, 2})) << "not asked for a fourth";
    EXPECT_EQ(all_of(numbers(2) | edo::take(3)), (ints{0, 1}));
    EXPECT_EQ(all_of(numbers(4) | edo::skip(2)), (ints{2, 3}));
    auto small = [](int n) { return n % 4 < 2; };
    EXPECT_EQ(all_of(numbers(6) | edo::take_while(small)), (ints{0, 1}));
    EXPECT_EQ(all_of(numbers(6) | edo::skip_while(small)), (ints{2, 3, 4, 5}));
}

TEST_P(adaptors, chunks_and_chain) {
    EXPECT_EQ(all_of(numbers(5) | edo::chunks(2)), (std::vector<ints>{{0, 1}, {2, 3}, {4}}));
    EXPECT_EQ(all_of(numbers(4) | edo::chunks(2)), (std::vector<ints>{{0, 1}, {2, 3}}));
    EXPECT_EQ(all_of(numbers(2) | edo::chunks(0)), (std::vector<ints>{{0}, {1}}));
    EXPECT_EQ(all_of(numbers(2) | edo::chain(numbers(3))), (ints{0, 1, 0, 1, 2}));
}

TEST_P(adaptors, values_of_streams) {
    EXPECT_EQ(rt().block_on(numbers(5) | edo::fold(0, std::plus<>())), 10);
    EXPECT_TRUE(rt().block_on(failing_at(3) | edo::any([](int n) { return n == 2; })));
    EXPECT_FALSE(rt().block_on(numbers(3) | edo::any([](int n) { return n == 3; })));
    EXPECT_TRUE(rt().block_on(numbers(3) | edo::all([](int n) { return n < 3; })));
    EXPECT_FALSE(rt().block_on(failing_at(3) | edo::all([](int n) { return n < 2; })));
}

TEST_P(adaptors, exceptions_come_through) {
    EXPECT_THROW(all_of(failing_at(2) | edo::map([](int n) { return n; }) | edo::chunks(9)),
                 std::runtime_error);
    auto throws = [](int) -> int { throw std::logic_error("map"); };
    EXPECT_THROW(all_of(numbers(1) | edo::map(throws)), std::logic_error);
}

TEST_P(adaptors, items_that_only_move) {
    auto boxed = [](int n) { return std::make_unique<int>(n); };
    auto open = [](std::unique_ptr<int> box) { return *box; };
    EXPECT_EQ(all_of(numbers(3) | edo::map(boxed) | edo::take(2) |
                     edo::chain(numbers(1) | edo::map(boxed)) | edo::map(open)),
              (ints{0, 1, 0}));
}

TEST_P(adaptors, a_long_pipe) {
    auto pipe = numbers(10);
    for (int i = 0; i < 50; ++i) {
        pipe = std::move(pipe) | edo::map([](int n) { return n + 1; });
    }
    EXPECT_EQ(all_of(std::move(pipe)), (ints{50, 51, 52, 53, 54, 55, 56, 57, 58, 59}));
}

TEST_P(adaptors, merge_gives_the_items_of_both) {
    auto tagged = [](int base) {
        return numbers(20) | edo::map([base](int n) { return base + n; });
    };
    const ints both = all_of(tagged(0) | edo::merge(tagged(100)));
    ints first, second;
    for (const int n : both) { (n < 100 ? first : second).push_back(n % 100); }
    const ints expected = all_of(numbers(20));
    EXPECT_EQ(first, expected);
    EXPECT_EQ(second, expected);
}

stream<task<int>> jobs(std::shared_ptr<std::vector<std::string>> log, int n) {
    struct one {
        static task<int> job(std::shared_ptr<std::vector<std::string>> to, int i) {
            to->push_back("begin " + std::to_string(i));
            for (int k = 0; k < 5 - i; ++k) { co_await edo::yield_now(); }
            to->push_back("end " + std::to_string(i));
            co_return i;
        }
    };
    for (int i = 0; i < n; ++i) {
        auto next = one::job(log, i);
        co_yield std::move(next);
    }
}

TEST_P(adaptors, buffered_runs_some_at_once_and_keeps_the_order) {
    auto log = std::make_shared<std::vector<std::string>>();
    EXPECT_EQ(all_of(jobs(log, 4) | edo::buffered(2)), (ints{0, 1, 2, 3}));
    EXPECT_EQ((*log)[0], "begin 0");
    EXPECT_EQ((*log)[1], "begin 1");
    EXPECT_TRUE((*log)[2].starts_with("end")) << "two at a time";
    EXPECT_THROW(static_cast<void>(edo::buffered(0)), std::invalid_argument);
}

TEST_P(adaptors, buffer_unordered_gives_them_as_they_end) {
    auto log = std::make_shared<std::vector<std::string>>();
    ints got = all_of(jobs(log, 4) | edo::buffer_unordered(4));
    EXPECT_EQ(got, (ints{3, 2, 1, 0}));
}

TEST_P(adaptors, stream_map_asks_all) {
    auto body = []() -> task<> {
        edo::stream_map<std::string, int> map;
        map.insert("a", numbers(3));
        map.insert("b", numbers(3));
        map.insert("gone", numbers(3));
        const auto removed = map.remove("gone");
        EXPECT_FALSE(map.contains("gone"));
        int sum = 0, count = 0;
        for (;;) {
            auto next = co_await map.next();
            if (!next) { break; }
            EXPECT_TRUE(next->first == "a" || next->first == "b");
            sum += next->second;
            ++count;
        }
        EXPECT_EQ(sum, 6);
        EXPECT_EQ(count, 6);
        EXPECT_TRUE(map.empty());
    };
    rt().block_on(body());
}

TEST_P(adaptors, from_channels_and_sets) {
    auto body = []() -> task<> {
        auto [tx, rx] = edo::sync::mpsc<int>(4);
        for (int i = 0; i < 3; ++i) { EXPECT_TRUE(tx.try_send(i)); }
        auto from_mpsc = edo::stream_from(std::move(rx));
        { const auto gone = std::move(tx); }
        auto first = co_await (std::move(from_mpsc) | edo::collect());
        EXPECT_EQ(first, (ints{0, 1, 2}));

        auto [btx, brx] = edo::sync::broadcast<int>(2);
        for (int i = 0; i < 3; ++i) { EXPECT_TRUE(btx.send(i)); }
        auto from_broadcast = edo::stream_from(std::move(brx));
        { const auto gone = std::move(btx); }
        auto second = co_await (std::move(from_broadcast) | edo::collect());
        EXPECT_EQ(second.size(), 3U);
        EXPECT_EQ(second[0].error().lagged(), 1U);
        EXPECT_EQ(*second[2], 2);

        auto [wtx, wrx] = edo::sync::watch<int>(1);
        auto from_watch = edo::stream_from(std::move(wrx));
        const auto seen = co_await from_watch.next();
        EXPECT_EQ(seen, 1);
        static_cast<void>(wtx.send(5));
        const auto changed = co_await from_watch.next();
        EXPECT_EQ(changed, 5);

        edo::join_set<int> set;
        set.spawn([]() -> task<int> { co_return 7; });
        auto ended = co_await (edo::stream_from(std::move(set)) | edo::collect());
        EXPECT_EQ(ended.size(), 1U);
        EXPECT_EQ(*ended[0], 7);
    };
    rt().block_on(body());
}

class stream_timing : public edo::test::paused_test {};

/// An item at each of these milliseconds after the one before.
stream<int> after(ints pauses) {
    for (const int pause : pauses) {
        co_await edo::sleep_for(std::chrono::milliseconds(pause));
        int item = pause;
        co_yield std::move(item);
    }
}

TEST_F(stream_timing, timeout_says_what_is_late_once) {
    auto body = []() -> task<> {
        auto late = after({5, 35, 5});
        auto timed = co_await (std::move(late) | edo::timeout(10ms) | edo::collect());
        EXPECT_EQ(timed.size(), 4U);
        EXPECT_EQ(timed[0], 5);
        EXPECT_FALSE(timed[1].has_value());
        EXPECT_EQ(timed[2], 35);
        auto later = after({35});
        auto repeated = co_await (std::move(later) | edo::timeout_repeating(10ms) | edo::collect());
        EXPECT_EQ(repeated.size(), 4U);
        EXPECT_EQ(repeated[3], 35);
    };
    run(body());
}

TEST_F(stream_timing, throttle_keeps_items_apart) {
    auto body = []() -> task<> {
        const auto begin = edo::clock::now();
        auto slow = numbers(3) | edo::throttle(10ms);
        for (int i = 0; i < 3; ++i) { co_await slow.next(); }
        EXPECT_GE(edo::clock::now() - begin, 20ms);
        EXPECT_LT(edo::clock::now() - begin, 30ms);
    };
    run(body());
}

TEST_F(stream_timing, chunks_timeout_gives_what_is_there) {
    auto body = []() -> task<> {
        auto items = after({1, 1, 50, 1, 1, 1});
        auto chunks = co_await (std::move(items) | edo::chunks_timeout(3, 10ms) | edo::collect());
        EXPECT_EQ(chunks, (std::vector<ints>{{1, 1}, {50, 1, 1}, {1}}));
    };
    run(body());
}

TEST_F(stream_timing, from_an_interval) {
    auto body = []() -> task<> {
        edo::interval every(10ms);
        auto ticks = co_await (edo::stream_from(every) | edo::take(3) | edo::collect());
        EXPECT_EQ(ticks[2] - ticks[0], 20ms);
    };
    run(body());
}

}  // namespace
