// A scope: its children end on other threads while the body runs, waits, fails or is dropped. The
// scope is over after the last child's last access, and never before.
#include "support/toy_runtime.hpp"

#include <edo/task/scope.hpp>
#include <edo/task/select.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using namespace edo::model;
using edo::task;
using edo::task_scope;

struct program {
    toy_runtime runtime;
    gate opened, never;
    /// Runs what there is, on two threads.
    void work() {
        const thread other([this] { runtime.work(); });
        runtime.work();
    }
};

// --- a child ends while the parent runs, and while it waits

void one_child() {
    program p;
    const auto parent = []() -> task<void> {
        tracked borrowed;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                borrowed.write(1);
                co_return;
            });
            co_return;
        };
        co_await edo::scope(body);
        check(borrowed.read() == 1, "the child is not over");
    };
    toy_task root(p.runtime, parent());
    p.work();
}

/// The body is the last to end: it waits for what a child does.
void the_body_is_longer() {
    program p;
    const auto parent = [](program& q) -> task<void> {
        tracked borrowed;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                borrowed.write(1);
                q.opened.open();
                co_return;
            });
            co_await q.opened.wait();
        };
        co_await edo::scope(body);
        check(borrowed.read() == 1, "the child is not over");
    };
    toy_task root(p.runtime, parent(p));
    p.work();
}

/// Nobody but the body itself is left to wake the parent.
void the_body_is_the_last() {
    program p;
    const auto parent = [](program& q) -> task<void> {
        tracked borrowed;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                borrowed.write(1);
                co_return;
            });
            co_await q.opened.wait();
        };
        co_await edo::scope(body);
        check(borrowed.read() == 1, "the child is not over");
    };
    toy_task root(p.runtime, parent(p));
    const thread opener([&] { p.opened.open(); });
    p.work();
}

/// The two last ones end at once; one of them wakes the parent.
void two_children() {
    program p;
    const auto parent = []() -> task<void> {
        tracked first, second;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                first.write(1);
                co_return;
            });
            s.spawn([&]() -> task<void> {
                second.write(1);
                co_return;
            });
            co_return;
        };
        co_await edo::scope(body);
        check(first.read() + second.read() == 2, "the children are not over");
    };
    toy_task root(p.runtime, parent());
    p.work();
}

/// A child is one until it has left, so it may add others.
void a_child_adds_another() {
    program p;
    const auto parent = []() -> task<void> {
        tracked first, second;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                s.spawn([&]() -> task<void> {
                    second.write(1);
                    co_return;
                });
                first.write(1);
                co_return;
            });
            co_return;
        };
        co_await edo::scope(body);
        check(first.read() + second.read() == 2, "the children are not over");
    };
    toy_task root(p.runtime, parent());
    p.work();
}

// --- a child fails

/// Its exception ends the sibling, which waits for ever, and the body, which does so too.
void a_child_fails(bool body_waits) {
    program p;
    bool is_caught = false;
    const auto parent = [body_waits, &is_caught](program& q) -> task<void> {
        tracked borrowed;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                co_await q.never.wait();
                borrowed.write(2);
            });
            s.spawn([]() -> task<void> {
                throw 7;
                co_return;
            });
            if (body_waits) { co_await q.opened.wait(); }
        };
        try {
            co_await edo::scope(body);
        } catch (int thrown) { is_caught = thrown == 7; }
        borrowed.write(1);
    };
    toy_task root(p.runtime, parent(p));
    p.work();
    check(is_caught, "the exception is lost");
}

/// The first exception is thrown, whoever it is from; nobody is told of the other.
void two_children_fail() {
    program p;
    int caught = 0;
    const auto parent = [&caught](program& q) -> task<void> {
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([]() -> task<void> {
                throw 7;
                co_return;
            });
            s.spawn([]() -> task<void> {
                throw 8;
                co_return;
            });
            co_await q.never.wait();
        };
        try {
            co_await edo::scope(body);
        } catch (int thrown) { caught = thrown; }
    };
    toy_task root(p.runtime, parent(p));
    p.work();
    check(caught == 7 || caught == 8, "the exception is lost");
}

// --- the parent is dropped

/// Its frame outlives the children, whoever ends first.
void the_parent_is_aborted(bool child_waits) {
    program p;
    const auto parent = [child_waits](program& q) -> task<void> {
        tracked borrowed;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                if (child_waits) { co_await q.never.wait(); }
                borrowed.write(1);
            });
            co_return;
        };
        co_await edo::scope(body);
    };
    toy_task root(p.runtime, parent(p));
    const thread aborter([&] { root.abort(); });
    p.work();
}
void the_body_is_dropped_too() {
    program p;
    const auto parent = [](program& q) -> task<void> {
        tracked borrowed;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                borrowed.write(1);
                co_return;
            });
            co_await q.never.wait();
        };
        co_await edo::scope(body);
    };
    toy_task root(p.runtime, parent(p));
    {
        const thread aborter([&] { root.abort(); });
        p.work();
    }
    check(root.was_dropped(), "the abort is lost");
}
/// The scope is a branch that loses: it holds up its group until the child is over.
void the_scope_loses() {
    program p;
    const auto parent = [](program& q) -> task<void> {
        tracked borrowed;
        const auto body = [&](task_scope& s) -> task<void> {
            s.spawn([&]() -> task<void> {
                borrowed.write(1);
                co_return;
            });
            co_await q.never.wait();
        };
        co_await edo::select(edo::scope(body), q.opened.wait());
        borrowed.write(2);
    };
    toy_task root(p.runtime, parent(p));
    const thread opener([&] { p.opened.open(); });
    p.work();
}

constexpr limits some{.preemptions = 3};
constexpr limits few{.preemptions = 2};
constexpr limits one{.preemptions = 1};

TEST(scope, waits_for_a_child) { holds(one_child, some); }
TEST(scope, waits_for_its_body) {
    holds(the_body_is_longer, some);
    holds(the_body_is_the_last, few);
}
TEST(scope, waits_for_the_last_child) {
    holds(two_children, some);
    finds({"scope_core::leave"}, two_children, few);
}
TEST(scope, waits_for_what_children_add) {
    holds(a_child_adds_another, some);
    finds({"scope_core::leave"}, a_child_adds_another, few);
}
TEST(scope, ends_when_a_child_fails) {
    for (const bool body_waits : {false, true}) {
        holds([body_waits] { a_child_fails(body_waits); }, few);
    }
    holds(two_children_fail, few);
}
TEST(scope, outlives_its_children_when_it_is_dropped) {
    for (const bool child_waits : {false, true}) {
        holds([child_waits] { the_parent_is_aborted(child_waits); }, few);
    }
    holds(the_body_is_dropped_too, few);
}
TEST(scope, can_lose) { holds(the_scope_loses, one); }

}  // namespace
