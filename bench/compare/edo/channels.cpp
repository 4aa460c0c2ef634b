// Channels: mpsc in many ways, requests and replies, and one sender with many receivers.
#include "workloads.hpp"

#include <array>
#include <numeric>
#include <utility>
#include <vector>

namespace compare {

namespace {

namespace sync = edo::sync;

template <std::size_t Words>
struct message {
    std::array<std::uint64_t, Words> words{};
};
using medium = message<64>;
using large = message<64 * 64>;

constexpr std::uint64_t channels = 100;

void create(measurement& m, std::size_t capacity) {
    m.repeat(channels, [=] {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < channels; ++i) {
            const auto ends = sync::mpsc<medium>(capacity);
            keep(ends);
            sum += ends.second.capacity();
        }
        return sum;
    });
}

/// Each message through a channel of its own.
template <class Message>
void send_one_each(measurement& m) {
    auto rt = multi_thread();
    m.repeat(channels, [&] {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < channels; ++i) {
            auto [tx, rx] = sync::mpsc<Message>(1'000);
            Message sent;
            sent.words.back() = i;
            (void)rt.block_on(tx.send(std::move(sent)));
            const auto got = rt.block_on(rx.recv());
            sum += got.value().words.back();
        }
        return sum;
    });
}

constexpr std::uint64_t producers = 5;
constexpr std::uint64_t of_each = 1'000;
constexpr std::uint64_t messages = producers * of_each;
constexpr std::size_t roomy = 1'000'000;
constexpr std::size_t narrow = 100;

edo::task<> produce(sync::mpsc_sender<std::uint64_t> tx, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) (void)co_await tx.send(i);
}

edo::task<> produce_unbounded(sync::mpsc_unbounded_sender<std::uint64_t> tx, std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) (void)tx.send(i);
    co_return;
}

edo::task<std::uint64_t> receive(sync::mpsc_receiver<std::uint64_t>& rx) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < messages; ++i) {
        const auto value = co_await rx.recv();
        sum += value.value();
    }
    co_return sum;
}

edo::task<std::uint64_t> uncontended() {
    auto [tx, rx] = sync::mpsc<std::uint64_t>(roomy);
    co_await produce(tx, messages);
    const std::uint64_t sum = co_await receive(rx);
    co_return sum;
}

edo::task<std::uint64_t> uncontended_unbounded() {
    auto [tx, rx] = sync::mpsc_unbounded<std::uint64_t>();
    co_await produce_unbounded(tx, messages);
    const std::uint64_t sum = co_await receive(rx);
    co_return sum;
}

edo::task<std::uint64_t> contend(std::size_t capacity) {
    auto [tx, rx] = sync::mpsc<std::uint64_t>(capacity);
    for (std::uint64_t i = 0; i < producers; ++i) edo::spawn(produce, tx, of_each).detach();
    const std::uint64_t sum = co_await receive(rx);
    co_return sum;
}

edo::task<std::uint64_t> contend_unbounded() {
    auto [tx, rx] = sync::mpsc_unbounded<std::uint64_t>();
    for (std::uint64_t i = 0; i < producers; ++i)
        edo::spawn(produce_unbounded, tx, of_each).detach();
    const std::uint64_t sum = co_await receive(rx);
    co_return sum;
}

edo::task<std::uint64_t> contend_recv_many() {
    auto [tx, rx] = sync::mpsc<std::uint64_t>(roomy);
    for (std::uint64_t i = 0; i < producers; ++i) edo::spawn(produce, tx, of_each).detach();
    std::vector<std::uint64_t> got;
    got.reserve(messages);
    while (got.size() < messages) (void)co_await rx.recv_many(got, messages);
    co_return std::accumulate(got.begin(), got.end(), std::uint64_t{0});
}

void contention(measurement& m, std::size_t capacity) {
    auto rt = multi_thread();
    m.repeat(messages, [&] { return rt.block_on(contend(capacity)); });
}

using replier = sync::oneshot_sender<void>;
constexpr std::uint64_t requests = 1'000;

edo::task<> serve(sync::mpsc_receiver<replier> rx) {
    for (;;) {
        auto request = co_await rx.recv();
        if (!request) break;
        (void)request->send();
    }
}

edo::task<std::uint64_t> request(const sync::mpsc_sender<replier>& tx) {
    std::uint64_t replies = 0;
    for (std::uint64_t i = 0; i < requests; ++i) {
        auto [answer, reply] = sync::oneshot<void>();
        (void)co_await tx.send(std::move(answer));
        const auto got = co_await reply;
        if (got) ++replies;
    }
    co_return replies;
}

void request_reply(measurement& m, edo::runtime rt) {
    auto [tx, rx] = sync::mpsc<replier>(10);
    rt.spawn(serve, std::move(rx)).detach();
    m.repeat(requests, [&] { return rt.block_on(request(tx)); });
}

