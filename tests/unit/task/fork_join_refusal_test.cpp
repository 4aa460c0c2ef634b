// What fork_join refuses at run time, and that nothing is lost then.
#include "support/runtime_fixture.hpp"

#include <edo/edo.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace {

using edo::task;

class refused_fork_join : public edo::test::runtime_test {
protected:
    void run(task<> (*body)()) { rt().block_on(rt().spawn(body)); }
};
INSTANTIATE_TEST_SUITE_P(kinds, refused_fork_join, edo::test::all_kinds, edo::test::kind_name);

task<int> value(int v) { co_return v; }

TEST_P(refused_fork_join, what_is_not_sendable_is_refused) {
    run([]() -> task<> {
        auto local = [](edo::rc<int> n) -> task<int> { co_return *n; };
        try {
            co_await edo::fork_join(local(edo::make_rc<int>(1)), value(1));
            ADD_FAILURE() << "nothing was thrown";
        } catch (const edo::send_error&) {}
    });
}

TEST_P(refused_fork_join, what_is_refused_frees_the_others) {
    run([]() -> task<> {
        auto keeps = [](std::shared_ptr<int> n) -> task<int> { co_return *n; };
        auto local = [](edo::rc<int> n) -> task<int> { co_return *n; };
        const auto kept = std::make_shared<int>(1);
        const auto not_sendable = edo::make_rc<int>(1);
        for (const bool first : {true, false}) {
            try {
                if (first) {
                    co_await edo::fork_join(local(not_sendable), keeps(kept));
                } else {
                    co_await edo::fork_join(keeps(kept), local(not_sendable));
                }
                ADD_FAILURE() << "nothing was thrown";
            } catch (const edo::send_error&) {}
            EXPECT_EQ(kept.use_count(), 1);
        }
        [[maybe_unused]] const auto not_awaited = edo::fork_join(keeps(kept), keeps(kept));
        EXPECT_EQ(kept.use_count(), 3);
    });
}

TEST_P(refused_fork_join, an_empty_task_is_refused) {
    run([]() -> task<> {
        task<int> gone;
        try {
            co_await edo::fork_join(value(1), std::move(gone));
            ADD_FAILURE() << "nothing was thrown";
        } catch (const std::logic_error&) {}
    });
}

}  // namespace
