// Any number of awaits on the default stack, in every build, also between objects that were compiled
// differently.
#include "deep/deep_other.hpp"
#include "support/runtime_fixture.hpp"

#include <cstdint>

namespace edo::test {

task<std::uint64_t> here_value(std::uint64_t v) { co_return v; }

task<std::uint64_t> here_chain(std::uint64_t n) {
    if (n == 0) { co_return 0; }
    co_return n + co_await other_chain(n - 1);
}

namespace {

constexpr std::uint64_t many = 10'000'000;
constexpr std::uint64_t million = 1'000'000;
constexpr std::uint64_t sum_below(std::uint64_t n) { return n * (n - 1) / 2; }

task<std::uint64_t> here_loop(std::uint64_t n) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) { sum += co_await here_value(i); }
    co_return sum;
}
task<std::uint64_t> here_loop_of_other(std::uint64_t n) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) { sum += co_await other_value(i); }
    co_return sum;
}
task<> nothing() { co_return; }
task<> fails() {
    throw 5;
    co_return;
}

class deep : public runtime_test {};

TEST_P(deep, ten_million_awaits_of_children_that_complete_at_once) {
    EXPECT_EQ(rt().block_on(rt().spawn(&here_loop, many)), sum_below(many));
}

TEST_P(deep, a_million_awaits_of_coroutines_of_another_object) {
    EXPECT_EQ(rt().block_on(rt().spawn(&here_loop_of_other, million)), sum_below(million));
    EXPECT_EQ(rt().block_on(rt().spawn(&other_loop, million)), sum_below(million));
}

TEST_P(deep, a_chain_of_a_million_awaits_that_alternates_between_two_objects) {
    EXPECT_EQ(rt().block_on(rt().spawn(&here_chain, million)), sum_below(million + 1));
    EXPECT_EQ(rt().block_on(rt().spawn(&other_chain, million)), sum_below(million + 1));
}

/// Each level makes as many transfers as the trampoline makes at most in one go.
task<std::uint64_t> joins_below(std::uint64_t levels) {
    for (int i = 0; i < 32; ++i) { co_await nothing(); }
    if (levels == 0) { co_return 0; }
    const auto both = co_await join(joins_below(levels - 1), nothing());
    co_return std::get<0>(both) + 1;
}

TEST_P(deep, twenty_thousand_joins_inside_of_joins) {
    constexpr std::uint64_t levels = 20'000;
    EXPECT_EQ(rt().block_on(rt().spawn(&joins_below, levels)), levels);
}

TEST_P(deep, a_million_awaits_of_leaves_that_are_ready) {
    auto handle = rt().spawn(
        [](std::uint64_t n) -> task<std::uint64_t> {
            std::uint64_t i = 0;
            while (i < n) {
                co_await consume_budget();
                ++i;
            }
            co_return i;
        },
        million);
    EXPECT_EQ(rt().block_on(std::move(handle)), million);
}

TEST_P(deep, a_hundred_thousand_awaits_that_throw) {
    constexpr std::uint64_t throws = 100'000;
    auto handle = rt().spawn(
        [](std::uint64_t n) -> task<std::uint64_t> {
            std::uint64_t caught = 0;
            for (std::uint64_t i = 0; i < n; ++i) {
                try {
                    co_await fails();
                } catch (int) { ++caught; }
                co_await nothing();
            }
            co_return caught;
        },
        throws);
    EXPECT_EQ(rt().block_on(std::move(handle)), throws);
}

INSTANTIATE_TEST_SUITE_P(deep, deep,
                         testing::Values(runtime_kind{"current_thread", 0},
                                         runtime_kind{"multi_thread_2", 2}),
                         kind_name);

}  // namespace
}  // namespace edo::test
