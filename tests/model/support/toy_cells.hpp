/// Tasks that only count how often they are run.
#pragma once

#include "support/explorer.hpp"

#include <edo/coro/detail/cell_base.hpp>

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

/// Runs what a queue gave. False: it gave nothing.
inline bool run(detail::cell_base* taken) {
    if (taken != nullptr) {
        tracked& runs = static_cast<toy_cell*>(taken)->runs;
        runs.write(runs.read() + 1);
    }
    return taken != nullptr;
}

/// `Count` of them.
template <std::size_t Count>
struct toy_cells {
    std::array<toy_cell, Count> all;
    void each_ran_once() {
        for (toy_cell& cell : all) { check(cell.runs.read() == 1, "a task did not run once"); }
    }
};

}  // namespace edo::model
