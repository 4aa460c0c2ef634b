// Spawning with a name. Ports task_builder.rs.
#include "support/runtime_fixture.hpp"

#include <memory>
#include <string>

namespace {

using edo::task;
using edo::task_builder;

std::string own_name() { return std::string(edo::this_task::name()); }
task<std::string> name_of_task() {
    co_await edo::yield_now();
    co_return own_name();
}
task<std::string> name_of_rc_task(edo::rc<int> r) {
    static_cast<void>(r);
    co_return own_name();
}

class task_builder_test : public edo::test::runtime_test {};

TEST_P(task_builder_test, spawn_with_name) {
    auto body = []() -> task<> {
        auto handle = task_builder().name("name").spawn(&name_of_task);
        EXPECT_EQ(co_await handle, "name");
        auto of_task = task_builder().name("other").spawn(name_of_task());
        EXPECT_EQ(co_await of_task, "other");
    };
    rt().block_on(body());
}

TEST_P(task_builder_test, spawn_without_name) {
    auto body = []() -> task<> {
        auto handle = task_builder().spawn(&name_of_task);
        EXPECT_EQ(co_await handle, "");
    };
    rt().block_on(body());
}

TEST_P(task_builder_test, spawn_blocking_with_and_without_name) {
    auto body = []() -> task<> {
        auto named = task_builder().name("blocks").spawn_blocking(&own_name);
        EXPECT_EQ(co_await named, "blocks");
        auto plain = task_builder().spawn_blocking(&own_name);
        EXPECT_EQ(co_await plain, "");
    };
    rt().block_on(body());
}

TEST_P(task_builder_test, spawn_local_with_and_without_name) {
    edo::local_set set;
    auto main = []() -> task<> {
        auto named =
            task_builder().name("local").spawn_local(&name_of_rc_task, edo::make_rc<int>(1));
        EXPECT_EQ(co_await named, "local");
        auto plain = task_builder().spawn_local(&name_of_rc_task, edo::make_rc<int>(1));
        EXPECT_EQ(co_await plain, "");
    };
    set.block_on(rt(), main);
}

TEST_P(task_builder_test, spawn_on_another_runtime_needs_no_entered_one) {
    auto handle = task_builder().name("there").spawn_on(rt().handle(), &name_of_task);
    EXPECT_EQ(rt().block_on(std::move(handle)), "there");
}

TEST_P(task_builder_test, gives_the_name_to_each_task_that_it_spawns) {
    auto body = []() -> task<> {
        task_builder builder;
        builder.name("a");
        auto first = builder.spawn(&name_of_task);
        builder.name("b");
        auto second = builder.spawn(&name_of_task);
        EXPECT_EQ(co_await first, "a");
        EXPECT_EQ(co_await second, "b");
    };
    rt().block_on(body());
}

TEST_P(task_builder_test, name_is_that_of_the_task_in_its_destructors) {
    class notes_name {
    public:
        explicit notes_name(std::shared_ptr<std::string> to) : to_(std::move(to)) {}
        notes_name(notes_name&&) noexcept = default;
        ~notes_name() {
            if (to_) { *to_ = own_name(); }
        }

    private:
        std::shared_ptr<std::string> to_;
    };
    auto seen = std::make_shared<std::string>();
    auto handle = task_builder().name("dies").spawn_on(
        rt().handle(),
        [](edo::unchecked_t<notes_name> n) -> task<> {
            static_cast<void>(n);
            co_return;
        },
        edo::unchecked(edo::unchecked(notes_name(seen))));
    rt().block_on(std::move(handle));
    EXPECT_EQ(*seen, "dies");
}

TEST_P(task_builder_test, spawn_local_panics_outside_local_set_or_local_runtime) {
    auto body = []() -> task<> {
        try {
            task_builder().spawn_local(&name_of_task).detach();
            ADD_FAILURE() << "it was spawned";
        } catch (const edo::no_local_set_error& e) {
            const std::string text = e.what();
            EXPECT_NE(
                text.find("edo::spawn_local called outside of a local_set and a local_runtime"),
                std::string::npos);
            EXPECT_NE(text.find("task_builder_test.cpp:"), std::string::npos);
        }
        co_return;
    };
    rt().block_on(body());
    rt().block_on(rt().spawn(body));
}

INSTANTIATE_TEST_SUITE_P(task, task_builder_test, edo::test::all_kinds, edo::test::kind_name);

TEST(task_builder_local, spawn_local_on_local_runtime) {
    edo::local_runtime rt;
    auto main = []() -> task<> {
        auto handle = task_builder().name("x").spawn_local(&name_of_rc_task, edo::make_rc<int>(1));
        EXPECT_EQ(co_await handle, "x");
    };
    rt.block_on(main);
}

TEST(task_builder_local, spawn_outside_of_a_runtime_names_the_line_of_the_builder) {
    const int line = __LINE__ + 2;
    try {
        task_builder().spawn(&name_of_task).detach();
        ADD_FAILURE() << "it was spawned";
    } catch (const edo::no_runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("task_builder_test.cpp:" + std::to_string(line)),
                  std::string::npos)
            << e.what();
    }
}

}  // namespace
