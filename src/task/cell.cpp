#include "coro/context_here.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/coro/detail/fork_child.hpp>
#include <edo/task/detail/cell.hpp>
#include <edo/task/spawn_error.hpp>

namespace edo {
namespace detail {

task_id next_task_id() noexcept {
    constexpr std::uint64_t block = 1024;
    static atomic<std::uint64_t> next_block{1};
    context& cx = context_here();
    if (cx.next_id == cx.last_id) {
        cx.next_id = next_block.fetch_add(block, relaxed);
        cx.last_id = cx.next_id + block;
    }
    return task_id(cx.next_id++);
}

const cell* current_cell() noexcept {
    const context& cx = context_here();
    if (cx.current) { return running_task(cx); }
    return cx.blocking;
}

void cell::complete_and_tell(const std::exception_ptr& error) noexcept {
    task_owner& owner = owner_of_tasks();
    if (owner.hooks) { call_hooks(*owner.hooks, error); }
    if (error) { owner.task_failed(); }
    if (awaited_here) {
        join.complete_here();  // see complete()
        return;
    }
    if (counted) { owner.task_ended(*this); }
    tell_joiner();
}

// What follows is apart, so that complete_and_tell() needs no registers of its own.

EDO_NOINLINE void cell::call_hooks(const task_hooks& hooks,
                                   const std::exception_ptr& error) noexcept {
    if (hooks.on_terminate) {
        try {
            hooks.on_terminate(meta());
        } catch (...) { report_unhandled(nullptr, meta(), std::current_exception()); }
    }
    if (error && hooks.unhandled_exception) {
        try {
            side_or_make().keep = owner_of_tasks().hooks;
        } catch (const std::bad_alloc&) {}  // then the default line on stderr is printed
    }
}

EDO_NOINLINE void cell::tell_joiner() noexcept {
    claimed waiter;
    if (join.complete(waiter) == join_word::ending::nobody_joins) { dispose(); }
    waiter.enqueue();
}

void cell::dispose() noexcept {
    context& cx = context_here();
    const branch_ref outer = std::exchange(cx.current, &root());
    dispose_result();
    cx.current = outer;
    release_reference();
}

void cell::report_unobserved(const std::exception_ptr& error) noexcept {
    const auto* hooks =
        side() != nullptr ? static_cast<const task_hooks*>(side()->keep.get()) : nullptr;
    report_unhandled(hooks, meta(), error);
}

void cell::cancel_unqueued() noexcept {
    context& cx = context_here();
    const branch_ref outer = std::exchange(cx.current, &root());
    finish(true);
    cx.current = outer;
}

void check_task(const promise_base* promise, bool must_be_sendable,
                const std::source_location& where, bool may_borrow) {
    if (promise == nullptr) {
        throw std::logic_error(
            at_line(where) +
            "edo: spawn of an empty task; it was moved from, awaited or spawned before");
    }
    const parameter_record* rule = promise->rule();
    if (rule == nullptr) { return; }
    const std::source_location& made = promise->where();
    const std::source_location& nearest = where.line() != 0 ? where : made;
    if (rule->borrows && !may_borrow) { throw_borrow_error(*rule, made.function_name(), nearest); }
    if (must_be_sendable && rule->not_sendable) {
        throw_send_error(*rule, made.function_name(), nearest);
    }
}

void report_unhandled(const task_hooks* hooks, const task_meta& meta,
                      const std::exception_ptr& error) noexcept {
    try {
        if (hooks != nullptr && hooks->unhandled_exception) {
            hooks->unhandled_exception(meta, error);
            return;
        }
        std::string line = "task " + to_string(meta.id);
        if (!meta.name.empty()) { line.append(" (").append(meta.name).append(")"); }
        if (const std::source_location& where = meta.spawned_at; where.line() != 0) {
            line.append(" at ").append(where.file_name()).append(":");
            line.append(std::to_string(where.line()));
        }
        report(line + " threw " + describe(error) + ", and nobody holds its join_handle");
    } catch (...) { report("a task threw, nobody holds its join_handle, and reporting it failed"); }
}

}  // namespace detail

namespace this_task {

std::optional<task_id> try_id() noexcept {
    const detail::cell* running = detail::current_cell();
    return running != nullptr ? std::optional(running->id) : std::nullopt;
}

task_id id(std::source_location where) {
    auto found = try_id();
    if (!found) {
        throw std::logic_error(
            detail::at_line(where) +
            "edo::this_task::id() outside a task (the future of block_on is none); "
            "use this_task::try_id(), or spawn a task");
    }
    return *found;
}

std::string_view name() noexcept {
    const detail::cell* running = detail::current_cell();
    return running != nullptr ? running->name() : std::string_view();
}

}  // namespace this_task
}  // namespace edo
