/// What fork(2) leaves of Edo in the child: one thread, and no lock held.
#pragma once

#include <edo/base/detail/mutex.hpp>

#include <cstdint>

namespace edo::detail {

/// Changes in the child of a fork: what was made under another number has lost its threads.
std::uint32_t fork_generation() noexcept;
/// The same, and from now on it does change. Throws std::bad_alloc.
std::uint32_t observe_forks();

/// No child inherits `lock` locked. For locks that are never destroyed, before their first use;
/// they do not nest. Throws std::length_error if there are too many, std::bad_alloc.
/// Source: pthread_atfork(3).
void hold_over_forks(mutex& lock);

}  // namespace edo::detail
