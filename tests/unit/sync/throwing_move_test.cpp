// Values whose move throws: nothing terminates, and what threw is not found again.
#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace {

using edo::task;

/// Throws at each move while it is told to.
struct fragile {
    static inline bool breaks = false;
    explicit fragile(int v) : value(v) {}
    fragile(const fragile& other) : value(other.value) { check(); }
    fragile(fragile&& other) : value(other.value) { check(); }
    fragile& operator=(const fragile&) = default;
    fragile& operator=(fragile&&) = default;
    static void check() {
        if (breaks) { throw std::runtime_error("a move"); }
    }
    int value;
};
/// Until the end of its scope.
struct breaking {
    breaking() { fragile::breaks = true; }
    breaking(const breaking&) = delete;
    breaking& operator=(const breaking&) = delete;
    ~breaking() { fragile::breaks = false; }
};

TEST(throwing_move, of_values_in_an_mpmc_that_nobody_receives) {
    auto [tx, rx] = edo::sync::mpmc<fragile>(2);
    EXPECT_TRUE(tx.try_send(fragile(1)));
    EXPECT_TRUE(tx.try_send(fragile(2)));
    const breaking now;
    { const auto gone = std::move(rx); }
    EXPECT_TRUE(tx.is_closed());
}
TEST(throwing_move, of_values_in_a_broadcast_that_nobody_receives) {
    auto [tx, rx] = edo::sync::broadcast<fragile>(2);
    EXPECT_TRUE(tx.send(fragile(1)));
    const breaking now;
    { const auto gone = std::move(rx); }
    EXPECT_EQ(tx.receiver_count(), 0U);
}
TEST(throwing_move, out_of_a_set_once) {
    edo::sync::set_once<fragile> once;
    EXPECT_TRUE(once.set(fragile(1)));
    {
        const breaking now;
        EXPECT_THROW(static_cast<void>(once.take()), std::runtime_error);
    }
    EXPECT_EQ(once.take()->value, 1);
}
TEST(throwing_move, of_a_result_in_a_join_queue) {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on([]() -> task<> {
        const auto value = [](int v) -> task<fragile> { co_return fragile(v); };
        edo::join_queue<fragile> queue;
        queue.spawn(edo::unchecked(value), 1);
        queue.spawn(edo::unchecked(value), 2);
        queue.spawn(edo::unchecked(value), 3);
        for (int i = 0; i < 9; ++i) { co_await edo::yield_now(); }  // all end
        bool thrown = false;
        try {
            const breaking now;
            static_cast<void>(queue.try_join_next());
        } catch (const std::runtime_error&) { thrown = true; }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(queue.size(), 2U);
        thrown = false;
        try {
            const breaking now;
            static_cast<void>(co_await queue.join_next());
        } catch (const std::runtime_error&) { thrown = true; }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(queue.size(), 1U);
        const auto last = co_await queue.join_next();
        EXPECT_EQ((*last)->value, 3);
    }());
}
TEST(broadcast, refuses_a_capacity_that_no_vector_has) {
    EXPECT_THROW(static_cast<void>(edo::sync::broadcast<int>(SIZE_MAX / 4)), std::invalid_argument);
}
TEST(broadcast, is_left_at_once_by_a_receiver_that_lags) {
    auto [tx, rx] = edo::sync::broadcast<int>(2);
    for (int i = 0; i < 1'000'000; ++i) { static_cast<void>(tx.send(i)); }
    { const auto gone = std::move(rx); }
    EXPECT_EQ(tx.size(), 0U);
}

}  // namespace
