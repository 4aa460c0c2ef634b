// fork_join under many threads: trees of forks whose nodes end at once, suspend in every way, throw, or
// are dropped from outside. Each tree has the right result, and nothing of it outlives its parent.
#include "support/race.hpp"
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace {

namespace test = edo::test;
using namespace std::chrono_literals;
using edo::task;
using edo::sync::notify;
using test::counted;

struct node_failed {};

/// A tree is what its number says.
struct tree {
    std::uint64_t number;
    int depth;
    bool fails;  ///< some of its nodes throw

    [[nodiscard]] std::uint64_t drawn() const noexcept {
        std::uint64_t x = number * 0x9e3779b97f4a7c15U;
        x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9U;
        return x ^ x >> 32;
    }
    [[nodiscard]] tree child(unsigned which) const noexcept {
        return {drawn() + which, depth - 1 - static_cast<int>(which == 1 && drawn() % 3 == 0),
                fails};
    }
    [[nodiscard]] bool is_leaf() const noexcept { return depth <= 0; }
    [[nodiscard]] bool throws() const noexcept { return fails && drawn() / 7 % 128 == 0; }
    [[nodiscard]] bool catches() const noexcept { return drawn() / 11 % 16 == 0; }
    [[nodiscard]] bool has_three() const noexcept { return drawn() / 13 % 8 == 0; }
    [[nodiscard]] bool yields_before() const noexcept { return drawn() / 17 % 16 == 0; }
    [[nodiscard]] bool yields_after() const noexcept { return drawn() / 19 % 16 == 0; }
    [[nodiscard]] unsigned kind_of_leaf() const noexcept { return drawn() / 23 % 256; }
};
constexpr long caught_value = 5;
constexpr unsigned notifies = 8, sleeps = 1, blocks = 1, blocks_here = 1, yields = 32;

/// What it gives; nothing: it throws.
std::optional<long> expected(tree t) {
    if (t.throws()) { return {}; }
    if (t.is_leaf()) { return t.kind_of_leaf() < notifies ? 2 : 1; }
    long sum = 0;
    for (unsigned i = 0; i < (t.has_three() ? 3U : 2U); ++i) {
        const auto part = expected(t.child(i));
        if (!part) { return t.catches() ? std::optional(caught_value) : std::nullopt; }
        sum += *part;
    }
    return sum;
}

using counter = std::atomic<int>;

task<long> waits_for(notify& go, counter& alive) {
    const counted me(alive);
    co_await go.notified();
    co_return 1;
}
task<long> fires(notify& go, counter& alive) {
    const counted me(alive);
    go.notify_one();
    co_return 1;
}

task<long> leaf(unsigned kind, counter& alive) {
    const counted me(alive);
    if (kind < notifies) {
        notify go;
        auto [a, b] = kind % 2 == 0
                          ? co_await edo::fork_join(waits_for(go, alive), fires(go, alive))
                          : co_await edo::fork_join(fires(go, alive), waits_for(go, alive));
        co_return a + b;
    }
    kind -= notifies;
    if (kind < sleeps) {
        co_await edo::sleep_for(1ms);
    } else if (kind < sleeps + blocks) {
        auto closure = edo::spawn_blocking([] { return 1; });
        co_await closure;
    } else if (kind < sleeps + blocks + blocks_here) {
        edo::block_in_place([] {});
    } else if (kind < yields) {
        co_await edo::yield_now();
    }
    co_return 1;
}

task<long> grow(tree t, counter& alive) {
    const counted me(alive);
    if (t.yields_before()) { co_await edo::yield_now(); }
    if (t.throws()) { throw node_failed(); }
    if (t.is_leaf()) {
        const long found = co_await leaf(t.kind_of_leaf(), alive);
        co_return found;
    }
    long sum = 0;
    try {
        if (t.has_three()) {
            auto [a, b, c] = co_await edo::fork_join(
                grow(t.child(0), alive), grow(t.child(1), alive), grow(t.child(2), alive));
            sum = a + b + c;
        } else {
            auto [a, b] = co_await edo::fork_join(grow(t.child(0), alive), grow(t.child(1), alive));
            sum = a + b;
        }
    } catch (const node_failed&) {
        if (!t.catches()) { throw; }
        sum = caught_value;
    }
    if (t.yields_after()) { co_await edo::yield_now(); }
    co_return sum;
}

class fork_stress : public test::runtime_test {
protected:
    std::shared_ptr<counter> alive = std::make_shared<counter>(0);
    test::opponent other_;

    auto start(tree t) {
        return rt().spawn(
            [](tree what, std::shared_ptr<counter> count) -> task<long> {
                const counted me(*count);
                const long found = co_await grow(what, *count);
                EXPECT_EQ(*count, 1) << "nothing of it is left";
                co_return found;
            },
            t, alive);
    }
    /// Nothing: it threw.
    template <class Handle>
    std::optional<long> result_of(Handle handle) {
        try {
            return rt().block_on(std::move(handle));
        } catch (const node_failed&) { return {}; }
    }
    /// Waits for its end, and says how it came.
    template <class Handle>
    const char* end_of(Handle& handle) {
        const auto body = [](Handle& h) -> task<const char*> {
            auto ended = co_await h.join();
            if (ended) { co_return "it has ended"; }
            co_return ended.error().is_cancelled() ? "it was aborted" : "it has failed";
        };
        const char* how = rt().block_on(body(handle));
        EXPECT_EQ(*alive, 0) << "children outlive the task";
        return how;
    }
    void TearDown() override { stop(); }
};
INSTANTIATE_TEST_SUITE_P(kinds, fork_stress, test::multi_thread_kinds, test::kind_name);

constexpr int rounds = EDO_TSAN ? 120 : 400;

TEST_P(fork_stress, trees_have_their_results) {
    for (int i = 0; i < rounds; ++i) {
        const tree t{static_cast<std::uint64_t>(i), 2 + i % 11, false};
        EXPECT_EQ(result_of(start(t)), expected(t)) << "tree " << i;
        EXPECT_EQ(*alive, 0);
    }
}

TEST_P(fork_stress, trees_that_throw) {
    int thrown = 0;
    for (int i = 0; i < rounds; ++i) {
        const tree t{static_cast<std::uint64_t>(i), 2 + i % 11, true};
        const auto right = expected(t);
        thrown += right ? 0 : 1;
        EXPECT_EQ(result_of(start(t)), right) << "tree " << i;
        EXPECT_EQ(*alive, 0);
    }
    EXPECT_GT(thrown, 0);
}

/// Several at once, which wait for each other in the queues.
TEST_P(fork_stress, many_trees_in_one_task) {
    auto body = [](std::shared_ptr<counter> count) -> task<> {
        for (std::uint64_t i = 0; i < rounds / 4; ++i) {
            const tree a{4 * i, 6, false}, b{4 * i + 1, 7, false}, c{4 * i + 2, 5, false};
            auto [x, y, z] = co_await edo::join(grow(a, *count), grow(b, *count), grow(c, *count));
            EXPECT_EQ(x + y + z, *expected(a) + *expected(b) + *expected(c));
            EXPECT_EQ(*count, 0);
        }
    };
    rt().block_on(rt().spawn(body, alive));
}

/// The abort comes at any moment of the tree's life.
TEST_P(fork_stress, a_tree_is_aborted) {
    int round = 0;
    test::until_seen({"it has ended", "it was aborted", "it has failed"}, [&] {
        const tree t{static_cast<std::uint64_t>(round), 2 + round % 8, round % 3 == 0};
        auto handle = start(t);
        const int late = test::sweep(++round);
        other_.race([] {},
                    [&] {
                        test::delay(late);
                        handle.abort();
                    });
        return end_of(handle);
    });
}

/// Both children are woken by one thread while another one aborts the parent.
TEST_P(fork_stress, an_abort_meets_the_ends_of_the_children) {
    int round = 0;
    test::until_seen({"it has ended", "it was aborted"}, [&] {
        struct shared {
            notify first, second;
        };
        auto s = std::make_shared<shared>();
        auto handle = rt().spawn(
            [](std::shared_ptr<shared> on, std::shared_ptr<counter> count) -> task<> {
                const counted me(*count);
                co_await edo::fork_join(waits_for(on->first, *count),
                                        waits_for(on->second, *count));
                EXPECT_EQ(*count, 1);
            },
            s, alive);
        if (round % 4 != 0) {
            while (*alive != 3) { std::this_thread::yield(); }
        }
        const int late = 1 << ++round / 2 % 14;
        const bool is_abort_late = round % 2 == 0;
        other_.race(
            [&] {
                if (is_abort_late) { test::delay(late); }
                handle.abort();
            },
            [&] {
                if (!is_abort_late) { test::delay(late); }
                s->first.notify_one();
                s->second.notify_one();
            });
        return end_of(handle);
    });
}

/// One fails while the other one ends and a third thread aborts.
TEST_P(fork_stress, a_failure_meets_an_end) {
    int round = 0;
    test::until_seen({"it has failed", "it was aborted"}, [&] {
        auto go = std::make_shared<notify>();
        auto handle = rt().spawn(
            [](std::shared_ptr<notify> on, std::shared_ptr<counter> count) -> task<> {
                const counted me(*count);
                auto fails = [](notify& n, counter& c) -> task<long> {
                    const counted child(c);
                    co_await n.notified();
                    throw node_failed();
                };
                co_await edo::fork_join(fails(*on, *count), waits_for(*on, *count),
                                        fails(*on, *count));
            },
            go, alive);
        if (round % 4 != 0) {
            while (*alive != 4) { std::this_thread::yield(); }
        }
        const int late = 1 << ++round / 2 % 14;
        const bool is_abort_late = round % 2 == 0;
        other_.race(
            [&] {
                if (is_abort_late) { test::delay(late); }
                handle.abort();
            },
            [&] {
                if (!is_abort_late) { test::delay(late); }
                for (int i = 0; i < 3; ++i) { go->notify_one(); }
            });
        return end_of(handle);
    });
}

/// The tree is a branch that perhaps loses, and then is gone before the select is over.
TEST_P(fork_stress, a_tree_is_dropped) {
    int round = 0;
    test::until_seen({"the tree has won", "it was dropped"}, [&] {
        const tree t{static_cast<std::uint64_t>(round), 2 + round % 8, false};
        auto go = std::make_shared<notify>();
        auto handle = rt().spawn(
            [](tree what, std::shared_ptr<notify> on,
               std::shared_ptr<counter> count) -> task<bool> {
                auto won = co_await edo::select(grow(what, *count), on->notified());
                EXPECT_EQ(*count, 0) << "it is gone before select returns";
                if (won.index() == 0) { EXPECT_EQ(std::get<0>(won), *expected(what)); }
                co_return won.index() == 0;
            },
            t, go, alive);
        const int late = test::sweep(++round);
        other_.race([] {},
                    [&] {
                        test::delay(late);
                        go->notify_one();
                    });
        return rt().block_on(std::move(handle)) ? "the tree has won" : "it was dropped";
    });
}

TEST_P(fork_stress, a_runtime_ends_with_trees) {
    for (int i = 0; i < rounds / 2; ++i) {
        auto owned = std::make_optional(test::builder_of(GetParam()).build());
        for (std::uint64_t k = 0; k < 3; ++k) {
            owned
                ->spawn(
                    [](tree t, std::shared_ptr<counter> count) -> task<long> {
                        const long found = co_await grow(t, *count);
                        co_return found;
                    },
                    tree{3 * static_cast<std::uint64_t>(i) + k, 9, false}, alive)
                .detach();
        }
        test::delay(test::sweep(i));
        owned.reset();
        EXPECT_EQ(*alive, 0);
    }
}

}  // namespace
