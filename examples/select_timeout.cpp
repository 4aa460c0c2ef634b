// The first of several things wins; the others are dropped and lose nothing.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <optional>
#include <string>
#include <variant>

using namespace std::chrono_literals;

// [select]
edo::task<std::string> answer_after(std::chrono::milliseconds d, std::string text) {
    co_await edo::sleep_for(d);
    co_return text;
}

edo::task<> ask_two() {
    auto first = co_await edo::select(answer_after(50ms, "slow"), answer_after(5ms, "fast"));
    fmt::print("branch {} won\n", first.index());

    auto late = co_await edo::timeout(5ms, answer_after(1h, "never"));
    fmt::print("{}\n", late ? *late : "too late");
}
// [/select]

// What is given as an lvalue is borrowed: if it loses it can be awaited again.
edo::task<> keep_the_loser() {
    auto [tx, rx] = edo::sync::mpsc<int>(8);
    auto sends = [](edo::sync::mpsc_sender<int> to) -> edo::task<> {
        for (int i = 1; i <= 3; ++i) {
            co_await edo::sleep_for(5ms);
            co_await to.send(i);
        }
    };
    auto sender = edo::spawn(sends, std::move(tx));
    auto tick = edo::sleep_for(6ms);
    for (bool open = true; open;) {
        std::optional<int> value;
        if (tick.is_elapsed()) {
            value = co_await rx.recv();
        } else {
            auto won = co_await edo::select(rx.recv(), tick);
            if (won.index() == 1) { continue; }
            value = std::get<0>(won);
        }
        open = value.has_value();
        if (open) { fmt::print("got {}\n", *value); }
    }
    co_await tick;  // should it not have come yet
    fmt::print("it ticked: {}\n", tick.is_elapsed());
    co_await sender;
}

edo::task<int> co_main(int, char**) {
    co_await ask_two();
    co_await keep_the_loser();
    co_return 0;
}
