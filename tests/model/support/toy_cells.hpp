/// Tasks, and children of forks, that only count how often they are run.
#pragma once

#include "support/explorer.hpp"

#include <edo/coro/detail/fork_child.hpp>

#include <array>
#include <cstddef>

namespace edo::model {

struct nowhere final : detail::scheduler {
    void schedule(detail::cell_base&) noexcept override {}
};
inline nowhere home_of_toys;

struct toy_cell final : detail::cell_base {
    toy_cell() : cell_base(home_of_toys) {}
    bool begin() noexcept override { return false; }
    void finish(bool) noexcept override {}
    tracked runs;
};

struct toy_child final : detail::fork_child {
    tracked runs;
};

template <class Toy, class Base>
bool run_toy(Base* taken) {
    if (taken != nullptr) {
        tracked& runs = static_cast<Toy*>(taken)->runs;
        runs.write(runs.read() + 1);
    }
    return taken != nullptr;
}
/// Runs what a queue gave. False: it gave nothing.
inline bool run(detail::cell_base* taken) { return run_toy<toy_cell>(taken); }
inline bool run(detail::fork_child* taken) { return run_toy<toy_child>(taken); }

/// `Count` of them.
template <class Toy, std::size_t Count>
struct toys {
    std::array<Toy, Count> all;
    void each_ran_once() {
        for (Toy& toy : all) { check(toy.runs.read() == 1, "a task did not run once"); }
    }
};
template <std::size_t Count>
using toy_cells = toys<toy_cell, Count>;
template <std::size_t Count>
using toy_children = toys<toy_child, Count>;

}  // namespace edo::model
