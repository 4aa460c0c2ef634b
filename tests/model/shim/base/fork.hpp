// In place of src/base/fork.hpp: a model does not fork.
#pragma once

#include <edo/base/detail/mutex.hpp>

#include <cstdint>

namespace edo::detail {

inline std::uint32_t fork_generation() noexcept { return 0; }
inline std::uint32_t observe_forks() noexcept { return 0; }
inline void hold_over_forks(mutex&) {}

}  // namespace edo::detail
