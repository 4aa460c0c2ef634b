// Dropping a task: innermost first, to any depth, and what a throwing destructor does.
#include "support/runtime_fixture.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using edo::task;
using edo::test::counted;

task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }

/// Written by the task, read after its end.
struct record {
    std::vector<std::string> lines;
    std::atomic<bool> started = false;
};
using log = std::shared_ptr<record>;

class says {
public:
    says(log where, std::string line) : where_(std::move(where)), line_(std::move(line)) {}
    says(const says&) = delete;
    says& operator=(const says&) = delete;
    ~says() { where_->lines.push_back(line_); }

private:
    log where_;
    std::string line_;
};

task<> level(log where, int depth) {
    const says first(where, std::to_string(depth) + " first");
    const says second(where, std::to_string(depth) + " second");
    try {
        if (depth == 0) {
            where->started = true;
            co_await forever();
        } else {
            co_await level(where, depth - 1);
        }
    } catch (...) { where->lines.emplace_back("an exception was seen"); }
    where->lines.emplace_back("went on");
}

class drop : public edo::test::runtime_test {};

task<> until(log where) {
    while (!where->started) { co_await edo::yield_now(); }
}

TEST_P(drop, destroys_locals_from_the_innermost_frame_outwards_without_an_exception) {
    auto where = std::make_shared<record>();
    auto handle = rt().spawn(&level, where, 2);
    rt().block_on(until(where));
    handle.abort();
    auto joined = rt().block_on(handle.join());
    ASSERT_FALSE(joined);
    EXPECT_TRUE(joined.error().is_cancelled());
    EXPECT_EQ(where->lines, (std::vector<std::string>{"0 second", "0 first", "1 second", "1 first",
                                                      "2 second", "2 first"}));
}

TEST_P(drop, before_the_start_destroys_only_the_arguments) {
    if (!is_current_thread()) { GTEST_SKIP() << "a worker would start it at once"; }
    std::atomic<int> alive = 0;
    auto where = std::make_shared<record>();
    auto handle = rt().spawn(
        [](counted, log l) -> task<> {
            const says line(l, "ran");
            co_return;
        },
        counted(alive), where);
    EXPECT_EQ(alive, 1);
    handle.abort();
    auto joined = rt().block_on(handle.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(where->lines.empty());
    EXPECT_EQ(where.use_count(), 1);
}

TEST_P(drop, of_a_task_object_that_never_started_destroys_only_its_arguments) {
    std::atomic<int> alive = 0;
    auto where = std::make_shared<record>();
    {
        auto made = [](counted, log l) -> task<> {
            const says line(l, "ran");
            co_return;
        }(counted(alive), where);
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(where->lines.empty());
}

task<> frames(log where, counted here, std::size_t depth) {
    if (depth == 0) {
        where->started = true;
        co_await forever();
    } else {
        co_await frames(where, here, depth - 1);
    }
}

TEST_P(drop, of_a_chain_of_a_million_frames_does_not_recurse) {
    constexpr std::size_t depth = 1'000'000;
    std::atomic<int> alive = 0;
    auto where = std::make_shared<record>();
    auto handle = rt().spawn(&frames, where, counted(alive), depth);
    rt().block_on(until(where));
    EXPECT_GT(alive, static_cast<int>(depth));
    handle.abort();
    auto joined = rt().block_on(handle.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
    EXPECT_EQ(alive, 0);
}

task<> frames_now(log where, std::size_t depth) {
    if (depth == 0) {
        where->started = true;
        co_return;
    }
    co_await frames_now(where, depth - 1);
}

TEST_P(drop, at_the_end_of_a_runtime_destroys_what_is_suspended) {
    std::atomic<int> alive = 0;
    auto where = std::make_shared<record>();
    rt().spawn(&frames, where, counted(alive), std::size_t{10}).detach();
    rt().block_on(until(where));
    EXPECT_GT(alive, 10);
    stop();
    EXPECT_EQ(alive, 0);
}

TEST_P(drop, may_spawn_abort_and_wake_others_from_its_destructors) {
    auto where = std::make_shared<record>();
    auto other = rt().spawn(
        [](log l) -> task<> {
            const says line(l, "the other was dropped");
            l->started = true;
            co_await forever();
        },
        where);
    rt().block_on(until(where));
    class aborts {
    public:
        aborts(edo::abort_handle h, log l) : other_(std::move(h)), where_(std::move(l)) {}
        aborts(aborts&& o) noexcept : other_(std::move(o.other_)), where_(std::move(o.where_)) {}
        ~aborts() {
            if (where_ == nullptr) { return; }
            other_.abort();
            edo::spawn(&frames_now, where_, std::size_t{3}).detach();
        }

    private:
        edo::abort_handle other_;
        log where_;
    };
    auto begun = std::make_shared<record>();
    auto handle = rt().spawn(
        [](edo::unchecked_t<aborts> holder, log b) -> task<> {
            const auto kept = std::move(holder.value);
            b->started = true;
            co_await forever();
        },
        edo::unchecked(edo::unchecked(aborts(other.abort_handle(), where))), begun);
    rt().block_on(until(begun));
    handle.abort();
    auto first = rt().block_on(handle.join());
    EXPECT_TRUE(!first && first.error().is_cancelled());
    auto second = rt().block_on(other.join());
    EXPECT_TRUE(!second && second.error().is_cancelled());
    EXPECT_EQ(where->lines, std::vector<std::string>{"the other was dropped"});
}

INSTANTIATE_TEST_SUITE_P(coro, drop, edo::test::all_kinds, edo::test::kind_name);

struct throws_when_dropped {
    ~throws_when_dropped() noexcept(false) { throw std::runtime_error("no"); }
};

task<> holds_a_thrower() {
    const throws_when_dropped t;
    co_await forever();
}
task<> catches_all() {
    try {
        co_await holds_a_thrower();
    } catch (...) {}
}

void drop_a_thrower() {
    auto rt = edo::runtime::current_thread().build();
    auto body = [&]() -> task<> {
        auto handle = edo::spawn(&catches_all);
        co_await edo::yield_now();
        handle.abort();
        auto joined = co_await handle.join();
        static_cast<void>(joined);
    };
    rt.block_on(body());
}

TEST(drop_death, of_a_frame_whose_destructor_throws_ends_the_program_with_a_message) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(drop_a_thrower(), "edo: a destructor threw while its task was being dropped");
}

}  // namespace
