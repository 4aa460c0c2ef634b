// Reference counting without atomics, and in checked builds who may touch it.
#include "support/runtime_fixture.hpp"

#include <stdexcept>
#include <string>
#include <thread>

namespace {

using edo::make_rc;
using edo::rc;
using edo::task;
using edo::weak_rc;
using edo::test::counted;

static_assert(!edo::sendable<rc<int>> && !edo::sendable<weak_rc<int>>);
static_assert(edo::owning<rc<int>> && !edo::owning<rc<int*>>);
static_assert(!edo::spawnable<task<> (*)(rc<int>), rc<int>>);
static_assert(edo::spawnable_local<task<> (*)(rc<int>), rc<int>>);

TEST(rc, shares_one_object) {
    auto a = make_rc<std::string>("x");
    EXPECT_EQ(a.use_count(), 1U);
    auto b = a;
    EXPECT_EQ(a.use_count(), 2U);
    EXPECT_EQ(a, b);
    *b += "y";
    EXPECT_EQ(*a, "xy");
    EXPECT_EQ(a->size(), 2U);
    EXPECT_EQ(a.get(), b.get());
    EXPECT_NE(a, make_rc<std::string>("xy"));
}

TEST(rc, destroys_the_object_with_the_last_reference) {
    std::atomic<int> alive = 0;
    auto a = make_rc<counted>(alive);
    {
        auto b = a;
        a = rc<counted>();
        EXPECT_EQ(alive, 1);
        EXPECT_EQ(b.use_count(), 1U);
    }
    EXPECT_EQ(alive, 0);
}

TEST(rc, that_is_empty_is_false) {
    const rc<int> none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.get(), nullptr);
    EXPECT_EQ(none.use_count(), 0U);
    EXPECT_EQ(none, rc<int>());
    auto copy = none;
    EXPECT_FALSE(copy);
}

TEST(rc, moves_without_counting) {
    auto a = make_rc<int>(1);
    auto b = std::move(a);
    EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(b.use_count(), 1U);
    auto& self = b;
    b = self;
    EXPECT_EQ(*b, 1);
}

TEST(rc, of_a_throwing_constructor_frees_the_memory) {
    struct throws {
        throws() { throw std::runtime_error("x"); }
    };
    EXPECT_THROW(static_cast<void>(make_rc<throws>()), std::runtime_error);
}

TEST(weak_rc, locks_while_the_object_lives) {
    std::atomic<int> alive = 0;
    weak_rc<counted> weak;
    EXPECT_FALSE(weak.lock());
    {
        auto strong = make_rc<counted>(alive);
        weak = strong;
        EXPECT_EQ(strong.use_count(), 1U);
        auto locked = weak.lock();
        EXPECT_EQ(locked, strong);
        EXPECT_EQ(strong.use_count(), 2U);
        auto copy = weak;
        EXPECT_TRUE(copy.lock());
    }
    EXPECT_EQ(alive, 0);
    EXPECT_FALSE(weak.lock());
}

TEST(weak_rc, breaks_a_cycle) {
    std::atomic<int> alive = 0;
    struct node {
        explicit node(std::atomic<int>& a) : count(a) {}
        counted count;
        rc<node> child;
        weak_rc<node> parent;
    };
    {
        auto parent = make_rc<node>(alive);
        parent->child = make_rc<node>(alive);
        parent->child->parent = parent;
        EXPECT_EQ(parent->child->parent.lock(), parent);
        EXPECT_EQ(alive, 2);
    }
    EXPECT_EQ(alive, 0);
}

class rc_in_tasks : public edo::test::runtime_test {};

TEST_P(rc_in_tasks, may_be_shared_by_the_tasks_of_a_set) {
    edo::local_set set;
    auto main = []() -> task<> {
        auto shared = make_rc<int>(0);
        std::vector<edo::join_handle<void>> handles;
        for (int i = 0; i < 10; ++i) {
            handles.push_back(edo::spawn_local(
                [](rc<int> r) -> task<> {
                    co_await edo::yield_now();
                    ++*r;
                },
                shared));
        }
        for (auto& h : handles) { co_await h; }
        EXPECT_EQ(*shared, 10);
        EXPECT_EQ(shared.use_count(), 1U);
    };
    set.block_on(rt(), main);
}

TEST_P(rc_in_tasks, made_inside_a_task_may_live_across_suspensions) {
    auto handle = rt().spawn([]() -> task<int> {
        auto mine = make_rc<int>(3);
        auto copy = mine;
        co_await edo::yield_now();
        co_return *copy;
    });
    EXPECT_EQ(rt().block_on(std::move(handle)), 3);
}

TEST_P(rc_in_tasks, made_inside_a_task_dies_in_its_context_when_it_is_aborted) {
    auto handle = rt().spawn([]() -> task<> {
        const auto mine = make_rc<int>(3);
        co_await edo::sleep_until(edo::clock::time_point::max());
    });
    auto body = []() -> task<> {
        for (int i = 0; i < 10; ++i) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    handle.abort();
    EXPECT_FALSE(rt().block_on(handle.join()));
}

INSTANTIATE_TEST_SUITE_P(task, rc_in_tasks, edo::test::all_kinds, edo::test::kind_name);

#if EDO_CHECKED
task<> touches(const rc<int>* r) {
    static_cast<void>(**r);
    co_return;
}
task<> makes_and_lends() {
    const auto mine = make_rc<int>(1);
    auto other = edo::spawn(edo::unchecked(touches(&mine)));
    co_await other;
}
void touch_from_another_task() {
    auto rt = edo::runtime::current_thread().build();
    rt.block_on(rt.spawn(&makes_and_lends));
}
void touch_from_another_thread() {
    auto shared = make_rc<int>(1);
    std::jthread([&] { auto copy = shared; }).join();
}

TEST(rc_death, touched_by_another_task_stops_the_program) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(touch_from_another_task(),
                 "edo: an edo::rc was touched outside of the task that made it");
}

TEST(rc_death, touched_by_another_thread_stops_the_program) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(touch_from_another_thread(),
                 "edo: an edo::rc was touched outside of the local_set or thread that made it");
}
#endif

}  // namespace
