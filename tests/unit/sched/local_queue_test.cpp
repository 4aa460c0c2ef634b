// The ring of a worker, by one thread; tests/stress has its races.
#include "sched/local_queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace {

using edo::detail::cell_base;
using edo::detail::local_queue;

class no_scheduler final : public edo::detail::scheduler {
public:
    void schedule(cell_base&) noexcept override {}
};
no_scheduler nobody;

/// Something to put into a queue.
class item final : public cell_base {
public:
    explicit item(int number) : cell_base(nobody), value(number) {}
    bool begin() noexcept override { return false; }
    void finish(bool) noexcept override {}
    int value;
};

class ring : public testing::Test {
protected:
    ring() {
        for (int i = 0; i < 600; ++i) { items_.emplace_back(i); }
    }
    cell_base& at(int i) { return items_[static_cast<std::size_t>(i)]; }
    static int value(cell_base* cell) {
        return cell != nullptr ? static_cast<item*>(cell)->value : -1;
    }
    void fill(local_queue& queue, int from, int to) {
        for (int i = from; i < to; ++i) { ASSERT_TRUE(queue.push(at(i))); }
    }
    static std::vector<int> drain(local_queue& queue) {
        std::vector<int> values;
        while (cell_base* cell = queue.pop()) { values.push_back(value(cell)); }
        return values;
    }
    local_queue mine_;
    local_queue theirs_;

private:
    std::deque<item> items_;
};

constexpr int capacity = static_cast<int>(local_queue::capacity);

TEST_F(ring, gives_back_in_the_order_of_pushes) {
    fill(mine_, 0, 3);
    EXPECT_EQ(mine_.size(), 3U);
    EXPECT_EQ(drain(mine_), (std::vector{0, 1, 2}));
    EXPECT_TRUE(mine_.is_empty());
    EXPECT_EQ(mine_.pop(), nullptr);
}

TEST_F(ring, is_full_at_its_capacity) {
    fill(mine_, 0, capacity);
    EXPECT_FALSE(mine_.push(at(capacity)));
    EXPECT_EQ(value(mine_.pop()), 0);
    EXPECT_TRUE(mine_.push(at(capacity)));
    EXPECT_EQ(drain(mine_).back(), capacity);
}

TEST_F(ring, wraps_around_any_number_of_times) {
    for (int round = 0; round < 3 * capacity; ++round) {
        fill(mine_, 0, 3);
        EXPECT_EQ(drain(mine_), (std::vector{0, 1, 2}));
    }
}

TEST_F(ring, a_thief_takes_half_rounded_up_from_the_front) {
    fill(mine_, 0, 5);
    EXPECT_EQ(value(mine_.steal_into(theirs_)), 2) << "the last of the batch is to be run now";
    EXPECT_EQ(drain(theirs_), (std::vector{0, 1}));
    EXPECT_EQ(drain(mine_), (std::vector{3, 4}));
}

TEST_F(ring, a_thief_takes_the_only_one) {
    fill(mine_, 0, 1);
    EXPECT_EQ(value(mine_.steal_into(theirs_)), 0);
    EXPECT_TRUE(theirs_.is_empty());
    EXPECT_TRUE(mine_.is_empty());
}

TEST_F(ring, there_is_nothing_to_steal_from_an_empty_ring) {
    EXPECT_EQ(mine_.steal_into(theirs_), nullptr);
    EXPECT_TRUE(theirs_.is_empty());
}

TEST_F(ring, a_thief_takes_half_of_a_full_ring) {
    fill(mine_, 0, capacity);
    EXPECT_EQ(value(mine_.steal_into(theirs_)), capacity / 2 - 1);
    EXPECT_EQ(theirs_.size(), static_cast<std::size_t>(capacity / 2 - 1));
    EXPECT_EQ(mine_.size(), static_cast<std::size_t>(capacity / 2));
    fill(mine_, capacity, capacity + capacity / 2);
    EXPECT_FALSE(mine_.push(at(0)));
}

TEST_F(ring, a_certain_one_is_taken_out_and_the_last_moves_to_its_place) {
    fill(mine_, 0, 5);
    EXPECT_TRUE(mine_.take(at(1)));
    EXPECT_FALSE(mine_.take(at(1)));
    EXPECT_TRUE(mine_.take(at(3))) << "now the last";
    fill(mine_, 7, 9);
    EXPECT_EQ(drain(mine_), (std::vector{0, 4, 2, 7, 8}));
    EXPECT_FALSE(mine_.take(at(0)));
}

TEST_F(ring, one_is_taken_out_of_a_full_ring_that_has_wrapped_around) {
    for (int i = 0; i < capacity / 2; ++i) {
        fill(mine_, 0, 1);
        static_cast<void>(mine_.pop());
    }
    fill(mine_, 0, capacity);
    EXPECT_TRUE(mine_.take(at(capacity - 60)));
    EXPECT_FALSE(mine_.take(at(0))) << "it came too long ago to be looked for";
    fill(mine_, capacity, capacity + 1);
    EXPECT_FALSE(mine_.push(at(capacity + 1)));
    EXPECT_EQ(value(mine_.steal_into(theirs_)), capacity / 2 - 1);
    EXPECT_EQ(drain(mine_).size(), static_cast<std::size_t>(capacity / 2));
}

TEST_F(ring, a_steal_wraps_around_in_both_rings) {
    for (int i = 0; i < capacity - 2; ++i) {
        fill(mine_, 0, 1);
        static_cast<void>(mine_.pop());
        fill(theirs_, 0, 1);
        static_cast<void>(theirs_.pop());
    }
    fill(mine_, 0, 8);
    EXPECT_EQ(value(mine_.steal_into(theirs_)), 3);
    EXPECT_EQ(drain(theirs_), (std::vector{0, 1, 2}));
    EXPECT_EQ(drain(mine_), (std::vector{4, 5, 6, 7}));
}

TEST_F(ring, take_half_gives_the_oldest_half_as_a_chain) {
    fill(mine_, 0, 7);
    auto chain = mine_.take_half();
    EXPECT_EQ(chain.size(), 4U);
    for (int i = 0; i < 4; ++i) { EXPECT_EQ(value(chain.pop()), i); }
    EXPECT_EQ(chain.pop(), nullptr);
    EXPECT_EQ(drain(mine_), (std::vector{4, 5, 6}));
}

}  // namespace
