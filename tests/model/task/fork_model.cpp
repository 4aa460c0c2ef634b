// Forks: children run inside their parent, are stolen, suspend, fail, and the parent is dropped; the
// parent goes on once, after the last child's last access, and never before.
//
// Bounded: the executor is the library's, but two threads of the model hold its places: each runs what
// is in its own queues until they are empty, and one of them steals once before. So nobody sleeps; for
// that see fork_deque_model, and the whole runtime at the end, which is explored without preemptions.
// Where no place is held (toy_runtime) all children go through the queue.
#include "sched/executor.hpp"
#include "support/toy_runtime.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <utility>

namespace {

using namespace edo::model;
using edo::task;
using edo::unchecked;
using edo::detail::cell_base;
using edo::detail::context;

struct no_drivers final : edo::detail::drivers {
    using time_point = std::chrono::steady_clock::time_point;
    void poll(unsigned) noexcept override {}
    std::optional<time_point> next_deadline(unsigned) noexcept override { return {}; }
    [[nodiscard]] bool has_timers(unsigned) const noexcept override { return false; }
    [[nodiscard]] bool may_jump() const noexcept override { return false; }
    bool jump() noexcept override { return false; }
};

/// An executor with two places.
class two_places final : public edo::detail::runtime_core {
    static edo::detail::executor_options with_two_places() {
        edo::detail::executor_options options;
        options.places = 2;
        options.has_threads = true;
        return options;
    }

public:
    two_places() : executor_(*this, none_, with_two_places()) {}

    /// On a stack that has no room for forks inside of forks.
    explicit two_places(bool is_deep) : two_places() { is_deep_ = is_deep; }

    /// Runs `root` on the first place, while another thread does `meanwhile`, and steals.
    void run(task<void> root, const std::function<void(edo::detail::cell&)>& meanwhile) {
        hold(0);
        auto handle = edo::spawn(unchecked(std::move(root)));
        {
            const thread thief([&] {
                hold(1);
                meanwhile(edo::detail::handle_access::cell_of(handle));
                run_own(queued(executor_.at(0).forks.steal()));
            });
            run_own(nullptr);
        }
        check(handle.is_finished() && executor_.alive() == 0, "a wake is lost");
        check(executor_.at(0).forks.is_empty(), "a child is left");
        edo::detail::this_context() = {};
    }

    void launch(edo::detail::cell& task) noexcept override { executor_.launch(task); }
    void task_ended(edo::detail::cell& task) noexcept override { executor_.task_ended(task); }
    edo::detail::scheduler& tasks() noexcept override { return executor_; }
    bool run_awaited(edo::detail::cell&, edo::detail::suspension&) noexcept override {
        return false;
    }
    edo::detail::blocking_pool& blocking() noexcept override { std::abort(); }
    edo::detail::time_driver& time() noexcept override { std::abort(); }
    shard_choice timer_place() const noexcept override { std::abort(); }
    bool bind(edo::detail::cell&) noexcept override { std::abort(); }
    void begin_root_fork() noexcept override { std::abort(); }
    void end_root_fork() noexcept override { std::abort(); }
    void run_in_place(void (*)(void*), void*, const std::source_location&) override {
        std::abort();
    }
    void block_on(edo::detail::thread_cell&, bool, const std::source_location&) override {
        std::abort();
    }

private:
    void hold(unsigned index) {
        context& cx = edo::detail::this_context();
        cx.runtime = this;
        cx.stack_floor = is_deep_ ? UINTPTR_MAX : 0;
        edo::detail::hold(cx, &executor_.at(index));
    }
    static cell_base* queued(edo::detail::fork_child* taken) {
        return taken != nullptr ? &taken->become_queued() : nullptr;
    }
    /// As executor::work() does, after `task`, if there is one.
    void run_own(cell_base* task) {
        edo::detail::place& here = *edo::detail::this_context().worker;
        for (;;) {
            here.is_unwinding = false;
            if (task != nullptr && edo::detail::drive(*task) == edo::detail::turn::yielded) {
                executor_.schedule(*task);
            }
            task = std::exchange(edo::detail::this_context().joined, nullptr);
            if (task == nullptr) { task = here.lifo.take(); }
            if (task == nullptr) { task = here.queue.pop(); }
            if (task == nullptr) { task = queued(here.forks.pop()); }
            if (task == nullptr) { return; }
        }
    }
    void destroy() noexcept override {}

