/// A timer in a wheel.
#pragma once

#include <edo/coro/detail/cell_base.hpp>
#include <edo/time/clock.hpp>

namespace edo::detail {

class timer_shard;

/// Lies in the leaf that waits. `shard` is set once it is registered; all else is guarded by the
/// shard's lock from then until it is removed or its owner has seen that it fired.
struct timer_entry : list_link {
    clock::time_point deadline;    ///< not changed while it is registered
    suspension* waiter = nullptr;  ///< who is woken; null once it has fired
    timer_shard* shard = nullptr;  ///< where it is registered; null: nowhere. The owner's.
};

}  // namespace edo::detail
