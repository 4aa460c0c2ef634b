// The children of forks that wait on a worker: each is taken once, by the owner or by a thief, and who
// sleeps is woken. With fences of both kinds: whole ones, and a heavy one that makes the light one's.
#include "support/toy_cells.hpp"

#include <edo/coro/detail/fork_lane.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <utility>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::explore;
using edo::model::finds;
using edo::model::holds;
using edo::model::limits;
using edo::model::run;
using edo::model::thread;
using edo::model::toy_child;
using edo::model::toy_children;

void drain(fork_deque& deque) {
    for (bool found = true; found;) { found = run(deque.pop()); }
}

/// Both kinds of fences.
void holds_in_both(const std::function<void()>& body, const limits& bounds) {
    for (const bool free : {false, true}) {
        has_membarrier = free;
        holds(body, bounds);
    }
    has_membarrier = false;
}

/// A deque that was used before, so that every thread knows its buffer: what is weakened crashes less.
struct used_deque : fork_deque {
    toy_child first;
    used_deque() {
        check(push(first), "there is no memory");
        check(pop() == &first, "it is not there");
    }
};

/// The owner pushes `Count`, and takes one after each from `before` on; a thief takes `stolen`.
template <std::size_t Count>
void a_thief_comes(std::size_t before, int stolen) {
    toy_children<Count> made;
    used_deque deque;
    thread thief([&] {
        for (int i = 0; i < stolen; ++i) { run(deque.steal()); }
    });
    std::size_t pushed = 0;
    for (toy_child& child : made.all) {
        check(deque.push(child), "there is no memory");
        if (++pushed >= before) { run(deque.pop()); }
    }
    drain(deque);
    thief.join();
    made.each_ran_once();
}
/// One thief is slow: it has looked before another came.
void two_thieves_come() {
    toy_children<2> made;
    used_deque deque;
    {
        const thread slow([&] { run(deque.steal()); });
        const thread fast([&] { run(deque.steal()); });
        for (toy_child& child : made.all) { check(deque.push(child), "there is no memory"); }
    }
    drain(deque);
    made.each_ran_once();
}

/// What the owner leaves for the thief after a pop.
void the_rest_is_stolen() {
    toy_children<2> made;
    fork_deque deque;
    thread thief([&] {
        while (!run(deque.steal())) { cpu_relax(); }
    });
    for (toy_child& child : made.all) { check(deque.push(child), "there is no memory"); }
    run(deque.pop());
    thief.join();
    made.each_ran_once();
}

/// Thieves for all there is, or for more.
template <std::size_t Count>
void two_thieves_and_the_owner() {
    toy_children<Count> made;
    fork_deque deque;
    for (toy_child& child : made.all) { check(deque.push(child), "there is no memory"); }
    {
        const thread first([&] { run(deque.steal()); });
        const thread second([&] { run(deque.steal()); });
        drain(deque);
    }
    made.each_ran_once();
}

constexpr int capacity = 64;  // where a deque begins

/// Each slot is taken, by a child that nobody looks at, `taken` of which are gone.
struct full_deque {
    toy_child filler;
    fork_deque deque;
    explicit full_deque(int taken) {
        for (int i = 0; i < capacity; ++i) { check(deque.push(filler), "there is no memory"); }
        for (int i = 0; i < taken; ++i) { check(deque.steal() == &filler, "it is not there"); }
    }
};

/// The buffer becomes a larger one under the thief; or the thief makes room.
void it_grows(bool pops) {
    full_deque full(capacity - 2);
    toy_children<3> made;
    for (int i = 0; i < capacity - 2; ++i) {
        check(full.deque.push(full.filler), "there is no memory");
    }
    int fillers = capacity;
    const auto take = [&](fork_child* taken) {
        if (taken == &full.filler) { return 1; }
        run(taken);
        return 0;
    };
    int stolen = 0;
    thread thief([&] {
        for (int i = 0; i < 2; ++i) { stolen += take(full.deque.steal()); }
    });
    for (toy_child& child : made.all) {
        check(full.deque.push(child), "there is no memory");
        if (pops) { run(full.deque.pop()); }
    }
    thief.join();
    fillers -= stolen;
    while (fork_child* taken = full.deque.pop()) { fillers -= take(taken); }
    check(fillers == 0, "a child is lost");
    made.each_ran_once();
}

/// The slot that a slow thief has looked at is used again, because another one was faster.
void a_slot_is_used_again() {
    full_deque full(0);
    toy_children<1> made;
    atomic<int> fillers{capacity};
    const auto take = [&](fork_child* taken) {
        if (taken == &full.filler) {
            fillers.fetch_sub(1, relaxed);
        } else {
            run(taken);
        }
    };
    {
        const thread slow([&] { take(full.deque.steal()); });
        const thread fast([&] { take(full.deque.steal()); });
        const thread owner([&] { check(full.deque.push(made.all[0]), "there is no memory"); });
    }
    while (fork_child* taken = full.deque.pop()) { take(taken); }
    check(fillers.load(relaxed) == 0, "a child is lost");
    made.each_ran_once();
}

