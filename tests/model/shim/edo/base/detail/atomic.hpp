/// Stands for the shipped header in the model tests: every operation goes to the explorer.
#pragma once

#include "support/engine.hpp"

#include <edo/base/config.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace edo::detail {

inline constexpr std::memory_order relaxed = std::memory_order_relaxed;
inline constexpr std::memory_order acquire = std::memory_order_acquire;
inline constexpr std::memory_order release = std::memory_order_release;
inline constexpr std::memory_order acq_rel = std::memory_order_acq_rel;
inline constexpr std::memory_order seq_cst = std::memory_order_seq_cst;

inline void count_lock() noexcept {}
inline void count_pool_alloc() noexcept {}
inline void count_heap_alloc() noexcept {}

template <class T>
class atomic {
    using site = std::source_location;

public:
    constexpr atomic() noexcept : atomic(T{}) {}
    constexpr explicit atomic(T value) noexcept : plain_(value) {
        if (!std::is_constant_evaluated() && model::engine::is_running()) {
            execution_ = model::engine::execution();
            id_ = model::engine::make_location(pack(value));
        }
    }
    constexpr ~atomic() {
        if (!std::is_constant_evaluated() && execution_ != 0 && model::engine::is_running() &&
            execution_ == model::engine::execution()) {
            model::engine::end_location(id_);
        }
    }
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    T load(std::memory_order order, site where = site::current()) const noexcept {
        if (!model::engine::is_running()) { return plain_; }
        return unpack(model::engine::load(id(), order, where));
    }
    void store(T value, std::memory_order order, site where = site::current()) noexcept {
        if (!model::engine::is_running()) {
            plain_ = value;
        } else {
            model::engine::store(id(), pack(value), order, where);
        }
    }
    T exchange(T value, std::memory_order order, site where = site::current()) noexcept {
        return update([value](T) { return value; }, order, where);
    }
    bool compare_exchange(T& expected, T desired, std::memory_order success,
                          std::memory_order failure, site where = site::current()) noexcept {
        if (!model::engine::is_running()) {
            if (plain_ == expected) {
                plain_ = desired;
                return true;
            }
            expected = plain_;
            return false;
        }
        std::uint64_t packed = pack(expected);
        const bool done =
            model::engine::compare_exchange(id(), packed, pack(desired), success, failure, where);
        expected = unpack(packed);
        return done;
    }
    T fetch_add(T value, std::memory_order order, site where = site::current()) noexcept {
        return update([value](T old) { return static_cast<T>(old + value); }, order, where);
    }
    T fetch_sub(T value, std::memory_order order, site where = site::current()) noexcept {
        return update([value](T old) { return static_cast<T>(old - value); }, order, where);
    }
    T fetch_or(T value, std::memory_order order, site where = site::current()) noexcept {
        return update([value](T old) { return static_cast<T>(old | value); }, order, where);
    }
    void add_by_owner(T value, site where = site::current()) noexcept {
        store(load(relaxed, where) + value, relaxed, where);
    }
    /// For the futex of the model.
    std::uint32_t id() const noexcept {
        if (execution_ != model::engine::execution()) {  // it was there before the execution
            execution_ = model::engine::execution();
            id_ = model::engine::adopt_location(pack(plain_));
        }
        return id_;
    }

private:
    static std::uint64_t pack(T value) noexcept {
        std::uint64_t packed = 0;
        std::memcpy(&packed, &value, sizeof value);
        return packed;
    }
    static T unpack(std::uint64_t packed) noexcept {
        T value;
        std::memcpy(static_cast<void*>(&value), &packed, sizeof value);
        return value;
    }
    template <class Change>
    T update(Change change, std::memory_order order, const site& where) noexcept {
        if (!model::engine::is_running()) { return std::exchange(plain_, change(plain_)); }
        return unpack(model::engine::update(
            id(), [&](std::uint64_t old) { return pack(change(unpack(old))); }, order, where));
    }
    T plain_;
    mutable std::uint64_t execution_ = 0;
    mutable std::uint32_t id_ = 0;
};

inline void store_load_fence(
    std::source_location where = std::source_location::current()) noexcept {
    if (model::engine::is_running()) { model::engine::fence(where); }
}
inline void cpu_relax() noexcept {
    if (model::engine::is_running()) { model::engine::spin(); }
}
inline void yield_thread() noexcept { cpu_relax(); }

}  // namespace edo::detail
