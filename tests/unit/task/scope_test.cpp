// Tasks that borrow: none outlives what it refers to.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>
#include <edo/sync/notify.hpp>

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

namespace {

using namespace std::chrono_literals;
using edo::task;
using edo::task_scope;
using edo::sync::notify;
using counter = std::atomic<int>;

class scope : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, scope, edo::test::all_kinds, edo::test::kind_name);

task<> forever() { co_await edo::sleep_for(24h); }

/// Counts itself out of `alive` when it is destroyed, and looks at what it borrows then.
class borrower {
public:
    borrower(counter& alive, const std::string& text) : alive_(alive), text_(text) { ++alive_; }
    borrower(const borrower&) = delete;
    borrower& operator=(const borrower&) = delete;
    ~borrower() {
        EXPECT_EQ(text_, "a text that is too long for its object");
        --alive_;
    }

private:
    counter& alive_;
    const std::string& text_;
};
const char* const long_text = "a text that is too long for its object";

task<> borrow_forever(counter& alive, const std::string& text) {
    const borrower b(alive, text);
    co_await forever();
}

TEST_P(scope, children_change_what_the_parent_has) {
    run([]() -> task<> {
        std::vector<int> data(1000, 1);
        co_await edo::scope([&](task_scope& s) -> task<> {
            for (int& x : data) {
                s.spawn(
                     [](int& mine) -> task<> {
                         co_await edo::yield_now();
                         mine *= 2;
                     },
                     std::ref(x))
                    .detach();
            }
            co_return;
        });
        EXPECT_EQ(data, std::vector<int>(1000, 2));
    });
}

TEST_P(scope, gives_the_result_of_its_body) {
    run([]() -> task<> {
        int base = 40;
        auto sum = co_await edo::scope([&](task_scope& s) -> task<int> {
            auto one = s.spawn([&]() -> task<int> { co_return base + 1; });
            auto two = s.spawn([&]() -> task<int> {
                co_await edo::yield_now();
                co_return base + 2;
            });
            const int first = co_await one;
            const int second = co_await two;
            co_return first + second;
        });
        EXPECT_EQ(sum, 83);
        int& same = co_await edo::scope([&](task_scope&) -> task<int&> { co_return base; });
        EXPECT_EQ(&same, &base);
    });
}

TEST_P(scope, children_spawn_more_children) {
    run([]() -> task<> {
        counter ran{0};
        struct tree {
            static task<> grow(task_scope& s, counter& n, int depth) {
                ++n;
                if (depth == 0) { co_return; }
                for (int i = 0; i < 2; ++i) {
                    s.spawn(grow, std::ref(s), std::ref(n), depth - 1).detach();
                }
            }
        };
        co_await edo::scope([&](task_scope& s) -> task<> { co_await tree::grow(s, ran, 10); });
        EXPECT_EQ(ran.load(), 2047);
    });
}

TEST_P(scope, a_child_that_throws_aborts_its_siblings_and_ends_the_body) {
    run([]() -> task<> {
        const std::string text = long_text;
        counter alive{0};
        try {
            co_await edo::scope([&](task_scope& s) -> task<> {
                for (int i = 0; i < 10; ++i) {
                    s.spawn(borrow_forever, std::ref(alive), std::cref(text)).detach();
                }
                s.spawn([&]() -> task<> {
                     while (alive != 11) { co_await edo::yield_now(); }
                     throw std::runtime_error("child");
                 }).detach();
                co_await borrow_forever(alive, text);
            });
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "child"); }
        EXPECT_EQ(alive.load(), 0);
    });
}

TEST_P(scope, the_first_exception_wins) {
    run([]() -> task<> {
        std::optional<edo::join_handle<void>> late;
        try {
            co_await edo::scope([&](task_scope& s) -> task<> {
                auto first = s.spawn([]() -> task<> {
                    co_await edo::yield_now();
                    throw std::runtime_error("first");
                });
                static_cast<void>(co_await first.join());
                throw std::runtime_error("second");
            });
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "first"); }
    });
}

TEST_P(scope, of_two_children_that_throw_one_counts) {
    run([]() -> task<> {
        const auto raises = [](counter& begun, std::string text) -> task<> {
            ++begun;
            throw std::runtime_error(text);
            co_return;
        };
        counter begun{0};
        int caught = 0;
        for (int round = 0; round < 100; ++round) {
            try {
                co_await edo::scope([&](task_scope& s) -> task<> {
                    s.spawn(raises, std::ref(begun), std::string("first")).detach();
                    s.spawn(raises, std::ref(begun), std::string("second")).detach();
                    co_return;
                });
            } catch (const std::runtime_error& e) {
                const std::string text = e.what();
                EXPECT_TRUE(text == "first" || text == "second") << text;
                ++caught;
            }
        }
        EXPECT_EQ(caught, 100);
        EXPECT_GE(begun, 100);
    });
}

