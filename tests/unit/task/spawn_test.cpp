// Starting tasks: the callable and its arguments, the checks of what is spawned, where it fails.
#include "support/runtime_fixture.hpp"

#include <edo/coro/detail/pool.hpp>

#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace {

using edo::task;
using edo::test::counted;

class spawn : public edo::test::runtime_test {};

task<int> add(int a, int b) { co_return a + b; }

TEST_P(spawn, runs_a_function_with_arguments) {
    EXPECT_EQ(rt().block_on(rt().spawn(&add, 1, 2)), 3);
}

TEST_P(spawn, runs_the_task_without_anybody_awaiting_it) {
    auto ran = std::make_shared<std::atomic<bool>>(false);
    auto body = [&]() -> task<> {
        edo::spawn(
            [](std::shared_ptr<std::atomic<bool>> r) -> task<> {
                *r = true;
                co_return;
            },
            ran)
            .detach();
        while (!*ran) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(spawn, binds_a_const_reference_to_the_copy_in_the_task) {
    std::string text = "the caller's";
    auto handle = rt().spawn(
        [](const std::string& t) -> task<std::string> {
            co_await edo::yield_now();
            co_return t + " copy";
        },
        text);
    text = "changed";
    EXPECT_EQ(rt().block_on(std::move(handle)), "the caller's copy");
}

struct multiplies {
    int factor;
    task<int> operator()(int x) {
        co_await edo::yield_now();
        co_return x* factor;
    }
};
struct service {
    int base;
    task<int> plus(int x) const { co_return base + x; }
};

TEST_P(spawn, takes_function_objects_and_member_functions) {
    EXPECT_EQ(rt().block_on(rt().spawn(multiplies{3}, 4)), 12);
    auto shared = std::make_shared<service>(5);
    EXPECT_EQ(rt().block_on(rt().spawn(&service::plus, shared, 1)), 6);
}

TEST_P(spawn, keeps_callable_and_arguments_until_the_end_and_destroys_them_before_it_is_seen) {
    std::atomic<int> alive = 0;
    auto handle =
        rt().spawn([](const counted&) -> task<> { co_await edo::yield_now(); }, counted(alive));
    rt().block_on(std::move(handle));
    EXPECT_EQ(alive, 0);
}

TEST_P(spawn, takes_unchecked_references) {
    int x = 1;
    auto handle = rt().spawn(
        [](int& y) -> task<> {
            y = 2;
            co_return;
        },
        edo::unchecked(std::ref(x)));
    rt().block_on(std::move(handle));
    EXPECT_EQ(x, 2);
}

TEST_P(spawn, of_an_unchecked_lambda_with_captures_keeps_it) {
    std::atomic<int> alive = 0;
    {
        auto callable = [c = counted(alive)]() -> task<int> {
            co_await edo::yield_now();
            co_return 8;
        };
        auto handle = rt().spawn(edo::unchecked(std::move(callable)));
        EXPECT_EQ(rt().block_on(std::move(handle)), 8);
        EXPECT_EQ(alive, 1);  // the moved-from original counts too
    }
    EXPECT_EQ(alive, 0);
}

TEST_P(spawn, of_a_task_runs_it) {
    EXPECT_EQ(rt().block_on(rt().spawn(add(2, 3))), 5);
    auto body = [&]() -> task<int> {
        auto handle = edo::spawn(add(4, 5));
        co_return co_await handle;
    };
    EXPECT_EQ(rt().block_on(body()), 9);
}

TEST_P(spawn, reports_a_callable_that_throws_before_it_gives_a_task) {
    auto handle = rt().spawn(
        [](int x) -> task<int> {
            if (x == 1) { throw std::runtime_error("no coroutine"); }
            return add(x, x);
        },
        1);
    EXPECT_THROW(rt().block_on(std::move(handle)), std::runtime_error);
}

TEST_P(spawn, of_many_tasks_runs_each_once) {
    constexpr int count = 10'000;
    auto sum = std::make_shared<std::atomic<int>>(0);
    auto body = [&]() -> task<> {
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < count; ++i) {
            handles.push_back(edo::spawn(
                [](std::shared_ptr<std::atomic<int>> s) -> task<> {
                    s->fetch_add(1);
                    co_return;
                },
                sum));
        }
        for (auto& h : handles) { co_await h; }
    };
    rt().block_on(body());
    EXPECT_EQ(*sum, count);
}

task<> takes_view(std::string_view text) {
    static_cast<void>(text);
    ADD_FAILURE() << "it ran";
    co_return;
}
task<> takes_rc(int before, edo::rc<int> r) {
    static_cast<void>(before);
    static_cast<void>(r);
    ADD_FAILURE() << "it ran";
    co_return;
}
struct object {
    task<> member() {
        ADD_FAILURE() << "it ran";
        co_return;
    }
};

template <class Error, class F>
std::string error_of(F f) {
    try {
        f();
    } catch (const Error& e) { return e.what(); }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

TEST_P(spawn, of_a_task_that_borrows_throws_borrow_error_and_names_parameter_and_fix) {
    const std::string text =
        error_of<edo::borrow_error>([&] { rt().spawn(takes_view("x")).detach(); });
    for (const char* part : {"takes_view", "its parameter 0", "std::string_view", "is not owning",
                             "spawn(f, args...)", "edo::unchecked(task)"}) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }
}

TEST_P(spawn, of_a_member_coroutine_names_this) {
    object o;
    const std::string text = error_of<edo::borrow_error>([&] { rt().spawn(o.member()).detach(); });
    EXPECT_NE(text.find("its parameter 0 (may be *this)"), std::string::npos) << text;
    EXPECT_NE(text.find("object&"), std::string::npos) << text;
}

TEST_P(spawn, of_a_task_that_must_stay_on_its_thread_throws_send_error) {
    const std::string text =
        error_of<edo::send_error>([&] { rt().spawn(takes_rc(1, edo::make_rc<int>(1))).detach(); });
    for (const char* part :
         {"takes_rc", "its parameter 1", "edo::rc<int>", "is not sendable", "spawn_local"}) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }
}

