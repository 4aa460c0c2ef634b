// The lesson: Tokio's tasks, in Edo. Each part is a small function with a headline.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;

void headline(std::string_view text) { fmt::print("\n== {} ==\n", text); }

// [spawn]
edo::task<std::size_t> count_words(std::vector<std::string> words) {
    fmt::print("the task owns: {}\n", words.front());
    co_return words.size();
}

edo::task<> spawning() {
    headline("1. spawn: a task starts without being awaited");
    std::vector<std::string> words{"tasks", "are", "cheap"};
    // As with std::thread the arguments are decay-copied or moved into the task.
    auto handle = edo::spawn(count_words, std::move(words));
    const std::size_t n = co_await handle;
    fmt::print("it counted {} words\n", n);
}
// [/spawn]

// [rules]
edo::task<> print_length(const std::string& text) {
    fmt::print("length {}\n", text.size());
    co_return;
}

edo::task<> rules() {
    headline("2. the two rules: a task owns what it holds, and may change threads");
    const std::string text = "borrowed?";
    // None of these compiles; the message names the argument, its type, the rule and the fix:
    //     edo::spawn([&]() -> edo::task<> { use(text); … });
    // the lambda "has captures. Fix: pass what it captures as arguments (CP.51)"
    //     edo::spawn(f, std::string_view(text));
    // argument 0 "is not owning because it is a view. Fix: pass what owns the data as std::string"
    //     edo::spawn(f, edo::make_rc<int>(42));
    // argument 0 "is not sendable …. Fix: use spawn_local or a type that may change threads"
    //
    // A coroutine that was made already has its parameters checked when it is spawned:
    try {
        edo::spawn(print_length(text)).detach();
    } catch (const edo::borrow_error&) {
        // what(): "lesson.cpp:52: cannot spawn the coroutine `print_length(…)`: its parameter 0 of
        // type `const std::string&` is not owning, the task could outlive what it refers to. …"
        fmt::print("borrow_error: the task could outlive text\n");
    }
    auto handle = edo::spawn(print_length, text);  // the task's own copy: fine
    co_await handle;
    co_await print_length(text);  // not spawned but awaited: may borrow
}
// [/rules]

// [join_handle]
edo::task<int> parse(std::string text) { co_return std::stoi(text); }

edo::task<> joining() {
    headline("3. join_handle: the value, or what went wrong");
    auto good = edo::spawn(parse, std::string("42"));
    auto bad = edo::spawn(parse, std::string("forty-two"));
    const std::expected<int, edo::join_error> value = co_await good.join();
    fmt::print("value: {}\n", value.value());
    const std::expected<int, edo::join_error> failure = co_await bad.join();
    fmt::print("the task threw: {}\n", failure.error().is_exception());
    auto again = edo::spawn(parse, std::string("forty-three"));
    try {
        co_await again;  // without join() its exception is rethrown here
    } catch (const std::invalid_argument&) { fmt::print("caught std::invalid_argument\n"); }
}
// [/join_handle]

// [abort]
struct guard {
    ~guard() { fmt::print("destroyed in the task, at its sleep\n"); }
};

edo::task<> sleep_long() {
    const guard g;
    co_await edo::sleep_for(1h);
}

edo::task<> aborting() {
    headline("4. abort: the task ends where it is suspended");
    auto handle = edo::spawn(sleep_long);
    co_await edo::sleep_for(10ms);
    handle.abort();
    const auto result = co_await handle.join();
    fmt::print("is_cancelled: {}\n", result.error().is_cancelled());
}
// [/abort]

// [local_set]
edo::task<> increment(edo::rc<int> counter) {
    ++*counter;
    co_return;
}

edo::task<> local_tasks() {
    auto counter = edo::make_rc<int>(41);  // an rc is not sendable: here it may be used
    auto handle = edo::spawn_local(increment, counter);
    co_await handle;
    fmt::print("the counter is {}, on one thread and without atomics\n", *counter);
}

edo::task<> locals() {
    headline("5. local_set: tasks that stay on one thread");
    edo::local_set set;
    co_await set.run_until(local_tasks);
}
// [/local_set]

// [blocking]
std::uint64_t count_primes(std::uint64_t below) {
    std::uint64_t primes = 0;
    for (std::uint64_t n = 2; n < below; ++n) {
        bool is_prime = true;
        for (std::uint64_t d = 2; d * d <= n && is_prime; ++d) { is_prime = n % d != 0; }
        primes += is_prime ? 1 : 0;
    }
    return primes;
}

edo::task<> blocking() {
    headline("6. spawn_blocking: computing beside the tasks");
    auto handle = edo::spawn_blocking(count_primes, 100'000U);
    const std::uint64_t primes = co_await handle;
    fmt::print("{} primes below 100000\n", primes);
}
// [/blocking]

// [join_set]
edo::task<int> doubled(int i) {
    co_await edo::sleep_for(100ms);
    co_return i * 2;
}

edo::task<> sets() {
    headline("7. join_set: ten tasks sleep 100 ms, all together");
    const auto start = edo::clock::now();
    edo::join_set<int> set;
    for (int i = 0; i < 10; ++i) { set.spawn(doubled, i); }
    int sum = 0;
    while (auto result = co_await set.join_next()) { sum += result->value(); }
    fmt::print("the results add up to {}\n", sum);
    fmt::print("in less than a second: {}\n", edo::clock::now() - start < 1s);
}
// [/join_set]

edo::task<int> co_main(int, char**) {
    fmt::print("Edo: Tokio's tasks for C++ coroutines\n");
    co_await spawning();
    co_await rules();
    co_await joining();
    co_await aborting();
    co_await locals();
    co_await blocking();
    co_await sets();
    co_return 0;
}
