/// How a spawned callable is called: as by std::thread, from copies that live in the task as long as
/// the coroutine's frame. A parameter by value is moved from its copy, a `const T&` or `T&&` binds
/// the copy itself.
#pragma once

#include <edo/task/unchecked.hpp>

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace edo::detail {

template <class T>
inline constexpr bool is_unchecked = false;
template <class T>
inline constexpr bool is_unchecked<unchecked_t<T>> = true;

template <class T>
struct unwrapped : std::type_identity<T> {};
template <class T>
struct unwrapped<unchecked_t<T>> : std::type_identity<T> {};

/// The stored type without the `unchecked` around it.
template <class T>
using unwrapped_t = typename unwrapped<T>::type;

template <class T>
constexpr auto unwrap_stored(T& stored) noexcept -> unwrapped_t<T>&& {
    if constexpr (is_unchecked<T>) {
        return std::move(stored.value);
    } else {
        return std::move(stored);
    }
}

/// Calls `f` with `args`, all of which are stored in the task and outlive what is returned.
template <class F, class... Args>
constexpr auto invoke_stored(F& f, std::tuple<Args...>& args) -> decltype(auto) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
        return std::apply(unwrap_stored(f),
                          std::tuple<unwrapped_t<Args>&&...>(unwrap_stored(std::get<I>(args))...));
    }(std::index_sequence_for<Args...>());
}

/// What `invoke_stored` returns; no member if the call is not well-formed.
template <class F, class... Args>
struct stored_result : std::invoke_result<unwrapped_t<F>, unwrapped_t<Args>...> {};

/// A callable and its arguments. Whoever has it calls destroy(), once. An empty callable alone takes
/// no room.
template <class F, class... Args>
class stored_call {
public:
    template <class G, class... As>
    explicit stored_call(G&& f, As&&... as) : kept_(std::forward<G>(f), std::forward<As>(as)...) {}
    ~stored_call() {}
    stored_call(const stored_call&) = delete;
    stored_call& operator=(const stored_call&) = delete;
    decltype(auto) invoke() { return invoke_stored(kept_.callable, kept_.arguments); }
    void destroy() noexcept { std::destroy_at(&kept_); }

private:
    struct parts {
        template <class G, class... As>
        explicit parts(G&& f, As&&... as)
            : callable(std::forward<G>(f)), arguments(std::forward<As>(as)...) {}
        [[no_unique_address]] F callable;
        [[no_unique_address]] std::tuple<Args...> arguments;
    };
    union {
        parts kept_;
    };
};
template <class F>
    requires(std::is_empty_v<F> && std::is_trivially_destructible_v<F>)
class stored_call<F> {
public:
    template <class G>
    explicit stored_call(G&& f) : callable_(std::forward<G>(f)) {}
    decltype(auto) invoke() {
        std::tuple<> none;
        return invoke_stored(callable_, none);
    }
    void destroy() noexcept {}

private:
    [[no_unique_address]] F callable_;
};

}  // namespace edo::detail
