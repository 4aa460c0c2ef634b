// Awaitables of other libraries: every form of the awaiter protocol, from any thread.
#include "support/runtime_fixture.hpp"

#include <coroutine>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using edo::task;
using namespace std::chrono_literals;

/// Where a foreign awaiter leaves its handle, for anybody to resume.
class mailbox {
public:
    void put(std::coroutine_handle<> h) {
        const std::lock_guard guard(lock_);
        waiting_ = h;
    }
    std::coroutine_handle<> take() {
        const std::lock_guard guard(lock_);
        return std::exchange(waiting_, {});
    }
    /// Waits until a coroutine has come, and resumes it.
    void resume() {
        std::coroutine_handle<> h;
        while (!(h = take())) { std::this_thread::yield(); }
        h.resume();
    }
    bool has_one() {
        const std::lock_guard guard(lock_);
        return static_cast<bool>(waiting_);
    }

private:
    std::mutex lock_;
    std::coroutine_handle<> waiting_;
};
using box = std::shared_ptr<mailbox>;

/// void await_suspend
class leaves_handle {
public:
    explicit leaves_handle(box b) : box_(std::move(b)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) { box_->put(h); }
    int await_resume() const noexcept { return 42; }

private:
    box box_;
};

class foreign : public edo::test::runtime_test {
protected:
    box mail = std::make_shared<mailbox>();
};

task<int> wait_in(box b) {
    const auto id = edo::this_task::try_id();
    const int v = co_await leaves_handle(b);
    EXPECT_EQ(edo::this_task::try_id(), id);
    co_return v;
}

TEST_P(foreign, resume_from_a_plain_thread_continues_on_the_runtime) {
    auto handle = rt().spawn(
        [](box b) -> task<std::thread::id> {
            co_await leaves_handle(b);
            EXPECT_TRUE(edo::runtime_handle::try_current());
            co_return std::this_thread::get_id();
        },
        mail);
    std::thread::id resumer;
    std::jthread other([&, b = mail] {
        resumer = std::this_thread::get_id();
        b->resume();
    });
    const auto ran_on = rt().block_on(std::move(handle));
    other.join();
    EXPECT_NE(ran_on, resumer);
}

TEST_P(foreign, resume_inside_another_task_only_wakes) {
    auto waits = rt().spawn(&wait_in, mail);
    auto wakes = rt().spawn(
        [](box b) -> task<> {
            while (!b->has_one()) { co_await edo::yield_now(); }
            b->resume();
        },
        mail);
    EXPECT_EQ(rt().block_on(std::move(waits)), 42);
    rt().block_on(std::move(wakes));
}

TEST_P(foreign, awaitable_works_in_the_future_of_block_on) {
    std::jthread other([b = mail] { b->resume(); });
    EXPECT_EQ(rt().block_on(wait_in(mail)), 42);
}

/// bool await_suspend: whether it suspends.
class maybe_suspends {
public:
    maybe_suspends(bool suspends, box b) : suspends_(suspends), box_(std::move(b)) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) {
        if (suspends_) { box_->put(h); }
        return suspends_;
    }
    bool await_resume() const noexcept { return suspends_; }

private:
    bool suspends_;
    box box_;
};

TEST_P(foreign, bool_await_suspend_decides) {
    auto handle = rt().spawn(
        [](box b) -> task<int> {
            int suspended = 0;
            for (int i = 0; i < 100; ++i) {
                suspended += (co_await maybe_suspends(i % 10 == 0, b)) ? 1 : 0;
            }
            co_return suspended;
        },
        mail);
    std::jthread other([b = mail] {
        for (int i = 0; i < 10; ++i) { b->resume(); }
    });
    EXPECT_EQ(rt().block_on(std::move(handle)), 10);
}

/// A coroutine type of another library: starts suspended, runs to its end.
struct eager_end {
    struct promise_type {
        eager_end get_return_object() {
            return eager_end{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
};
eager_end resumes(std::coroutine_handle<> waiter) {
    waiter.resume();
    co_return;
}

/// coroutine_handle await_suspend: to another coroutine, which resumes us; to ourselves.
class transfers {
public:
    explicit transfers(bool to_self) : to_self_(to_self) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) const {
        if (to_self_) { return h; }
        return resumes(h).handle;
    }
    int await_resume() const noexcept { return to_self_ ? 1 : 2; }

private:
    bool to_self_;
};

TEST_P(foreign, handle_await_suspend_transfers_to_another_coroutine_or_goes_on) {
    auto handle = rt().spawn([]() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 100; ++i) { sum += co_await transfers(i % 2 == 0); }
        co_return sum;
    });
    EXPECT_EQ(rt().block_on(std::move(handle)), 150);
}

