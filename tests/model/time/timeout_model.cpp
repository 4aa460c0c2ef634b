// A timeout: what is awaited ends on one thread while the timer fires on another. One of the two
// decides, and the waiting branch is woken once.
#include "support/toy_runtime.hpp"
#include "time/driver.hpp"

#include <edo/time/timeout.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::model;
using namespace std::chrono_literals;
using edo::task;

struct program {
    toy_runtime runtime;
    edo::detail::time_driver clock{1, true, [](unsigned) {}};
    gate opened, after;
    bool is_over = false;
    program() {
        runtime.clock = &clock;
        clock.pause({});
    }
    /// As a worker does when the time has come.
    void pass_time() { clock.advance(2ms, {}); }
};

/// Afterwards it waits once more: a second wake would let it go on too early.
task<void> waits(program& p) {
    auto leaf = p.opened.wait();
    const auto result = co_await edo::timeout(1ms, std::move(leaf));
    static_cast<void>(result);
    co_await p.after.wait();
    p.is_over = true;
}
task<void> waits_for_a_borrowed_one(program& p) {
    auto leaf = p.opened.wait();
    const auto result = co_await edo::timeout(1ms, leaf);
    if (!result) { co_await leaf; }
    co_await p.after.wait();
    p.is_over = true;
}

void either_comes_first(task<void> (*body)(program&)) {
    program p;
    toy_task root(p.runtime, body(p));
    {
        const thread worker([&] { p.runtime.work(); });
        const thread timer([&] { p.pass_time(); });
        p.opened.open();
        p.after.open();
    }
    check(p.is_over, "it did not end by itself");
}
void nothing_but_time_passes() {
    program p;
    toy_task root(p.runtime, waits(p));
    {
        const thread worker([&] { p.runtime.work(); });
        const thread timer([&] { p.pass_time(); });
        root.abort();
    }
    check(root.was_dropped(), "the abort is lost");
}

constexpr limits few{.preemptions = 2};

TEST(timeout, is_decided_once) {
    holds([] { either_comes_first(waits); }, few);
    finds({"join_word::unlisten"}, [] { either_comes_first(waits); }, few);
}
TEST(timeout, gives_back_what_it_has_borrowed) {
    holds([] { either_comes_first(waits_for_a_borrowed_one); }, few);
}
TEST(timeout, can_be_dropped_while_it_fires) { holds(nothing_but_time_passes, few); }

}  // namespace