/// What receivers of one message have not yet taken off, in all, and who waits for that.
struct round {
    std::atomic<std::uint64_t> left{0};
    sync::notify done;
};
using round_ptr = std::shared_ptr<round>;
constexpr std::uint64_t rounds = 100;

/// A receiver's work. It takes off the value that it got: a wrong one would never let the round end.
void take_off(round& r, std::uint64_t value, std::uint64_t& random) {
    for (int i = 0; i < 16; ++i) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
    }
    keep(random);
    // release: pairs with send_rounds()
    if (r.left.fetch_sub(value, std::memory_order_release) == value) r.done.notify_one();
}

template <class Sender>
edo::task<std::uint64_t> send_rounds(Sender tx, round_ptr r, std::uint64_t receivers) {
    std::uint64_t sum = 0;
    for (std::uint64_t value = 1; value <= rounds; ++value) {
        r->left.fetch_add(value * receivers, std::memory_order_relaxed);
        (void)tx.send(value);
        // acquire: pairs with take_off()
        while (r->left.load(std::memory_order_acquire) != 0) co_await r->done.notified();
        sum += value * receivers;
    }
    co_return sum;
}

edo::task<> follow(sync::watch_receiver<std::uint64_t> rx, round_ptr r, std::uint64_t random) {
    for (;;) {
        const auto changed = co_await rx.changed();
        if (!changed) break;
        const std::uint64_t value = *rx.borrow();
        take_off(*r, value, random);
    }
}

edo::task<> listen(sync::broadcast_receiver<std::uint64_t> rx, round_ptr r, std::uint64_t random) {
    for (;;) {
        const auto got = co_await rx.recv();
        if (!got) break;
        take_off(*r, *got, random);
    }
}

void watch(measurement& m, std::uint64_t receivers) {
    auto rt = multi_thread();
    auto tx = sync::watch<std::uint64_t>(0).first;
    auto r = std::make_shared<round>();
    for (std::uint64_t i = 0; i < receivers; ++i) {
        rt.spawn(follow, tx.subscribe(), r, i + 1).detach();
    }
    m.repeat(rounds * receivers,
             [&] { return rt.block_on(rt.spawn(send_rounds<decltype(tx)>, tx, r, receivers)); });
}

void broadcast(measurement& m, std::uint64_t receivers) {
    auto rt = multi_thread();
    auto tx = sync::broadcast<std::uint64_t>(1'000).first;
    auto r = std::make_shared<round>();
    for (std::uint64_t i = 0; i < receivers; ++i) {
        rt.spawn(listen, tx.subscribe(), r, i + 1).detach();
    }
    m.repeat(rounds * receivers, [&] { return rt.block_on(send_rounds(tx, r, receivers)); });
}

}  // namespace

void mpsc_create(measurement& m) { create(m, 100); }
void mpsc_create_1(measurement& m) { create(m, 1); }
void mpsc_create_100000(measurement& m) { create(m, 100'000); }
void mpsc_send_medium(measurement& m) { send_one_each<medium>(m); }
void mpsc_send_large(measurement& m) { send_one_each<large>(m); }

void mpsc_uncontended(measurement& m) {
    auto rt = multi_thread();
    m.repeat(messages, [&] { return rt.block_on(uncontended()); });
}
void mpsc_uncontended_unbounded(measurement& m) {
    auto rt = multi_thread();
    m.repeat(messages, [&] { return rt.block_on(uncontended_unbounded()); });
}
void mpsc_contention(measurement& m) { contention(m, roomy); }
void mpsc_contention_full(measurement& m) { contention(m, narrow); }
void mpsc_contention_unbounded(measurement& m) {
    auto rt = multi_thread();
    m.repeat(messages, [&] { return rt.block_on(contend_unbounded()); });
}
void mpsc_recv_many(measurement& m) {
    auto rt = multi_thread();
    m.repeat(messages, [&] { return rt.block_on(contend_recv_many()); });
}

void request_reply(measurement& m) { request_reply(m, edo::runtime::current_thread().build()); }
void request_reply_multi(measurement& m) { request_reply(m, multi_thread(1)); }

void watch_10(measurement& m) { watch(m, 10); }
void watch_100(measurement& m) { watch(m, 100); }
void watch_500(measurement& m) { watch(m, 500); }
void watch_1000(measurement& m) { watch(m, 1'000); }
void broadcast_10(measurement& m) { broadcast(m, 10); }
void broadcast_100(measurement& m) { broadcast(m, 100); }
void broadcast_500(measurement& m) { broadcast(m, 500); }
void broadcast_1000(measurement& m) { broadcast(m, 1'000); }

}  // namespace compare
