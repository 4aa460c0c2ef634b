// A receiver of a broadcast that falls behind: how much it is told to have missed, and what it finds
// then.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/broadcast.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace {

using edo::task;
using edo::sync::broadcast;
using edo::sync::broadcast_receiver;
using edo::sync::broadcast_sender;

class broadcast_lag_kinds : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, broadcast_lag_kinds, edo::test::all_kinds, edo::test::kind_name);

/// Sends the numbers from `first` to `last`.
void send(const broadcast_sender<int>& tx, int first, int last) {
    for (int i = first; i <= last; ++i) { EXPECT_TRUE(tx.send(i)); }
}
/// Receives the numbers from `first` to `last`, and nothing else.
void expect_numbers(broadcast_receiver<int>& rx, int first, int last) {
    for (int i = first; i <= last; ++i) { EXPECT_EQ(rx.try_recv(), i); }
    EXPECT_TRUE(rx.try_recv().error().is_empty());
}
std::uint64_t missed(broadcast_receiver<int>& rx) {
    const auto result = rx.try_recv();
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? 0 : result.error().lagged();
}

TEST(broadcast_lag, slow_receiver_within_capacity_does_not_lag) {
    auto [tx, rx] = broadcast<int>(4);
    send(tx, 1, 4);
    expect_numbers(rx, 1, 4);
}

TEST(broadcast_lag, capacity_overflow_reports_lagged_then_oldest_retained) {
    auto [tx, rx] = broadcast<int>(4);
    send(tx, 1, 5);
    EXPECT_EQ(missed(rx), 1U);
    expect_numbers(rx, 2, 5);
}

TEST(broadcast_lag, lagged_count_matches_number_of_overwritten_messages) {
    for (int overwritten = 1; overwritten <= 20; ++overwritten) {
        auto [tx, rx] = broadcast<int>(4);
        send(tx, 1, 4 + overwritten);
        EXPECT_EQ(missed(rx), static_cast<std::uint64_t>(overwritten));
        expect_numbers(rx, 1 + overwritten, 4 + overwritten);
    }
}

TEST_P(broadcast_lag_kinds, async_recv_lagged_then_resumes_from_oldest_retained) {
    run([]() -> task<> {
        auto [tx, rx] = broadcast<int>(2);
        send(tx, 1, 5);
        auto lagged = co_await rx.recv();
        EXPECT_TRUE(!lagged.has_value() && lagged.error().is_lagged());
        EXPECT_EQ(lagged.error().lagged(), 3U);
        for (int i = 4; i <= 5; ++i) {
            auto got = co_await rx.recv();
            EXPECT_EQ(got, i);
        }
        EXPECT_TRUE(rx.empty());
    });
}

TEST(broadcast_lag, lag_uses_power_of_two_buffer_length) {
    auto [tx, rx] = broadcast<int>(3);
    send(tx, 1, 4);
    expect_numbers(rx, 1, 4);
    send(tx, 5, 9);
    EXPECT_EQ(missed(rx), 1U);
    expect_numbers(rx, 6, 9);
}

TEST(broadcast_lag, lag_catch_up_then_lag_again) {
    auto [tx, rx] = broadcast<int>(2);
    send(tx, 1, 3);
    EXPECT_EQ(missed(rx), 1U);
    expect_numbers(rx, 2, 3);
    send(tx, 4, 8);
    EXPECT_EQ(missed(rx), 3U);
    expect_numbers(rx, 7, 8);
}

TEST(broadcast_lag, lag_again_before_reading_retained_messages) {
    auto [tx, rx] = broadcast<int>(2);
    send(tx, 1, 3);
    EXPECT_EQ(missed(rx), 1U);
    send(tx, 4, 5);
    EXPECT_EQ(missed(rx), 2U) << "those that it was told of count once more";
    expect_numbers(rx, 4, 5);
}