/// Resumes before its await_suspend returns.
class resumes_inline {
public:
    resumes_inline() noexcept {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
        h.resume();
        touched_ = true;  // still ours: the task goes on only after this returned
    }
    bool await_resume() const noexcept { return touched_; }

private:
    bool touched_ = false;
};

TEST_P(foreign, resume_inside_await_suspend_goes_on_afterwards) {
    auto handle = rt().spawn([]() -> task<bool> {
        bool all = true;
        for (int i = 0; i < 1000; ++i) {
            const bool touched = co_await resumes_inline();
            all = all && touched;
        }
        co_return all;
    });
    EXPECT_TRUE(rt().block_on(std::move(handle)));
}

enum class where { ready, suspend, resume };
class throws_in {
public:
    explicit throws_in(where w) : where_(w) {}
    bool await_ready() const { return check(where::ready); }
    void await_suspend(std::coroutine_handle<> h) const {
        check(where::suspend);
        h.resume();
    }
    void await_resume() const { check(where::resume); }

private:
    bool check(where now) const {
        if (now == where_) { throw std::runtime_error("foreign"); }
        return false;
    }
    where where_;
};

TEST_P(foreign, exception_of_any_part_of_the_awaiter_arrives_at_the_await) {
    auto handle = rt().spawn([]() -> task<int> {
        int caught = 0;
        for (where w : {where::ready, where::suspend, where::resume}) {
            try {
                co_await throws_in(w);
            } catch (const std::runtime_error&) { ++caught; }
        }
        co_await edo::yield_now();  // it can still suspend and be woken
        co_return caught;
    });
    EXPECT_EQ(rt().block_on(std::move(handle)), 3);
}

