// The lazy coroutine: what runs when, which results and exceptions it carries.
#include "support/runtime_fixture.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using edo::task;
using edo::test::counted;

static_assert(!std::is_copy_constructible_v<task<int>> && !std::is_copy_assignable_v<task<int>>);
static_assert(std::is_nothrow_move_constructible_v<task<int>>);
static_assert(std::is_nothrow_move_assignable_v<task<int>>);
static_assert(sizeof(task<int>) == sizeof(void*));

class task_of : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::current_thread().build();
    void SetUp() override { watch(rt); }
};

task<> set(int& ran) {
    ++ran;
    co_return;
}

TEST_F(task_of, void_runs_only_when_it_is_awaited) {
    int ran = 0;
    auto made = set(ran);
    EXPECT_EQ(ran, 0);
    EXPECT_TRUE(made);
    rt.block_on(std::move(made));
    EXPECT_EQ(ran, 1);
    EXPECT_FALSE(made);  // NOLINT(bugprone-use-after-move)
}

TEST_F(task_of, void_that_is_never_awaited_runs_nothing) {
    int ran = 0;
    { auto made = set(ran); }
    EXPECT_EQ(ran, 0);
}

TEST_F(task_of, anything_moves_swaps_and_empties) {
    int a = 0;
    int b = 0;
    task<> first = set(a);
    task<> second = set(b);
    first.swap(second);
    rt.block_on(std::move(first));
    EXPECT_EQ(b, 1);
    first = std::move(second);
    EXPECT_FALSE(second);  // NOLINT(bugprone-use-after-move)
    task<> replaced = set(b);
    replaced = std::move(first);
    rt.block_on(std::move(replaced));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 1);
    EXPECT_FALSE(task<int>());
}

task<int&> refer(int& x) { co_return x; }

TEST_F(task_of, a_reference_gives_the_object_itself) {
    int x = 1;
    auto body = [&]() -> task<> {
        int& r = co_await refer(x);
        EXPECT_EQ(&r, &x);
        r = 7;
    };
    rt.block_on(body());
    EXPECT_EQ(x, 7);
    static_assert(std::is_same_v<decltype(rt.block_on(refer(x))), int>);
}

task<std::unique_ptr<int>> box(int x) { co_return std::make_unique<int>(x); }

TEST_F(task_of, a_move_only_type_moves_its_result) {
    auto body = [&]() -> task<int> {
        auto p = co_await box(5);
        co_return *p;
    };
    EXPECT_EQ(rt.block_on(body()), 5);
    EXPECT_EQ(*rt.block_on(box(6)), 6);
}

class no_default {
public:
    explicit no_default(int v) : value(v) {}
    no_default(const no_default&) = delete;
    no_default(no_default&&) = default;
    int value;
};
task<no_default> make_no_default(int x) { co_return no_default(x); }

TEST_F(task_of, a_type_without_default_constructor_gives_its_value) {
    EXPECT_EQ(rt.block_on(make_no_default(9)).value, 9);
}

task<std::string> converted() { co_return "a literal"; }

TEST_F(task_of, a_class_converts_what_is_returned) {
    EXPECT_EQ(rt.block_on(converted()), "a literal");
}

task<counted> make_counted(std::atomic<int>& alive) { co_return counted(alive); }

TEST_F(task_of, a_class_destroys_its_result_once) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        {
            auto got = co_await make_counted(alive);
            EXPECT_EQ(alive, 1);
        }
        EXPECT_EQ(alive, 0);
        co_await make_counted(alive);  // nobody takes it
        EXPECT_EQ(alive, 0);
    };
    rt.block_on(body());
    EXPECT_EQ(alive, 0);
}

task<int> fail(bool after_suspension) {
    if (after_suspension) { co_await edo::yield_now(); }
    throw std::runtime_error("boom");
}

TEST_F(task_of, anything_rethrows_its_exception_at_the_await) {
    auto body = [&](bool late) -> task<int> {
        std::string text;
        try {
            co_return co_await fail(late);
        } catch (const std::runtime_error& e) { text = e.what(); }
        EXPECT_EQ(text, "boom");
        co_return 3;
    };
    EXPECT_EQ(rt.block_on(body(false)), 3);
    EXPECT_EQ(rt.block_on(body(true)), 3);
    EXPECT_THROW(rt.block_on(fail(true)), std::runtime_error);
}

task<int&> fail_reference() {
    co_await edo::yield_now();
    throw 5;
}

TEST_F(task_of, a_reference_rethrows_what_is_no_std_exception) {
    EXPECT_THROW(rt.block_on(fail_reference()), int);
}

