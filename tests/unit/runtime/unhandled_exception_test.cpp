// Exceptions of tasks that nobody sees: the hook, the line on stderr, the policy.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

class unhandled_exception : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, unhandled_exception, edo::test::all_kinds, edo::test::kind_name);

edo::task<int> give(int value) { co_return value; }

TEST_P(unhandled_exception, the_hook_is_told_of_an_unseen_exception_once) {
    struct report {
        std::mutex lock;
        std::vector<std::string> texts;
    };
    auto seen = std::make_shared<report>();
    auto made = edo::test::builder_of(GetParam());
    made.unhandled_exception([seen](const edo::task_meta& meta, std::exception_ptr e) {
        const std::lock_guard guard(seen->lock);
        try {
            std::rethrow_exception(std::move(e));
        } catch (const std::exception& x) {
            seen->texts.push_back(std::string(meta.name) + ": " + x.what());
        }
    });
    use(std::move(made));
    const auto fail = []() -> edo::task<> {
        co_await edo::yield_now();
        throw std::runtime_error("boom");
    };
    auto joined = edo::task_builder().name("joined").spawn_on(rt().handle(), fail);
    EXPECT_THROW(rt().block_on(joined), std::runtime_error);
    edo::task_builder().name("detached").spawn_on(rt().handle(), fail).detach();
    auto late = edo::task_builder().name("late").spawn_on(rt().handle(), fail);
    auto wait = [&]() -> edo::task<> {
        while (rt().metrics().num_alive_tasks() > 0) { co_await edo::yield_now(); }
    };
    rt().block_on(wait());
    late.detach();  // on this thread, after the end
    stop();
    std::ranges::sort(seen->texts);
    EXPECT_EQ(seen->texts, (std::vector<std::string>{"detached: boom", "late: boom"}));
}

TEST_P(unhandled_exception, an_unseen_exception_is_a_line_on_stderr_by_default) {
    testing::internal::CaptureStderr();
    edo::task_builder()
        .name("conn")
        .spawn_on(rt().handle(),
                  []() -> edo::task<> {
                      throw std::out_of_range("far");
                      co_return;
                  })
        .detach();
    auto wait = [&]() -> edo::task<> {
        while (rt().metrics().num_alive_tasks() > 0) { co_await edo::yield_now(); }
    };
    rt().block_on(wait());
    stop();
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("(conn) at " __FILE__ ":"), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with(" threw std::out_of_range: far, and nobody holds its join_handle\n"))
        << text;
}

TEST(unhandled_exception_policy, an_exception_in_a_task_makes_every_block_on_throw) {
    auto rt = edo::runtime::current_thread()
                  .unhandled_exception(edo::unhandled_exception_policy::shutdown_runtime)
                  .unhandled_exception([](const edo::task_meta&, const std::exception_ptr&) {})
                  .build();
    std::latch second_in(1);
    std::atomic<bool> second_threw{false};
    auto forever = [&]() -> edo::task<> {
        second_in.count_down();
        co_await edo::sleep_for(1h);
    };
    std::thread second([&] {
        try {
            rt.handle().block_on(forever());
        } catch (const std::runtime_error&) { second_threw = true; }
    });
    second_in.wait();
    auto body = []() -> edo::task<> {
        edo::spawn([]() -> edo::task<> {
            throw std::runtime_error("boom");
            co_return;
        }).detach();
        co_await edo::sleep_for(1h);
    };
    EXPECT_THROW(rt.block_on(body()), std::runtime_error);
    second.join();
    EXPECT_TRUE(second_threw);
    auto late = rt.spawn(give(1));
    EXPECT_TRUE(late.is_finished()) << "spawns_do_nothing";
    EXPECT_THROW(rt.block_on(late), std::exception);
}

}  // namespace
