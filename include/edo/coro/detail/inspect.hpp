/// Walks through a type and gives the first thing in it that breaks a rule. A rule is a class with
///
///   said<T>()   the user's word on T: bool, or `automatic` if nothing was said
///   look<T>()   clean, bad, as_for<U> (ask U instead) or as_its_parts
///
/// `Seen...` are the aggregates on the way down: one that contains itself (through a vector of
/// children, say) is as good as its other members.
#pragma once

#include <edo/coro/detail/findings.hpp>
#include <edo/coro/detail/members.hpp>
#include <edo/coro/detail/parts.hpp>

#include <type_traits>

namespace edo::detail::inspection {

template <class Rule, class T, class... Seen>
consteval auto inspect();

template <class Rule, class... Seen>
struct is_bad {
    template <class U>
    static consteval auto yes() -> bool {
        return !decltype(inspect<Rule, U, Seen...>())::good;
    }
};

template <class Rule, reason Why, class... Seen>
struct is_bad_because {
    template <class U>
    static consteval auto yes() -> bool {
        using found = decltype(inspect<Rule, U, Seen...>());
        if constexpr (found::good) {
            return false;
        } else {
            return found::why == Why;
        }
    }
};

// Only for the message: which reason is it that makes the member bad?
template <class Rule, class T, int Candidate, class... Seen>
consteval auto reason_of_member() -> reason {
    constexpr auto why = static_cast<reason>(Candidate);
    if constexpr (why == reason::count_) {
        return reason::none;
    } else if constexpr (find_member<T, is_bad_because<Rule, why, Seen...>>() >= 0) {
        return why;
    } else {
        return reason_of_member<Rule, T, Candidate + 1, Seen...>();
    }
}

template <class Rule, class T, class... Seen>
consteval auto inspect_members() {
    constexpr int member = find_member<T, is_bad<Rule, T, Seen...>>();
    if constexpr (member == k_no_member) {
        return clean{};
    } else if constexpr (member == k_cannot_see) {
        return bad<reason::an_aggregate_whose_members_cannot_be_seen, T>{};
    } else {
        return bad<reason_of_member<Rule, T, 1, T, Seen...>(), void, T, member>{};
    }
}

template <class Rule, class... Seen>
consteval auto inspect_list(type_list<>) -> clean {
    return {};
}

template <class Rule, class... Seen, class T, class... Rest>
consteval auto inspect_list(type_list<T, Rest...>) {
    using found = decltype(inspect<Rule, T, Seen...>());
    if constexpr (found::good) {
        return inspect_list<Rule, Seen...>(type_list<Rest...>{});
    } else {
        return found{};
    }
}

template <class Rule, class T, class... Seen>
consteval auto inspect_parts() {
    using parts = decltype(parts_of<T>());
    if constexpr (!std::is_same_v<parts, no_parts>) {
        return inspect_list<Rule, Seen...>(parts{});
    } else if constexpr (!std::is_aggregate_v<T> || (std::is_same_v<T, Seen> || ...)) {
        return clean{};
    } else {
        return inspect_members<Rule, T, Seen...>();
    }
}

template <class Rule, class T, class... Seen>
consteval auto inspect_unsaid() {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_member_pointer_v<T> ||
                  std::is_void_v<T> || std::is_null_pointer_v<T> || std::is_function_v<T>) {
        return clean{};
    } else {
        using answer = decltype(Rule::template look<T>());
        if constexpr (std::is_same_v<answer, as_its_parts>) {
            return inspect_parts<Rule, T, Seen...>();
        } else if constexpr (requires { answer::good; }) {
            return answer{};
        } else {
            return []<class U>(as_for<U>) { return inspect<Rule, U, Seen...>(); }(answer{});
        }
    }
}

template <class Rule, class T, class... Seen>
consteval auto inspect() {
    using plain = std::remove_cv_t<T>;
    constexpr auto said = Rule::template said<plain>();
    if constexpr (std::is_same_v<decltype(said), const automatic>) {
        return inspect_unsaid<Rule, plain, Seen...>();
    } else if constexpr (said) {
        return clean{};
    } else {
        return bad<reason::declared_so_by_its_author, plain>{};
    }
}

}  // namespace edo::detail::inspection
