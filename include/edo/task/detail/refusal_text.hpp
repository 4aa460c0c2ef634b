/// GCC prints a text that is a template argument in full: here it is made, from the words of
/// why.hpp. Other compilers cut such texts, and show the words themselves.
#pragma once

#include <edo/coro/detail/type_name.hpp>
#include <edo/task/detail/fixed_text.hpp>
#include <edo/task/detail/judge.hpp>
#include <edo/task/detail/why.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace edo::detail {

struct replacement {
    std::string_view from;
    std::string_view to;
};

struct sentence {
    char data[1500]{};
    std::size_t size = 0;

    // The compiler puts the whole text in quotes, so it must not contain any.
    consteval auto operator<<(std::string_view words) -> sentence& {
        for (const char c : words) {
            if (size + 1 < sizeof(data)) {
                data[size++] = c == '"' || c == '\'' || c == '\n' ? ' ' : c;
            }
        }
        return *this;
    }

    consteval auto operator<<(int number) -> sentence& {
        if (number >= 10) { *this << number / 10; }
        const char digit = static_cast<char>('0' + number % 10);
        return *this << std::string_view(&digit, 1);
    }

    template <std::size_t Size>
    consteval auto replace(std::string_view name, const replacement (&table)[Size]) -> sentence& {
        while (!name.empty()) {
            replacement found{name.substr(0, 1), name.substr(0, 1)};
            for (const auto& entry : table) {
                if (name.starts_with(entry.from)) {
                    found = entry;
                    break;
                }
            }
            *this << found.to;
            name.remove_prefix(found.from.size());
        }
        return *this;
    }
};

/// The name of a type, with the usual names of the standard's strings.
template <class T>
consteval void tell_type(sentence& out) {
    constexpr replacement table[] = {{"std::__cxx11::basic_string<char>", "std::string"},
                                     {"std::basic_string_view<char>", "std::string_view"},
                                     {"std::__cxx11::", "std::"},
                                     {" >", ">"},
                                     {"{anonymous}::", ""}};
    out.replace(type_name<T>(), table);
}

/// An identifier as words: "pass_a_std_string" is "pass a std::string".
consteval void tell_identifier(sentence& out, std::string_view name) {
    constexpr replacement table[] = {{"shared_ptr", "shared_ptr"},
                                     {"spawn_local", "spawn_local"},
                                     {"enable_", "enable_"},
                                     {"_std_", " std::"},
                                     {"_edo_", " edo::"},
                                     {"CP_51", "(CP.51)"},
                                     {"_", " "}};
    name.remove_prefix(name.rfind(':') + 1);
    out.replace(name, table);
}

/// How a word of why.hpp reads in a sentence; as its identifier, if nothing else is said.
template <class Word>
struct reads {
    static consteval void tell(sentence& out) { tell_identifier(out, type_name<Word>()); }
};
template <int I, class T>
struct reads<why::argument<I, T>> {
    static consteval void tell(sentence& out) {
        tell_type<T>(out << "argument " << I << " of type ");
    }
};
template <int I, class T>
struct reads<why::parameter<I, T>> {
    static consteval void tell(sentence& out) {
        tell_type<T>(out << "parameter " << I << " of the callable, of type ");
    }
};
template <class T>
struct reads<why::callable<T>> {
    static consteval void tell(sentence& out) { tell_type<T>(out << "the callable of type "); }
};
template <class T>
struct reads<why::result<T>> {
    static consteval void tell(sentence& out) { tell_type<T>(out << "the result of type "); }
};
template <class F, class... Args>
struct reads<why::call<F, Args...>> {
    static consteval void tell(sentence& out) {
        tell_type<F>(out << "the call of ");
        [[maybe_unused]] std::string_view separator = " with (";
        ((tell_type<Args>(out << separator), separator = ", "), ...);
        out << (sizeof...(Args) == 0 ? " with ()" : ")");
    }
};
template <class T>
struct reads<why::is_not_the_result_type_of_the_set<T>> {
    static consteval void tell(sentence& out) {
        tell_type<T>(out << "is not the result type of the set, ");
    }
};
template <class Because>
struct reads<why::is_not_owning<Because>> {
    static consteval void tell(sentence& out) {
        reads<Because>::tell(out << "is not owning because ");
    }
};
template <class Because>
struct reads<why::is_not_sendable<Because>> {
    static consteval void tell(sentence& out) {
        reads<Because>::tell(out << "is not sendable because ");
    }
};
template <class Given>
struct reads<why::would_refer_to_a_temporary_made_from<Given>> {
    static consteval void tell(sentence& out) {
        tell_type<Given>(out << "would refer to a temporary made from ");
    }
};

template <why::reason Why>
struct reads<std::integral_constant<why::reason, Why>> {
    static consteval void tell(sentence& out) {
        auto name = type_name<std::integral_constant<why::reason, Why>>();
        name.remove_suffix(1);
        tell_identifier(out, name);
    }
};
template <why::reason Why>
struct reads<why::it_is<Why>> {
    static consteval void tell(sentence& out) {
        reads<std::integral_constant<why::reason, Why>>::tell(out << "it is ");
    }
};
template <class T>
struct reads<why::it_holds<T>> {
    static consteval void tell(sentence& out) { tell_type<T>(out << "it holds "); }
};
template <int I, class T, why::reason Why>
struct reads<why::its_member<I, T, Why>> {
    static consteval void tell(sentence& out) {
        tell_type<T>(out << "member " << I << " of ");
        reads<std::integral_constant<why::reason, Why>>::tell(out << " is ");
    }
};

template <class Broken>
consteval auto tell(std::string_view function) -> sentence {
    sentence out;
    reads<typename Broken::what>::tell(out << function << ": ");
    reads<typename Broken::problem>::tell(out << " ");
    reads<typename Broken::fix>::tell(out << ". Fix: ");
    return out;
}

template <fixed_text Function, class Broken>
consteval auto message() {
    constexpr sentence told = tell<Broken>(Function.data);
    fixed_text<told.size + 1> text;
    for (std::size_t i = 0; i < told.size; ++i) { text.data[i] = told.data[i]; }
    return text;
}

}  // namespace edo::detail
