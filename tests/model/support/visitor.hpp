/// A thread that looks at a leaf without sleeping on it.
#pragma once

#include <edo/coro/detail/thread_cell.hpp>

#include <utility>

namespace edo::model {

/// Suspends on a leaf once. It must outlive the leaf, which unregisters when it dies.
class visitor final : public detail::thread_cell {
public:
    /// True: the leaf was ready.
    template <class Leaf>
    bool poll(Leaf& leaf) {
        detail::context& cx = detail::this_context();
        const detail::branch_ref outer = std::exchange(cx.current, &root());
        const auto budget = std::exchange(cx.budget, detail::no_budget);
        const bool suspended = !leaf.await_ready() && leaf.suspend({});
        cx.current = outer;
        cx.budget = budget;
        return !suspended;
    }
};

}  // namespace edo::model
