/// Tasks that borrow: they end before what they refer to.
#pragma once

#include <edo/task/detail/refusal.hpp>
#include <edo/task/detail/scope_core.hpp>
#include <edo/task/detail/spawn_site.hpp>
#include <edo/task/join_handle.hpp>
#include <edo/task/spawnable.hpp>

#include <functional>
#include <utility>

namespace edo {

namespace detail {
template <class F>
class scope_awaiter;
}  // namespace detail

/// What the body of a scope spawns its children with. Lives as long as the scope.
///
/// Thread safety  any thread, while the body or a child runs.
class task_scope {
public:
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

    /// Starts a child: a task of the current runtime, as edo::spawn, but it may capture and borrow
    /// what outlives the scope (std::ref for an argument); what it takes must be sendable.
    ///
    /// Returns        a handle that gives the child's result. Dropping it lets the child run on; the
    ///                scope waits for it.
    /// Errors         no_runtime_error outside a runtime, send_error, std::bad_alloc. In a scope that is
    ///                ending the child is aborted.
    template <class F, class... Args>
        requires detail::spawnable_in_scope<F, Args...>
    auto spawn(F&& f, Args&&... args) -> join_handle<detail::spawn_result_t<F, Args...>> {
        using result = detail::spawn_result_t<F, Args...>;
        auto* child = detail::make_cell<detail::scoped<result>>(
            detail::current_runtime("edo::task_scope::spawn", {}), {}, true, std::forward<F>(f),
            std::forward<Args>(args)...);
        const auto enter = [this](auto& c) noexcept {
            c.scope = core_;
            if (core_->add(c)) { static_cast<void>(c.state.request_abort()); }
        };
        return detail::handle_access::make<result>(
            detail::name_and_launch(child, detail::spawn_site{}, enter));
    }
    /// Refused: the message names the rule, the argument and the fix.
    template <class F, class... Args,
              class Why = detail::refusal<"edo::task_scope::spawn", detail::k_scope, F, Args...>>
    auto spawn(F&&, Args&&...);

private:
    template <class F>
    friend class detail::scope_awaiter;
    explicit task_scope(detail::scope_core& core) noexcept : core_(&core) {}
    detail::scope_core* core_;
};

namespace detail {

/// Runs the body and waits for the children.
template <class F>
class scope_awaiter final : public scope_core {
    using result = typename task_value<std::invoke_result_t<F&, task_scope&>>::type;

public:
    explicit scope_awaiter(F&& body) : body_(std::move(body)), scope_(*this) {}
    result await_resume() {
        rethrow();
        return result_.take();
    }

private:
    sink_base& make_body() override {
        connect(std::invoke(body_, scope_), result_);
        return result_;
    }
    F body_;
    task_scope scope_;
    sink<result> result_;
};

/// What scope returns, until it is awaited.
template <class F>
class [[nodiscard("co_await it")]] scope_operation {
public:
    explicit scope_operation(F&& body) : body_(std::move(body)) {}
    auto operator co_await() && { return scope_awaiter<F>(std::move(body_)); }

private:
    F body_;
};

}  // namespace detail

/// `co_await scope(body)` runs the coroutine `body(s)`, where s is a task_scope&, and waits for it and
/// for all children that it, or they, spawned in s. Whatever lives as long as this await may be
/// borrowed by them: none is left when it ends, however it ends. Gives the result of the body.
///
/// body           a callable that takes task_scope& and returns an edo::task; captures and references
///                are fine. It runs within this task, the children are tasks that run on all workers.
/// Exceptions     the first one, of the body or a child, aborts the children and drops the body, and is
///                thrown again when they have ended. Those of others are in their handles.
/// Cancel safety  when this is dropped, or its task aborted, the children are aborted and waited for;
///                only then are the frames of this task destroyed. So dropping takes as long as the
///                children need to their next await.
/// Allocation     the body's coroutine, and what tasks need. Throws std::bad_alloc.
/// Thread safety  awaited by one task. Source: Rust has none for tasks; std::thread::scope for threads.
template <class F>
    requires detail::is_a_task<std::invoke_result_t<std::decay_t<F>&, task_scope&>>
[[nodiscard("co_await it")]] auto scope(F&& body) {
    return detail::scope_operation<std::decay_t<F>>(std::decay_t<F>(std::forward<F>(body)));
}

}  // namespace edo
