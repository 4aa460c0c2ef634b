// The first of several branches wins, the others are dropped.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/notify.hpp>
#include <edo/sync/oneshot.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::sync::notify;
using edo::test::counted;

class select : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, select, edo::test::all_kinds, edo::test::kind_name);

task<int> give(int value) { co_return value; }
task<int> yield_then(int value, int yields = 1) {
    for (int i = 0; i < yields; ++i) { co_await edo::yield_now(); }
    co_return value;
}
task<> forever() { co_await edo::sleep_for(24h); }
task<int> raise() {
    co_await edo::yield_now();
    throw std::runtime_error("boom");
}

TEST_P(select, one_ready) {
    run([]() -> task<> {
        auto won = co_await edo::select(forever(), give(3));
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(std::get<1>(won), 3);
    });
}

TEST_P(select, the_index_says_who_won_where_types_repeat) {
    run([]() -> task<> {
        auto won = co_await edo::select(yield_then(1, 9), yield_then(2, 1), yield_then(3, 5));
        static_assert(std::is_same_v<decltype(won), std::variant<int, int, int>>);
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(std::get<1>(won), 2);
        int referred = 0;
        auto refer = [](int& r) -> task<int&> { co_return r; };
        auto reference = co_await edo::select(refer(referred), forever());
        static_assert(std::is_same_v<decltype(reference),
                                     std::variant<std::reference_wrapper<int>, std::monostate>>);
        EXPECT_EQ(&std::get<0>(reference).get(), &referred);
    });
}

TEST_P(select, sync_one) {
    run([]() -> task<> {
        auto ready = co_await edo::select(give(1));
        EXPECT_EQ(ready, (std::variant<int>(1)));
        auto later = co_await edo::select(yield_then(2));
        EXPECT_EQ(std::get<0>(later), 2);
        auto named = yield_then(3);
        auto moved = co_await edo::select_biased(std::move(named));
        EXPECT_EQ(std::get<0>(moved), 3);
    });
}

TEST_P(select, nested_one) {
    run([]() -> task<> {
        auto won = co_await edo::select(edo::select(edo::select(yield_then(1))));
        EXPECT_EQ(std::get<0>(std::get<0>(std::get<0>(won))), 1);
    });
}

// A channel that has ended is left out; every message is got.
TEST_P(select, select_streams) {
    run([]() -> task<> {
        auto [tx1, rx1] = edo::sync::mpsc_unbounded<int>();
        auto [tx2, rx2] = edo::sync::mpsc_unbounded<int>();
        auto sends = [](edo::sync::mpsc_unbounded_sender<int> one,
                        edo::sync::mpsc_unbounded_sender<int> two) -> task<> {
            EXPECT_TRUE(two.send(1));
            co_await edo::yield_now();
            EXPECT_TRUE(one.send(2));
            EXPECT_TRUE(two.send(3));
            co_await edo::yield_now();
            EXPECT_TRUE(two.send(4));
            { const auto gone = std::move(two); }
            co_await edo::yield_now();
            EXPECT_TRUE(one.send(5));
        };
        auto sender = edo::spawn(sends, std::move(tx1), std::move(tx2));
        std::vector<int> got;
        bool has_first = true, has_second = true;
        while (has_first || has_second) {
            std::optional<int> message;
            bool* source = has_first ? &has_first : &has_second;
            if (has_first && has_second) {
                auto won = co_await edo::select(rx1.recv(), rx2.recv());
                source = won.index() == 0 ? &has_first : &has_second;
                message = won.index() == 0 ? std::get<0>(won) : std::get<1>(won);
            } else if (has_first) {
                message = co_await rx1.recv();
            } else {
                message = co_await rx2.recv();
            }
            if (message) {
                got.push_back(*message);
            } else {
                *source = false;
            }
        }
        std::ranges::sort(got);
        EXPECT_EQ(got, (std::vector{1, 2, 3, 4, 5}));
        co_await sender;
    });
}

