// channel: elements through one mpmc, from tasks to tasks.
#include "workloads.hpp"

#include <vector>

namespace forkjoin {

namespace {

using element = std::uint64_t;
using sender = edo::sync::mpmc_sender<element>;
using receiver = edo::sync::mpmc_receiver<element>;
constexpr std::size_t capacity = 1024;

edo::task<> produce(sender tx, element first, element last) {
    for (element i = first; i < last; ++i) (void)co_await tx.send(i);
}

edo::task<std::uint64_t> consume(receiver rx) {
    std::uint64_t sum = 0;
    for (;;) {
        const auto value = co_await rx.recv();
        if (!value) break;
        sum += *value;
    }
    co_return sum;
}

/// `n` tasks send, `n` receive.
edo::task<std::uint64_t> transfer(std::uint64_t elements, std::uint64_t n) {
    std::vector<edo::join_handle<std::uint64_t>> consumers;
    {
        auto [tx, rx] = edo::sync::mpmc<element>(capacity);
        for (std::uint64_t i = 0; i < n; ++i) {
            consumers.push_back(edo::spawn(consume, rx));
            edo::spawn(produce, tx, elements * i / n, elements * (i + 1) / n).detach();
        }
    }
    std::uint64_t sum = 0;
    for (auto& consumer : consumers) {
        const std::uint64_t part = co_await consumer;
        sum += part;
    }
    co_return sum;
}

outcome channel(const request& asked, std::uint64_t n) {
    auto rt = make_runtime(asked);
    return measure(asked, asked.size, [&](std::uint64_t elements) {
        return rt.block_on(rt.spawn(transfer, elements, n));
    });
}

}  // namespace

outcome channel_1_to_1(const request& asked) { return channel(asked, 1); }
outcome channel_4_to_4(const request& asked) { return channel(asked, 4); }

}  // namespace forkjoin
