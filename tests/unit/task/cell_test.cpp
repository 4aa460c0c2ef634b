// The memory of a task: what a failing allocator does, who frees.
// The sanitizers bring an operator new of their own, which cannot be replaced.
#include <edo/base/config.hpp>
#if !EDO_TSAN && !EDO_ASAN
#include "support/runtime_fixture.hpp"

#include <edo/coro/detail/pool.hpp>

#include <array>
#include <cstdlib>
#include <new>

namespace {

// Larger than the pool's blocks, so that each one is asked from operator new, below.
using big = std::array<char, 3000>;
std::atomic<bool> refuse_big{false};
std::atomic<int> big_blocks{0};
constexpr std::size_t big_from = 2900;
constexpr std::size_t big_to = 5000;

}  // namespace

// GCC inlines these and then sees new meet free, which here is how they are made.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t size) {
    if (size >= big_from && size < big_to) {
        if (refuse_big) { throw std::bad_alloc(); }
        ++big_blocks;
    }
    void* block = std::malloc(size == 0 ? 1 : size);
    if (block == nullptr) { throw std::bad_alloc(); }
    return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace {

using edo::task;
using edo::test::counted;

class cell : public edo::test::runtime_test {
protected:
    void TearDown() override {
        refuse_big = false;
        edo::test::runtime_test::TearDown();
    }
};

TEST_P(cell, that_cannot_be_allocated_makes_spawn_throw_bad_alloc) {
    std::atomic<int> alive = 0;
    const auto body = [](const big& b, counted) -> task<char> { co_return b[0]; };
    rt();
    refuse_big = true;
    EXPECT_THROW(rt().spawn(body, big{}, counted(alive)).detach(), std::bad_alloc);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(rt().metrics().num_alive_tasks(), 0U);
    refuse_big = false;
    big filled{};
    filled[0] = 'x';
    EXPECT_EQ(rt().block_on(rt().spawn(body, filled, counted(alive))), 'x');
    EXPECT_EQ(alive, 0);
}

task<char> needs_a_big_frame(counted held) {
    big kept{};
    const volatile std::size_t at = 1;  // so that no compiler keeps that one element only
    kept[at] = 'y';
    co_await edo::yield_now();
    static_cast<void>(held);
    co_return kept[at];
}

TEST_P(cell, whose_frame_cannot_be_allocated_gives_bad_alloc_at_its_handle) {
    std::atomic<int> alive = 0;
    rt();
    refuse_big = true;
    auto handle = rt().spawn(&needs_a_big_frame, counted(alive));
    EXPECT_THROW(rt().block_on(std::move(handle)), std::bad_alloc);
    EXPECT_EQ(alive, 0);
    refuse_big = false;
    EXPECT_EQ(rt().block_on(rt().spawn(&needs_a_big_frame, counted(alive))), 'y');
}

TEST_P(cell, that_throws_bad_alloc_at_a_call_leaves_the_caller_unharmed) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        refuse_big = true;
        bool thrown = false;
        try {
            static_cast<void>(co_await needs_a_big_frame(counted(alive)));
        } catch (const std::bad_alloc&) { thrown = true; }
        refuse_big = false;
        EXPECT_TRUE(thrown);
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(co_await needs_a_big_frame(counted(alive)), 'y');
    };
    rt().block_on(body());
    EXPECT_EQ(alive, 0);
}

TEST_P(cell, stays_as_long_as_an_abort_handle_refers_to_it) {
    std::atomic<int> alive = 0;
    auto handle = rt().spawn([](counted c) -> task<counted> { co_return c; }, counted(alive));
    auto ender = handle.abort_handle();
    auto copy = ender;
    auto body = [&]() -> task<> {
        while (!handle.is_finished()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    EXPECT_EQ(alive, 1);
    const auto id = handle.id();
    handle.detach();
    EXPECT_EQ(alive, 0);  // the result goes with the last right to join
    EXPECT_EQ(copy.id(), id);
    EXPECT_EQ(ender.id(), id);
}

INSTANTIATE_TEST_SUITE_P(task, cell, edo::test::all_kinds, edo::test::kind_name);

}  // namespace
#endif
