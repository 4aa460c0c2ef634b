// Locks, permits, notifications and cancellation.
#include "workloads.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace compare {

namespace {

namespace sync = edo::sync;

constexpr std::uint64_t at_once = 6;
using number = sync::rw_lock<std::uint64_t>;
using permits = sync::semaphore;

template <class Shared>
using user = edo::task<std::uint64_t>(std::shared_ptr<Shared>);

edo::task<std::uint64_t> read_once(std::shared_ptr<number> shared) {
    const auto guard = co_await shared->read();
    co_return *guard;
}

edo::task<std::uint64_t> acquire_once(std::shared_ptr<permits> shared) {
    const auto permit = co_await shared->acquire();
    co_return permit ? 1 : 0;
}

edo::task<std::uint64_t> read_in_turn(number& shared) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < at_once; ++i) {
        const auto guard = co_await shared.read();
        sum += *guard;
    }
    co_return sum;
}

edo::task<std::uint64_t> acquire_in_turn(permits& shared) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < at_once; ++i) {
        const auto permit = co_await shared.acquire();
        sum += permit ? 1 : 0;
    }
    co_return sum;
}

edo::task<std::uint64_t> let_go(number::write_guard guard) {
    guard.unlock();
    co_return 0;
}

template <class Results>
std::uint64_t sum_of(const Results& results) {
    return std::apply([](auto... each) { return (each + ...); }, results);
}

edo::task<std::uint64_t> read_contended(std::shared_ptr<number> l) {
    auto guard = co_await l->write();
    const auto all = co_await edo::join(let_go(std::move(guard)), read_once(l), read_once(l),
                                        read_once(l), read_once(l), read_once(l));
    co_return sum_of(all);
}

edo::task<std::uint64_t> read_contended_by_tasks(std::shared_ptr<number> l) {
    auto guard = co_await l->write();
    auto a = edo::spawn(read_once, l);
    auto b = edo::spawn(read_once, l);
    auto c = edo::spawn(read_once, l);
    auto d = edo::spawn(read_once, l);
    auto e = edo::spawn(read_once, l);
    const auto all = co_await edo::try_join(let_go(std::move(guard)), a, b, c, d, e);
    co_return sum_of(all);
}

edo::task<std::uint64_t> read_joined(std::shared_ptr<number> l) {
    const auto all = co_await edo::join(read_once(l), read_once(l), read_once(l), read_once(l),
                                        read_once(l), read_once(l));
    co_return sum_of(all);
}

edo::task<std::uint64_t> read_by_tasks(std::shared_ptr<number> l) {
    auto a = edo::spawn(read_once, l);
    auto b = edo::spawn(read_once, l);
    auto c = edo::spawn(read_once, l);
    auto d = edo::spawn(read_once, l);
    auto e = edo::spawn(read_once, l);
    auto f = edo::spawn(read_once, l);
    const auto all = co_await edo::try_join(a, b, c, d, e, f);
    co_return sum_of(all);
}

edo::task<std::uint64_t> acquire_joined(std::shared_ptr<permits> s) {
    const auto all = co_await edo::join(acquire_once(s), acquire_once(s), acquire_once(s),
                                        acquire_once(s), acquire_once(s), acquire_once(s));
    co_return sum_of(all);
}

edo::task<std::uint64_t> acquire_by_tasks(std::shared_ptr<permits> s) {
    auto a = edo::spawn(acquire_once, s);
    auto b = edo::spawn(acquire_once, s);
    auto c = edo::spawn(acquire_once, s);
    auto d = edo::spawn(acquire_once, s);
    auto e = edo::spawn(acquire_once, s);
    auto f = edo::spawn(acquire_once, s);
    const auto all = co_await edo::try_join(a, b, c, d, e, f);
    co_return sum_of(all);
}

/// Calls of block_on a lap.
constexpr std::uint64_t turns = 100;

template <class Run>
void in_turn(measurement& m, edo::runtime rt, std::uint64_t users, Run run) {
    m.repeat(turns * users, [&] {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < turns; ++i) sum += rt.block_on(run());
        return sum;
    });
}

template <class Shared>
void use(measurement& m, edo::runtime rt, user<Shared>* run, std::uint64_t users,
         std::shared_ptr<Shared> shared) {
    in_turn(m, std::move(rt), users, [&] { return run(shared); });
}

constexpr std::uint64_t notified = 500;

edo::task<> count_notifications(std::shared_ptr<sync::notify> n, counter count) {
    for (;;) {
        co_await n->notified();
        count->fetch_add(1, std::memory_order_relaxed);
    }
}

