// The explorer itself: it allows what the C++ memory model allows, and finds what it forbids.
#include "support/explorer.hpp"

#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/mutex.hpp>
#include <edo/base/detail/parker.hpp>

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::explore;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;

using outcome = std::pair<int, int>;

/// All that two threads can see. Nothing that a program allocates may outlive its execution.
std::set<outcome> outcomes(const std::function<outcome()>& program) {
    bool is_seen[2][2] = {};
    const auto found = explore([&] {
        const auto [first, second] = program();
        is_seen[first][second] = true;
    });
    EXPECT_EQ(found.failure, "");
    std::set<outcome> seen;
    for (const int first : {0, 1}) {
        for (const int second : {0, 1}) {
            if (is_seen[first][second]) { seen.insert({first, second}); }
        }
    }
    return seen;
}

/// Each stores 1 and reads what the other stores.
outcome store_buffering(std::memory_order stores, std::memory_order loads, bool fenced) {
    atomic<int> x{0}, y{0};
    outcome read;
    {
        const thread other([&] {
            x.store(1, stores);
            if (fenced) { store_load_fence(); }
            read.first = y.load(loads);
        });
        y.store(1, stores);
        if (fenced) { store_load_fence(); }
        read.second = x.load(loads);
    }
    return read;
}

TEST(explorer, store_buffering_is_seen_unless_it_is_forbidden) {
    const outcome neither{0, 0};
    EXPECT_TRUE(
        outcomes([] { return store_buffering(release, acquire, false); }).contains(neither));
    EXPECT_FALSE(
        outcomes([] { return store_buffering(seq_cst, seq_cst, false); }).contains(neither));
    EXPECT_FALSE(
        outcomes([] { return store_buffering(relaxed, relaxed, true); }).contains(neither));
    EXPECT_EQ(outcomes([] { return store_buffering(relaxed, relaxed, false); }).size(), 4U);
}

/// One stores a message and then a flag, the other reads the flag and then the message.
outcome message_passing(std::memory_order stores, std::memory_order loads) {
    atomic<int> message{0}, flag{0};
    outcome read;
    {
        const thread other([&] {
            message.store(1, relaxed);
            flag.store(1, stores);
        });
        read.first = flag.load(loads);
        read.second = message.load(relaxed);
    }
    return read;
}

TEST(explorer, a_message_is_passed_by_release_and_acquire_only) {
    const outcome lost{1, 0};
    EXPECT_FALSE(outcomes([] { return message_passing(release, acquire); }).contains(lost));
    EXPECT_TRUE(outcomes([] { return message_passing(relaxed, acquire); }).contains(lost));
    EXPECT_TRUE(outcomes([] { return message_passing(release, relaxed); }).contains(lost));
}

TEST(explorer, a_release_sequence_carries_the_message_over_other_updates) {
    holds([] {
        tracked message;
        atomic<int> flag{0};
        const thread writer([&] {
            message.write(1);
            flag.store(1, release);
        });
        const thread adder([&] { flag.fetch_add(2, relaxed); });
        const int seen = flag.load(acquire);
        if (seen == 1 || seen == 3) { static_cast<void>(message.read()); }
    });
}

TEST(explorer, two_updates_never_read_the_same_store) {
    holds([] {
        atomic<int> word{0};
        {
            const thread other([&] { word.fetch_add(1, relaxed); });
            word.fetch_add(1, relaxed);
        }
        check(word.load(relaxed) == 2, "an update was lost");
    });
}

TEST(explorer, a_data_race_is_found) {
    const auto found = explore([] {
        tracked plain;
        atomic<int> flag{0};
        const thread other([&] {
            plain.write(1);
            flag.store(1, relaxed);
        });
        if (flag.load(acquire) == 1) { static_cast<void>(plain.read()); }
    });
    EXPECT_NE(found.failure.find("data race"), std::string::npos) << found.failure;
}

TEST(explorer, a_lock_orders_what_it_guards) {
    holds([] {
        tracked plain;
        mutex lock;
        const thread other([&] {
            const lock_guard guard(lock);
            plain.write(plain.read() + 1);
        });
        const lock_guard guard(lock);
        plain.write(plain.read() + 1);
    });
}

TEST(explorer, a_deadlock_is_found) {
    const auto found = explore([] {
        mutex a, b;
        const thread other([&] {
            const lock_guard first(a);
            const lock_guard second(b);
        });
        const lock_guard first(b);
        const lock_guard second(a);
    });
    EXPECT_NE(found.failure.find("deadlock"), std::string::npos) << found.failure;
}

TEST(explorer, a_condition_waits_for_its_notification) {
    holds([] {
        mutex lock;
        condition changed;
        bool is_set = false;
        const thread other([&] {
            const lock_guard guard(lock);
            is_set = true;
            changed.notify_one();
        });
        lock_guard guard(lock);
        changed.wait(guard, [&] { return is_set; });
    });
}

TEST(explorer, a_spinning_thread_sees_what_it_waits_for) {
    holds([] {
        atomic<int> flag{0};
        const thread other([&] { flag.store(1, relaxed); });
        while (flag.load(relaxed) == 0) { cpu_relax(); }
    });
}

TEST(explorer, a_livelock_is_found) {
    const auto found = explore([] {
        atomic<int> flag{0};
        const thread other([&] { static_cast<void>(flag.load(relaxed)); });
        while (flag.load(relaxed) == 0) { cpu_relax(); }
    });
    EXPECT_NE(found.failure.find("livelock"), std::string::npos) << found.failure;
}

TEST(explorer, use_after_the_end_is_found) {
    const auto found = explore([] {
        auto* word = new atomic<int>(0);
        const thread other([word] { word->store(1, release); });
        if (word->load(acquire) == 0) { delete word; }
    });
    EXPECT_NE(found.failure, "");
}

TEST(explorer, preemptions_can_be_bounded) {
    const auto program = [] {
        atomic<int> word{0};
        const thread other([&] {
            for (int i = 0; i < 3; ++i) { word.fetch_add(1, relaxed); }
        });
        for (int i = 0; i < 3; ++i) { word.fetch_add(1, relaxed); }
    };
    const auto few = explore(program, {.preemptions = 1});
    const auto all = explore(program);
    EXPECT_LT(few.executions, all.executions);
    EXPECT_EQ(few.failure + all.failure, "");
}

}  // namespace
