// Groups and scopes that are dropped while another thread wakes one of their branches: nothing that a
// branch had been given is lost, and nothing of it is given twice.
#include <edo/edo.hpp>
#include <edo/sync/mpmc.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/poll.hpp"
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::task;
using edo::task_scope;
using edo::sync::mpmc;
using test::counted;

/// What the branches of a task wait for, and others outside.
struct room {
    explicit room() : ends{mpmc<int>(1), mpmc<int>(1)} {}
    std::pair<edo::sync::mpmc_sender<int>, edo::sync::mpmc_receiver<int>> ends[2];
    std::atomic<int> taken[2] = {0, 0};
    edo::sync::semaphore permits{0};
    edo::sync::notify go;
    edo::sync::notify never;
    edo::cancellation_token token;
    std::atomic<int> alive{0};
    std::atomic<int> children{0};
    std::atomic<bool> waits{false};

    void send(int which) const { EXPECT_TRUE(ends[which].first.try_send(7)); }
    [[nodiscard]] auto receive(int which) const { return test::by_hand(ends[which].second.recv()); }
    [[nodiscard]] bool is_idle(int which) const {
        return ends[which].second.empty() && ends[which].first.capacity() == 1;
    }
    void wait_until_it_waits() const {
        while (!waits) { std::this_thread::yield(); }
    }
};
using shared_room = std::shared_ptr<room>;

task<int> takes(shared_room r, int which, counted) {
    auto got = co_await r->ends[which].second.recv();
    EXPECT_EQ(got, 7);
    ++r->taken[which];
    co_return which;
}
task<int> takes_first(shared_room r) { return takes(r, 0, counted(r->alive)); }
task<int> takes_second(shared_room r) { return takes(r, 1, counted(r->alive)); }
/// Never ends: the permit is given back when it is dropped.
task<int> keeps_a_permit(shared_room r, counted) {
    auto permit = co_await r->permits.acquire();
    co_await r->never.notified();
    co_return -1;
}
task<int> keeps_a_permit(shared_room r) { return keeps_a_permit(r, counted(r->alive)); }
/// The last branch: when it runs, those before it wait.
task<int> waits_for_ever(shared_room r) {
    r->waits = true;
    co_await r->never.notified();
    co_return -1;
}
std::vector<task<int>> all_branches(shared_room r) {
    std::vector<task<int>> all;
    all.push_back(keeps_a_permit(r));
    all.push_back(takes_first(r));
    all.push_back(waits_for_ever(r));
    return all;
}

/// Keeps the worker from everything else.
struct gate {
    std::atomic<bool> entered{false};
    std::atomic<bool> is_open{false};
};
task<> passes(std::shared_ptr<gate> g) {
    for (g->entered = true; !g->is_open;) { std::this_thread::yield(); }
    co_return;
}

class group_drop_stress : public test::leak_check {
protected:
    edo::runtime rt = edo::runtime::multi_thread().worker_threads(1).build();
    void SetUp() override {
        watch(rt);
        other_.emplace();
    }
    void TearDown() override {
        other_.reset();
        { const edo::runtime ended = std::move(rt); }
        leak_check::TearDown();
    }

    /// Both at the same moment. An abort takes effect in a turn of the task, a good while later, and so
    /// does a wake: each side is late by all orders of magnitude.
    template <class Mine>
    void race(Mine mine, const std::function<void()>& theirs) {
        const int late = 1 << ++round_ / 2 % 14;
        const bool is_mine_late = round_ % 2 == 0;
        other_->race(
            [&] {
                if (is_mine_late) { test::delay(late); }
                mine();
            },
            [&] {
                if (!is_mine_late) { test::delay(late); }
                theirs();
            });
    }

    void let_pass() { other_->let_pass(); }

