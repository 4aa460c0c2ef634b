/// Looks at the members of an aggregate, one by one, without naming them.
///
/// "May member 2 be used?" is put to the compiler as "is `T{ {}, {}, ask }` well-formed?", where
/// `ask` converts only to types that break the rule. Bases, bit-fields, arrays of any size,
/// references and members that cannot be moved are seen. What makes it work:
///
/// * The probe stands for what is bad, not for what is good. Where a member cannot be made from the
///   probe the compiler elides braces and offers it to the member's own first member; a good
///   aggregate has no bad one.
/// * Members before the probe are made from `{}`. If one of them cannot be (a reference, a type
///   without default constructor), every place is filled with a probe that converts to anything,
///   and the elements of arrays count as members.
/// * Probes are not copyable and do not convert to probes, or std::any and std::function would
///   swallow them. The conversion functions are const: so a converting constructor template (that
///   of std::optional) is the better match, and asks the same question about its own argument.
/// * `operator U&()` is volatile too, so that it is taken only where a reference is wanted.
///
/// Not seen: `T&&` members count as values, and members past the 32nd are not asked about.
#pragma once

#include <edo/coro/detail/braces.hpp>
#include <edo/coro/detail/findings.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace edo::detail::inspection {

struct probe {
    probe() = default;
    probe(const probe&) = delete;
    auto operator=(const probe&) -> probe& = delete;
};

template <class U>
concept not_a_probe = !std::is_base_of_v<probe, std::remove_cv_t<U>>;

/// Converts to anything.
struct anything : probe {
    template <not_a_probe U>
    operator U() const noexcept;  // NOLINT(google-explicit-constructor)
    template <not_a_probe U>
    operator U&() const volatile noexcept;  // NOLINT(google-explicit-constructor)
};

/// Converts to anything but `U&` where U is not const.
struct any_value : probe {
    template <not_a_probe U>
    operator U() const noexcept;  // NOLINT(google-explicit-constructor)
};

/// Converts to the types that `Question::yes<U>()` is true for; for references to const it asks
/// `Question::yes<const U&>()`.
template <class Question>
struct ask : probe {
    template <not_a_probe U>
        requires(Question::template yes<U>())
    operator U() const noexcept;  // NOLINT(google-explicit-constructor)
    template <not_a_probe U>
        requires(std::is_const_v<U> && Question::template yes<U&>())
    operator U&() const volatile noexcept;  // NOLINT(google-explicit-constructor)
};

/// For a member that is known to be an lvalue reference.
template <class Question>
struct ask_reference : probe {
    template <not_a_probe U>
        requires(Question::template yes<U&>())
    operator U&() const volatile noexcept;  // NOLINT(google-explicit-constructor)
};

/// Converts to anything, by a function that may throw where `Question::yes` is true.
template <class Question>
struct ask_all : probe {
    template <not_a_probe U>
    operator U() const
        noexcept(!Question::template yes<U>());  // NOLINT(google-explicit-constructor)
    template <not_a_probe U>
    operator U&() const volatile  // NOLINT(google-explicit-constructor)
        noexcept(!Question::template yes<U&>());
};

template <class T, class... Probes>
consteval auto probes_fit() -> bool {
    return requires { T{Probes{}...}; };
}

template <class Probe, std::size_t>
using repeat = Probe;

/// Whether `T{ anything × At, Probe, anything × (Count - At - 1) }` is well-formed.
template <class T, class Probe, std::size_t At, std::size_t Count>
consteval auto fits_at() -> bool {
    return []<std::size_t... Before, std::size_t... After>(std::index_sequence<Before...>,
                                                           std::index_sequence<After...>) {
        return probes_fit<T, repeat<anything, Before>..., Probe, repeat<anything, After>...>();
    }(std::make_index_sequence<At>(), std::make_index_sequence<Count - At - 1>());
}

/// How many members can be made from `{}`, counted from the first.
template <class T, std::size_t Count = 0>
consteval auto count_braces() -> std::size_t {
    if constexpr (braces_fit<T, Count + 1>()) {
        return count_braces<T, Count + 1>();
    } else {
        return Count;
    }
}

/// The number of probes that fill `T`, or `k_max_braces + 1` if no number does.
template <class T, std::size_t Count = 0>
consteval auto count_anything() -> std::size_t {
    if constexpr (Count > k_max_braces) {
        return Count;
    } else {
        constexpr bool fits = []<std::size_t... I>(std::index_sequence<I...>) {
            return probes_fit<T, repeat<anything, I>...>();
        }(std::make_index_sequence<Count>());
        constexpr bool more = []<std::size_t... I>(std::index_sequence<I...>) {
            return probes_fit<T, anything, repeat<anything, I>...>();
        }(std::make_index_sequence<Count>());
        if constexpr (fits && !more) {
            return Count;
        } else {
            return count_anything<T, Count + 1>();
        }
    }
}

/// All at once, for the common aggregate without arrays: true if no member answers yes.
template <class T, class Question, std::size_t Count>
consteval auto none_answers() -> bool {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        if constexpr (probes_fit<T, anything, repeat<anything, I>...>()) {
            return false;
        } else {
            return requires {
                {
                    T { repeat<ask_all<Question>, I>{}... }
                } noexcept;
            };
        }
    }(std::make_index_sequence<Count>());
}

template <class T, class Question, std::size_t Count, std::size_t At = 0>
consteval auto first_after_braces() -> int {
    if constexpr (At == Count) {
        return -1;
    } else if constexpr (braces_fit<T, At, ask<Question>>()) {
        return static_cast<int>(At);
    } else {
        return first_after_braces<T, Question, Count, At + 1>();
    }
}

/// Whether place `At` of `Count` is a reference that answers yes. Values are not offered references:
/// Clang would instantiate their copy constructors.
template <class T, class Question, std::size_t At, std::size_t Count>
consteval auto reference_answers() -> bool {
    if constexpr (fits_at<T, any_value, At, Count>()) {
        return false;
    } else {
        return fits_at<T, ask_reference<Question>, At, Count>();
    }
}

template <class T, class Question, std::size_t Count, std::size_t At = 0>
consteval auto first_among_anything() -> int {
    if constexpr (At == Count) {
        return -1;
    } else if constexpr (fits_at<T, ask<Question>, At, Count>() ||
                         reference_answers<T, Question, At, Count>()) {
        return static_cast<int>(At);
    } else {
        return first_among_anything<T, Question, Count, At + 1>();
    }
}

inline constexpr int k_no_member = -1;
inline constexpr int k_cannot_see = -2;

/// The index of the first member of the aggregate `T` whose type answers yes, `k_no_member`, or
/// `k_cannot_see` if the members cannot be asked.
template <class T, class Question>
consteval auto find_member() -> int {
    constexpr std::size_t count = count_braces<T>();
    if constexpr (count == k_max_braces ||
                  (braces_fit<T, 0>() && !braces_fit<T, count, anything>())) {
        if constexpr (none_answers<T, Question, count>()) {
            return k_no_member;
        } else {
            return first_after_braces<T, Question, count>();
        }
    } else {
        constexpr std::size_t probes = count_anything<T>();
        if constexpr (probes > k_max_braces) {
            return k_cannot_see;
        } else {
            return first_among_anything<T, Question, probes>();
        }
    }
}

}  // namespace edo::detail::inspection
