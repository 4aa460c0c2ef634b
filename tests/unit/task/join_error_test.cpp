// Why a task has no result: the error's text, and exceptions that nobody sees.
#include "support/runtime_fixture.hpp"

#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using edo::join_error;
using edo::task;
using edo::task_id;

TEST(join_error, test_join_error_display) {
    const task_id id(7);
    EXPECT_EQ(std::string(join_error::cancelled(id).what()), "task 7 was cancelled");
    const auto thrown = join_error::failed(id, std::make_exception_ptr(std::runtime_error("boom")));
    EXPECT_EQ(std::string(thrown.what()), "task 7 threw std::runtime_error: boom");
    const auto no_text = join_error::failed(id, std::make_exception_ptr(5));
    EXPECT_EQ(std::string(no_text.what()), "task 7 threw int");
}

TEST(join_error, tells_the_dynamic_type_of_the_exception) {
    class my_error : public std::runtime_error {
    public:
        using std::runtime_error::runtime_error;
    };
    const auto e = join_error::failed(task_id(1), std::make_exception_ptr(my_error("x")));
    EXPECT_NE(std::string(e.what()).find("my_error: x"), std::string::npos) << e.what();
}

TEST(join_error, of_an_abort_has_no_exception_and_rethrows_itself) {
    const auto e = join_error::cancelled(task_id(3));
    EXPECT_TRUE(e.is_cancelled());
    EXPECT_FALSE(e.is_exception());
    EXPECT_EQ(e.exception(), nullptr);
    EXPECT_EQ(e.id(), task_id(3));
    try {
        e.rethrow();
    } catch (const join_error& again) { EXPECT_EQ(again.id(), task_id(3)); }
}

TEST(join_error, of_a_failure_keeps_the_very_exception) {
    const auto thrown = std::make_exception_ptr(std::out_of_range("far"));
    const auto e = join_error::failed(task_id(3), thrown);
    EXPECT_TRUE(e.is_exception());
    EXPECT_FALSE(e.is_cancelled());
    EXPECT_EQ(e.exception(), thrown);
    EXPECT_THROW(e.rethrow(), std::out_of_range);
}

TEST(join_error, is_copied_without_throwing_and_caught_as_std_exception) {
    static_assert(std::is_nothrow_copy_constructible_v<join_error>);
    try {
        throw join_error::cancelled(task_id(1));
    } catch (const std::exception& e) { EXPECT_EQ(std::string(e.what()), "task 1 was cancelled"); }
}

TEST(unwrap, gives_the_value_or_throws) {
    EXPECT_EQ(edo::unwrap(std::expected<int, join_error>(4)), 4);
    EXPECT_NO_THROW(edo::unwrap(std::expected<void, join_error>()));
    EXPECT_THROW(edo::unwrap(std::expected<int, join_error>(std::unexpect,
                                                            join_error::cancelled(task_id(1)))),
                 join_error);
}

/// What the hook has seen.
struct seen_error {
    edo::task_id id;
    std::string name;
    std::string text;
    std::thread::id thread;
};
struct hook_log {
    std::mutex lock;
    std::vector<seen_error> errors;
    std::size_t size() {
        const std::lock_guard guard(lock);
        return errors.size();
    }
};

class unobserved : public edo::test::runtime_test {
protected:
    std::shared_ptr<hook_log> log = std::make_shared<hook_log>();
    void SetUp() override {
        auto builder = edo::test::builder_of(GetParam());
        builder.unhandled_exception([to = log](const edo::task_meta& meta, std::exception_ptr e) {
            const std::lock_guard guard(to->lock);
            to->errors.push_back({meta.id, std::string(meta.name),
                                  join_error::failed(meta.id, e).what(),
                                  std::this_thread::get_id()});
        });
        use(std::move(builder));
    }
    task<> wait_for_one() {
        while (log->size() == 0) { co_await edo::yield_now(); }
    }
};

task<> boom() {
    co_await edo::yield_now();
    throw std::runtime_error("boom");
}

TEST_P(unobserved, exception_of_a_detached_task_goes_to_the_hook_once) {
    auto handle = edo::task_builder().name("lost").spawn_on(rt().handle(), &boom);
    const auto id = handle.id();
    handle.detach();
    rt().block_on(wait_for_one());
    stop();
    ASSERT_EQ(log->errors.size(), 1U);
    EXPECT_EQ(log->errors[0].id, id);
    EXPECT_EQ(log->errors[0].name, "lost");
    EXPECT_EQ(log->errors[0].text,
              "task " + edo::to_string(id) + " threw std::runtime_error: boom");
}

TEST_P(unobserved, exception_that_is_dropped_with_its_handle_goes_to_the_hook_on_that_thread) {
    auto handle = rt().spawn(&boom);
    auto body = [&]() -> task<> {
        while (!handle.is_finished()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    EXPECT_EQ(log->size(), 0U);
    handle.detach();
    ASSERT_EQ(log->size(), 1U);
    EXPECT_EQ(log->errors[0].thread, std::this_thread::get_id());
}

TEST_P(unobserved, exception_that_was_joined_does_not_go_to_the_hook) {
    auto first = rt().spawn(&boom);
    EXPECT_THROW(rt().block_on(std::move(first)), std::runtime_error);
    auto second = rt().spawn(&boom);
    { EXPECT_FALSE(rt().block_on(second.join())); }
    second.detach();
    stop();
    EXPECT_EQ(log->size(), 0U);
}

TEST_P(unobserved, exception_in_a_join_set_goes_to_the_hook_when_the_set_is_dropped) {
    auto body = [&]() -> task<> {
        edo::join_set<void> set;
        set.spawn(&boom);
        auto ender = set.spawn(&boom);
        while (!ender.is_finished()) { co_await edo::yield_now(); }
        EXPECT_TRUE(co_await set.join_next());  // one of the two is seen
        while (rt().metrics().num_alive_tasks() != 0) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    EXPECT_EQ(log->size(), 1U);
}

TEST_P(unobserved, abort_is_no_exception) {
    auto handle =
        rt().spawn([]() -> task<> { co_await edo::sleep_until(edo::clock::time_point::max()); });
    handle.abort();
    handle.detach();
    stop();
    EXPECT_EQ(log->size(), 0U);
}

TEST_P(unobserved, exception_reaches_the_hook_after_the_runtime_has_gone) {
    auto handle = rt().spawn(&boom);
    auto body = [&]() -> task<> {
        while (!handle.is_finished()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    stop();
    EXPECT_EQ(log->size(), 0U);
    handle.detach();
    EXPECT_EQ(log->size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(task, unobserved, edo::test::all_kinds, edo::test::kind_name);

TEST(unobserved_default, exception_is_a_line_on_stderr) {
    testing::internal::CaptureStderr();
    {
        auto rt = edo::runtime::current_thread().build();
        auto body = [&]() -> task<> {
            edo::task_builder().name("lost").spawn(&boom).detach();
            for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
        };
        rt.block_on(body());
    }
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(text.starts_with("edo: task ")) << text;
    EXPECT_NE(text.find("(lost) at " __FILE__ ":"), std::string::npos) << text;
    EXPECT_TRUE(
        text.ends_with(" threw std::runtime_error: boom, and nobody holds its join_handle\n"))
        << text;
}

// task_abort.rs::test_abort_task_that_panics_on_drop_contained: in C++ a destructor that throws in a
// drop ends the program; see tests/unit/coro/drop_test.cpp.

}  // namespace