/// Notifies without a pause until the tasks have counted enough of it.
void notify_often(measurement& m, void (sync::notify::*tell)() noexcept, std::size_t waiters) {
    auto rt = multi_thread();
    auto n = std::make_shared<sync::notify>();
    auto count = make_counter();
    for (std::size_t i = 0; i < waiters; ++i) rt.spawn(count_notifications, n, count).detach();
    m.repeat(notified, [&] {
        count->store(0, std::memory_order_relaxed);
        do { ((*n).*tell)(); } while (count->load(std::memory_order_relaxed) < notified);
        return std::min(count->load(std::memory_order_relaxed), notified);
    });
}

constexpr std::uint64_t cancelled = 1'000;

edo::task<std::uint64_t> await_cancellation(edo::cancellation_token token, counter waiting) {
    waiting->fetch_add(1, std::memory_order_relaxed);
    co_await token.cancelled();
    co_return token.is_cancelled() ? 1 : 0;
}

edo::task<std::uint64_t> cancel_all() {
    edo::cancellation_token token;
    auto waiting = make_counter();
    std::vector<edo::join_handle<std::uint64_t>> all;
    all.reserve(cancelled);
    for (std::uint64_t i = 0; i < cancelled; ++i) {
        all.push_back(edo::spawn(await_cancellation, token, waiting));
    }
    while (waiting->load(std::memory_order_relaxed) < cancelled) co_await edo::yield_now();
    token.cancel();
    std::uint64_t sum = 0;
    for (auto& handle : all) {
        const std::uint64_t one = co_await handle;
        sum += one;
    }
    co_return sum;
}

edo::runtime current_thread() { return edo::runtime::current_thread().build(); }
std::shared_ptr<number> make_lock() { return std::make_shared<number>(1U); }

}  // namespace

void rwlock_read(measurement& m) {
    number shared(1U);
    in_turn(m, multi_thread(), at_once, [&] { return read_in_turn(shared); });
}
void rwlock_uncontended(measurement& m) {
    use(m, current_thread(), read_joined, at_once, make_lock());
}
void rwlock_uncontended_multi(measurement& m) {
    use(m, multi_thread(), read_by_tasks, at_once, make_lock());
}
void rwlock_contended(measurement& m) {
    use(m, current_thread(), read_contended, at_once - 1, make_lock());
}
void rwlock_contended_multi(measurement& m) {
    use(m, multi_thread(), read_contended_by_tasks, at_once - 1, make_lock());
}

void semaphore_uncontended(measurement& m) {
    permits shared(10);
    in_turn(m, multi_thread(), at_once, [&] { return acquire_in_turn(shared); });
}
void semaphore_uncontended_concurrent(measurement& m) {
    use(m, current_thread(), acquire_joined, at_once, std::make_shared<permits>(10U));
}
void semaphore_uncontended_concurrent_multi(measurement& m) {
    use(m, multi_thread(), acquire_by_tasks, at_once, std::make_shared<permits>(10U));
}
void semaphore_concurrent(measurement& m) {
    use(m, current_thread(), acquire_joined, at_once, std::make_shared<permits>(5U));
}
void semaphore_concurrent_multi(measurement& m) {
    use(m, multi_thread(), acquire_by_tasks, at_once, std::make_shared<permits>(5U));
}

void notify_waiters_10(measurement& m) { notify_often(m, &sync::notify::notify_waiters, 10); }
void notify_waiters_50(measurement& m) { notify_often(m, &sync::notify::notify_waiters, 50); }
void notify_waiters_100(measurement& m) { notify_often(m, &sync::notify::notify_waiters, 100); }
void notify_waiters_200(measurement& m) { notify_often(m, &sync::notify::notify_waiters, 200); }
void notify_waiters_500(measurement& m) { notify_often(m, &sync::notify::notify_waiters, 500); }
void notify_one_10(measurement& m) { notify_often(m, &sync::notify::notify_one, 10); }
void notify_one_50(measurement& m) { notify_often(m, &sync::notify::notify_one, 50); }
void notify_one_100(measurement& m) { notify_often(m, &sync::notify::notify_one, 100); }
void notify_one_200(measurement& m) { notify_often(m, &sync::notify::notify_one, 200); }
void notify_one_500(measurement& m) { notify_often(m, &sync::notify::notify_one, 500); }

void cancellation_token_1000(measurement& m) {
    auto rt = multi_thread();
    m.repeat(cancelled, [&] { return rt.block_on(rt.spawn(cancel_all)); });
}

}  // namespace compare
