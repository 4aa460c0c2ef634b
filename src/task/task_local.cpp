#include <edo/coro/detail/fork_child.hpp>
#include <edo/task/errors.hpp>
#include <edo/task/task_local.hpp>

namespace edo::detail {

const local_value* current_locals() noexcept {
    const context& cx = this_context();
    const branch* here = nearest_branch(cx);
    return here != nullptr ? locals_of(*here) : cx.thread_values;
}

void set_current_locals(const local_value* chain) {
    context& cx = this_context();
    if (cx.current) {
        set_locals(current_branch(cx), chain);
    } else {
        cx.thread_values = chain;
    }
}

const void* find_local(const void* key) noexcept {
    for (const local_value* v = current_locals(); v != nullptr; v = v->outer) {
        if (v->key == key) { return v->value; }
    }
    return nullptr;
}

void throw_no_local_value(const std::source_location& where) {
    throw std::logic_error(
        at_line(where) +
        "edo::task_local::get() outside of scope() and sync_scope() of this key; use try_get()");
}

}  // namespace edo::detail
