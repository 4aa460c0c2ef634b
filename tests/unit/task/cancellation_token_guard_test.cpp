// cancellation_token::drop_guard().
#include <edo/task/cancellation_token.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace {

using edo::cancellation_token;

TEST(cancellation_token_guard, cancels_when_it_is_destroyed) {
    cancellation_token token;
    const auto child = token.child_token();
    {
        const auto guard = child.drop_guard();
        EXPECT_FALSE(child.is_cancelled());
    }
    EXPECT_TRUE(child.is_cancelled());
    EXPECT_FALSE(token.is_cancelled());
}

TEST(cancellation_token_guard, cancels_when_an_exception_leaves) {
    cancellation_token token;
    const auto work = [&] {
        const auto guard = token.drop_guard();
        throw std::runtime_error("work");
    };
    EXPECT_THROW(work(), std::runtime_error);
    EXPECT_TRUE(token.is_cancelled());
}

TEST(cancellation_token_guard, disarm_gives_the_token_back) {
    cancellation_token token;
    {
        auto guard = token.drop_guard();
        auto back = guard.disarm();
        ASSERT_TRUE(back.has_value());
        const auto child = back->child_token();
        EXPECT_FALSE(guard.disarm().has_value());
        token.cancel();
        EXPECT_TRUE(child.is_cancelled()) << "it is the same token";
    }
    cancellation_token other;
    { static_cast<void>(other.drop_guard().disarm()); }
    EXPECT_FALSE(other.is_cancelled());
}

TEST(cancellation_token_guard, moves) {
    cancellation_token first;
    cancellation_token second;
    std::optional<cancellation_token::guard> kept;
    {
        auto guard = first.drop_guard();
        kept.emplace(std::move(guard));
        EXPECT_FALSE(guard.disarm().has_value());
    }
    EXPECT_FALSE(first.is_cancelled());
    auto other = second.drop_guard();
    *kept = std::move(other);
    EXPECT_TRUE(first.is_cancelled()) << "its duty was done when it took another one";
    EXPECT_FALSE(second.is_cancelled());
    auto& same = *kept;
    *kept = std::move(same);
    EXPECT_FALSE(second.is_cancelled());
    kept.reset();
    EXPECT_TRUE(second.is_cancelled());
}

TEST(cancellation_token_guard, keeps_the_token) {
    auto token = std::make_unique<cancellation_token>();
    const auto child = token->child_token();
    {
        const auto guard = token->drop_guard();
        token.reset();
    }
    EXPECT_TRUE(child.is_cancelled());
}

}  // namespace
