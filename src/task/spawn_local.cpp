#include <edo/task/detail/local_owner.hpp>
#include <edo/task/spawn_local.hpp>

namespace edo::detail {

task_owner& current_local_set(const std::source_location& where) {
    local_core* set = this_context().locals;
    if (set == nullptr) { throw_no_local_set(where); }
    return *set;
}

}  // namespace edo::detail
