// The state word of a task and the latch of a leaf: every transition, and their races.
#include <edo/coro/detail/cell_base.hpp>
#include <edo/coro/detail/word_latch.hpp>

#include <gtest/gtest.h>

#include <barrier>
#include <thread>
#include <vector>

namespace {

using edo::detail::branch;
using edo::detail::cell_base;
using edo::detail::child_branch;
using edo::detail::claim;
using edo::detail::claimed;
using edo::detail::state_word;
using edo::detail::word_latch;

class counts_schedules final : public edo::detail::scheduler {
public:
    void schedule(cell_base&) noexcept override { count.fetch_add(1); }
    std::atomic<int> count = 0;
};
class fake_cell final : public cell_base {
public:
    explicit fake_cell(counts_schedules& home_scheduler) : cell_base(home_scheduler) {}
    bool begin() noexcept override { return true; }
    void finish(bool) noexcept override {}
};
class fake_group final : public edo::detail::handler {
public:
    void woken(branch&) noexcept override {}
};

TEST(state_word, is_owned_by_whoever_made_it) {
    const state_word word;
    EXPECT_EQ(word.look(), state_word::owned);
}

TEST(state_word, parks_if_nothing_has_happened) {
    state_word word;
    EXPECT_TRUE(word.park(word.look()));
    EXPECT_EQ(word.look() & state_word::owned, 0U);
}

TEST(state_word, does_not_park_after_a_wake_or_an_abort) {
    state_word word;
    const auto seen = word.look();
    EXPECT_FALSE(word.wake_root());  // it is owned: nobody has to queue it
    EXPECT_FALSE(word.park(seen));
    const auto again = word.look();
    EXPECT_FALSE(word.request_abort());
    EXPECT_FALSE(word.park(again));
    EXPECT_TRUE(word.park(word.look()));
}

TEST(state_word, gives_a_parked_task_to_the_first_that_wakes_it) {
    state_word word;
    EXPECT_TRUE(word.park(word.look()));
    EXPECT_TRUE(word.wake_root());
    EXPECT_FALSE(word.request_abort());
    EXPECT_FALSE(word.wake_root());
}

TEST(state_word, gives_a_parked_task_to_the_first_that_aborts_it) {
    state_word word;
    EXPECT_TRUE(word.park(word.look()));
    EXPECT_TRUE(word.request_abort());
    EXPECT_FALSE(word.request_abort());
    EXPECT_EQ(word.look(), state_word::owned | state_word::abort);
}

TEST(state_word, toggles_wake_so_that_the_owner_need_not_write) {
    state_word word;
    EXPECT_FALSE(word.wake_root());
    EXPECT_EQ(word.look() & state_word::wake, state_word::wake);
    EXPECT_FALSE(word.wake_root());
    EXPECT_EQ(word.look() & state_word::wake, 0U);
}

TEST(state_word, stacks_woken_branches_newest_first_beside_the_flags) {
    counts_schedules home;
    fake_cell cell(home);
    fake_group group;
    child_branch first(cell.root(), group, {});
    child_branch second(cell.root(), group, {});
    EXPECT_TRUE(cell.state.park(cell.state.look()));
    EXPECT_TRUE(cell.state.wake_branch(first));
    EXPECT_FALSE(cell.state.wake_branch(second));
    EXPECT_FALSE(cell.state.wake_root());
    EXPECT_EQ(cell.state.take_branches(cell.state.look()), &second);
    EXPECT_EQ(second.next, &first);
    EXPECT_EQ(first.next, nullptr);
    EXPECT_EQ(cell.state.look(), state_word::owned | state_word::wake);
}

TEST(state_word, is_claimed_by_exactly_one_of_many_threads) {
    constexpr int rounds = 2000;
    constexpr int threads = 4;
    counts_schedules home;
    fake_cell cell(home);
    std::barrier sync(threads);
    {
        std::vector<std::jthread> wakers;
        for (int t = 0; t < threads; ++t) {
            wakers.emplace_back([&, t] {
                for (int round = 0; round < rounds; ++round) {
                    if (t == 0) {
                        while (!cell.state.park(cell.state.look())) {}
                    }
                    sync.arrive_and_wait();
                    if (t % 2 == 0) {
                        claim(cell.root()).enqueue();
                    } else if (cell.state.request_abort()) {
                        cell.home->schedule(cell);
                    }
                    sync.arrive_and_wait();
                    EXPECT_EQ(home.count, round + 1);
                    sync.arrive_and_wait();
                }
            });
        }
    }
    EXPECT_EQ(home.count, rounds);
}

class word_latch_test : public testing::Test {
protected:
    counts_schedules home;
    fake_cell cell{home};
    word_latch latch;
    void SetUp() override { ASSERT_TRUE(cell.state.park(cell.state.look())); }
};

TEST_F(word_latch_test, wakes_who_has_armed) {
    EXPECT_FALSE(latch.is_done());
    EXPECT_TRUE(latch.arm(cell.root()));
    EXPECT_EQ(home.count, 0);
    latch.fire().enqueue();
    EXPECT_EQ(home.count, 1);
    EXPECT_TRUE(latch.is_done());
}

TEST_F(word_latch_test, lets_nobody_arm_after_it_has_fired) {
    latch.fire().enqueue();
    EXPECT_FALSE(latch.arm(cell.root()));
    latch.fire().enqueue();  // again: nothing
    EXPECT_EQ(home.count, 0);
}

TEST_F(word_latch_test, does_not_wake_who_has_disarmed) {
    EXPECT_TRUE(latch.arm(cell.root()));
    EXPECT_TRUE(latch.disarm(cell.root()));
    latch.fire().enqueue();
    EXPECT_EQ(home.count, 0);
}

TEST_F(word_latch_test, tells_who_disarms_too_late) {
    EXPECT_TRUE(latch.arm(cell.root()));
    latch.fire().enqueue();
    EXPECT_FALSE(latch.disarm(cell.root()));
    EXPECT_EQ(home.count, 1);
}

TEST_F(word_latch_test, can_be_reset) {
    latch.fire().enqueue();
    latch.reset();
    EXPECT_TRUE(latch.arm(cell.root()));
    EXPECT_TRUE(latch.disarm(cell.root()));
}

TEST_F(word_latch_test, gives_each_race_of_fire_and_disarm_one_winner) {
    constexpr int rounds = 5000;
    int disarmed = 0;
    std::barrier sync(2);
    std::jthread firing([&] {
        for (int i = 0; i < rounds; ++i) {
            sync.arrive_and_wait();
            latch.fire().enqueue();
            sync.arrive_and_wait();
        }
    });
    for (int i = 0; i < rounds; ++i) {
        latch.reset();
        ASSERT_TRUE(latch.arm(cell.root()));
        sync.arrive_and_wait();
        const bool mine = latch.disarm(cell.root());
        // A latch that was disarmed first still fires: to nobody.
        sync.arrive_and_wait();
        if (mine) {
            ++disarmed;
        } else {
            EXPECT_TRUE(cell.state.park(cell.state.look()));  // the wake has claimed it
        }
        EXPECT_EQ(disarmed + home.count, i + 1);
    }
}

}  // namespace
