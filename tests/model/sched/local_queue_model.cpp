// A worker's ring: each task is taken once, by its owner or by a thief.
#include "sched/local_queue.hpp"
#include "support/toy_cells.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::finds;
using edo::model::holds;
using edo::model::run;
using edo::model::thread;
using edo::model::toy_cell;
using edo::model::toy_cells;

void drain(local_queue& queue) {
    while (cell_base* taken = queue.pop()) { run(taken); }
}

void thief_steals(std::size_t before) {
    toy_cells<3> made;
    local_queue queue, stolen;
    thread thief([&] {
        run(queue.steal_into(stolen));
        drain(stolen);
    });
    std::size_t pushed = 0;
    for (toy_cell& cell : made.all) {
        check(queue.push(cell), "the ring is full");
        if (++pushed == before) { run(queue.pop()); }
    }
    drain(queue);
    thief.join();
    made.each_ran_once();
}

void two_thieves() {
    toy_cells<2> made;
    local_queue queue, first_stolen, second_stolen;
    for (toy_cell& cell : made.all) { check(queue.push(cell), "the ring is full"); }
    {
        const thread first([&] {
            run(queue.steal_into(first_stolen));
            drain(first_stolen);
        });
        run(queue.steal_into(second_stolen));
        drain(second_stolen);
    }
    drain(queue);
    made.each_ran_once();
}

void half_is_taken_out() {
    toy_cells<3> made;
    local_queue queue, stolen;
    thread thief([&] {
        run(queue.steal_into(stolen));
        drain(stolen);
    });
    for (toy_cell& cell : made.all) { check(queue.push(cell), "the ring is full"); }
    auto half = queue.take_half();
    while (cell_base* taken = half.pop()) { run(taken); }
    drain(queue);
    thief.join();
    made.each_ran_once();
}

/// The owner wants certain tasks; those that it does not find are the thief's.
void certain_ones_are_taken(std::size_t first, std::size_t second) {
    toy_cells<3> made;
    local_queue queue, stolen;
    for (toy_cell& cell : made.all) { check(queue.push(cell), "the ring is full"); }
    thread thief([&] {
        run(queue.steal_into(stolen));
        drain(stolen);
    });
    for (const std::size_t wanted : {first, second}) {
        if (queue.take(made.all[wanted])) { run(&made.all[wanted]); }
    }
    drain(queue);
    thief.join();
    made.each_ran_once();
}

/// What comes after a task was taken out goes to the slot that it has left.
void one_is_taken_and_another_comes() {
    toy_cells<3> made;
    local_queue queue, stolen;
    check(queue.push(made.all[0]) && queue.push(made.all[1]), "the ring is full");
    thread thief([&] {
        run(queue.steal_into(stolen));
        drain(stolen);
    });
    if (queue.take(made.all[0])) { run(&made.all[0]); }
    check(queue.push(made.all[2]), "the ring is full");
    drain(queue);
    thief.join();
    made.each_ran_once();
}

constexpr edo::model::limits few{.preemptions = 2};

TEST(local_queue, gives_each_task_once) {
    for (const std::size_t before : {0U, 1U, 2U, 3U}) {
        holds([before] { thief_steals(before); }, few);
    }
    finds({"local_queue::push"}, [] { thief_steals(0); }, few);
    finds({"local_queue::steal_into"}, [] { thief_steals(0); }, few);
}
TEST(local_queue, lets_thieves_meet) { holds(two_thieves, few); }
TEST(local_queue, gives_a_certain_one) {
    for (const auto& [first, second] : {std::pair{0U, 1U}, {1U, 0U}, {2U, 0U}, {0U, 2U}}) {
        holds([first, second] { certain_ones_are_taken(first, second); }, few);
    }
    finds({"local_queue::take"}, [] { certain_ones_are_taken(0, 1); }, few);
    holds(one_is_taken_and_another_comes, few);
}
TEST(local_queue, gives_half_away) { holds(half_is_taken_out, few); }

}  // namespace
