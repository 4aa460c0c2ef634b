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

/// The same for ordinary and local tasks: their owner queues them.
template <class Cell>
Cell* name_and_launch(Cell* made, const spawn_site& site) {
    task_owner& owner = *made->owner;
    if (site.name == nullptr && !owner.hooks) {  // nothing that can throw
        owner.launch(*made);
        return made;
    }
    return name_and_start(made, site, [&owner](Cell& c) { owner.launch(c); });
}

}  // namespace edo::detail
