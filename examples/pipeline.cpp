// Streams: numbers come from a channel, are looked up a few at a time, and leave in groups.
#include <edo/main.hpp>

#include <fmt/ranges.h>
#include <edo/edo.hpp>

#include <chrono>
#include <functional>
#include <utility>

using namespace std::chrono_literals;

// Some slow service; the answers come in any order.
edo::task<int> square(int n) {
    co_await edo::sleep_for(n % 3 * 1ms);
    co_return n* n;
}

// A coroutine that returns a stream may await and yield.
edo::stream<int> countdown(int n) {
    for (; n > 0; --n) {
        co_await edo::sleep_for(1ms);
        co_yield n;
    }
}

edo::task<int> co_main(int, char**) {
    auto [sender, receiver] = edo::sync::mpsc<int>(4);
    auto producer = edo::spawn(
        [](edo::sync::mpsc_sender<int> to) -> edo::task<> {
            for (int i = 1; i <= 10; ++i) { static_cast<void>(co_await to.send(i)); }
        },
        std::move(sender));

    // Nothing runs until an item is asked for; the channel holds the producer back.
    auto groups = edo::stream_from(std::move(receiver))  //
                  | edo::filter([](int n) { return n % 2 == 1; }) |
                  edo::map(square)    // now a stream of tasks,
                  | edo::buffered(3)  // of which three run at once; their order is kept
                  | edo::chunks(2);
    for (;;) {
        const auto group = co_await groups.next();
        if (!group) { break; }
        fmt::print("{}\n", *group);
    }
    co_await producer;

    auto both = countdown(3) | edo::merge(countdown(2)) | edo::fold(0, std::plus<>());
    fmt::print("sum: {}\n", co_await std::move(both));
    co_return 0;
}
