#include "runtime/core.hpp"

#include <edo/runtime/metrics.hpp>

#include <stdexcept>

namespace edo {
namespace {

const detail::place_counters& counters(detail::runtime_impl& impl, std::size_t worker) {
    if (worker >= impl.exec.options().places) {
        throw std::out_of_range("edo::runtime_metrics: there is no worker " +
                                std::to_string(worker));
    }
    return impl.exec.at(worker).count;
}

/// The sum of one counter over all workers.
std::uint64_t total(detail::runtime_impl& impl,
                    detail::atomic<std::uint64_t> detail::place_counters::* counter) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < impl.exec.options().places; ++i) {
        sum += (impl.exec.at(i).count.*counter).load(detail::relaxed);
    }
    return sum;
}

}  // namespace

detail::runtime_impl& runtime_metrics::impl() const noexcept {
    return static_cast<detail::runtime_impl&>(*core_);
}

std::size_t runtime_metrics::num_workers() const noexcept { return impl().exec.options().places; }
std::size_t runtime_metrics::num_alive_tasks() const noexcept { return impl().exec.alive(); }
std::uint64_t runtime_metrics::spawned_tasks_count() const noexcept {
    return total(impl(), &detail::place_counters::spawned) + impl().exec.spawned_outside();
}
std::size_t runtime_metrics::global_queue_depth() const noexcept { return impl().exec.injected(); }
std::uint64_t runtime_metrics::remote_schedule_count() const noexcept {
    return impl().exec.remote_schedules();
}
std::size_t runtime_metrics::num_blocking_threads() const noexcept { return impl().pool.threads(); }
std::size_t runtime_metrics::num_idle_blocking_threads() const noexcept {
    return impl().pool.idle_threads();
}
std::size_t runtime_metrics::blocking_queue_depth() const noexcept { return impl().pool.queued(); }
std::uint64_t runtime_metrics::budget_forced_yield_count() const noexcept {
    return total(impl(), &detail::place_counters::forced_yields);
}
std::size_t runtime_metrics::leaked_tasks() const noexcept {
    return impl().leaked.load(detail::relaxed);
}
std::uint64_t runtime_metrics::worker_park_count(std::size_t worker) const {
    return counters(impl(), worker).parks.load(detail::relaxed);
}
std::uint64_t runtime_metrics::worker_park_unpark_count(std::size_t worker) const {
    const auto& count = counters(impl(), worker);
    return count.parks.load(detail::relaxed) + count.unparks.load(detail::relaxed);
}
std::chrono::nanoseconds runtime_metrics::worker_total_busy_duration(std::size_t worker) const {
    return std::chrono::nanoseconds(counters(impl(), worker).busy_ns.load(detail::relaxed));
}
std::uint64_t runtime_metrics::worker_steal_operations(std::size_t worker) const {
    return counters(impl(), worker).steals.load(detail::relaxed);
}
std::uint64_t runtime_metrics::worker_poll_count(std::size_t worker) const {
    return counters(impl(), worker).polls.load(detail::relaxed);
}
std::uint64_t runtime_metrics::worker_overflow_count(std::size_t worker) const {
    return counters(impl(), worker).overflows.load(detail::relaxed);
}
std::size_t runtime_metrics::worker_local_queue_depth(std::size_t worker) const {
    static_cast<void>(counters(impl(), worker));
    const detail::place& p = impl().exec.at(worker);
    return p.queue.size() + p.fifo_depth.load(detail::relaxed);
}

}  // namespace edo
