// A task that runs inside the await of its handle: the executor takes it out of the waiter's own slot
// or ring. It runs once, whoever else reaches for it, and its end, its wake or an abort is not lost.
//
// Bounded: the executor is the library's, but two threads of the model hold its places: each runs what
// is in its own queues until they are empty, and one of them steals once before. So nobody sleeps, and
// the sleepers' protocol is left out (runtime_model).
#include "sched/executor.hpp"
#include "support/toy_runtime.hpp"

#include <edo/task/spawn.hpp>
#include <edo/task/yield_now.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace {

using namespace edo::detail;
using edo::task;
using edo::unchecked;
using edo::model::check;
using edo::model::finds;
using edo::model::gate;
using edo::model::holds;
using edo::model::limits;

struct no_drivers final : drivers {
    void poll(unsigned) noexcept override {}
    std::optional<time_point> next_deadline(unsigned) noexcept override { return {}; }
    [[nodiscard]] bool has_timers(unsigned) const noexcept override { return false; }
    [[nodiscard]] bool may_jump() const noexcept override { return false; }
    bool jump() noexcept override { return false; }
};

/// What the thief reaches for.
enum class reach { slot, ring };

/// An executor with two places.
class two_places final : public runtime_core {
    static executor_options with_two_places() {
        executor_options options;
        options.places = 2;
        options.has_threads = true;
        return options;
    }

public:
    two_places() : executor_(*this, none_, with_two_places()) {}

    /// Runs `root` on the first place, while another thread does `meanwhile`, and steals.
    void run(task<void> root, reach what, const std::function<void(cell&)>& meanwhile) {
        hold(0);
        auto handle = edo::spawn(unchecked(std::move(root)));
        {
            const edo::model::thread thief([&] {
                hold(1);
                meanwhile(handle_access::cell_of(handle));
                run_own(steal(what));
            });
            run_own(nullptr);
        }
        check(handle.is_finished() && executor_.alive() == 0, "a wake is lost");
        this_context() = {};
    }
    bool has_returned = false;  ///< told by the root

    void launch(cell& task) noexcept override { executor_.launch(task); }
    void task_ended(cell& task) noexcept override { executor_.task_ended(task); }
    scheduler& tasks() noexcept override { return executor_; }
    bool run_awaited(cell& task, suspension& waiter) noexcept override {
        return executor_.run_awaited(task, static_cast<branch&>(waiter));
    }
    blocking_pool& blocking() noexcept override { std::abort(); }
    time_driver& time() noexcept override { std::abort(); }
    shard_choice timer_place() const noexcept override { std::abort(); }
    bool bind(cell&) noexcept override { std::abort(); }
    void begin_root_fork() noexcept override { executor_.begin_root_fork(); }
    void end_root_fork() noexcept override { executor_.end_root_fork(); }
    void run_in_place(void (*)(void*), void*, const std::source_location&) override {
        std::abort();
    }
    void block_on(thread_cell&, bool, const std::source_location&) override { std::abort(); }

private:
    void hold(unsigned index) {
        context& cx = this_context();
        cx.runtime = this;
        cx.worker = &executor_.at(index);
    }
    /// As executor::steal() and executor::guard_busy_places() do.
    cell_base* steal(reach what) {
        place& victim = executor_.at(0);
        return what == reach::slot ? victim.lifo.steal()
                                   : victim.queue.steal_into(executor_.at(1).queue);
    }
    /// As executor::work() does, after `task`, if there is one.
    void run_own(cell_base* task) {
        place& here = *this_context().worker;
        for (;;) {
            if (task != nullptr && drive(*task) == turn::yielded) { executor_.schedule(*task); }
            task = here.lifo.take();
            if (task == nullptr) { task = here.queue.pop(); }
            if (task == nullptr) { return; }
        }
    }
    void destroy() noexcept override {}

    no_drivers none_;
    executor executor_;
};

struct payload {
    edo::model::tracked runs;  ///< written by the child, in each turn
    gate opened;
    edo::abort_handle child;
    atomic<bool> has_child{false};
    bool has_returned = false;  ///< the parent has
    edo::abort_handle* shown() { return has_child.load(acquire) ? &child : nullptr; }
    void show(const edo::abort_handle& made) {
        child = made;
        has_child.store(true, release);  // pairs with: shown()
    }
};