// As arguments of the expression they live until it ends.
TEST_P(select, temporary_lifetime_extension) {
    run([]() -> task<> {
        auto length = [](const std::string& text) -> task<std::size_t> {
            co_await edo::yield_now();
            co_return text.size();
        };
        auto won = co_await edo::select(forever(), length(std::string(100, 'x')));
        EXPECT_EQ(std::get<1>(won), 100U);
    });
}

TEST_P(select, sync_two) {
    run([]() -> task<> {
        int wins[2] = {};
        int ran = 0;
        auto counts = [](int& n) -> task<> {
            ++n;
            co_return;
        };
        constexpr int rounds = 1000;
        for (int i = 0; i < rounds; ++i) {
            auto won = co_await edo::select(counts(ran), counts(ran));
            ++wins[won.index()];
        }
        EXPECT_EQ(ran, rounds) << "the loser has run";
        EXPECT_GT(wins[0], rounds / 4);
        EXPECT_GT(wins[1], rounds / 4);
    });
}

TEST_P(select, biased_starts_in_order) {
    run([]() -> task<> {
        for (int i = 0; i < 100; ++i) {
            auto won = co_await edo::select_biased(give(1), give(2), forever());
            EXPECT_EQ(won.index(), 0U);
        }
    });
}

TEST_P(select, drops_the_losers_before_it_returns) {
    static std::atomic<int> alive{0};
    run([]() -> task<> {
        auto owner = [](counted) -> task<> { co_await edo::sleep_for(24h); };
        auto won =
            co_await edo::select(owner(counted(alive)), yield_then(1, 3), owner(counted(alive)));
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(alive.load(), 0);
    });
}

// Both are woken before either runs again.
TEST_P(select, a_loser_takes_nothing_more) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::mpsc<int>(4);
        notify go;
        auto receives = [](edo::sync::mpsc_receiver<int>& from) -> task<int> {
            auto got = co_await from.recv();
            co_return *got;
        };
        auto waits = [](notify& n) -> task<> { co_await n.notified(); };
        int received = 0;
        for (int i = 0; i < 100; ++i) {
            auto wakes = [](notify& n, edo::sync::mpsc_sender<int>& to) -> task<> {
                co_await edo::yield_now();
                n.notify_one();
                EXPECT_TRUE(to.try_send(1));
            };
            auto chooses = [&](edo::sync::mpsc_receiver<int>& from) -> task<> {
                auto won = co_await edo::select(receives(from), waits(go));
                if (won.index() == 0) { ++received; }
            };
            co_await edo::join(chooses(rx), wakes(go, tx));
            if (auto more = rx.try_recv()) { ++received; }
            // A notification that a loser held goes back as a permit.
            static_cast<void>(co_await edo::select_biased(go.notified(), give(0)));
        }
        EXPECT_EQ(received, 100);
    });
}

TEST_P(select, throws_the_exception_of_the_winner) {
    run([]() -> task<> {
        EXPECT_THROW(static_cast<void>(co_await edo::select(forever(), raise())),
                     std::runtime_error);
    });
}

TEST_P(select, move_uncompleted_futures) {
    run([]() -> task<> {
        auto [tx, rx] = edo::sync::oneshot<int>();
        auto handle = edo::spawn(yield_then, 2, 3);
        auto sleep = edo::sleep_for(24h);
        auto won = co_await edo::select(rx, sleep, give(1));
        EXPECT_EQ(won.index(), 2U);
        EXPECT_TRUE(tx.send(7));
        auto then = co_await edo::select_biased(sleep, rx);
        EXPECT_EQ(std::get<1>(then), 7);
        auto last = co_await edo::select(handle, sleep);
        EXPECT_EQ(std::get<0>(last), 2);
        EXPECT_FALSE(sleep.is_elapsed());
    });
}

TEST_P(select, nested) {
    run([]() -> task<> {
        auto won = co_await edo::select(edo::select(forever(), yield_then(1, 2)),
                                        edo::timeout(1h, forever()), edo::join(give(1), forever()));
        EXPECT_EQ(won.index(), 0U);
        EXPECT_EQ(std::get<1>(std::get<0>(won)), 1);
    });
}

