/// Coroutines of two object files that are compiled at different levels of optimisation and await
/// each other: deep_test.cpp as the whole build is, deep_other.cpp always with -O2.
#pragma once

#include <edo/coro/task.hpp>

#include <cstdint>

namespace edo::test {

/// deep_other.cpp: completes at once.
task<std::uint64_t> other_value(std::uint64_t v);
/// deep_other.cpp: awaits here_value() n times, and gives the sum.
task<std::uint64_t> other_loop(std::uint64_t n);
/// deep_other.cpp: a chain of n awaits that alternates between the two files.
task<std::uint64_t> other_chain(std::uint64_t n);

/// deep_test.cpp: the same, the other way round.
task<std::uint64_t> here_value(std::uint64_t v);
task<std::uint64_t> here_chain(std::uint64_t n);

}  // namespace edo::test
