// Threads with a name and a stack size, and the failures that tests ask for.
#include <edo/base/detail/thread.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <atomic>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

namespace {

using edo::detail::fail_thread_creation_after;
using edo::detail::thread;

std::string name_here() {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    return name;
}

TEST(thread, runs_its_body_once) {
    std::atomic<int> ran = 0;
    thread t([&] { ++ran; }, "edo-test", 0);
    EXPECT_TRUE(t.joinable());
    t.join();
    EXPECT_FALSE(t.joinable());
    t.join();  // again: nothing
    EXPECT_EQ(ran, 1);
}

TEST(thread, owns_a_body_that_can_only_be_moved) {
    int got = 0;
    thread t([p = std::make_unique<int>(7), &got] { got = *p; }, "edo-test", 0);
    t.join();
    EXPECT_EQ(got, 7);
}

TEST(thread, has_the_first_15_bytes_of_its_name) {
    std::atomic<bool> named = false;
    std::string seen;
    // The creator gives the name after the start.
    thread t(
        [&] {
            while (!named) { std::this_thread::yield(); }
            seen = name_here();
        },
        "a-name-longer-than-15", 0);
    named = true;
    t.join();
    EXPECT_EQ(seen, "a-name-longer-t");
}

TEST(thread, has_the_stack_size_asked_for) {
    constexpr std::size_t wanted = 48 << 20;
    std::size_t got = 0;
    thread t(
        [&] {
            pthread_attr_t attributes;
            pthread_getattr_np(pthread_self(), &attributes);
            pthread_attr_getstacksize(&attributes, &got);
            pthread_attr_destroy(&attributes);
        },
        "edo-test", wanted);
    t.join();
    EXPECT_GE(got, wanted);
}

TEST(thread, refuses_a_stack_that_the_system_refuses) {
    EXPECT_THROW(thread([] {}, "edo-test", 1), std::system_error);
}

TEST(thread, moves_and_detaches) {
    auto ran = std::make_shared<std::atomic<bool>>(false);
    {
        thread a([ran] { *ran = true; }, "edo-test", 0);
        thread b(std::move(a));
        EXPECT_FALSE(a.joinable());  // NOLINT(bugprone-use-after-move)
        EXPECT_TRUE(b.joinable());
        thread c;
        c = std::move(b);
        EXPECT_TRUE(c.joinable());
    }
    while (!*ran || ran.use_count() > 1) { std::this_thread::yield(); }
}

TEST(thread, creation_fails_when_a_test_asks_for_it) {
    fail_thread_creation_after(1);
    thread first([] {}, "edo-test", 0);
    first.join();
    for (int i = 0; i < 2; ++i) {
        try {
            const thread refused([] { ADD_FAILURE() << "it ran"; }, "edo-test", 0);
            ADD_FAILURE() << "a thread was started";
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::resource_unavailable_try_again);
        }
    }
    fail_thread_creation_after(-1);
    thread last([] {}, "edo-test", 0);
    EXPECT_TRUE(last.joinable());
    last.join();
}

}  // namespace
