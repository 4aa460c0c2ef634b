// A join_map whose keys are used again, and keys that throw. Ports the rest of task_join_map.rs.
#include <edo/sync/notify.hpp>
#include <edo/task/join_map.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/paused_fixture.hpp"

namespace {

namespace test = edo::test;
using edo::join_map;
using edo::task;
using test::counted;

using gate = std::shared_ptr<edo::sync::notify>;
gate make_gate() { return std::make_shared<edo::sync::notify>(); }
task<> forever() { co_await edo::sleep_until(edo::clock::time_point::max()); }
task<int> forever_with(counted) {
    co_await forever();
    co_return 0;
}
task<int> value(int v) { co_return v; }
task<int> value_after(gate g, int v) {
    co_await g->notified();
    co_return v;
}
task<> until_finished(edo::abort_handle watched) {
    while (!watched.is_finished()) { co_await edo::yield_now(); }
}

class join_map_replaced : public test::runtime_test {
protected:
    std::atomic<int> alive{0};
};
INSTANTIATE_TEST_SUITE_P(task, join_map_replaced, test::all_kinds, test::kind_name);

TEST_P(join_map_replaced, try_join_next_skips_replaced_task) {
    auto body = []() -> task<> {
        join_map<int, int> map;
        const auto old = map.spawn(1, &value, 10);
        co_await until_finished(old);
        auto g = make_gate();
        map.spawn(1, &value_after, g, 11);
        EXPECT_FALSE(map.try_join_next().has_value());
        EXPECT_EQ(map.size(), 1U);
        EXPECT_TRUE(map.contains_key(1));
        g->notify_one();
        auto next = map.try_join_next();  // a task is finished a little before its map hears of it
        while (!next) {
            co_await edo::yield_now();
            next = map.try_join_next();
        }
        EXPECT_TRUE(next && next->first == 1 && next->second.value() == 11);
        EXPECT_FALSE(map.try_join_next().has_value());
        EXPECT_TRUE(map.empty());
    };
    rt().block_on(body());
}

TEST_P(join_map_replaced, duplicate_keys) {
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        const auto old = map.spawn(1, &forever_with, counted(alive));
        map.spawn(1, &value, 2);
        EXPECT_EQ(map.size(), 1U);
        EXPECT_EQ(map.keys(), std::vector{1});
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first == 1 && next->second && *next->second == 2);
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
        co_await until_finished(old);
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(join_map_replaced, duplicate_keys2) {
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        auto g = make_gate();
        const auto old = map.spawn(1, &value, 1);  // it has ended when it is replaced
        const auto replaced = map.spawn(2, &forever_with, counted(alive));
        co_await until_finished(old);
        map.spawn(1, &value_after, g, 3);
        map.spawn(2, &value, 4);
        EXPECT_EQ(map.size(), 2U);
        const auto first = co_await map.join_next();
        EXPECT_TRUE(first && first->first == 2 && first->second && *first->second == 4);
        g->notify_one();
        const auto second = co_await map.join_next();
        EXPECT_TRUE(second && second->first == 1 && second->second && *second->second == 3);
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
        co_await until_finished(replaced);
        EXPECT_EQ(alive, 0);
    };
    rt().block_on(body());
}

TEST_P(join_map_replaced, a_key_that_is_replaced_a_thousand_times) {
    auto body = [&]() -> task<> {
        join_map<std::string, int> map;
        const std::string key = "a key that is too long for the object itself";
        for (int i = 0; i < 1000; ++i) {
            if (i % 2 == 0) {
                map.spawn(key, &forever_with, counted(alive));
            } else {
                map.spawn(key, &value, i);
            }
            if (i % 100 == 0) { co_await edo::yield_now(); }
        }
        EXPECT_EQ(map.size(), 1U);
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first == key && next->second && *next->second == 999);
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
        while (alive != 0) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
}

TEST_P(join_map_replaced, an_empty_map_does_not_wait_for_what_was_replaced) {
    // A closure that runs cannot be aborted.
    auto end = std::make_shared<std::atomic<bool>>(false);
    auto begun = std::make_shared<std::atomic<bool>>(false);
    auto body = [&]() -> task<> {
        join_map<int, int> map;
        map.spawn_blocking(
            1,
            [](std::shared_ptr<std::atomic<bool>> b, std::shared_ptr<std::atomic<bool>> e) {
                *b = true;
                while (!*e) { std::this_thread::yield(); }
                return 1;
            },
            begun, end);
        while (!*begun) { co_await edo::yield_now(); }
        map.spawn(1, &value, 2);
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->second && *next->second == 2);
        EXPECT_TRUE(map.empty());
        auto none = co_await edo::timeout(edo::clock::duration::zero(), map.join_next());
        EXPECT_TRUE(none.has_value()) << "it waits";
        EXPECT_TRUE(!none || !none->has_value());
        *end = true;
    };
    rt().block_on(body());
}

