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
    EXPECT_LE(vain_looks(tried, std::nullopt), waits / 32);
}

TEST(patience, comes_back_with_success) {
    if (!edo::detail::runs_in_parallel()) { GTEST_SKIP() << "it never looks twice"; }
    patience tried;
    static_cast<void>(vain_looks(tried, std::nullopt));
    bool looked_again = false;  // directly after a success; that one may come late, if interrupted
    for (int i = 0; i < 100 * waits && !looked_again; ++i) {
        int looks = 0;
        if (!tried.wait_for([&looks] { return ++looks == 2; }, std::nullopt)) { continue; }
        looks = 0;
        static_cast<void>(tried.wait_for([&looks] { return ++looks < 0; }, std::nullopt));
        looked_again = looks > 1;
    }
    EXPECT_TRUE(looked_again);
}

TEST(patience, ends_at_the_deadline) {
    patience tried;
    EXPECT_EQ(vain_looks(tried, steady_clock::now() - 1s), 0);
}

}  // namespace