TEST_P(scope, an_exception_of_the_body_aborts_the_children) {
    run([]() -> task<> {
        const std::string text = long_text;
        counter alive{0};
        try {
            co_await edo::scope([&](task_scope& s) -> task<> {
                for (int i = 0; i < 10; ++i) {
                    s.spawn(borrow_forever, std::ref(alive), std::cref(text)).detach();
                }
                while (alive != 10) { co_await edo::yield_now(); }
                throw std::runtime_error("body");
            });
            ADD_FAILURE() << "no exception came";
        } catch (const std::runtime_error& e) { EXPECT_STREQ(e.what(), "body"); }
        EXPECT_EQ(alive.load(), 0);
        EXPECT_THROW(
            co_await edo::scope([](task_scope&) -> task<> { throw std::logic_error("at once"); }),
            std::logic_error);
    });
}

TEST_P(scope, an_aborted_child_is_no_failure) {
    run([]() -> task<> {
        co_await edo::scope([](task_scope& s) -> task<> {
            auto child = s.spawn(forever);
            co_await edo::yield_now();
            child.abort();
            auto result = co_await child.join();
            EXPECT_FALSE(result.has_value());
        });
    });
}

// The parent is aborted before each of its steps.
TEST_P(scope, an_abort_of_the_parent_joins_the_children) {
    for (int steps = 0; steps < 20; ++steps) {
        counter alive{0}, at{0};
        bool went_on = false;
        auto parent = rt().spawn(edo::unchecked([&]() -> task<> {
            const std::string text = long_text;
            const auto step = [&]() -> task<> {
                ++at;
                co_await edo::yield_now();
            };
            const borrower mine(alive, text);
            co_await step();
            co_await edo::scope([&](task_scope& s) -> task<> {
                co_await step();
                s.spawn(borrow_forever, std::ref(alive), std::cref(text)).detach();
                for (int i = 0; i < 3; ++i) { co_await step(); }
                co_await edo::scope([&](task_scope& inner) -> task<> {
                    inner.spawn(borrow_forever, std::ref(alive), std::cref(text)).detach();
                    for (int i = 0; i < 3; ++i) { co_await step(); }
                    co_await borrow_forever(alive, text);
                });
            });
            went_on = true;
        }));
        const edo::abort_handle aborts = parent.abort_handle();
        rt().block_on([](counter& now, edo::abort_handle end, int when) -> task<> {
            for (int i = 0; i < 1000 && now < when; ++i) { co_await edo::yield_now(); }
            end.abort();
        }(at, aborts, steps));
        EXPECT_FALSE(rt().block_on(parent.join()).has_value());
        EXPECT_EQ(alive.load(), 0);
        EXPECT_FALSE(went_on);
    }
}

TEST_P(scope, in_a_select_that_it_loses) {
    run([]() -> task<> {
        const std::string text = long_text;
        counter alive{0};
        for (int i = 0; i < 20; ++i) {
            auto won = co_await edo::select_biased(
                edo::scope([&](task_scope& s) -> task<> {
                    s.spawn(borrow_forever, std::ref(alive), std::cref(text)).detach();
                    co_await borrow_forever(alive, text);
                }),
                [](counter& n, int yields) -> task<int> {
                    for (int k = 0; k < yields || n != 2; ++k) { co_await edo::yield_now(); }
                    co_return 7;
                }(alive, i));
            EXPECT_EQ(std::get<1>(won), 7);
            EXPECT_EQ(alive.load(), 0);
        }
    });
}

TEST_P(scope, in_a_timeout) {
    run([]() -> task<> {
        const std::string text = long_text;
        counter alive{0};
        auto late = co_await edo::timeout(
            1ms, edo::scope([&](task_scope& s) -> task<> {
                s.spawn(borrow_forever, std::ref(alive), std::cref(text)).detach();
                co_return;
            }));
        EXPECT_FALSE(late.has_value());
        EXPECT_EQ(alive.load(), 0);
    });
}

