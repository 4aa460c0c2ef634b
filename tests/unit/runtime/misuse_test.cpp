// Errors of misuse name the line of the user who made the mistake.
#include "support/runtime_fixture.hpp"

#include <edo/sync/mpsc.hpp>
#include <edo/sync/mutex.hpp>
#include <edo/sync/oneshot.hpp>

#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using edo::task;
using namespace std::chrono_literals;

/// Calls `misuse` and expects an error that begins with `file:line: ` of one of its lines.
void names_its_line(const std::function<void()>& misuse,
                    std::source_location here = std::source_location::current()) {
    const std::string file = std::string(here.file_name()) + ":";
    try {
        misuse();
        FAIL() << "nothing was thrown at line " << here.line();
    } catch (const std::logic_error& error) {
        const std::string text = error.what();
        ASSERT_TRUE(text.starts_with(file)) << text;
        const auto line = std::stoul(text.substr(file.size()));
        EXPECT_GE(line, here.line()) << text;
        EXPECT_LE(line, here.line() + 2) << text;
    }
}

task<> nothing() { co_return; }

edo::task_local<int> key;

TEST(misuse, outside_of_a_runtime_names_the_line) {
    names_its_line([] { static_cast<void>(edo::spawn(nothing())); });
    names_its_line([] { static_cast<void>(edo::spawn_local(nothing())); });
    names_its_line([] { static_cast<void>(edo::task_builder().spawn(&nothing)); });
    names_its_line([] { static_cast<void>(edo::runtime_handle::current()); });
    names_its_line([] { static_cast<void>(edo::this_task::id()); });
    names_its_line([] { static_cast<void>(key.get()); });
    names_its_line([] { edo::time::pause(); });
    names_its_line([] { edo::time::resume(); });
}

TEST(misuse, of_the_clock_names_the_line) {
    auto rt = edo::runtime::current_thread().start_paused(true).build();
    const auto entered = rt.enter();
    names_its_line([] { edo::time::pause(); });
    edo::time::resume();
    names_its_line([] { edo::time::resume(); });
    names_its_line([&] { rt.block_on(edo::time::advance(1ms)); });
}

TEST(misuse, inside_of_a_task_names_the_line) {
    auto rt = edo::runtime::current_thread().build();
    const auto body = [&]() -> task<> {
        names_its_line([&] { rt.block_on(nothing()); });
        names_its_line([&] { rt.handle().block_on(nothing()); });
        names_its_line([] { edo::block_on(nothing()); });
        names_its_line([] { edo::local_runtime().block_on(nothing()); });
        names_its_line([] { edo::block_in_place([] {}); });
        co_return;
    };
    rt.block_on(body());
}

TEST(misuse, of_a_builder_names_the_line) {
    auto made = edo::runtime::multi_thread();
    names_its_line([&] { made.worker_threads(0); });
    names_its_line([&] { made.max_blocking_threads(0); });
    names_its_line([&] { made.event_interval(0); });
    names_its_line([&] { made.global_queue_interval(0); });
}

TEST(misuse, of_a_channel_names_the_line) {
    names_its_line([] { static_cast<void>(edo::sync::mpsc<int>(0)); });
}

TEST(misuse, blocking_inside_of_a_task_names_the_line) {
    auto rt = edo::runtime::current_thread().build();
    const auto body = []() -> task<> {
        auto bounded = edo::sync::mpsc<int>(1);
        auto unbounded = edo::sync::mpsc_unbounded<int>();
        auto once = edo::sync::oneshot<int>();
        auto& rx = bounded.second;
        auto& unbounded_rx = unbounded.second;
        edo::sync::mutex<> m;
        std::vector<int> out;
        names_its_line([&] { static_cast<void>(bounded.first.blocking_send(1)); });
        names_its_line([&] { static_cast<void>(rx.blocking_recv()); });
        names_its_line([&] { static_cast<void>(rx.blocking_recv_many(out, 1)); });
        names_its_line([&] { static_cast<void>(unbounded_rx.blocking_recv()); });
        names_its_line([&] { static_cast<void>(unbounded_rx.blocking_recv_many(out, 1)); });
        names_its_line([&] { static_cast<void>(once.second.blocking_recv()); });
        names_its_line([&] { static_cast<void>(m.blocking_lock()); });
        co_return;
    };
    rt.block_on(body());
}

}  // namespace