TEST_P(foreign, throwing_await_suspend_leaves_nothing_that_delays_an_abort) {
    auto handle = rt().spawn([]() -> task<> {
        try {
            co_await throws_in(where::suspend);
        } catch (const std::runtime_error&) {}
        co_await edo::sleep_until(edo::clock::time_point::max());
    });
    handle.abort();
    auto joined = rt().block_on(handle.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
}

class has_member_operator {
public:
    explicit has_member_operator(box b) : box_(std::move(b)) {}
    leaves_handle operator co_await() const { return leaves_handle(box_); }

private:
    box box_;
};
class has_free_operator {
public:
    explicit has_free_operator(box b) : inner(std::move(b)) {}
    box inner;
};
leaves_handle operator co_await(const has_free_operator& a) { return leaves_handle(a.inner); }

TEST_P(foreign, operator_co_await_of_both_forms_is_used) {
    auto handle = rt().spawn(
        [](box b) -> task<int> {
            const int first = co_await has_member_operator(b);
            const int second = co_await has_free_operator(b);
            leaves_handle kept(b);
            const int third = co_await kept;  // an awaiter that is an lvalue
            co_return first + second + third;
        },
        mail);
    std::jthread other([b = mail] {
        for (int i = 0; i < 3; ++i) { b->resume(); }
    });
    EXPECT_EQ(rt().block_on(std::move(handle)), 126);
}

TEST_P(foreign, suspend_never_of_the_standard_can_be_awaited) {
    auto handle = rt().spawn([]() -> task<int> {
        for (int i = 0; i < 10'000; ++i) { co_await std::suspend_never(); }
        co_return 1;
    });
    EXPECT_EQ(rt().block_on(std::move(handle)), 1);
}

/// Says when it dies.
class flags {
public:
    explicit flags(std::shared_ptr<std::atomic<bool>> gone) : gone_(std::move(gone)) {}
    flags(const flags&) = delete;
    flags& operator=(const flags&) = delete;
    ~flags() { *gone_ = true; }

private:
    std::shared_ptr<std::atomic<bool>> gone_;
};

task<> pinned(box b, std::shared_ptr<std::atomic<bool>> gone) {
    const flags local(gone);
    co_await leaves_handle(b);
    ADD_FAILURE() << "a dropped task went on";
}

TEST_P(foreign, abort_of_a_pinned_task_waits_for_the_resume) {
    auto gone = std::make_shared<std::atomic<bool>>(false);
    auto handle = rt().spawn(&pinned, mail, gone);
    auto body = [&]() -> task<> {
        while (!mail->has_one()) { co_await edo::yield_now(); }
        handle.abort();
        for (int i = 0; i < 200; ++i) { co_await edo::yield_now(); }
        EXPECT_FALSE(handle.is_finished());
        EXPECT_FALSE(*gone);
        handle.abort();  // once more changes nothing
        mail->take().resume();
        auto joined = co_await handle.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
        EXPECT_TRUE(*gone);
    };
    rt().block_on(body());
}

TEST_P(foreign, abort_of_a_pinned_task_ends_on_the_runtime_when_a_thread_resumes) {
    auto gone = std::make_shared<std::atomic<bool>>(false);
    auto handle = rt().spawn(&pinned, mail, gone);
    auto body = [&]() -> task<> {
        while (!mail->has_one()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    handle.abort();
    std::jthread other([b = mail] { b->resume(); });
    auto joined = rt().block_on(handle.join());
    EXPECT_TRUE(!joined && joined.error().is_cancelled());
    EXPECT_TRUE(*gone);
}

TEST_P(foreign, shutdown_waits_for_the_resume_of_a_pinned_task) {
    auto gone = std::make_shared<std::atomic<bool>>(false);
    rt().spawn(&pinned, mail, gone).detach();
    auto body = [&]() -> task<> {
        while (!mail->has_one()) { co_await edo::yield_now(); }
    };
    rt().block_on(body());
    EXPECT_FALSE(*gone);
    std::jthread other([b = mail, handle = rt().handle()] {
        for (;;) {  // until the runtime takes no more tasks
            auto probe = handle.spawn([]() -> task<> { co_return; });
            probe.abort();
            while (!probe.is_finished()) { std::this_thread::yield(); }
            auto refused = handle.spawn([]() -> task<int> { co_return 1; });
            if (refused.is_finished() && !handle.block_on(refused.join())) { break; }
            refused.detach();
        }
        b->resume();
    });
    stop();
    EXPECT_TRUE(*gone);
}

INSTANTIATE_TEST_SUITE_P(coro, foreign, edo::test::all_kinds, edo::test::kind_name);

class foreign_in_paused_time : public edo::test::leak_check {
protected:
    edo::runtime rt = edo::runtime::current_thread().start_paused(true).build();
    box mail = std::make_shared<mailbox>();
    void SetUp() override { watch(rt); }
};

TEST_F(foreign_in_paused_time, timeout_returns_elapsed_after_the_pinned_awaitable_has_completed) {
    auto gone = std::make_shared<std::atomic<bool>>(false);
    auto body = [&]() -> task<> {
        auto waker = edo::spawn(
            [](box b) -> task<> {
                co_await edo::sleep_for(50ms);
                b->resume();
            },
            mail);
        const auto start = edo::clock::now();
        auto result = co_await edo::timeout(10ms, pinned(mail, gone));
        EXPECT_FALSE(result);
        EXPECT_TRUE(*gone);
        EXPECT_EQ(edo::clock::now() - start, 50ms);
        co_await waker;
    };
    rt.block_on(body());
}

TEST_F(foreign_in_paused_time, timeout_gives_the_value_of_an_awaitable_that_is_in_time) {
    auto body = [&]() -> task<> {
        auto waker = edo::spawn(
            [](box b) -> task<> {
                co_await edo::sleep_for(10ms);
                b->resume();
            },
            mail);
        auto result = co_await edo::timeout(50ms, wait_in(mail));
        EXPECT_TRUE(result && *result == 42);
        co_await waker;
    };
    rt.block_on(body());
}

TEST_F(foreign_in_paused_time, abort_inside_a_timeout_waits_for_the_pin_below_it) {
    auto gone = std::make_shared<std::atomic<bool>>(false);
    auto body = [&]() -> task<> {
        auto handle = edo::spawn(
            [](box b, std::shared_ptr<std::atomic<bool>> g) -> task<> {
                static_cast<void>(co_await edo::timeout(1h, pinned(b, g)));
                ADD_FAILURE() << "a dropped task went on";
            },
            mail, gone);
        co_await edo::yield_now();
        handle.abort();
        co_await edo::sleep_for(1ms);
        EXPECT_FALSE(*gone);
        mail->take().resume();
        auto joined = co_await handle.join();
        EXPECT_TRUE(!joined && joined.error().is_cancelled());
        EXPECT_TRUE(*gone);
    };
    rt.block_on(body());
}

}  // namespace
