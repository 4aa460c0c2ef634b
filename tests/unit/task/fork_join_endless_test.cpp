// Forks that never suspend: what is to end them, or runs beside them, has its turn.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::sync::notify;

/// Without an end from outside it would have two to the power of 40 leaves.
task<int> grow(int depth) {
    if (depth == 0) { co_return 1; }
    auto [a, b] = co_await edo::fork_join(grow(depth - 1), grow(depth - 1));
    co_return a + b;
}
constexpr int endless = 40;

class fork_join_endless : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, fork_join_endless, edo::test::all_kinds, edo::test::kind_name);

TEST_P(fork_join_endless, a_timeout_ends_it) {
    rt().block_on(rt().spawn([]() -> task<> {
        auto grown = co_await edo::timeout(1ms, grow(endless));
        EXPECT_FALSE(grown);
    }));
}

TEST_P(fork_join_endless, a_select_ends_it) {
    struct shared {
        std::atomic<bool> has_begun{false};
        notify go;
    };
    auto s = std::make_shared<shared>();
    auto selects = rt().spawn(
        [](std::shared_ptr<shared> on) -> task<> {
            auto begins = [](std::atomic<bool>& begun) -> task<int> {
                begun = true;
                const int leaves = co_await grow(endless);
                co_return leaves;
            };
            auto won = co_await edo::select(begins(on->has_begun), on->go.notified());
            EXPECT_EQ(won.index(), 1U);
        },
        s);
    std::thread ends([&] {
        while (!s->has_begun) { std::this_thread::yield(); }
        s->go.notify_one();
    });
    rt().block_on(std::move(selects));
    ends.join();
}

/// The sibling is on another worker: here, inside of the parent, only the child itself is aborted.
TEST(fork_join_endless_parallel, a_failing_sibling_ends_it) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    rt.block_on(rt.spawn([]() -> task<> {
        auto fails = []() -> task<int> {
            throw 7;
            co_return 1;
        };
        auto nested = []() -> task<int> {
            auto [a, b] = co_await edo::fork_join(grow(endless), grow(1));
            co_return a + b;
        };
        try {
            co_await edo::fork_join(nested(), fails());
            ADD_FAILURE() << "nothing was thrown";
        } catch (int thrown) { EXPECT_EQ(thrown, 7); }
    }));
}

}  // namespace
