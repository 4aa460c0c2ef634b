// The workloads, each with the name that it has in README.md; src/*.rs has the same functions.
#pragma once

#include "measure.hpp"

#include <edo/edo.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <semaphore>

namespace compare {

// spawning.cpp
void spawn_many_local(measurement& m);
void spawn_many_remote_idle(measurement& m);
void spawn_many_remote_busy1(measurement& m);
void spawn_many_remote_busy2(measurement& m);
void basic_scheduler_spawn(measurement& m);
void basic_scheduler_spawn10(measurement& m);
void threaded_scheduler_spawn(measurement& m);
void threaded_scheduler_spawn10(measurement& m);
void remote_spawn_1(measurement& m);
void remote_spawn_2(measurement& m);
void spawn_and_await(measurement& m);
void spawn_10k_await_all(measurement& m);
void block_on_spawn_and_await(measurement& m);

// waking.cpp
void yield_many(measurement& m);
void ping_pong(measurement& m);
void chained_spawn(measurement& m);

// blocking.cpp
void spawn_blocking_1(measurement& m);
void spawn_blocking_2(measurement& m);

// timing.cpp
void single_thread_timeout(measurement& m);
void multi_thread_timeout(measurement& m);
void single_thread_sleep(measurement& m);
void multi_thread_sleep(measurement& m);
void single_thread_registered(measurement& m);
void multi_thread_registered(measurement& m);

// channels.cpp
void mpsc_create(measurement& m);
void mpsc_create_1(measurement& m);
void mpsc_create_100000(measurement& m);
void mpsc_send_medium(measurement& m);
void mpsc_send_large(measurement& m);
void mpsc_uncontended(measurement& m);
void mpsc_uncontended_unbounded(measurement& m);
void mpsc_contention(measurement& m);
void mpsc_contention_full(measurement& m);
void mpsc_contention_unbounded(measurement& m);
void mpsc_recv_many(measurement& m);
void request_reply(measurement& m);
void request_reply_multi(measurement& m);
void watch_10(measurement& m);
void watch_100(measurement& m);
void watch_500(measurement& m);
void watch_1000(measurement& m);
void broadcast_10(measurement& m);
void broadcast_100(measurement& m);
void broadcast_500(measurement& m);
void broadcast_1000(measurement& m);

// syncing.cpp
void rwlock_read(measurement& m);
void rwlock_uncontended(measurement& m);
void rwlock_uncontended_multi(measurement& m);
void rwlock_contended(measurement& m);
void rwlock_contended_multi(measurement& m);
void semaphore_uncontended(measurement& m);
void semaphore_uncontended_concurrent(measurement& m);
void semaphore_uncontended_concurrent_multi(measurement& m);
void semaphore_concurrent(measurement& m);
void semaphore_concurrent_multi(measurement& m);
void notify_waiters_10(measurement& m);
void notify_waiters_50(measurement& m);
void notify_waiters_100(measurement& m);
void notify_waiters_200(measurement& m);
void notify_waiters_500(measurement& m);
void notify_one_10(measurement& m);
void notify_one_50(measurement& m);
void notify_one_100(measurement& m);
void notify_one_200(measurement& m);
void notify_one_500(measurement& m);
void cancellation_token_1000(measurement& m);

// joining.cpp
void join_2(measurement& m);
void join_100(measurement& m);
void select_2(measurement& m);
void timeout_recv_ready(measurement& m);
void timeout_recv_pending(measurement& m);

// sets.cpp
void join_set(measurement& m);
void local_set(measurement& m);

// recursion.cpp
void fib(measurement& m);
void skynet(measurement& m);

// memory.cpp
void sleeping_tasks(measurement& m);

// With numbers of their own, for ../../scale: spawn_10k_await_all, skynet.
void spawn_and_await_on(measurement& m, std::size_t n_workers, std::uint64_t tasks);
void skynet_on(measurement& m, std::size_t n_workers, std::uint64_t leaves);

/// A multi-thread runtime as Tokio's benchmarks build it.
inline edo::runtime multi_thread(std::size_t n = workers) {
    return edo::runtime::multi_thread().worker_threads(n).build();
}

inline edo::task<> nothing() { co_return; }

/// What plain threads wait for; Tokio's benchmarks have a std::sync::mpsc channel there.
using signal = std::shared_ptr<std::counting_semaphore<>>;
inline signal make_signal() { return std::make_shared<std::counting_semaphore<>>(0); }

using counter = std::shared_ptr<std::atomic<std::uint64_t>>;
inline counter make_counter() { return std::make_shared<std::atomic<std::uint64_t>>(0); }

}  // namespace compare
