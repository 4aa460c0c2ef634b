/// What spawn_local needs of a local_set.
#pragma once

#include <edo/task/detail/runtime_core.hpp>

namespace edo::detail {

/// A task_owner whose tasks stay on one thread.
class local_core : public task_owner {
protected:
    ~local_core() = default;
};

}  // namespace edo::detail
