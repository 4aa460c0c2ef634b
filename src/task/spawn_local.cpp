#include <edo/task/detail/local_owner.hpp>
#include <edo/task/spawn_local.hpp>

namespace edo::detail {

task_owner& current_local_set(const std::source_location& where) {
    const context& cx = this_context();
    if (cx.locals != nullptr) { return *cx.locals; }
    task_owner* of_runtime = cx.runtime != nullptr ? cx.runtime->locals_here() : nullptr;
    if (of_runtime == nullptr) { throw_no_local_set(where); }
    return *of_runtime;
}

}  // namespace edo::detail
