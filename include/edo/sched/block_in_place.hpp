/// Blocking inside a task without stopping the others.
#pragma once

#include <edo/task/detail/runtime_core.hpp>

#include <memory>
#include <optional>
#include <type_traits>

namespace edo {

/// Calls f() on this thread, which may block; the worker's other tasks move to another thread first.
/// As tokio::task::block_in_place. f may borrow and capture anything. Inside it block_on is legal,
/// and no budget is spent. Other branches of the same task stall.
///
/// Errors  std::logic_error on a current-thread runtime and in a local_set; what f throws. Outside a
///         runtime, and in block_on's own future without a lent thread, f is simply called.
template <class F>
auto block_in_place(F&& f, std::source_location where = std::source_location::current())
    -> std::invoke_result_t<F> {
    detail::runtime_core* core = detail::this_context().runtime;
    if (core == nullptr || !detail::this_context().current) { return std::forward<F>(f)(); }
    using result = std::invoke_result_t<F>;
    if constexpr (std::is_void_v<result>) {
        core->run_in_place([](void* g) { (*static_cast<std::remove_reference_t<F>*>(g))(); },
                           const_cast<void*>(static_cast<const void*>(std::addressof(f))), where);
    } else if constexpr (std::is_reference_v<result>) {
        std::remove_reference_t<result>* value = nullptr;
        auto call = [&] {
            result got = std::forward<F>(f)();
            value = std::addressof(got);
        };
        core->run_in_place([](void* g) { (*static_cast<decltype(call)*>(g))(); }, &call, where);
        return static_cast<result>(*value);
    } else {
        std::optional<result> value;
        auto call = [&] { value.emplace(std::forward<F>(f)()); };
        core->run_in_place([](void* g) { (*static_cast<decltype(call)*>(g))(); }, &call, where);
        return std::move(*value);
    }
}

}  // namespace edo
