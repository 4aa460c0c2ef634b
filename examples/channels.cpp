// Tasks that talk to each other: mpsc carries a stream of values, oneshot a single answer.
#include <edo/edo.hpp>
#include <edo/main.hpp>
#include <edo/sync/mpsc.hpp>
#include <edo/sync/oneshot.hpp>

#include <fmt/core.h>

// [channels]
edo::task<> produce(edo::sync::mpsc_sender<int> numbers) {
    for (int i = 1; i <= 5; ++i) {
        const auto sent = co_await numbers.send(i);  // waits while the channel is full
        if (!sent) { co_return; }                    // the receiver is gone
    }
}

edo::task<> add_up(edo::sync::mpsc_receiver<int> numbers, edo::sync::oneshot_sender<int> answer) {
    int sum = 0;
    while (auto number = co_await numbers.recv()) { sum += *number; }  // ends with the last sender
    static_cast<void>(answer.send(sum));
}

edo::task<int> co_main(int, char**) {
    auto [sender, receiver] = edo::sync::mpsc<int>(2);
    auto [answer, answered] = edo::sync::oneshot<int>();
    edo::spawn(produce, std::move(sender)).detach();
    edo::spawn(add_up, std::move(receiver), std::move(answer)).detach();
    const auto sum = co_await answered;
    fmt::print("the sum is {}\n", sum.value());
    co_return 0;
}
// [/channels]
