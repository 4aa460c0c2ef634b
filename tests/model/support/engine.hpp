/// What the shims ask of the explorer. Every call is one visible operation of the running thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <source_location>

namespace edo::model::engine {

using site = std::source_location;

/// An execution runs, and its thread is one of the model's.
bool is_running() noexcept;
/// Which execution this is; never 0.
std::uint64_t execution() noexcept;

/// A new place in the memory of this execution, made by the running thread.
std::uint32_t make_location(std::uint64_t initial);
/// The same for an object that was there before.
std::uint32_t adopt_location(std::uint64_t initial);
void end_location(std::uint32_t id) noexcept;

std::uint64_t load(std::uint32_t id, std::memory_order order, const site& where) noexcept;
void store(std::uint32_t id, std::uint64_t value, std::memory_order order,
           const site& where) noexcept;
/// Reads the last store and adds `change(read)` after it; returns what it read.
std::uint64_t update(std::uint32_t id, const std::function<std::uint64_t(std::uint64_t)>& change,
                     std::memory_order order, const site& where) noexcept;
bool compare_exchange(std::uint32_t id, std::uint64_t& expected, std::uint64_t desired,
                      std::memory_order success, std::memory_order failure,
                      const site& where) noexcept;
void fence(const site& where) noexcept;
/// A fence in every thread, between two of the running one: what membarrier makes.
void fence_all(const site& where) noexcept;
/// The thread spins: it goes on when another one has stored something.
void spin() noexcept;

std::uint32_t make_lock();
void end_lock(std::uint32_t id) noexcept;
void lock(std::uint32_t id) noexcept;
bool try_lock(std::uint32_t id) noexcept;
void unlock(std::uint32_t id) noexcept;
/// Whether the running thread has a lock.
[[nodiscard]] bool holds_a_lock() noexcept;

/// Sleeps on an address until wake() for it.
void sleep(const void* address) noexcept;
void wake(const void* address, bool all) noexcept;
/// futex: sleeps on the location if its last value is `value`.
void sleep_if(std::uint32_t id, std::uint64_t value, const void* address,
              const site& where) noexcept;

/// Plain memory.
std::uint32_t make_plain();
void read_plain(std::uint32_t id) noexcept;
void write_plain(std::uint32_t id) noexcept;

int start_thread(std::move_only_function<void()> body);
void join_thread(int id) noexcept;
/// A slot of the running thread, zero at its start.
void*& thread_slot() noexcept;

[[noreturn]] void fail(const char* what) noexcept;

}  // namespace edo::model::engine