// What children do: end at once, suspend, yield.

task<int> ends(payload& p) {
    p.runs.write(p.runs.read() + 2);
    co_return 7;
}
task<int> waits(payload& p) {
    p.runs.write(1);
    co_await p.opened.wait();
    p.runs.write(2);
    co_return 7;
}
task<int> yields(payload& p) {
    p.runs.write(1);
    co_await edo::yield_now();
    p.runs.write(2);
    co_return 7;
}

using child_body = task<int> (*)(payload&);

/// The child is in the slot when it is awaited, or in the ring if others were spawned after it.
task<void> awaits(payload& p, child_body body, int later) {
    auto child = edo::spawn(unchecked([&p, body] { return body(p); }));
    p.show(child.abort_handle());
    for (int i = 0; i < later; ++i) {
        edo::spawn([]() -> task<void> { co_return; }).detach();
    }
    const auto result = co_await child.join();
    check(!result || (*result == 7 && p.runs.read() == 2), "the result");
    p.has_returned = result.has_value();
}

void a_thief_comes(child_body body, int later, reach what) {
    two_places runtime;
    payload p;
    runtime.run(awaits(p, body, later), what, [&p](cell&) { p.opened.open(); });
    check(p.has_returned, "it did not end by itself");
    check(p.child.is_finished(), "the end is not to be seen");
}

/// Before the child ends, or after; it may be running in the turn of its parent.
void the_child_is_aborted(child_body body, reach what) {
    two_places runtime;
    payload p;
    runtime.run(awaits(p, body, 0), what, [&p](cell&) {
        if (auto* child = p.shown()) { child->abort(); }
        p.opened.open();
    });
}
void the_parent_is_aborted(child_body body, reach what) {
    two_places runtime;
    payload p;
    runtime.run(awaits(p, body, 0), what, [&p](cell& parent) {
        parent.abort();
        p.opened.open();
    });
}

/// Nobody joins the child from another thread, but its end can be seen there.
void the_end_is_seen() {
    two_places runtime;
    payload p;
    runtime.run(awaits(p, ends, 0), reach::ring, [&p](cell&) {
        if (auto* child = p.shown(); child != nullptr && child->is_finished()) {
            check(p.runs.read() == 2, "the child has not ended");
        }
    });
}

constexpr limits few{.preemptions = 2};
constexpr limits one{.preemptions = 1};
constexpr auto both = {reach::slot, reach::ring};

TEST(awaited, is_run_once) {
    for (const reach what : both) {
        holds([what] { a_thief_comes(ends, 0, what); }, few);
        holds([what] { a_thief_comes(ends, 1, what); }, one);
        holds([what] { a_thief_comes(ends, 2, what); }, one);
    }
    finds({"lifo_slot::put"}, [] { a_thief_comes(ends, 0, reach::slot); }, few);
    finds({"local_queue::take"}, [] { a_thief_comes(ends, 1, reach::ring); }, few);
}
TEST(awaited, goes_on_elsewhere) {
    for (const reach what : both) {
        holds([what] { a_thief_comes(waits, 0, what); }, few);
        holds([what] { a_thief_comes(yields, 0, what); }, few);
    }
    finds({"join_word::complete"}, [] { a_thief_comes(waits, 0, reach::ring); }, few);
}
TEST(awaited, can_be_aborted) {
    for (const child_body body : {ends, waits}) {
        holds([body] { the_child_is_aborted(body, reach::slot); }, few);
        holds([body] { the_child_is_aborted(body, reach::ring); }, few);
    }
}
TEST(awaited, can_lose_its_parent) {
    for (const child_body body : {ends, waits}) {
        holds([body] { the_parent_is_aborted(body, reach::slot); }, few);
        holds([body] { the_parent_is_aborted(body, reach::ring); }, few);
    }
}
TEST(awaited, can_be_seen_to_end) {
    holds(the_end_is_seen, few);
    finds({"join_word::complete_here"}, the_end_is_seen, few);
}

}  // namespace
