/// How errors of misuse name the user's line.
#pragma once

#include <edo/base/config.hpp>

#include <source_location>
#include <string>

namespace edo::detail {

/// "main.cpp:12: " in front of a message, nothing where the line is not known.
EDO_API std::string at_line(const std::source_location& where);

}  // namespace edo::detail
