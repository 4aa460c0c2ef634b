// fork(2): the child has one thread and none of the runtime's; it may _exit, exit or exec.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

edo::task<> sleep_long() { co_await edo::sleep_for(1h); }
edo::task<int> give(int value) { co_return value; }

/// Runs `child` in a child process that ends with _exit; its exit code, nothing if a signal ended it.
std::optional<int> exit_code_of(const std::function<int()>& child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(20);  // a child that hangs fails
        ::_exit(child());
    }
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) { return std::nullopt; }
    return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

class fork_test : public edo::test::runtime_test {};
INSTANTIATE_TEST_SUITE_P(kinds, fork_test, edo::test::all_kinds, edo::test::kind_name);

TEST_P(fork_test, the_child_may_leave_at_once) {
    use(edo::test::builder_of(GetParam()));
    auto task = rt().spawn(&sleep_long);
    EXPECT_EQ(exit_code_of([] { return 7; }), 7);
    task.abort();
    rt().block_on(task.join());
}

TEST_P(fork_test, the_destructor_in_the_child_joins_nothing) {
    auto owned = std::make_unique<edo::runtime>(edo::test::builder_of(GetParam()).build());
    auto task = owned->spawn(&sleep_long);
    auto closure = owned->spawn_blocking([] { return 1; });
    EXPECT_EQ(exit_code_of([&] {
                  owned.reset();
                  return 0;
              }),
              0);
    EXPECT_EQ(owned->block_on(closure), 1);
    owned.reset();
}

TEST_P(fork_test, the_other_ends_of_a_runtime_return_too) {
    std::vector<edo::runtime> two;
    two.push_back(edo::test::builder_of(GetParam()).build());
    two.push_back(edo::test::builder_of(GetParam()).build());
    EXPECT_EQ(exit_code_of([&] {
                  two[0].shutdown_background();
                  two[1].shutdown_timeout(1h);
                  return 0;
              }),
              0);
}

TEST_P(fork_test, what_needs_the_threads_says_so) {
    use(edo::test::builder_of(GetParam()));
    EXPECT_EQ(exit_code_of([&] {
                  try {
                      rt().block_on(give(1));
                      return 1;
                  } catch (const std::logic_error& e) {
                      if (std::string(e.what()).find("fork()") == std::string::npos) { return 2; }
                  }
                  try {
                      rt().spawn_blocking([] {}).detach();
                      return 3;
                  } catch (const std::logic_error&) {}
                  return rt().spawn(&sleep_long).is_finished() ? 0 : 4;
              }),
              0);
}

TEST_P(fork_test, the_child_may_build_a_runtime) {
    use(edo::test::builder_of(GetParam()));
    rt().block_on(rt().spawn(give, 1));
    if (EDO_TSAN != 0) { GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork"; }
    EXPECT_EQ(exit_code_of([&] {
                  auto fresh = edo::test::builder_of(GetParam()).build();
                  return fresh.block_on(fresh.spawn(give, 5));
              }),
              5);
}

TEST_P(fork_test, the_child_may_exec) {
    use(edo::test::builder_of(GetParam()));
    EXPECT_EQ(exit_code_of([] {
                  ::execl("/bin/sh", "sh", "-c", "exit 9", static_cast<char*>(nullptr));
                  return 1;
              }),
              9);
}

/// exit() runs the destructors of static objects, this one among them.
edo::runtime& static_runtime() {
    static edo::runtime of_the_process = edo::runtime::multi_thread().worker_threads(2).build();
    return of_the_process;
}

TEST(fork, the_child_may_exit) {
    auto task = static_runtime().spawn(&sleep_long);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(20);
        std::exit(6);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 6);
    task.abort();
    static_runtime().block_on(task.join());
}

TEST(fork, inside_a_task_the_child_may_exit) {
    if (EDO_ASAN != 0) { GTEST_SKIP() << "for LeakSanitizer what the main thread has is lost"; }
    const int code = static_runtime().block_on(static_runtime().spawn([]() -> edo::task<int> {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::alarm(20);
            std::exit(8);
        }
        int status = 0;
        if (::waitpid(pid, &status, 0) != pid) { co_return -1; }
        co_return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
    }));
    EXPECT_EQ(code, 8);
}

TEST(fork, while_other_threads_allocate_and_free) {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    auto stop = std::make_shared<std::atomic<bool>>(false);
    std::jthread spawner([&] {
        while (!*stop) {
            std::vector<edo::join_handle<int>> handles;
            for (int i = 0; i < 500; ++i) { handles.push_back(rt.spawn(give, i)); }
            for (auto& handle : handles) { rt.block_on(handle); }
        }
    });
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(exit_code_of([] {
                      std::vector<edo::task<int>> frames;
                      for (int n = 0; n < 1000; ++n) { frames.push_back(give(n)); }
                      return 0;
                  }),
                  0);
    }
    *stop = true;
}

}  // namespace