    bool is_deep_ = false;
    no_drivers none_;
    edo::detail::executor executor_;
};

struct shared {
    gate first, second, never;
    bool has_returned = false;  ///< the parent has
    int caught = 0;             ///< what the parent caught
};

/// What a child has borrowed. Its frame writes to it once more when it is destroyed.
class borrowed {
public:
    explicit borrowed(tracked& from) noexcept : at_(&from) {}
    borrowed(borrowed&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    borrowed& operator=(borrowed&&) = delete;
    ~borrowed() {
        if (at_ != nullptr) { write(at_->read()); }
    }
    void write(int value) const { at_->write(value); }

private:
    tracked* at_;
};

// What children do with it; `opened` is for the one that waits on it.

task<int> ends(borrowed b, gate&) {
    b.write(1);
    co_return 1;
}
task<int> waits(borrowed b, gate& opened) {
    b.write(0);
    co_await opened.wait();
    b.write(1);
    co_return 1;
}
task<int> yields(borrowed b, gate&) {
    b.write(0);
    co_await edo::yield_now();
    b.write(1);
    co_return 1;
}
task<int> throws(borrowed b, gate&) {
    b.write(1);
    throw 7;
    co_return 1;
}
task<int> throws_later(borrowed b, gate& opened) {
    co_await opened.wait();
    b.write(1);
    throw 8;
}

using child_body = task<int> (*)(borrowed, gate&);
struct pair {
    child_body a, b;
    [[nodiscard]] bool fails() const {
        return a == throws || b == throws || a == throws_later || b == throws_later;
    }
};

/// The frame that the children borrow from: its destruction is a write to what they have written.
task<void> forks_two(shared& s, pair bodies, bool for_ever) {
    tracked x, y;
    task<int> one = bodies.a(borrowed(x), for_ever ? s.never : s.first);
    task<int> two = bodies.b(borrowed(y), for_ever ? s.never : s.second);
    try {
        auto [a, b] = co_await edo::fork_join(std::move(one), std::move(two));
        check(a + b == 2 && x.read() + y.read() == 2, "a child is not over");
        s.has_returned = true;
    } catch (int thrown) { s.caught = thrown; }
}
task<void> forks_three(shared& s) {
    tracked x, y, z;
    task<int> a = ends(borrowed(x), s.first), b = ends(borrowed(y), s.first),
              c = ends(borrowed(z), s.first);
    co_await edo::fork_join(std::move(a), std::move(b), std::move(c));
    check(x.read() + y.read() + z.read() == 3, "a child is not over");
    s.has_returned = true;
}
/// A fork in a child of a fork.
task<int> forks_again(borrowed outer, gate& opened) {
    tracked x, y;
    task<int> one = waits(borrowed(x), opened), two = ends(borrowed(y), opened);
    co_await edo::fork_join(std::move(one), std::move(two));
    outer.write(x.read() + y.read() - 1);
    co_return 1;
}

// --- on workers

void a_thief_comes(pair bodies, bool is_deep = false) {
    two_places runtime(is_deep);
    shared s;
    runtime.run(forks_two(s, bodies, false), [&s](auto&) {
        s.first.open();
        s.second.open();
    });
    check(s.has_returned, "it did not end by itself");
}
void a_thief_takes_one_of_three() {
    two_places runtime;
    shared s;
    runtime.run(forks_three(s), [](auto&) {});
    check(s.has_returned, "it did not end by itself");
}
/// The exception ends the sibling, which perhaps waits for ever.
void a_child_fails(pair bodies, bool opens) {
    two_places runtime;
    shared s;
    runtime.run(forks_two(s, bodies, !opens), [&s, opens](auto&) {
        if (!opens) { return; }
        s.first.open();
        s.second.open();
    });
    check(s.caught != 0, "the exception is lost");
}
void the_parent_is_aborted(pair bodies, bool for_ever) {
    two_places runtime;
    shared s;
    runtime.run(forks_two(s, bodies, for_ever), [&s](edo::detail::cell& parent) {
        parent.abort();
        s.first.open();
        s.second.open();
    });
    check(!for_ever || !s.has_returned, "it goes on without its children");
}

// --- through the queue, where every child is a task of its own from the beginning

struct program {
    toy_runtime runtime;
    shared s;
    /// Runs what there is, on two threads.
    void work() {
        const thread other([this] { runtime.work(); });
        runtime.work();
    }
};

void queued(pair bodies) {
    program p;
    toy_task root(p.runtime, forks_two(p.s, bodies, false));
    p.s.first.open();
    p.s.second.open();
    p.work();
    check(p.s.has_returned != bodies.fails(), "how it ends");
    check(bodies.fails() == (p.s.caught != 0), "the exception is lost");
}
void woken_from_elsewhere() {
    program p;
    toy_task root(p.runtime, forks_two(p.s, {waits, waits}, false));
    const thread opener([&] { p.s.first.open(); });
    const thread worker([&] { p.runtime.work(); });
    p.s.second.open();
    p.runtime.work();
}
void aborted_while_queued(pair bodies, bool for_ever) {
    program p;
    toy_task root(p.runtime, forks_two(p.s, bodies, for_ever));
    {
        const thread aborter([&] { root.abort(); });
        p.work();
    }
    check(!for_ever || root.was_dropped(), "the abort is lost");
}
/// The fork is a branch that loses: it holds up its group until the children are over.
void the_fork_loses(pair bodies) {
    program p;
    const auto parent = [](program& q, pair chosen) -> task<void> {
        tracked x, y;
        task<int> one = chosen.a(borrowed(x), q.s.never), two = chosen.b(borrowed(y), q.s.never);
        co_await edo::select(edo::fork_join(std::move(one), std::move(two)), q.s.first.wait());
        x.write(2);
        y.write(2);
        q.s.has_returned = true;
    };
    toy_task root(p.runtime, parent(p, bodies));
    {
        const thread opener([&] { p.s.first.open(); });
        p.work();
    }
    check(p.s.has_returned, "the group is lost");
}

// --- the whole runtime, where one child cannot end before a sleeping worker has taken the other

task<int> meets(edo::detail::atomic<int>& here) {
    here.fetch_add(1, edo::detail::acq_rel);  // pairs with: the load of the other child
    while (here.load(edo::detail::acquire) != 2) { edo::detail::cpu_relax(); }
    co_return 1;
}
task<int> nothing() { co_return 0; }

void two_workers_meet(int forks_before) {
    auto builder = edo::runtime::multi_thread();
    // Without the intervals that depend on measured time.
    auto rt = builder.worker_threads(2).global_queue_interval(8).event_interval(64).build();
    edo::detail::atomic<int> here{0};
    const auto body = [](edo::detail::atomic<int>& count, int before) -> task<int> {
        for (int i = 0; i < before; ++i) { co_await edo::fork_join(nothing(), nothing()); }
        auto [a, b] = co_await edo::fork_join(meets(count), meets(count));
        co_return a + b;
    };
    auto handle = rt.spawn(unchecked([&] { return body(here, forks_before); }));
    check(rt.block_on(std::move(handle)) == 2, "the result");
}

constexpr limits none{.preemptions = 0, .steps = 200'000};
constexpr limits few{.preemptions = 2};
constexpr limits one{.preemptions = 1};

/// With fences of both kinds.
void holds_in_both(const std::function<void()>& body, const limits& bounds) {
    for (const bool free : {false, true}) {
        edo::detail::has_membarrier = free;
        holds(body, bounds);
    }
    edo::detail::has_membarrier = false;
}

TEST(fork_join, ends_when_its_children_have_ended) {
    for (const pair bodies : {pair{ends, ends}, {waits, ends}, {ends, waits}}) {
        holds([bodies] { a_thief_comes(bodies); }, few);
    }
}
TEST(fork_join, goes_on_elsewhere) {
    for (const pair bodies :
         {pair{waits, waits}, {ends, yields}, {forks_again, ends}, {ends, forks_again}}) {
        holds_in_both([bodies] { a_thief_comes(bodies); }, one);
    }
}
TEST(fork_join, leaves_children_to_the_loop) {
    for (const pair bodies : {pair{ends, ends}, {waits, ends}, {forks_again, ends}}) {
        holds([bodies] { a_thief_comes(bodies, true); }, one);
    }
}
TEST(fork_join, lets_thieves_take_some) {
    holds_in_both(a_thief_takes_one_of_three, one);
    finds({"fork_core::leave"}, [] { a_thief_comes({ends, ends}); }, few);
    finds({"fork_core::suspend"}, [] { a_thief_comes({ends, ends}); }, few);
    finds({"fork_deque::push"}, [] { a_thief_comes({ends, ends}); }, few);
}
TEST(fork_join, throws_when_a_child_fails) {
    holds([] { a_child_fails({throws, waits}, false); }, few);
    holds([] { a_child_fails({waits, throws}, false); }, few);
    for (const pair bodies : {pair{throws, throws}, {throws, ends}, {ends, throws}}) {
        holds([bodies] { a_child_fails(bodies, false); }, one);
    }
    for (const pair bodies : {pair{throws_later, waits}, {throws_later, throws}}) {
        holds([bodies] { a_child_fails(bodies, true); }, one);
    }
}
TEST(fork_join, outlives_its_children_when_it_is_dropped) {
    holds([] { the_parent_is_aborted({ends, ends}, false); }, few);
    for (const pair bodies : {pair{waits, ends}, {ends, waits}, {throws, waits}}) {
        holds([bodies] { the_parent_is_aborted(bodies, false); }, one);
    }
    holds([] { the_parent_is_aborted({waits, ends}, true); }, few);
    holds([] { the_parent_is_aborted({waits, waits}, true); }, one);
    holds([] { the_parent_is_aborted({forks_again, waits}, true); }, one);
}
TEST(fork_join, wakes_a_worker) {
    for (const int before : {0, 1}) {
        holds_in_both([before] { two_workers_meet(before); }, none);
    }
}
TEST(queued_fork_join, ends_when_its_children_have_ended) {
    for (const pair bodies :
         {pair{ends, ends}, {waits, ends}, {yields, ends}, {throws, ends}, {throws, throws}}) {
        holds([bodies] { queued(bodies); }, few);
    }
    holds(woken_from_elsewhere, few);
    finds({"fork_core::leave"}, [] { queued({ends, ends}); }, few);
    finds({"fork_core::suspend"}, [] { queued({ends, ends}); }, few);
}
TEST(queued_fork_join, outlives_its_children_when_it_is_dropped) {
    for (const pair bodies : {pair{ends, ends}, {throws, ends}}) {
        holds([bodies] { aborted_while_queued(bodies, false); }, few);
    }
    holds([] { aborted_while_queued({waits, ends}, true); }, few);
    holds([] { aborted_while_queued({waits, waits}, true); }, few);
}
TEST(queued_fork_join, can_lose) {
    for (const pair bodies : {pair{ends, ends}, {waits, ends}, {waits, waits}}) {
        holds([bodies] { the_fork_loses(bodies); }, few);
    }
}

}  // namespace
