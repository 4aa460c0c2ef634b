#pragma once

#include <edo/base/config.hpp>

#include <exception>

namespace edo::detail {

/// Prints "type: what()" of what escaped from co_main on stderr.
EDO_API void report_escaped(const std::exception_ptr& exception) noexcept;

}  // namespace edo::detail
