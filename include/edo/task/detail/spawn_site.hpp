/// Where and under which name a task is spawned.
#pragma once

#include <edo/task/detail/cell.hpp>

#include <string>

namespace edo::detail {

struct spawn_site {
    std::source_location where{};
    const std::string* name = nullptr;
};

/// Gives a new task its name, and calls `start` on it. If either throws, the task is freed.
template <class Cell, class Start>
EDO_NOINLINE Cell* name_and_start(Cell* made, const spawn_site& site, Start start) {
    try {
        if (site.name != nullptr) { made->side_or_make().name = *site.name; }
        made->announce();
        start(*made);
    } catch (...) {
        made->release_reference();
        throw;
    }
    return made;
}

/// The same for ordinary and local tasks: their owner queues them, after `prepare(task)`, which does
/// not throw.
template <class Cell, class Prepare>
Cell* name_and_launch(Cell* made, const spawn_site& site, Prepare prepare) {
    task_owner& owner = made->owner_of_tasks();
    const auto launch = [&](Cell& c) {
        prepare(c);
        owner.launch(c);
    };
    if (site.name == nullptr && !owner.hooks) {  // nothing that can throw
        launch(*made);
        return made;
    }
    return name_and_start(made, site, launch);
}
template <class Cell>
Cell* name_and_launch(Cell* made, const spawn_site& site) {
    return name_and_launch(made, site, [](Cell&) noexcept {});
}

}  // namespace edo::detail
