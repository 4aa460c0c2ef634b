// How long a thread looks before it sleeps: not for long where that does not pay.
#include <edo/base/detail/patience.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace {

using namespace std::chrono_literals;
using edo::detail::patience;
using std::chrono::steady_clock;

constexpr int waits = 1000;

/// How many of the waits looked more than once, if what they wait for never comes.
int vain_looks(patience& tried, const std::optional<steady_clock::time_point>& deadline) {
    int looked = 0;
    for (int i = 0; i < waits; ++i) {
        int looks = 0;
        EXPECT_FALSE(tried.wait_for([&looks] { return ++looks < 0; }, deadline));
        if (looks > 1) { ++looked; }
    }
    return looked;
}

TEST(patience, does_not_wait_for_what_is_there) {
    patience tried;
    int looks = 0;
    EXPECT_TRUE(tried.wait_for([&looks] { return ++looks == 1; }, std::nullopt));
    EXPECT_EQ(looks, 1);
}

TEST(patience, sees_what_comes) {
    if (!edo::detail::runs_in_parallel()) { GTEST_SKIP() << "there is nobody who could bring it"; }
    patience tried;
    int looks = 0;
    EXPECT_TRUE(tried.wait_for([&looks] { return ++looks == 5; }, std::nullopt));
    EXPECT_EQ(looks, 5);
}

TEST(patience, is_lost_where_nothing_comes) {
    patience tried;
    EXPECT_LE(vain_looks(tried, std::nullopt), waits / 25) << "one in 33, when it has learnt";
}

TEST(patience, comes_back_with_success) {
    if (!edo::detail::runs_in_parallel()) { GTEST_SKIP() << "it never looks twice"; }
    patience tried;
    static_cast<void>(vain_looks(tried, std::nullopt));
    // Answers come at once again; some may still be late, where the thread was interrupted.
    int in_time = 0;
    for (int i = 0; i < 100 * waits; ++i) {
        int looks = 0;
        if (tried.wait_for([&looks] { return ++looks == 2; }, std::nullopt)) { ++in_time; }
    }
    EXPECT_GT(in_time, 50 * waits) << "after a bad time it sleeps at once for ever";
}

TEST(patience, is_lost_where_one_of_five_comes) {
    patience tried;
    int looked = 0;
    for (int i = 0; i < waits; ++i) {
        int looks = 0;
        const int needed = i % 5 == 0 ? 2 : 0;
        static_cast<void>(tried.wait_for([&] { return ++looks == needed; }, std::nullopt));
        if (needed == 0 && looks > 1) { ++looked; }
    }
    EXPECT_LE(looked, waits / 8);
}

TEST(patience, a_deadline_that_has_passed_says_nothing) {
    if (!edo::detail::runs_in_parallel()) { GTEST_SKIP() << "it never looks twice"; }
    patience tried;
    static_cast<void>(vain_looks(tried, steady_clock::now() - 1s));
    int looks = 0;
    static_cast<void>(tried.wait_for([&looks] { return ++looks < 0; }, std::nullopt));
    EXPECT_GT(looks, 1);
}

TEST(patience, ends_at_the_deadline) {
    patience tried;
    EXPECT_EQ(vain_looks(tried, steady_clock::now() - 1s), 0);
}

}  // namespace