TEST_P(scope, two_in_a_join) {
    run([]() -> task<> {
        counter ran{0};
        const auto three = [&](task_scope& s) -> task<int> {
            for (int i = 0; i < 3; ++i) {
                s.spawn([&]() -> task<> {
                     co_await edo::yield_now();
                     ++ran;
                 }).detach();
            }
            co_return 1;
        };
        auto both = co_await edo::join(edo::scope(three), edo::scope(three));
        EXPECT_EQ(both, std::tuple(1, 1));
        EXPECT_EQ(ran.load(), 6);
    });
}

TEST_P(scope, nested_a_thousand_deep) {
    run([]() -> task<> {
        struct nest {
            static task<int> of(int depth) {
                if (depth == 0) { co_return 0; }
                int below = 0;
                co_await edo::scope([&](task_scope& s) -> task<> {
                    auto child = s.spawn(of, depth - 1);
                    below = co_await child;
                });
                co_return below + 1;
            }
            static task<int> inline_of(int depth) {
                if (depth == 0) { co_return 0; }
                auto below = co_await edo::scope(
                    [&](task_scope&) -> task<int> { co_return co_await inline_of(depth - 1); });
                co_return below + 1;
            }
        };
        auto depth = co_await nest::of(1000);
        EXPECT_EQ(depth, 1000);
        depth = co_await nest::inline_of(1000);
        EXPECT_EQ(depth, 1000);
    });
}

TEST_P(scope, in_block_on) {
    int sum = 0;
    rt().block_on(edo::scope([&](task_scope& s) -> task<> {
        auto child = s.spawn([&]() -> task<> {
            co_await edo::yield_now();
            sum = 3;
        });
        co_await child;
    }));
    EXPECT_EQ(sum, 3);
}

TEST_P(scope, in_a_local_task) {
    run([]() -> task<> {
        edo::local_set set;
        auto inside = []() -> task<> {
            auto local = edo::spawn_local([]() -> task<int> {
                int sum = 0;
                co_await edo::scope([&](task_scope& s) -> task<> {
                    auto child = s.spawn([&]() -> task<> {
                        co_await edo::yield_now();
                        sum = 5;
                    });
                    co_await child;
                });
                co_return sum;
            });
            auto sum = co_await local;
            EXPECT_EQ(sum, 5);
        };
        co_await set.run_until(inside());
    });
}

TEST_P(scope, a_million_children) {
    run([]() -> task<> {
        counter ran{0};
        co_await edo::scope([&](task_scope& s) -> task<> {
            for (int i = 0; i < 1'000'000; ++i) {
                s.spawn([&]() -> task<> {
                     ran.fetch_add(1, std::memory_order_relaxed);
                     co_return;
                 }).detach();
            }
            co_return;
        });
        EXPECT_EQ(ran.load(), 1'000'000);
    });
}

TEST_P(scope, a_runtime_that_ends_drops_children_before_the_parent) {
    counter alive{0}, started{0};
    rt().spawn(edo::unchecked([&]() -> task<> {
            const std::string text = long_text;
            const borrower mine(alive, text);
            co_await edo::scope([&](task_scope& s) -> task<> {
                for (int i = 0; i < 100; ++i) {
                    s.spawn(borrow_forever, std::ref(alive), std::cref(text)).detach();
                }
                ++started;
                co_await forever();
            });
        }))
        .detach();
    rt().block_on([](counter& n) -> task<> {
        while (n != 1) { co_await edo::yield_now(); }
    }(started));
    stop();
    EXPECT_EQ(alive.load(), 0);
}

TEST_P(scope, a_child_that_is_spawned_while_it_ends_starts_aborted) {
    run([]() -> task<> {
        bool ran = false;
        bool was_spawned = false;
        struct spawns_in_its_destructor {
            spawns_in_its_destructor(task_scope& in, bool& r, bool& w)
                : s(in), ran(r), spawned(w) {}
            spawns_in_its_destructor(const spawns_in_its_destructor&) = delete;
            spawns_in_its_destructor& operator=(const spawns_in_its_destructor&) = delete;
            ~spawns_in_its_destructor() {
                s.spawn([this]() -> task<> {
                     ran = true;
                     co_return;
                 }).detach();
                spawned = true;
            }
            task_scope& s;
            bool& ran;
            bool& spawned;
        };
        try {
            co_await edo::scope([&](task_scope& s) -> task<> {
                s.spawn([&]() -> task<> {
                     const spawns_in_its_destructor last(s, ran, was_spawned);
                     co_await forever();
                 }).detach();
                co_await edo::yield_now();
                co_await edo::yield_now();
                throw std::runtime_error("end");
            });
        } catch (const std::runtime_error&) {}
        EXPECT_FALSE(ran && was_spawned);
    });
}

}  // namespace