TEST(broadcast_lag, lag_is_per_receiver) {
    auto [tx, slow] = broadcast<int>(2);
    auto fast = tx.subscribe();
    for (int i = 1; i <= 4; ++i) {
        send(tx, i, i);
        EXPECT_EQ(fast.try_recv(), i);
    }
    EXPECT_EQ(missed(slow), 2U);
    EXPECT_TRUE(fast.try_recv().error().is_empty());
    expect_numbers(slow, 3, 4);
}

TEST(broadcast_lag, single_slot_capacity_lag_semantics) {
    auto [tx, rx] = broadcast<int>(1);
    send(tx, 1, 1);
    expect_numbers(rx, 1, 1);
    send(tx, 2, 4);
    EXPECT_EQ(missed(rx), 2U);
    expect_numbers(rx, 4, 4);
}

TEST(broadcast_lag, receiver_len_with_lagged) {
    auto [tx, rx] = broadcast<int>(3);
    send(tx, 1, 5);
    EXPECT_EQ(rx.size(), 5U) << "one more than are kept";
    EXPECT_EQ(tx.size(), 4U);
    EXPECT_EQ(missed(rx), 1U);
}

TEST(broadcast_lag, receiver_len_after_lag_error_advances_cursor) {
    auto [tx, rx] = broadcast<int>(2);
    send(tx, 1, 5);
    EXPECT_EQ(rx.size(), 5U);
    EXPECT_EQ(missed(rx), 3U);
    EXPECT_EQ(rx.size(), 2U);
    EXPECT_EQ(rx.try_recv(), 4);
    EXPECT_EQ(rx.size(), 1U);
    EXPECT_FALSE(rx.empty());
    EXPECT_EQ(rx.try_recv(), 5);
    EXPECT_TRUE(rx.empty());
}

TEST(broadcast_lag, resubscribe_lagged) {
    auto [tx, rx] = broadcast<int>(1);
    send(tx, 1, 2);
    auto again = rx.resubscribe();
    EXPECT_EQ(missed(rx), 1U);
    expect_numbers(again, 1, 0);
    expect_numbers(rx, 2, 2);
    send(tx, 3, 3);
    expect_numbers(again, 3, 3);
}

TEST(broadcast_lag, single_capacity_recvs_after_drop_2) {
    auto ends = broadcast<int>(1);
    send(ends.first, 1, 2);
    { const auto gone = std::move(ends.first); }
    EXPECT_EQ(missed(ends.second), 1U);
    EXPECT_EQ(ends.second.try_recv(), 2);
    EXPECT_TRUE(ends.second.try_recv().error().is_closed());
}

// A model of it: who has seen how many of all messages.
TEST(broadcast_lag, sender_len_random) {
    constexpr std::uint64_t capacity = 16;
    struct reader {
        broadcast_receiver<int> rx;
        std::uint64_t seen;
    };
    auto ends = broadcast<int>(capacity);
    std::uint64_t sent = 0;
    std::vector<reader> readers;
    readers.push_back({std::move(ends.second), 0});
    std::minstd_rand random(17);
    for (int step = 0; step < 10'000; ++step) {
        const auto which = random() % readers.size();
        switch (random() % 10) {
            case 0: readers.push_back({ends.first.subscribe(), sent}); break;
            case 1:
                if (readers.size() > 1) {
                    readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(which));
                }
                break;
            case 2:
            case 3:
            case 4:
                EXPECT_EQ(ends.first.send(static_cast<int>(sent)), readers.size());
                ++sent;
                break;
            default: {
                auto& [rx, seen] = readers[which];
                EXPECT_EQ(rx.size(), sent - seen);
                const auto got = rx.try_recv();
                if (sent - seen > capacity) {
                    EXPECT_EQ(got.error().lagged(), sent - seen - capacity);
                    seen = sent - capacity;
                } else if (sent != seen) {
                    EXPECT_EQ(got, static_cast<int>(seen++));
                } else {
                    EXPECT_TRUE(got.error().is_empty());
                }
            }
        }
        std::uint64_t kept = 0;
        for (const auto& [rx, seen] : readers) {
            kept = std::max(kept, std::min(sent - seen, capacity));
        }
        ASSERT_EQ(ends.first.size(), kept) << "in step " << step;
    }
}

}  // namespace