TEST_P(select, in_a_timeout) {
    run([]() -> task<> {
        auto late = co_await edo::timeout(1ms, edo::select(forever(), forever()));
        EXPECT_FALSE(late.has_value());
    });
}

TEST_P(select, join_with_select) {
    run([]() -> task<> {
        auto [tx1, rx1] = edo::sync::oneshot<int>();
        auto [tx2, rx2] = edo::sync::oneshot<int>();
        auto sends = [](edo::sync::oneshot_sender<int> one,
                        edo::sync::oneshot_sender<int> two) -> task<> {
            co_await edo::yield_now();
            EXPECT_TRUE(two.send(2));
            co_await edo::yield_now();
            EXPECT_TRUE(one.send(1));
        };
        auto sender = edo::spawn(edo::unchecked(sends), std::move(tx1), std::move(tx2));
        int sum = 0;
        bool has_one = false, has_two = false;
        while (!has_one || !has_two) {
            if (has_two) {
                sum += (co_await rx1).value();
                has_one = true;
                continue;
            }
            auto won = co_await edo::select(rx1, rx2);
            (won.index() == 0 ? has_one : has_two) = true;
            sum += won.index() == 0 ? std::get<0>(won).value() : std::get<1>(won).value();
        }
        EXPECT_EQ(sum, 3);
        co_await sender;
    });
}

TEST_P(select, many_branches) {
    run([]() -> task<> {
        auto choose = []<std::size_t... I>(std::index_sequence<I...>) -> task<std::size_t> {
            auto won = co_await edo::select(yield_then(static_cast<int>(I), I == 41 ? 1 : 1000)...);
            co_return won.index();
        };
        auto index = co_await choose(std::make_index_sequence<64>());
        EXPECT_EQ(index, 41U);
    });
}

TEST_P(select, all) {
    run([]() -> task<> {
        std::vector<task<int>> some;
        for (int i = 0; i < 100; ++i) { some.push_back(yield_then(i, i == 57 ? 1 : 1000)); }
        auto won = co_await edo::select_all(std::move(some));
        EXPECT_EQ(won, std::pair(std::size_t{57}, 57));
        std::vector<edo::join_handle<int>> handles;
        for (int i = 0; i < 10; ++i) { handles.push_back(edo::spawn(yield_then, i, 1)); }
        int sum = 0;
        while (!handles.empty()) {
            auto next = co_await edo::select_all(handles);
            sum += next.second;
            handles.erase(handles.begin() + static_cast<std::ptrdiff_t>(next.first));
        }
        EXPECT_EQ(sum, 45);
        EXPECT_THROW(static_cast<void>(edo::select_all(std::vector<task<int>>())),
                     std::invalid_argument);
    });
}

TEST_P(select, select_all_biased_prefers_the_first) {
    run([]() -> task<> {
        for (int i = 0; i < 20; ++i) {
            std::vector<task<int>> ready;
            for (int k = 0; k < 5; ++k) { ready.push_back(yield_then(k, 0)); }
            auto won = co_await edo::select_all_biased(std::move(ready));
            EXPECT_EQ(won, std::pair(std::size_t{0}, 0));
        }
        EXPECT_THROW(static_cast<void>(edo::select_all_biased(std::vector<task<int>>())),
                     std::invalid_argument);
    });
}

TEST_P(select, select_is_budget_aware) {
    run([]() -> task<> {
        int turns = 0;
        auto neighbour = [](int& n) -> task<> {
            for (;;) {
                ++n;
                co_await edo::yield_now();
            }
        };
        auto spends = []() -> task<> {
            for (int i = 0; i < 10'000; ++i) {
                static_cast<void>(co_await edo::select_biased(edo::consume_budget(), forever()));
            }
        };
        static_cast<void>(co_await edo::select_biased(spends(), neighbour(turns)));
        EXPECT_GE(turns, 10);
    });
}

