/// Requirements on the compiler, the export macro and the build's switches.
///
/// EDO_CHECKED  1: `edo::rc` knows the task or thread that it belongs to (default in Debug).
/// EDO_COUNT    1: atomic read-modify-writes, locks and allocations are counted (tests only).
/// Both change the layout of types: the library and its users must agree (the CMake target sees to it).
#pragma once

#include <version>

#if !defined(__linux__) || !(defined(__x86_64__) || defined(__aarch64__))
#error "Edo runs on 64-bit Linux (x86-64 and aarch64)."
#endif
#if !defined(__cpp_exceptions) || !defined(__cpp_rtti)
#error "Edo needs exceptions and RTTI: remove -fno-exceptions / -fno-rtti."
#endif
#if !defined(__cpp_lib_expected) || !defined(__cpp_impl_coroutine)
#error \
    "Edo needs C++23 with std::expected and coroutines: GCC 12 or Clang 17 with libstdc++ 12, -std=c++23."
#endif

#if defined(EDO_SHARED)
#define EDO_API [[gnu::visibility("default")]]
#else
#define EDO_API
#endif

#define EDO_ALWAYS_INLINE [[gnu::always_inline]] inline
#define EDO_NOINLINE [[gnu::noinline]]

#ifndef EDO_CHECKED
#define EDO_CHECKED 0
#endif
#ifndef EDO_COUNT
#define EDO_COUNT 0
#endif

#if defined(__SANITIZE_THREAD__)
#define EDO_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EDO_TSAN 1
#endif
#endif
#ifndef EDO_TSAN
#define EDO_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define EDO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EDO_ASAN 1
#endif
#endif
#ifndef EDO_ASAN
#define EDO_ASAN 0
#endif
