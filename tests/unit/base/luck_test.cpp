#include <edo/base/detail/luck.hpp>

#include <gtest/gtest.h>

namespace {

using luck = edo::detail::luck<8>;

/// Waits without a look until the next one.
int waits_before_a_look(luck& tried) {
    int waits = 0;
    while (!tried.looks()) { ++waits; }
    return waits;
}

TEST(luck, looks_less_and_less_in_vain) {
    luck tried;
    for (const int waits : {0, 0, 0, 0, 0, 2, 4, 8, 8, 8}) {
        EXPECT_EQ(waits_before_a_look(tried), waits);
        tried.missed();
    }
}

TEST(luck, comes_back_with_success) {
    luck tried;
    for (int i = 0; i < 20; ++i) { tried.missed(); }
    int found = 0;
    for (; !tried.is_best(); ++found) {
        EXPECT_EQ(waits_before_a_look(tried), found == 0 ? 8 : 0);
        tried.found();
    }
    EXPECT_EQ(found, 7);
    tried.found();
    EXPECT_TRUE(tried.is_best());
    tried.missed();
    EXPECT_FALSE(tried.is_best());
    EXPECT_EQ(waits_before_a_look(tried), 0);
}

TEST(luck, begins_without_any) {
    auto tried = luck::unlucky();
    EXPECT_EQ(waits_before_a_look(tried), 16);
    tried.missed();
    EXPECT_EQ(waits_before_a_look(tried), 8);
    EXPECT_FALSE(tried.is_best());
}

}  // namespace
