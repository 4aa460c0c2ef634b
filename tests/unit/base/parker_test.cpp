// How a thread sleeps until another one wakes it.
#include <edo/base/detail/parker.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace {

using edo::detail::parker;
using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

TEST(parker, of_a_thread_is_always_the_same) {
    EXPECT_EQ(&parker::this_thread(), &parker::this_thread());
    std::atomic<parker*> other = nullptr;
    std::jthread([&] { other = &parker::this_thread(); }).join();
    EXPECT_NE(other, &parker::this_thread());
}

TEST(parker, does_not_sleep_after_an_unpark) {
    parker& self = parker::this_thread();
    self.unpark();
    self.unpark();  // counts once
    self.park();    // would hang if the wake were lost
    EXPECT_FALSE(self.try_consume());
}

TEST(parker, consumes_a_wake_without_sleeping) {
    parker& self = parker::this_thread();
    EXPECT_FALSE(self.try_consume());
    self.unpark();
    EXPECT_TRUE(self.try_consume());
    EXPECT_FALSE(self.try_consume());
}

TEST(parker, returns_at_the_deadline_and_not_before) {
    parker& self = parker::this_thread();
    const auto deadline = steady::now() + 2ms;
    while (steady::now() < deadline) { self.park_until(deadline); }
    EXPECT_FALSE(self.try_consume());
    self.park_until(steady::now() - 1s);  // one that has passed
    self.unpark();
    self.park_until(steady::time_point::max());  // far away, but woken already
}

TEST(parker, wakes_a_sleeping_thread_each_time) {
    constexpr int rounds = 5000;
    parker& self = parker::this_thread();
    std::atomic<parker*> other = nullptr;
    std::atomic<int> turn = 0;
    std::jthread partner([&] {
        parker& mine = parker::this_thread();
        other = &mine;
        for (int i = 0; i < rounds; ++i) {
            while (turn != 2 * i + 1) { mine.park(); }
            turn = 2 * i + 2;
            self.unpark();
        }
    });
    while (other == nullptr) { std::this_thread::yield(); }
    for (int i = 0; i < rounds; ++i) {
        turn = 2 * i + 1;
        other.load()->unpark();
        while (turn != 2 * i + 2) { self.park(); }
    }
    EXPECT_EQ(turn, 2 * rounds);
    partner.join();
    static_cast<void>(self.try_consume());
}

TEST(parker, can_be_reserved_adopted_and_given_back) {
    parker& reserved = parker::reserve();
    std::atomic<bool> same = false;
    std::jthread([&] {
        parker::adopt(&reserved);
        same = &parker::this_thread() == &reserved;
        reserved.unpark();
        parker::this_thread().park();
    }).join();
    EXPECT_TRUE(same);
    parker::give_back(reserved);
    parker& again = parker::reserve();  // it is used again, and never freed
    EXPECT_EQ(&again, &reserved);
    parker::give_back(again);
}

}  // namespace
