// The slot of the task that runs next: each task is taken once, by the holder or by the guard.
#include "sched/lifo_slot.hpp"
#include "support/toy_cells.hpp"

#include <gtest/gtest.h>

namespace {

using edo::detail::lifo_slot;
using edo::model::finds;
using edo::model::holds;
using edo::model::run;
using edo::model::thread;
using edo::model::toy_cells;

/// The holder wakes one task after the other and runs what it finds; the guard looks by as often.
void guard_passes_by() {
    toy_cells<3> made;
    lifo_slot slot;
    thread guard([&] {
        for (int i = 0; i < 2; ++i) { run(slot.steal()); }
    });
    const auto wake = [&](std::size_t i) {
        made.all[i].runs.write(0);  // what it works on is made now
        run(slot.put(made.all[i]));
    };
    wake(0);
    run(slot.take());
    wake(1);
    wake(2);
    run(slot.take());
    guard.join();
    made.each_ran_once();
}

TEST(lifo_slot, gives_each_task_once) {
    holds(guard_passes_by);
    finds({"lifo_slot::put"}, guard_passes_by);
    finds({"lifo_slot::steal"}, guard_passes_by);
}

}  // namespace
