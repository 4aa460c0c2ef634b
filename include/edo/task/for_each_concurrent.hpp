/// A coroutine for each element of a range, several at once, on all workers.
#pragma once

#include <edo/task/scope.hpp>

#include <ranges>
#include <stdexcept>

namespace edo {
namespace detail {

/// The elements that are left. Runners take one after the other; whoever takes one while others are left
/// starts one more runner, until there are as many as may be.
template <class R, class F>
class element_source {
public:
    element_source(R& range, std::size_t limit, F& f)
        : next_(std::ranges::begin(range)),
          end_(std::ranges::end(range)),
          runners_left_(limit),
          f_(f) {}

    /// Runs in the scope until no element is left.
    static task<> run(element_source& source, task_scope& scope) {
        for (;;) {
            std::optional<task<>> body = source.take(scope);
            if (!body) { co_return; }
            co_await std::move(*body);
        }
    }

private:
    /// The coroutine of the next element.
    std::optional<task<>> take(task_scope& scope) EDO_EXCLUDES(lock_) {
        bool starts_another = false;
        std::optional<task<>> body;
        {
            lock_guard guard(lock_);
            if (next_ == end_) { return std::nullopt; }
            body.emplace(f_(*next_));
            check_argument<true>(*body, true, {});
            ++next_;
            starts_another = next_ != end_ && runners_left_ > 1;
            if (starts_another) { --runners_left_; }
        }
        if (starts_another) { scope.spawn(&run, std::ref(*this), std::ref(scope)).detach(); }
        return body;
    }
    mutex lock_;
    std::ranges::iterator_t<R> next_ EDO_GUARDED_BY(lock_);
    std::ranges::sentinel_t<R> end_;
    std::size_t runners_left_ EDO_GUARDED_BY(lock_);
    F& f_;
};

template <class R, class F>
task<> run_for_each(R range, std::size_t limit, F f) {
    using source = element_source<std::remove_reference_t<R>, F>;
    source elements(range, limit, f);
    co_await scope([&elements](task_scope& s) -> task<> { return source::run(elements, s); });
}

}  // namespace detail

/// `co_await for_each_concurrent(range, limit, f)` runs the coroutine f(element) for each element, in order of
/// their starts, at most `limit` of them at a time and on all workers, and waits for all. f and the coroutines
/// may borrow whatever lives as long as this await.
///
/// range          an input range, read by one worker at a time. A range that is an rvalue is taken over. The
///                elements must stay where they are while they are used.
/// limit          at least 1; else throws std::invalid_argument.
/// f              a callable that takes what *begin(range) gives and returns edo::task<>; called by one worker
///                at a time. Parameters of the coroutine must be sendable, also behind references; so must
///                what f captures, which cannot be seen.
/// Exceptions     the first one aborts the others, which are waited for, and is thrown again; send_error (a
///                parameter is not sendable).
/// Cancel safety  as scope().
/// Allocation     one task for each that runs at once, not for each element; and the coroutines of f.
/// Thread safety  awaited by one task. Source: futures::StreamExt::for_each_concurrent.
template <std::ranges::input_range R, class F>
    requires std::same_as<std::invoke_result_t<F&, std::ranges::range_reference_t<R>>, task<>>
[[nodiscard("co_await it")]] task<> for_each_concurrent(R&& range, std::size_t limit, F f) {
    if (limit == 0) {
        throw std::invalid_argument("edo::for_each_concurrent: the limit must be at least 1");
    }
    return detail::run_for_each<R, F>(std::forward<R>(range), limit, std::move(f));
}

}  // namespace edo
