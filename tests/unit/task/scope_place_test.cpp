// Scopes whose parent stays on its thread: in a local task, in what a local_set runs, under block_on. Their
// children run on the workers, and the parent goes on where it was.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::task_scope;
using edo::test::counted;
using counter = std::atomic<int>;

class scope_place : public edo::test::runtime_test {
protected:
    using body = task<> (*)();
    /// In each of the three places.
    void run(body of) {
        rt().block_on([](body scopes) -> task<> {
            const auto thread = std::this_thread::get_id();
            co_await scopes();
            EXPECT_EQ(std::this_thread::get_id(), thread);
        }(of));
        rt().block_on(rt().spawn(
            [](body scopes) -> task<> {
                edo::local_set set;
                co_await set.run_until(scopes());
            },
            of));
        rt().block_on(rt().spawn(
            [](body scopes) -> task<> {
                edo::local_set set;
                set.spawn_local(
                       [](body mine) -> task<> {
                           const auto thread = std::this_thread::get_id();
                           co_await mine();
                           EXPECT_EQ(std::this_thread::get_id(), thread);
                       },
                       scopes)
                    .detach();
                co_await set;
            },
            of));
    }
};
INSTANTIATE_TEST_SUITE_P(kinds, scope_place, edo::test::all_kinds, edo::test::kind_name);

task<> borrows_for_ever(counter& alive) {
    const counted me(alive);
    co_await edo::sleep_for(24h);
}
task<> until_there_are(counter& alive, int count) {
    while (alive != count) { co_await edo::yield_now(); }
}

TEST_P(scope_place, a_child_that_throws) {
    run([]() -> task<> {
        counter alive{0};
        try {
            co_await edo::scope([&](task_scope& s) -> task<> {
                s.spawn(borrows_for_ever, std::ref(alive)).detach();
                s.spawn([&]() -> task<> {
                     co_await until_there_are(alive, 2);
                     throw std::runtime_error("failed");
                 }).detach();
                co_await borrows_for_ever(alive);
            });
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "failed"); }
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(scope_place, a_body_that_throws) {
    run([]() -> task<> {
        counter alive{0};
        try {
            co_await edo::scope([&](task_scope& s) -> task<> {
                s.spawn(borrows_for_ever, std::ref(alive)).detach();
                co_await until_there_are(alive, 1);
                throw std::runtime_error("failed");
            });
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "failed"); }
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(scope_place, in_a_select_that_it_loses) {
    run([]() -> task<> {
        counter alive{0};
        auto won =
            co_await edo::select_biased(edo::scope([&](task_scope& s) -> task<> {
                                            s.spawn(borrows_for_ever, std::ref(alive)).detach();
                                            co_await borrows_for_ever(alive);
                                        }),
                                        until_there_are(alive, 2));
        EXPECT_EQ(won.index(), 1U);
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(scope_place, in_a_timeout) {
    run([]() -> task<> {
        counter alive{0};
        auto late = co_await edo::timeout(1ms, edo::scope([&](task_scope& s) -> task<> {
                                              s.spawn(borrows_for_ever, std::ref(alive)).detach();
                                              co_return;
                                          }));
        EXPECT_FALSE(late.has_value());
        EXPECT_EQ(alive, 0);
    });
}

TEST_P(scope_place, nested_with_results) {
    run([]() -> task<> {
        const int sum = co_await edo::scope([](task_scope& s) -> task<int> {
            auto outer = s.spawn([]() -> task<int> {
                co_return co_await edo::scope([](task_scope& inner) -> task<int> {
                    auto child = inner.spawn([]() -> task<int> {
                        co_await edo::yield_now();
                        co_return 2;
                    });
                    co_return co_await child;
                });
            });
            const int two = co_await outer;
            co_return two + 1;
        });
        EXPECT_EQ(sum, 3);
    });
}

// A local parent is aborted before each of its steps.
TEST_P(scope_place, an_abort_of_a_local_parent_joins_the_children) {
    for (int steps = 0; steps < 8; ++steps) {
        rt().block_on(rt().spawn(
            [](int when) -> task<> {
                counter alive{0}, at{0};
                edo::local_set set;
                auto parent = set.spawn_local(edo::unchecked([&]() -> task<> {
                    const auto step = [&]() -> task<> {
                        ++at;
                        co_await edo::yield_now();
                    };
                    co_await step();
                    co_await edo::scope([&](task_scope& s) -> task<> {
                        co_await step();
                        s.spawn(borrows_for_ever, std::ref(alive)).detach();
                        for (int i = 0; i < 3; ++i) { co_await step(); }
                        co_await borrows_for_ever(alive);
                    });
                }));
                const auto aborts = [&]() -> task<bool> {
                    for (int i = 0; i < 1000 && at < when; ++i) { co_await edo::yield_now(); }
                    parent.abort();
                    const auto ended = co_await parent.join();
                    co_return ended.has_value();
                };
                const bool has_ended = co_await set.run_until(aborts());
                EXPECT_FALSE(has_ended);
                EXPECT_EQ(alive, 0);
            },
            steps));
    }
}

}  // namespace