    /// A message, for one branch or else the next one in line, and a permit, for another branch, come
    /// while the task is aborted.
    void expect_nothing_lost(task<> (*body)(shared_room)) {
        test::until_seen({"taken", "woken, then dropped", "dropped first"}, [&] {
            auto r = std::make_shared<room>();
            auto handle = rt.spawn(body, r);
            r->wait_until_it_waits();
            auto next = r->receive(0);
            EXPECT_FALSE(next.poll());
            auto next_permit = test::by_hand(r->permits.acquire());
            EXPECT_FALSE(next_permit.poll());
            // In some rounds both come before the task's next turn.
            auto g = std::make_shared<gate>();
            std::optional<edo::join_handle<void>> busy;
            if (round_ % 4 == 0) {
                busy = rt.spawn(passes, g);
                while (!g->entered) { std::this_thread::yield(); }
            }
            bool was_dropped = false;
            const auto gives = [&] {
                r->permits.add_permits(1);
                r->send(0);
                was_dropped = next.is_woken();
            };
            // In some one comes when the other has had its effect, so that all outcomes come under any
            // load.
            if (round_ % 8 == 1) {
                ++round_;
                other_->overlap(
                    [&] {
                        while (r->taken[0] == 0) { std::this_thread::yield(); }
                        handle.abort();
                    },
                    gives);
            } else if (round_ % 8 == 3) {
                ++round_;
                other_->overlap([&] { handle.abort(); },
                                [&] {
                                    while (r->alive != 0) { std::this_thread::yield(); }
                                    gives();
                                });
            } else {
                race([&] { handle.abort(); }, gives);
            }
            g->is_open = true;
            static_cast<void>(rt.block_on(handle.join()));
            EXPECT_EQ(r->alive, 0);
            EXPECT_EQ(r->taken[0] + next.wakes(), 1);
            if (next.is_woken()) { EXPECT_EQ(next.take(), 7); }
            EXPECT_TRUE(r->is_idle(0));
            EXPECT_EQ(next_permit.wakes(), 1);
            next_permit.drop();
            EXPECT_EQ(r->permits.available_permits(), 1U);
            if (was_dropped) { return "dropped first"; }
            return r->taken[0] == 1 ? "taken" : "woken, then dropped";
        });
    }

private:
    std::optional<test::opponent> other_;
    int round_ = 0;
};

TEST_F(group_drop_stress, join) {
    expect_nothing_lost([](shared_room r) -> task<> {
        co_await edo::join(keeps_a_permit(r), takes_first(r), waits_for_ever(r));
    });
}

TEST_F(group_drop_stress, try_join) {
    expect_nothing_lost([](shared_room r) -> task<> {
        co_await edo::try_join(keeps_a_permit(r), takes_first(r), waits_for_ever(r));
    });
}

TEST_F(group_drop_stress, select) {
    expect_nothing_lost([](shared_room r) -> task<> {
        static_cast<void>(
            co_await edo::select_biased(keeps_a_permit(r), takes_first(r), waits_for_ever(r)));
    });
}

TEST_F(group_drop_stress, groups_in_groups) {
    expect_nothing_lost([](shared_room r) -> task<> {
        co_await edo::join(edo::try_join(keeps_a_permit(r), edo::join(takes_first(r))),
                           waits_for_ever(r));
    });
}

TEST_F(group_drop_stress, join_all) {
    expect_nothing_lost([](shared_room r) -> task<> { co_await edo::join_all(all_branches(r)); });
}

TEST_F(group_drop_stress, try_join_all) {
    expect_nothing_lost(
        [](shared_room r) -> task<> { co_await edo::try_join_all(all_branches(r)); });
}

TEST_F(group_drop_stress, select_all) {
    // It starts at a random one, so another branch says when all wait.
    expect_nothing_lost([](shared_room r) -> task<> {
        std::vector<task<int>> some;
        some.push_back(keeps_a_permit(r));
        some.push_back(takes_first(r));
        co_await edo::join(edo::select_all(std::move(some)), waits_for_ever(r));
    });
}

TEST_F(group_drop_stress, the_body_of_a_scope) {
    expect_nothing_lost([](shared_room r) -> task<> {
        co_await edo::scope([&](task_scope&) -> task<> {
            co_await edo::join(keeps_a_permit(r), takes_first(r), waits_for_ever(r));
        });
    });
}

TEST_F(group_drop_stress, run_until_cancelled) {
    expect_nothing_lost([](shared_room r) -> task<> {
        static_cast<void>(co_await r->token.run_until_cancelled(
            edo::join(keeps_a_permit(r), takes_first(r), waits_for_ever(r))));
    });
}

TEST_F(group_drop_stress, timeout) {
    expect_nothing_lost([](shared_room r) -> task<> {
        static_cast<void>(
            co_await edo::timeout(std::chrono::hours(1),
                                  edo::join(keeps_a_permit(r), takes_first(r), waits_for_ever(r))));
    });
}

TEST_F(group_drop_stress, run_until_of_a_local_set) {
    expect_nothing_lost([](shared_room r) -> task<> {
        edo::local_set set;
        co_await set.run_until(edo::join(keeps_a_permit(r), takes_first(r), waits_for_ever(r)));
    });
}

TEST_F(group_drop_stress, a_local_set_that_is_awaited) {
    expect_nothing_lost([](shared_room r) -> task<> {
        edo::local_set set;
        const auto branches = [](shared_room mine) -> task<> {
            co_await edo::join(keeps_a_permit(mine), takes_first(mine), waits_for_ever(mine));
        };
        set.spawn_local(branches, r).detach();
        co_await set;
    });
}

edo::stream<int> yields_what_it_takes(shared_room r) {
    const int got = co_await takes_first(r);
    co_yield got;
}
task<> reads(edo::stream<int> items) {
    const auto item = co_await items.next();
    EXPECT_EQ(item, 0);
}

