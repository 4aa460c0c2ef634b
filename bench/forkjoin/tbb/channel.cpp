// channel: elements through one concurrent_bounded_queue, from a plain thread to a plain thread. oneTBB has
// no channel for tasks; with four of each the threads would mostly sleep.
#include "workloads.hpp"

#include <tbb/concurrent_queue.h>

#include <limits>
#include <thread>

namespace forkjoin {

namespace {

using element = std::uint64_t;
using queue = tbb::concurrent_bounded_queue<element>;
constexpr queue::size_type capacity = 1024;
constexpr element end = std::numeric_limits<element>::max();  ///< tells the consumer to stop

void produce(queue& to, std::uint64_t elements) {
    for (element i = 0; i < elements; ++i) to.push(i);
    to.push(end);
}

std::uint64_t consume(queue& from) {
    std::uint64_t sum = 0;
    for (;;) {
        element value = 0;
        from.pop(value);
        if (value == end) break;
        sum += value;
    }
    return sum;
}

std::uint64_t transfer(std::uint64_t elements) {
    queue between;
    between.set_capacity(capacity);
    std::uint64_t sum = 0;
    std::jthread consumer([&] { sum = consume(between); });
    std::jthread producer([&] { produce(between, elements); });
    producer.join();
    consumer.join();
    return sum;
}

}  // namespace

outcome channel_1_to_1(const request& asked) { return measure(asked, asked.size, transfer); }

}  // namespace forkjoin
