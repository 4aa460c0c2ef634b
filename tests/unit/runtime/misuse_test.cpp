// Errors of misuse name the line of the user who made the mistake.
#include "support/runtime_fixture.hpp"

#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>

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

}  // namespace