TEST_F(group_drop_stress, the_next_of_a_stream) {
    expect_nothing_lost([](shared_room r) -> task<> {
        co_await edo::join(keeps_a_permit(r), reads(yields_what_it_takes(r)), waits_for_ever(r));
    });
}

// --- one branch is woken while another ends the group ---

TEST_F(group_drop_stress, a_next_that_loses_while_its_generator_is_woken) {
    test::until_seen({"won", "came later"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(
            [](shared_room mine) -> task<bool> {
                auto items = yields_what_it_takes(mine);
                auto first = co_await edo::select_biased(items.next(), takes_second(mine),
                                                         waits_for_ever(mine));
                const bool won = first.index() == 0;
                if (won) {
                    EXPECT_EQ(std::get<0>(first), 0);
                } else {
                    const auto item = co_await items.next();
                    EXPECT_EQ(item, 0) << "it went on without its next()";
                }
                const auto none = co_await items.next();
                EXPECT_FALSE(none.has_value());
                co_return won;
            },
            r);
        r->wait_until_it_waits();
        race([&] { r->send(0); }, [&] { r->send(1); });
        const bool won = rt.block_on(handle);
        EXPECT_EQ(r->taken[0], 1);
        EXPECT_EQ(r->alive, 0);
        return won ? "won" : "came later";
    });
}

TEST_F(group_drop_stress, a_select_both_of_whose_branches_are_woken) {
    test::until_seen({"the first won", "the second won"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(
            [](shared_room mine) -> task<std::size_t> {
                auto won = co_await edo::select_biased(takes_first(mine), takes_second(mine),
                                                       waits_for_ever(mine));
                EXPECT_EQ(mine->alive, 0);
                co_return won.index();
            },
            r);
        r->wait_until_it_waits();
        auto next_first = r->receive(0);
        EXPECT_FALSE(next_first.poll());
        auto next_second = r->receive(1);
        EXPECT_FALSE(next_second.poll());
        race([&] { r->send(0); }, [&] { r->send(1); });
        const std::size_t winner = rt.block_on(handle);
        EXPECT_EQ(r->taken[0], winner == 0 ? 1 : 0);
        EXPECT_EQ(r->taken[1], winner == 1 ? 1 : 0);
        EXPECT_EQ(next_first.wakes(), winner == 0 ? 0 : 1);
        EXPECT_EQ(next_second.wakes(), winner == 1 ? 0 : 1);
        return winner == 0 ? "the first won" : "the second won";
    });
}

TEST_F(group_drop_stress, a_try_join_that_fails_while_a_branch_is_woken) {
    test::until_seen({"taken", "dropped"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(
            [](shared_room mine) -> task<> {
                const auto fails = [](shared_room his) -> task<> {
                    co_await takes_second(his);
                    throw std::runtime_error("failed");
                };
                co_await edo::try_join(takes_first(mine), fails(mine), waits_for_ever(mine));
            },
            r);
        r->wait_until_it_waits();
        auto next = r->receive(0);
        EXPECT_FALSE(next.poll());
        race([&] { r->send(0); }, [&] { r->send(1); });
        EXPECT_TRUE(rt.block_on(handle.join()).error().is_exception());
        EXPECT_EQ(r->alive, 0);
        EXPECT_EQ(r->taken[0] + next.wakes(), 1);
        EXPECT_EQ(r->taken[1], 1);
        return r->taken[0] == 1 ? "taken" : "dropped";
    });
}

TEST_F(group_drop_stress, run_until_cancelled_value_against_the_cancellation) {
    test::until_seen({"value", "cancelled"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(
            [](shared_room mine) -> task<bool> {
                auto both = edo::join(mine->token.run_until_cancelled(takes_first(mine)),
                                      edo::select(mine->go.notified(), waits_for_ever(mine)));
                auto results = co_await std::move(both);
                co_return std::get<0>(results).has_value();
            },
            r);
        r->wait_until_it_waits();
        auto next = r->receive(0);
        EXPECT_FALSE(next.poll());
        race([&] { r->token.cancel(); }, [&] { r->send(0); });
        r->go.notify_one();
        const bool has_value = rt.block_on(handle);
        EXPECT_EQ(r->taken[0], has_value ? 1 : 0);
        EXPECT_EQ(next.wakes(), has_value ? 0 : 1);
        return has_value ? "value" : "cancelled";
    });
}