task<int> thrower_under(int depth) {
    if (depth == 0) { throw std::runtime_error("deep"); }
    co_return co_await thrower_under(depth - 1);
}

TEST_F(task_of, int_passes_an_exception_through_a_thousand_frames) {
    EXPECT_THROW(rt.block_on(thrower_under(1000)), std::runtime_error);
}

class records {
public:
    records(std::vector<std::string>& log, std::string name) : log_(&log), name_(std::move(name)) {}
    records(const records&) = delete;
    records& operator=(const records&) = delete;
    ~records() { log_->push_back(name_); }

private:
    std::vector<std::string>* log_;
    std::string name_;
};

task<> inner(std::vector<std::string>& log) {
    const records a(log, "inner 1");
    const records b(log, "inner 2");
    co_await edo::yield_now();
    log.emplace_back("inner ends");
}
task<> outer(std::vector<std::string>& log) {
    const records a(log, "outer");
    co_await inner(log);
    log.emplace_back("outer ends");
}

TEST_F(task_of, void_destroys_its_locals_when_it_ends_as_a_function_does) {
    std::vector<std::string> log;
    rt.block_on(outer(log));
    EXPECT_EQ(
        log, (std::vector<std::string>{"inner ends", "inner 2", "inner 1", "outer ends", "outer"}));
}

task<int> with_arguments(counted first, std::unique_ptr<int> second) {
    static_cast<void>(first);
    co_return *second;
}

TEST_F(task_of, int_that_never_starts_destroys_its_arguments) {
    std::atomic<int> alive = 0;
    {
        auto made = with_arguments(counted(alive), std::make_unique<int>(1));
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
}

task<int> first_value_wins_not() {
    // The handler returns after the body has returned: the later value counts.
    struct throws {
        ~throws() noexcept(false) { throw std::runtime_error("from a destructor"); }
    };
    try {
        const throws t;
        co_return 1;
    } catch (const std::runtime_error&) { co_return 2; }
}

TEST_F(task_of, int_may_return_again_after_a_destructor_threw) {
    EXPECT_EQ(rt.block_on(first_value_wins_not()), 2);
}

task<std::string> named_arguments(std::string a, int b) {
    co_await edo::yield_now();
    co_return a + std::to_string(b);
}

TEST_F(task_of, a_class_keeps_its_arguments_across_suspensions) {
    EXPECT_EQ(rt.block_on(named_arguments("x", 4)), "x4");
}

class on_every_runtime : public edo::test::runtime_test {};

task<std::size_t> sum_to(std::size_t n) {
    if (n == 0) { co_return 0; }
    co_return n + co_await sum_to(n - 1);
}

TEST_F(task_of, anything_that_was_moved_from_is_refused_wherever_it_would_run) {
    const auto empty = [] { return task<>(); };
    EXPECT_THROW(rt.block_on(empty()), std::logic_error);
    EXPECT_THROW(static_cast<void>(rt.spawn(empty())), std::logic_error);
    EXPECT_THROW(static_cast<void>(rt.spawn(edo::unchecked(empty()))), std::logic_error);
    EXPECT_THROW(rt.block_on(rt.spawn(empty)), std::logic_error);
    const auto awaits = []() -> task<> {
        auto child = task<>();
        co_await std::move(child);
    };
    EXPECT_THROW(rt.block_on(awaits()), std::logic_error);
    EXPECT_THROW(rt.block_on(edo::timeout(std::chrono::seconds(1), empty())), std::logic_error);
    EXPECT_THROW(rt.block_on(edo::join(empty(), empty())), std::logic_error);
    EXPECT_THROW(rt.block_on(edo::select(empty(), edo::yield_now())), std::logic_error);
    edo::local_set set;
    EXPECT_THROW(static_cast<void>(set.run_until(empty())), std::logic_error);
}

TEST_P(on_every_runtime, a_chain_of_awaits_of_any_depth_uses_a_bounded_stack) {
    constexpr std::size_t depth = 1'000'000;
    auto handle = rt().spawn([](std::size_t n) { return sum_to(n); }, depth);
    EXPECT_EQ(rt().block_on(std::move(handle)), depth * (depth + 1) / 2);
}

task<int> one() { co_return 1; }
task<int> many_children(int n) {
    int sum = 0;
    for (int i = 0; i < n; ++i) { sum += co_await one(); }
    co_return sum;
}

TEST_P(on_every_runtime, a_loop_of_children_that_complete_at_once_uses_a_bounded_stack) {
    EXPECT_EQ(rt().block_on(many_children(200'000)), 200'000);
}

INSTANTIATE_TEST_SUITE_P(task, on_every_runtime, edo::test::all_kinds, edo::test::kind_name);

}  // namespace
