// <edo/main.hpp>: main() around co_main. The header's main() has another name here.
#include <edo/edo.hpp>

#define main edo_main
#include <edo/main.hpp>
#undef main

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

edo::task<int> co_main(int argc, char** argv) {
    const auto here = std::this_thread::get_id();
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "throw") { throw std::runtime_error("no config"); }
    if (what == "throw int") { throw 3; }
    auto child = edo::spawn([]() -> edo::task<int> { co_return 40; });
    const int value = co_await child;
    if (here != std::this_thread::get_id()) { co_return -1; }
    co_return value + argc;
}

namespace {

int run(const char* argument) {
    std::string program = "program";
    std::string text = argument;
    char* arguments[] = {program.data(), text.data(), nullptr};
    return edo_main(2, arguments);
}

TEST(co_main, gives_the_exit_code) { EXPECT_EQ(run("go"), 42); }

TEST(co_main, an_exception_is_printed_with_its_type_and_the_exit_code_is_1) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run("throw"), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "edo: co_main threw std::runtime_error: no config\n");
}

TEST(co_main, an_exception_that_is_no_std_exception_is_printed_with_its_type) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run("throw int"), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "edo: co_main threw int\n");
}

}  // namespace