TEST_F(group_drop_stress, run_until_cancelled_against_a_cancellation_and_an_abort) {
    // The branch that waits for the token has been woken, and lets the other one go first.
    test::until_seen({"value", "cancelled", "dropped"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(
            [](shared_room mine) -> task<bool> {
                const auto announces = [](shared_room his) -> task<> {
                    auto inner = edo::join(takes_first(his), waits_for_ever(his));
                    static_cast<void>(co_await edo::select_biased(std::move(inner)));
                };
                auto result = co_await mine->token.run_until_cancelled(announces(mine));
                EXPECT_FALSE(result.has_value());
                co_return mine->taken[0] == 1;
            },
            r);
        r->wait_until_it_waits();
        auto next = r->receive(0);
        EXPECT_FALSE(next.poll());
        race(
            [&] {
                r->token.cancel();
                let_pass();
                handle.abort();
            },
            [&] { r->send(0); });
        const auto result = rt.block_on(handle.join());
        EXPECT_EQ(r->alive, 0);
        EXPECT_EQ(r->taken[0] + next.wakes(), 1);
        if (!result) { return "dropped"; }
        return *result ? "value" : "cancelled";
    });
}

// --- a scope against the end of its last child ---

/// Knows what a child borrows, and that it is still there when the child goes.
class borrower {
public:
    borrower(std::atomic<int>& alive, const std::string& text) : alive_(alive), text_(text) {
        ++alive_;
    }
    borrower(const borrower&) = delete;
    borrower& operator=(const borrower&) = delete;
    ~borrower() {
        EXPECT_EQ(text_, "a text that is too long for its object");
        --alive_;
    }

private:
    std::atomic<int>& alive_;
    const std::string& text_;
};
/// What children borrow; it goes after them, however the scope ends.
struct lender {
    explicit lender(room& r) : in(r) {}
    lender(const lender&) = delete;
    lender& operator=(const lender&) = delete;
    ~lender() { EXPECT_EQ(in.children, 0); }
    room& in;
    std::string text = "a text that is too long for its object";
};
task<> child(lender& mine, bool fails) {
    const borrower b(mine.in.children, mine.text);
    mine.in.waits = true;
    co_await mine.in.go.notified();
    if (fails) { throw std::runtime_error("failed"); }
}
task<> parent_of_one(shared_room r) {
    lender mine(*r);
    co_await edo::scope([&](task_scope& s) -> task<> {
        s.spawn(child, std::ref(mine), false).detach();
        co_return;
    });
    EXPECT_EQ(r->children, 0);
}
task<> parent_of_one_that_fails(shared_room r) {
    lender mine(*r);
    co_await edo::scope([&](task_scope& s) -> task<> {
        s.spawn(child, std::ref(mine), true).detach();
        const borrower b(r->children, mine.text);
        co_await r->never.notified();
    });
    ADD_FAILURE() << "no exception came";
}

TEST_F(group_drop_stress, a_scope_whose_last_child_ends) {
    test::until_seen({"ended first", "dropped first"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(parent_of_one, r);
        r->wait_until_it_waits();
        race([&] { handle.abort(); }, [&] { r->go.notify_one(); });
        const auto result = rt.block_on(handle.join());
        EXPECT_EQ(r->children, 0);
        return result ? "ended first" : "dropped first";
    });
}

TEST_F(group_drop_stress, a_scope_whose_last_child_fails) {
    test::until_seen({"failed first", "dropped first"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(parent_of_one_that_fails, r);
        r->wait_until_it_waits();
        race([&] { handle.abort(); }, [&] { r->go.notify_one(); });
        const auto result = rt.block_on(handle.join());
        EXPECT_EQ(r->children, 0);
        EXPECT_FALSE(result.has_value());
        return result.error().is_exception() ? "failed first" : "dropped first";
    });
}

TEST_F(group_drop_stress, a_scope_that_loses_a_select_while_its_last_child_ends) {
    test::until_seen({"ended first", "dropped first"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(
            [](shared_room mine) -> task<std::size_t> {
                auto won = co_await edo::select_biased(parent_of_one(mine), mine->never.notified(),
                                                       takes_second(mine));
                EXPECT_EQ(mine->alive, 0);
                co_return won.index();
            },
            r);
        r->wait_until_it_waits();
        race([&] { r->send(1); }, [&] { r->go.notify_one(); });
        const std::size_t winner = rt.block_on(handle);
        EXPECT_EQ(r->children, 0);
        return winner == 0 ? "ended first" : "dropped first";
    });
}

// --- a turn that was given up for others ---

TEST_F(group_drop_stress, a_task_without_budget) {
    test::until_seen({"ended first", "dropped first"}, [&] {
        auto r = std::make_shared<room>();
        auto handle = rt.spawn(
            [](shared_room mine, counted) -> task<> {
                for (mine->waits = true; mine->permits.available_permits() == 0;) {
                    co_await edo::consume_budget();
                }
            },
            r, counted(r->alive));
        r->wait_until_it_waits();
        race([&] { handle.abort(); }, [&] { r->permits.add_permits(1); });
        const auto result = rt.block_on(handle.join());
        EXPECT_EQ(r->alive, 0);
        return result ? "ended first" : "dropped first";
    });
}

}  // namespace
