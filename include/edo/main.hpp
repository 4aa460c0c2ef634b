/// Supplies main(): a multi-thread runtime around co_main. Include it in one file of a program.
#pragma once

#include <edo/runtime/detail/report_escaped.hpp>
#include <edo/runtime/runtime.hpp>

/// What the program defines; its result is the exit code. As #[tokio::main].
edo::task<int> co_main(int argc, char** argv);

/// Runs co_main on a runtime with default options, with this thread lent as a worker. An exception
/// that escapes is printed on stderr with its type and what(); the exit code is then 1.
int main(int argc, char** argv) {
    try {
        return edo::block_on(co_main(argc, argv));
    } catch (...) {
        edo::detail::report_escaped(std::current_exception());
        return 1;
    }
}
