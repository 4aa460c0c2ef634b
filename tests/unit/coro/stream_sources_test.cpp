// Streams that begin somewhere, and streams that are looked at before an item is taken.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using edo::stream;
using edo::task;

class stream_sources : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, stream_sources, edo::test::all_kinds, edo::test::kind_name);

stream<int> two_then_failure() {
    co_yield 1;
    co_await edo::yield_now();
    co_yield 2;
    throw std::runtime_error("source");
}

TEST_P(stream_sources, one_item_none_and_no_end) {
    run([]() -> task<> {
        auto one = edo::stream_once(std::make_unique<int>(7));
        const auto item = co_await one.next();
        EXPECT_EQ(**item, 7);
        const auto end = co_await one.next();
        EXPECT_FALSE(end.has_value());
        auto none = edo::stream_empty<int>();
        const auto nothing = co_await none.next();
        EXPECT_FALSE(nothing.has_value());
        auto pending = edo::stream_pending<int>();
        for (int i = 0; i < 3; ++i) {
            auto won = co_await edo::select_biased(pending.next(), edo::yield_now());
            EXPECT_EQ(won.index(), 1U);
        }
    });
}

TEST_P(stream_sources, peekable) {
    run([]() -> task<> {
        std::vector<int> three(3);
        std::iota(three.begin(), three.end(), 1);
        auto items = edo::stream_from(std::move(three)) | edo::peekable();
        int* seen = co_await items.peek();
        EXPECT_EQ(*seen, 1);
        *seen = 10;  // it is the item itself
        seen = co_await items.peek();
        EXPECT_EQ(*seen, 10);
        auto taken = co_await items.next();
        EXPECT_EQ(taken, 10);
        taken = co_await items.next_if([](int n) { return n > 2; });
        EXPECT_EQ(taken, std::nullopt);
        taken = co_await items.next_if([](int n) { return n == 2; });
        EXPECT_EQ(taken, 2);
        taken = co_await items.next();
        EXPECT_EQ(taken, 3);
        for (int i = 0; i < 2; ++i) {
            const int* none = co_await items.peek();
            EXPECT_EQ(none, nullptr);
            taken = co_await items.next();
            EXPECT_EQ(taken, std::nullopt);
        }
    });
}

TEST_P(stream_sources, a_peek_that_is_dropped_loses_no_item) {
    run([]() -> task<> {
        auto gate = std::make_shared<edo::sync::notify>();
        auto items = [](std::shared_ptr<edo::sync::notify> g) -> stream<int> {
            co_await g->notified();
            co_yield 7;
        }(gate) | edo::peekable();
        auto won = co_await edo::select_biased(items.peek(), edo::yield_now());
        EXPECT_EQ(won.index(), 1U);
        gate->notify_one();
        const auto item = co_await items.next();
        EXPECT_EQ(item, 7);
    });
}

TEST_P(stream_sources, peekable_of_one_that_fails) {
    run([]() -> task<> {
        auto items = two_then_failure() | edo::peekable();
        for (int i = 1; i <= 2; ++i) {
            const int* seen = co_await items.peek();
            EXPECT_EQ(*seen, i);
            const auto taken = co_await items.next();
            EXPECT_EQ(taken, i);
        }
        try {
            static_cast<void>(co_await items.peek());
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "source"); }
        const auto end = co_await items.next();
        EXPECT_EQ(end, std::nullopt);
    });
}

TEST_P(stream_sources, notify_close) {
    run([]() -> task<> {
        const std::optional<int> end;
        std::vector<int> two;
        two.push_back(1);
        two.push_back(2);
        auto all =
            co_await (edo::stream_from(std::move(two)) | edo::notify_close() | edo::collect());
        EXPECT_EQ(all.size(), 3U);
        EXPECT_EQ(all.front(), 1);
        EXPECT_EQ(all.at(1), 2);
        EXPECT_EQ(all.back(), end);
        auto none = co_await (edo::stream_empty<int>() | edo::notify_close() | edo::collect());
        EXPECT_EQ(none.size(), 1U);
        EXPECT_EQ(none.front(), end);
    });
}

}  // namespace
