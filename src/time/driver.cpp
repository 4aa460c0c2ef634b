#include "time/driver.hpp"

#include <edo/task/errors.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace edo::detail {
namespace {

[[noreturn]] void refuse(const char* message, const std::source_location& where) {
    throw std::logic_error(at_line(where) + message);
}

}  // namespace

bool timer_shard::add(timer_entry& entry) noexcept {
    lock_guard guard(lock_);
    registered_.add_by_owner(1);
    return wheel_.insert(entry) < sleeps_until_;
}

bool timer_shard::remove(timer_entry& entry) noexcept {
    lock_guard guard(lock_);
    if (entry.waiter == nullptr) { return true; }
    timing_wheel::erase(entry);
    registered_.add_by_owner(-std::size_t{1});
    return false;
}

void timer_shard::fire(std::uint64_t tick) noexcept {
    std::array<claimed, 32> woken;
    std::size_t count;
    do {
        count = 0;
        {
            lock_guard guard(lock_);
            while (count < woken.size()) {
                timer_entry* entry = wheel_.pop_due(tick);
                if (entry == nullptr) { break; }
                registered_.add_by_owner(-std::size_t{1});
                woken[count++] = claim(*std::exchange(entry->waiter, nullptr));
            }
        }
        for (std::size_t i = 0; i < count; ++i) { woken[i].enqueue(); }
    } while (count == woken.size());
}

std::optional<std::uint64_t> timer_shard::sleep_until() noexcept {
    lock_guard guard(lock_);
    const auto next = wheel_.next_tick();
    sleeps_until_ = next.value_or(UINT64_MAX);
    return next;
}

time_driver::time_driver(unsigned shards, bool can_pause, std::function<void(unsigned)> wake_shard)
    : can_pause_(can_pause), wake_shard_(std::move(wake_shard)) {
    shards_.reserve(shards);
    for (unsigned i = 0; i < shards; ++i) {
        shards_.push_back(std::make_unique<timer_shard>(start_of_clock()));
    }
}

clock::time_point time_driver::now() const noexcept {
    const std::chrono::nanoseconds offset(paused_at_ns_.load(relaxed));
    if (is_paused()) { return clock::time_point(offset); }
    return clock::time_point(steady::now().time_since_epoch() + offset);
}

std::int64_t time_driver::start_of(std::uint64_t tick) const noexcept {
    const std::int64_t start = start_.time_since_epoch() / std::chrono::nanoseconds(1);
    // The last tick begins beyond the range of the clock.
    const auto last = static_cast<std::uint64_t>((INT64_MAX - start) / tick_length.count());
    if (tick > last) { return INT64_MAX; }
    return start + tick_length.count() * static_cast<std::int64_t>(tick);
}

std::uint64_t time_driver::present_tick() const noexcept {
    const auto since_start = now().time_since_epoch() - start_.time_since_epoch();
    return static_cast<std::uint64_t>(std::max(since_start, std::chrono::nanoseconds::zero()) /
                                      tick_length);
}

bool time_driver::add(timer_entry& entry, unsigned shard, bool is_own) noexcept {
    if (entry.deadline == clock::time_point::max()) { return false; }
    entry.shard = shards_[shard].get();
    if (entry.shard->add(entry) && !is_own) { wake_shard_(shard); }
    return true;
}

void time_driver::fire(unsigned shard) noexcept { shards_[shard]->fire(present_tick()); }

std::optional<time_driver::steady::time_point> time_driver::next_deadline(unsigned shard) noexcept {
    const auto tick = shards_[shard]->sleep_until();
    if (!tick || is_paused()) { return std::nullopt; }  // the paused clock moves when all is idle
    const std::chrono::nanoseconds ahead(paused_at_ns_.load(relaxed));
    constexpr auto farthest = static_cast<std::uint64_t>(std::chrono::hours(24) / tick_length);
    const auto present = present_tick();
    const auto distance = std::min(*tick - std::min(*tick, present), farthest);
    return start_ - ahead + tick_length * static_cast<std::int64_t>(present + distance);
}

void time_driver::pause(const std::source_location& where) {
    if (!can_pause_) { refuse("edo::time::pause() needs a current-thread runtime", where); }
    if (is_paused()) { refuse("edo::time::pause(): the clock is paused already", where); }
    // To a whole tick, so that sleeps of whole milliseconds take exactly that.
    paused_at_ns_.store(start_of(tick_of(start_of_clock(), now())), relaxed);
    paused_.store(true, relaxed);
}

void time_driver::resume(const std::source_location& where) {
    if (!is_paused()) { refuse("edo::time::resume(): the clock is not paused", where); }
    const auto ahead = now().time_since_epoch() - steady::now().time_since_epoch();
    paused_at_ns_.store(ahead.count(), relaxed);
    paused_.store(false, relaxed);
}

void time_driver::advance(std::chrono::nanoseconds d, const std::source_location& where) {
    if (!is_paused()) { refuse("edo::time::advance(): the clock is not paused", where); }
    const std::int64_t before = paused_at_ns_.load(relaxed);
    paused_at_ns_.store(before + std::min(d.count(), INT64_MAX - 1 - before), relaxed);
    for (const auto& shard : shards_) { shard->fire(present_tick()); }
}

bool time_driver::may_jump() const noexcept {
    // acquire: pairs with permit(): the closure's wakes are seen before the clock moves
    return is_paused() && inhibited_.load(acquire) == 0;
}

bool time_driver::jump() noexcept {
    timer_shard& only = *shards_.front();
    const auto tick = only.sleep_until();
    if (!tick) { return false; }
    paused_at_ns_.store(std::max(start_of(*tick), paused_at_ns_.load(relaxed)), relaxed);
    only.fire(*tick);
    return true;
}

void time_driver::permit() noexcept {
    // release: pairs with may_jump()
    if (inhibited_.fetch_sub(1, release) == 1 && is_paused()) { wake_shard_(0); }
}

std::size_t time_driver::registered() const noexcept {
    std::size_t sum = 0;
    for (const auto& shard : shards_) { sum += shard->registered(); }
    return sum;
}

}  // namespace edo::detail
