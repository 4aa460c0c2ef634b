// edo_touches: how many atomic read-modify-writes and locks an operation costs, as a table. In builds with
// EDO_COUNT only. The counts are of all threads; a lock that nobody waits for has two read-modify-writes.
#include <edo/edo.hpp>

#include <atomic>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using handles = std::vector<edo::join_handle<void>>;

constexpr std::size_t many = 1'000;

edo::task<> nothing() { co_return; }

/// What `run` costs, by `operations`; it runs once before, to fill the allocator's caches.
void count(const char* what, std::size_t operations, const std::function<void()>& run) {
    run();
    edo::detail::operation_counts& counts = edo::detail::counts();
    const std::uint64_t rmw = counts.rmw.load();
    const std::uint64_t locks = counts.locks.load();
    run();
    const auto each = [&](std::uint64_t n) {
        return static_cast<double>(n) / static_cast<double>(operations);
    };
    std::printf("| %s | %.2f | %.2f |\n", what, each(counts.rmw.load() - rmw),
                each(counts.locks.load() - locks));
}

/// The same for a task.
void count_task(const char* what, edo::runtime& rt, std::size_t operations,
                edo::task<> (*run)(std::size_t)) {
    count(what, operations, [&] { rt.block_on(rt.spawn(run, operations)); });
}

edo::task<> await_one_at_a_time(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        auto handle = edo::spawn(nothing);
        co_await handle;
    }
}

edo::task<> await_all(std::size_t n) {
    handles all;
    all.reserve(n);
    for (std::size_t i = 0; i < n; ++i) all.push_back(edo::spawn(nothing));
    for (auto& handle : all) co_await handle;
}

edo::task<> yield(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) co_await edo::yield_now();
}

edo::task<> register_and_cancel(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) (void)co_await edo::timeout(1h, edo::yield_now());
}

edo::task<> await_closures(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        auto handle = edo::spawn_blocking([] {});
        co_await handle;
    }
}

edo::task<> tree(std::size_t leaves) {
    if (leaves == 1) co_return;
    handles children;
    children.reserve(10);
    for (int i = 0; i < 10; ++i) children.push_back(edo::spawn(tree, leaves / 10));
    for (auto& child : children) co_await child;
}

/// Keeps the only worker of a runtime awake and busy.
class busy_worker {
public:
    explicit busy_worker(edo::runtime& rt) {
        goes_on_ = true;
        rt.spawn(look_busy).detach();
        runs_.wait(false);
    }
    ~busy_worker() {
        goes_on_ = false;
        runs_.wait(true);
    }
    busy_worker(const busy_worker&) = delete;
    busy_worker& operator=(const busy_worker&) = delete;

private:
    static edo::task<> look_busy() {
        tell(true);
        while (goes_on_) std::this_thread::yield();
        tell(false);
        co_return;
    }
    static void tell(bool runs) {
        runs_ = runs;
        runs_.notify_all();
    }
    static inline std::atomic<bool> goes_on_, runs_;
};

void spawn_from_outside(edo::runtime& rt, std::size_t n, handles& all) {
    for (std::size_t i = 0; i < n; ++i) all.push_back(rt.spawn(nothing));
}

/// Tasks that wait, each on a channel of its own.
class waiting_tasks {
public:
    waiting_tasks(edo::runtime& rt, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            auto [sender, receiver] = edo::sync::oneshot<void>();
            senders_.push_back(std::move(sender));
            rt.spawn(wait_once, std::move(receiver)).detach();
        }
        std::this_thread::sleep_for(100ms);  // they wait, and the workers sleep
    }
    void wake_one() {
        (void)senders_.back().send();
        senders_.pop_back();
    }

private:
    static edo::task<> wait_once(edo::sync::oneshot_receiver<void> receiver) {
        (void)co_await receiver;
    }
    std::vector<edo::sync::oneshot_sender<void>> senders_;
};

/// Which is awake when others spawn and wake.
void with_one_worker() {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    for (const char* memory : {"from the heap", "used before"}) {
        handles all;
        {
            const busy_worker busy(rt);
            const std::string name = std::string("spawn from outside, memory ") + memory;
            count(name.c_str(), many, [&] { spawn_from_outside(rt, many, all); });
        }
        for (auto& handle : all) rt.block_on(std::move(handle));
    }
    count_task("spawn and await, one at a time", rt, many, await_one_at_a_time);
    count_task("spawn, end, await: 1,000 at once", rt, many, await_all);
    count_task("yield", rt, many, yield);
    count_task("timer registered and cancelled, with a yield", rt, many, register_and_cancel);
    count_task("spawn_blocking and await, one at a time", rt, many, await_closures);
    waiting_tasks waiting(rt, 2 * many);
    const busy_worker busy(rt);
    count("wake from outside (send of a oneshot)", many, [&] {
        for (std::size_t i = 0; i < many; ++i) waiting.wake_one();
    });
}

void with_workers(std::size_t workers) {
    constexpr std::size_t tasks = 100'000;
    constexpr std::size_t wakes = 100;
    const auto name = [&](const char* what) {
        return std::to_string(workers) + " workers: " + what;
    };
    auto rt = edo::runtime::multi_thread().worker_threads(workers).build();
    count_task(name("spawn, end, await: 100,000 at once").c_str(), rt, tasks, await_all);
    count(name("spawn, end, await: a tree of 111,111").c_str(), 111'111,
          [&] { rt.block_on(rt.spawn(tree, tasks)); });
    waiting_tasks waiting(rt, 2 * wakes);
    count(name("wake from outside when all sleep, until they sleep again").c_str(), wakes, [&] {
        for (std::size_t i = 0; i < wakes; ++i) {
            waiting.wake_one();
            std::this_thread::sleep_for(1ms);
        }
    });
}

}  // namespace

int main() {
    std::puts("| operation | read-modify-writes | locks |\n|---|---|---|");
    with_one_worker();
    with_workers(2);
    with_workers(16);
}