// --- sleeping, as in sched/idle.cpp, with one worker that forks and one that goes to sleep

class toy_lane final : public fork_lane {
public:
    static constexpr std::uint64_t workers = 2;
    explicit toy_lane(atomic<std::uint64_t>& awake) noexcept
        : fork_lane(awake, workers), awake_(awake) {}

    /// As executor::enter_sleep(). Null: there is nothing, and somebody will say when there is.
    void sleep_or_steal() {
        if (run(forks.steal())) { return; }
        awake_.store(workers - 1, seq_cst);
        store_load_fence();
        if (has_forked_.load(relaxed)) { heavy_fence(); }
        if (forks.is_empty()) {
            while (wakes_.load(acquire) == 0) { cpu_relax(); }
        }
    }

private:
    void wake_thief() noexcept override {
        if (awake_.load(seq_cst) < workers) { wakes_.store(1, release); }
    }
    void first_fork() noexcept override {
        has_forked_.store(true, relaxed);
        store_load_fence();  // pairs with: the one in sleep_or_steal()
    }
    bool is_needed() noexcept override { return false; }

    atomic<std::uint64_t>& awake_;
    atomic<bool> has_forked_{false};
    atomic<int> wakes_{0};
};

/// One of its forks finds the sleeper, or the sleeper finds what was forked. The owner does nothing
/// afterwards: a sleeper that is not woken sleeps for ever.
void the_sleeper_is_woken(int forks_before) {
    toy_children<2> made;
    atomic<std::uint64_t> awake{toy_lane::workers};
    toy_lane lane(awake);
    for (int i = 0; i < forks_before; ++i) {
        check(lane.offer(made.all[0]), "there is no memory");
        check(lane.forks.pop() == &made.all[0], "it is not there");
    }
    {
        const thread sleeper([&] { lane.sleep_or_steal(); });
        check(lane.offer(made.all[1]), "there is no memory");
    }
}

constexpr limits one{.preemptions = 1};
constexpr limits few{.preemptions = 2};
constexpr limits some{.preemptions = 3};

/// A mutation that is found with one kind of fences.
void finds_with(bool membarrier, const edo::model::mutation& weakened,
                const std::function<void()>& body, const limits& bounds) {
    has_membarrier = membarrier;
    finds(weakened, body, bounds);
    has_membarrier = false;
}

TEST(fork_deque, gives_each_child_once) {
    holds_in_both([] { a_thief_comes<2>(1, 2); }, few);
    holds_in_both([] { a_thief_comes<3>(2, 2); }, few);
    holds_in_both([] { a_thief_comes<3>(3, 3); }, one);
    holds_in_both([] { a_thief_comes<2>(2, 2); }, some);
}
TEST(fork_deque, needs_its_orders) {
    for (const bool membarrier : {false, true}) {
        finds_with(membarrier, {"fork_deque::steal"}, two_thieves_come, few);
        finds_with(membarrier, {"heavy_fence"}, [] { a_thief_comes<2>(2, 2); }, some);
    }
    finds({"fork_deque::push"}, [] { a_thief_comes<2>(2, 2); }, few);
    finds_with(true, {"fork_deque::push"}, two_thieves_come, some);
    finds({"light_fence"}, [] { a_thief_comes<2>(2, 2); }, some);
}
TEST(fork_deque, lets_a_thief_have_what_is_older) {
    holds_in_both(the_rest_is_stolen, some);
    finds({"fork_deque::pop"}, the_rest_is_stolen, some);
}
TEST(fork_deque, lets_thieves_meet) {
    holds_in_both(two_thieves_and_the_owner<1>, few);
    holds_in_both(two_thieves_and_the_owner<2>, one);
    holds_in_both(two_thieves_and_the_owner<3>, one);
    holds_in_both(two_thieves_come, few);
}
TEST(fork_deque, grows) {
    for (const bool pops : {false, true}) {
        holds([pops] { it_grows(pops); }, one);
    }
    finds({"fork_deque::make_room"}, [] { it_grows(false); }, one);
}
TEST(fork_deque, uses_a_slot_again) { holds(a_slot_is_used_again, one); }
TEST(fork_lane, wakes_a_sleeper) {
    for (const int before : {0, 1}) {
        holds_in_both([before] { the_sleeper_is_woken(before); }, some);
    }
    finds({"light_fence"}, [] { the_sleeper_is_woken(1); }, some);
    finds({"first_fork"}, [] { the_sleeper_is_woken(0); }, some);
    for (const bool membarrier : {false, true}) {
        finds_with(membarrier, {"sleep_or_steal"}, [] { the_sleeper_is_woken(0); }, some);
    }
    finds_with(true, {"heavy_fence"}, [] { the_sleeper_is_woken(1); }, some);
}

}  // namespace
