/// The end of a program that broke a rule which cannot be an exception.
#pragma once

#include <edo/base/config.hpp>

#include <string_view>

namespace edo::detail {

/// Prints "edo: " and the message as one line on stderr, then std::terminate().
[[noreturn]] EDO_API void fatal(std::string_view message) noexcept;

/// Prints "edo: " and the message as one line on stderr, in one write.
EDO_API void report(std::string_view message) noexcept;

}  // namespace edo::detail