TEST_P(spawn, checks_a_task_among_the_arguments_as_well) {
    const auto run = [](task<> inner) -> task<> { co_await std::move(inner); };
    EXPECT_THROW(rt().spawn(run, takes_view("x")).detach(), edo::borrow_error);
    EXPECT_THROW(rt().spawn(run, takes_rc(1, edo::make_rc<int>(1))).detach(), edo::send_error);
    auto good = rt().spawn(
        [](task<int> inner) -> task<int> { co_return co_await std::move(inner); }, add(1, 1));
    EXPECT_EQ(rt().block_on(std::move(good)), 2);
}

task<int> length_of(const std::string& text) {
    co_await edo::yield_now();
    co_return static_cast<int>(text.size());
}
task<int> forgets_its_local() {
    const std::string gone(100, 'x');
    return length_of(gone);
}
task<> passes_an_rc_on() { return takes_rc(1, edo::make_rc<int>(1)); }

TEST_P(spawn, checks_the_task_that_a_plain_function_returns) {
    EXPECT_THROW(rt().block_on(rt().spawn(forgets_its_local)), edo::borrow_error);
    EXPECT_THROW(rt().block_on(rt().spawn(passes_an_rc_on)), edo::send_error);
    // Its own parameters live in the task; so they do when it is a coroutine.
    EXPECT_EQ(rt().block_on(rt().spawn(length_of, std::string("four"))), 4);
    const auto by_value = [](int a) { return add(a, 1); };
    EXPECT_EQ(rt().block_on(rt().spawn(by_value, 1)), 2);
    const auto empty = [] { return task<int>(); };
    EXPECT_THROW(rt().block_on(rt().spawn(empty)), std::logic_error);
}

TEST_P(spawn, a_broken_rule_names_the_line) {
    const std::string text = "x";
    std::string what;
    const int line = __LINE__ + 2;
    try {
        rt().spawn(length_of(text)).detach();
    } catch (const edo::borrow_error& e) { what = e.what(); }
    EXPECT_NE(what.find("spawn_test.cpp:" + std::to_string(line) + ": "), std::string::npos)
        << what;
}

TEST_P(spawn, of_a_blocking_closure_checks_a_task_among_the_arguments) {
    const auto run = [](task<int>) {};
    EXPECT_THROW(rt().spawn_blocking(run, length_of("x")).detach(), edo::borrow_error);
    rt().block_on(rt().spawn_blocking(run, add(1, 1)));
}

task<int> length(std::string_view text) { co_return static_cast<int>(text.size()); }

TEST_P(spawn, of_an_unchecked_task_is_not_checked) {
    auto handle = rt().spawn(edo::unchecked(length("four")));
    EXPECT_EQ(rt().block_on(std::move(handle)), 4);
}

TEST_P(spawn, of_an_empty_task_throws_logic_error) {
    EXPECT_THROW(rt().spawn(task<int>()).detach(), std::logic_error);
}

TEST_P(spawn, under_an_enter_guard_goes_to_that_runtime) {
    edo::join_handle<int> handle;
    {
        auto guard = rt().enter();
        handle = edo::spawn(&add, 1, 1);
    }
    EXPECT_EQ(rt().block_on(std::move(handle)), 2);
}

INSTANTIATE_TEST_SUITE_P(task, spawn, edo::test::all_kinds, edo::test::kind_name);

// task_panic.rs::spawn_panic_caller
TEST(spawn_outside, spawn_panic_caller) {
    const std::string text =
        error_of<edo::no_runtime_error>([] { edo::spawn(&add, 1, 2).detach(); });
    EXPECT_NE(text.find("edo::spawn needs a runtime"), std::string::npos) << text;
    const int line = __LINE__ + 2;
    const std::string of_task =
        error_of<edo::no_runtime_error>([] { edo::spawn(add(1, 2)).detach(); });
    EXPECT_NE(of_task.find("spawn_test.cpp:" + std::to_string(line)), std::string::npos) << of_task;
}

TEST(spawn_outside, local_set_spawn_local_panic_caller) {
    const std::string text =
        error_of<edo::no_local_set_error>([] { edo::spawn_local(add(1, 2)).detach(); });
    EXPECT_NE(text.find("spawn_test.cpp:"), std::string::npos) << text;
    EXPECT_NE(text.find("outside of a local_set"), std::string::npos) << text;
}

TEST(spawn_outside, block_in_place_panic_caller) {
    auto rt = edo::runtime::current_thread().build();
    auto body = [&]() -> task<std::string> {
        co_return error_of<std::logic_error>([] { edo::block_in_place([] {}); });
    };
    const std::string text = rt.block_on(body());
    EXPECT_NE(text.find("spawn_test.cpp:"), std::string::npos) << text;
}

TEST(spawn_outside, local_set_block_on_panic_caller) {
    auto rt = edo::runtime::current_thread().build();
    auto body = [&]() -> task<> {
        edo::local_set set;
        const std::string text = error_of<std::logic_error>([&] { set.block_on(rt, add(1, 2)); });
        EXPECT_TRUE(text.starts_with(__FILE__ ":")) << text;
        co_return;
    };
    rt.block_on(body());
}

}  // namespace