/// An awaitable of another library: a plain thread resumes it.
class foreign {
public:
    explicit foreign(std::atomic<int>& done) : done_(&done) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
        std::thread([h, done = done_] {
            std::this_thread::yield();
            ++*done;
            h.resume();
        }).detach();
    }
    void await_resume() const noexcept {}

private:
    std::atomic<int>* done_;
};

/// An awaitable by its operator.
struct made_of_foreign {
    std::atomic<int>& done;
    foreign operator co_await() const { return foreign(done); }
};

TEST_P(select, select_into_future) {
    static std::atomic<int> done{0};
    run([]() -> task<> {
        made_of_foreign made(done);
        auto won = co_await edo::select(std::move(made), forever());
        EXPECT_EQ(won.index(), 0U);
        EXPECT_GE(done.load(), 1);
    });
}

// It cannot be dropped at once, so select waits for it.
TEST_P(select, waits_for_a_foreign_loser) {
    static std::atomic<int> done{0};
    static std::atomic<int> alive{0};
    done = 0;
    run([]() -> task<> {
        auto loses = [](counted) -> task<> {
            co_await foreign(done);
            ADD_FAILURE() << "a loser went on";
        };
        for (int i = 1; i <= 20; ++i) {
            auto won = co_await edo::select_biased(loses(counted(alive)), foreign(done), give(1));
            EXPECT_EQ(won.index(), 2U);
            EXPECT_EQ(done.load(), 2 * i);
            EXPECT_EQ(alive.load(), 0);
        }
    });
}

TEST_P(select, an_abort_while_it_waits_for_a_foreign_loser) {
    static std::atomic<int> alive{0};
    static std::coroutine_handle<> waiting;
    static std::atomic<bool> is_waiting{false};
    struct by_hand {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> h) {
            waiting = h;
            is_waiting = true;
        }
        void await_resume() const noexcept {}
    };
    is_waiting = false;
    auto handle = rt().spawn([]() -> task<> {
        auto loses = [](counted) -> task<> {
            by_hand wait;
            co_await std::move(wait);
        };
        static_cast<void>(co_await edo::select_biased(loses(counted(alive)), give(1)));
        ADD_FAILURE() << "it went on";
    });
    rt().block_on([]() -> task<> {
        while (!is_waiting) { co_await edo::yield_now(); }
    }());
    handle.abort();
    EXPECT_GE(alive.load(), 1);
    waiting.resume();
    EXPECT_FALSE(rt().block_on(handle.join()).has_value());
    EXPECT_EQ(alive.load(), 0);
}

// The holder of a lock is a branch that is not polled any more in Tokio (its "futurelock").
TEST_P(select, a_spawned_waiter_for_a_lock_does_not_block_the_body) {
    run([]() -> task<> {
        auto m = std::make_shared<edo::sync::mutex<int>>(0);
        auto hold = [](std::shared_ptr<edo::sync::mutex<int>> lock) -> task<> {
            auto held = co_await lock->lock();
            co_await edo::sleep_for(5ms);
        };
        auto queue = [](std::shared_ptr<edo::sync::mutex<int>> lock) -> task<> {
            auto held = co_await lock->lock();
        };
        auto holder = edo::spawn(hold, m);
        co_await edo::yield_now();
        auto f = edo::spawn(queue, m);
        static_cast<void>(co_await edo::select(f, edo::sleep_for(1ms)));
        auto mine = co_await m->lock();
        mine.unlock();
        co_await f;
        co_await holder;
    });
}

TEST_P(select, what_was_not_started_is_gone_before_it_goes_on) {
    run([]() -> task<> {
        auto held = std::make_shared<int>(1);
        auto keeps = [](std::shared_ptr<int> one) -> task<int> { co_return *one; };
        auto named = edo::select_biased(give(1), keeps(held), keeps(held));
        EXPECT_EQ(held.use_count(), 3);
        EXPECT_EQ((co_await std::move(named)).index(), 0U);
        EXPECT_EQ(held.use_count(), 1);
    });
}

}  // namespace