/// A key whose copies and hashes throw while `armed` counts down to nothing.
struct brittle {
    explicit brittle(int v) : id(v) {}
    brittle(const brittle& other) : id(other.id) { may_throw(copies_left); }
    brittle(brittle&& other) noexcept = default;
    brittle& operator=(const brittle&) = delete;
    bool operator==(const brittle& other) const { return id == other.id; }
    static void may_throw(int& left) {
        if (left == 0) { throw std::runtime_error("brittle"); }
        --left;
    }
    static void heal() { copies_left = hashes_left = -1; }
    struct hash {
        std::size_t operator()(const brittle& key) const {
            may_throw(hashes_left);
            return static_cast<std::size_t>(key.id);
        }
    };
    int id;
    static inline int copies_left = -1;
    static inline int hashes_left = -1;
};

class join_map_of_brittle_keys : public test::paused_test {
protected:
    using map_type = join_map<brittle, int, brittle::hash>;
    std::atomic<int> alive{0};
    void TearDown() override {
        brittle::heal();
        paused_test::TearDown();
    }
};

TEST_F(join_map_of_brittle_keys, whose_copy_throws) {
    auto body = [&]() -> task<> {
        map_type map;
        const brittle key(1);
        brittle::copies_left = 0;
        EXPECT_THROW(map.spawn(key, &value, 1), std::runtime_error);
        EXPECT_TRUE(map.empty());
        brittle::copies_left = 1;
        map.spawn(key, &value, 1);
        map.spawn(brittle(2), &value, 2);  // moved all the way
        brittle::copies_left = 1;
        EXPECT_THROW(static_cast<void>(map.keys()), std::runtime_error);
        EXPECT_EQ(map.size(), 2U);
        brittle::copies_left = 0;  // joining copies nothing
        for (int i = 0; i < 2; ++i) {
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next && next->first.id == next->second.value());
        }
        EXPECT_TRUE(map.empty());
    };
    run(body());
}

TEST_F(join_map_of_brittle_keys, whose_hash_throws_in_spawn) {
    // Wherever it throws: no task is lost, and those under other keys are not touched.
    for (int hashes = 0; hashes < 8; ++hashes) {
        auto body = [&]() -> task<> {
            map_type map;
            map.spawn(brittle(1), &forever_with, counted(alive));
            co_await edo::yield_now();
            const int of_one = alive;
            map.spawn(brittle(2), &value, 2);
            brittle::hashes_left = hashes;
            bool thrown = false;
            try {
                map.spawn(brittle(1), &forever_with, counted(alive));
            } catch (const std::runtime_error&) { thrown = true; }
            brittle::heal();
            const auto next = co_await map.join_next();
            EXPECT_TRUE(next && next->first.id == 2 && next->second);
            EXPECT_TRUE(thrown || map.contains_key(brittle(1)));
            EXPECT_EQ(map.contains_key(brittle(1)), map.size() == 1);
            for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
            EXPECT_EQ(alive, map.empty() ? 0 : of_one) << "each living task has its key";
            map.abort_all();
            while (!map.empty()) {
                const auto last = co_await map.join_next();
                EXPECT_TRUE(last && last->first.id == 1 && !last->second);
                if (!last) { break; }
            }
        };
        run(body());
        EXPECT_EQ(alive, 0);
    }
}

TEST_F(join_map_of_brittle_keys, a_spawn_that_fails_leaves_no_task_under_the_key) {
    join_map<int, int> map;
    auto body = [&]() -> task<> {
        map.spawn(1, &forever_with, counted(alive));
        co_await edo::yield_now();
        EXPECT_THROW(map.spawn_local(1, &value, 2), edo::no_local_set_error);
        EXPECT_TRUE(map.empty());
        EXPECT_FALSE(map.contains_key(1));
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
        co_await edo::yield_now();
        EXPECT_EQ(alive, 0) << "the old one was aborted";
        map.spawn(1, &value, 3);
        const auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->second && *next->second == 3);
    };
    run(body());
}

class join_map_of_curious_keys : public test::paused_test {};

/// A key that notes its death.
struct curious {
    int id = 0;
    std::shared_ptr<std::vector<int>> died;
    bool operator==(const curious& other) const { return id == other.id; }
    curious(int v, std::shared_ptr<std::vector<int>> notes) : id(v), died(std::move(notes)) {}
    curious(const curious&) = default;
    curious(curious&&) noexcept = default;
    ~curious() {
        if (died) { died->push_back(id); }
    }
    struct hash {
        std::size_t operator()(const curious& key) const {
            return static_cast<std::size_t>(key.id);
        }
    };
};

TEST_F(join_map_of_curious_keys, duplicate_keys_drop) {
    std::atomic<int> alive = 0;
    auto body = [&]() -> task<> {
        auto died = std::make_shared<std::vector<int>>();
        join_map<curious, int, curious::hash> map;
        const auto old = map.spawn(curious(1, died), &forever_with, counted(alive));
        EXPECT_EQ(died->size(), 0U);
        map.spawn(curious(1, died), &value, 2);
        EXPECT_EQ(died->size(), 1U) << "the old key went with its task";
        auto next = co_await map.join_next();
        EXPECT_TRUE(next && next->first.id == 1 && next->second && *next->second == 2);
        EXPECT_EQ(died->size(), 1U) << "the new one was moved out";
        const auto none = co_await map.join_next();
        EXPECT_FALSE(none.has_value());
        EXPECT_TRUE(old.is_finished());
        EXPECT_EQ(alive, 0);
    };
    run(body());
}

}  // namespace
