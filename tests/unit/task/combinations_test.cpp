// Every way in which a task ends, met by every way in which its handle is treated, on every runtime,
// with every kind of state that a task may own. After Tokio's task_combinations.
#include "support/runtime_fixture.hpp"

#include <edo/sync/notify.hpp>

#include <atomic>
#include <expected>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

namespace {

using edo::task;
using edo::test::runtime_kind;

/// What happens to the task once it is let go.
enum class ending { value, exception, abort, runtime_dropped };
/// What the owner of its handle does.
enum class treatment {
    awaited,               ///< by a plain thread, from before the end on
    dropped_before,        ///< before the end
    dropped_after,         ///< after the end
    aborted_before_start,  ///< no worker has taken it yet
    aborted_suspended,     ///< at its await
    aborted_in_its_turn,   ///< while it runs: its next await ends it
    aborted_after,         ///< after the end: nothing happens
};
/// The destructors of what the task owns: argument, local and result.
enum class state {
    plain,
    catches,  ///< throw, and catch inside
    escapes,  ///< that of a local throws: legal where the task ends as a function does
};
/// By what the task is aborted; for `dropped_before`: whether it has started by then.
enum class variant { first, second };

enum class outcome { value, exception, cancelled };

const char* name_of(ending e) {
    constexpr const char* names[] = {"value", "exception", "abort", "runtime_dropped"};
    return names[static_cast<int>(e)];
}
const char* name_of(treatment t) {
    constexpr const char* names[] = {
        "awaited",           "dropped_before",      "dropped_after", "aborted_before_start",
        "aborted_suspended", "aborted_in_its_turn", "aborted_after"};
    return names[static_cast<int>(t)];
}

/// What one run counts; everything that the task owns holds a share.
struct tally {
    std::atomic<int> arguments = 0, locals = 0, results = 0;  ///< destroyed so far
    std::atomic<int> unseen = 0;                              ///< calls of the hook
    std::atomic<bool> started = false, was_aborted = false;
    edo::sync::notify go;
};
using shared_tally = std::shared_ptr<tally>;

/// Counts its end in one of the counters of a tally.
class owned {
public:
    owned(shared_tally t, std::atomic<int> tally::* counter, state s) noexcept
        : tally_(std::move(t)), counter_(counter), state_(s) {}
    owned(owned&& other) noexcept = default;
    owned& operator=(owned&&) = delete;
    ~owned() {
        if (tally_ == nullptr) { return; }
        if (state_ == state::plain) {
            ++((*tally_).*counter_);
            return;
        }
        try {
            throw std::runtime_error("stays inside");
        } catch (const std::runtime_error&) { ++((*tally_).*counter_); }
    }

private:
    shared_tally tally_;
    std::atomic<int> tally::* counter_;
    state state_;
};

/// Its destructor throws.
struct throws_out {
    throws_out() = default;
    throws_out(const throws_out&) = delete;
    throws_out& operator=(const throws_out&) = delete;
    ~throws_out() noexcept(false) { throw std::runtime_error("escaped"); }
};

/// An exception that keeps a share of the tally.
class failure : public std::runtime_error {
public:
    explicit failure(shared_tally t) : std::runtime_error("failure"), tally_(std::move(t)) {}

private:
    shared_tally tally_;
};

}  // namespace

template <>
inline constexpr bool edo::enable_owning<owned> = true;
template <>
inline constexpr bool edo::enable_owning<shared_tally> = true;

namespace {

task<> until_let_go(shared_tally t, treatment how) {
    t->started = true;
    if (how == treatment::aborted_in_its_turn) {
        while (!t->was_aborted) { std::this_thread::yield(); }
    }
    co_await t->go.notified();
}

task<owned> body(owned argument, shared_tally t, ending how_it_ends, treatment how, state s) {
    const owned kept = std::move(argument);
    const owned local(t, &tally::locals, s);
    co_await until_let_go(t, how);
    if (how_it_ends == ending::exception) { throw failure(t); }
    co_return owned(t, &tally::results, s);
}

task<owned> body_that_ends_by_throwing(owned argument, shared_tally t, treatment how) {
    const owned kept = std::move(argument);
    const owned local(t, &tally::locals, state::plain);
    co_await until_let_go(t, how);
    const throws_out last;
    co_return owned(t, &tally::results, state::plain);
}

/// Keeps all workers of a multi-thread runtime busy while it lives.
class all_workers_blocked {
public:
    all_workers_blocked(edo::runtime& rt, unsigned workers) {
        const std::shared_future<void> open(gate_.get_future());
        auto in = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(workers));
        for (unsigned i = 0; i < workers; ++i) {
            rt.spawn(
                  [](std::shared_ptr<std::latch> all, std::shared_future<void> wait) -> task<> {
                      all->count_down();
                      wait.wait();
                      co_return;
                  },
                  in, open)
                .detach();
        }
        in->wait();
    }
    all_workers_blocked(const all_workers_blocked&) = delete;
    all_workers_blocked& operator=(const all_workers_blocked&) = delete;
    ~all_workers_blocked() { gate_.set_value(); }

private:
    std::promise<void> gate_;
};

/// One combination, from the spawn to the last destructor.
class scenario {
public:
    scenario(runtime_kind kind, ending how_it_ends, treatment how, state s, variant which)
        : kind_(kind), ending_(how_it_ends), treatment_(how), state_(s), variant_(which) {
        auto made = edo::test::builder_of(kind);
        made.unhandled_exception(
            [t = tally_](const edo::task_meta&, const std::exception_ptr&) { ++t->unseen; });
        rt_.emplace(made.build());
        handle_ = rt_->handle();
    }
    void run() {
        spawn();
        before_the_end();
        end();
        expect_state_destroyed();
        after_the_end();
        expect_nothing_left();
    }

private:
    using result = std::expected<owned, edo::join_error>;

    [[nodiscard]] bool is_aborted_early() const {
        return treatment_ == treatment::aborted_before_start ||
               treatment_ == treatment::aborted_suspended ||
               treatment_ == treatment::aborted_in_its_turn;
    }
    [[nodiscard]] outcome expected() const {
        if (is_aborted_early()) { return outcome::cancelled; }
        if (ending_ == ending::value) {
            return state_ == state::escapes ? outcome::exception : outcome::value;
        }
        return ending_ == ending::exception ? outcome::exception : outcome::cancelled;
    }
    [[nodiscard]] bool is_dropped() const {
        return treatment_ == treatment::dropped_before || treatment_ == treatment::dropped_after;
    }

    void spawn() {
        std::optional<all_workers_blocked> blocked;
        if (treatment_ == treatment::aborted_before_start && kind_.workers != 0) {
            blocked.emplace(*rt_, kind_.workers);
        }
        owned argument(tally_, &tally::arguments, state_);
        if (state_ == state::escapes) {
            join_ =
                rt_->spawn(&body_that_ends_by_throwing, std::move(argument), tally_, treatment_);
        } else {
            join_ = rt_->spawn(&body, std::move(argument), tally_, ending_, treatment_, state_);
        }
        abort_ = join_.abort_handle();
        if (treatment_ == treatment::aborted_before_start) { abort(); }
    }
    void abort() {
        if (variant_ == variant::first) {
            join_.abort();
        } else {
            abort_->abort();
        }
    }
    void drop() { const auto gone = std::move(join_); }

    void before_the_end() {
        std::thread aborter;
        switch (treatment_) {
            case treatment::aborted_before_start: return;
            case treatment::aborted_in_its_turn:
                aborter = std::thread([this] {
                    while (!tally_->started) { std::this_thread::yield(); }
                    abort();
                    tally_->was_aborted = true;
                });
                break;
            case treatment::dropped_before:
                if (variant_ == variant::first) { drop(); }
                break;
            default: break;
        }
        until([this] { return tally_->started.load(); });
        if (treatment_ == treatment::aborted_suspended) { abort(); }
        if (treatment_ == treatment::dropped_before && variant_ == variant::second) { drop(); }
        if (treatment_ == treatment::awaited) {
            waiter_ = std::thread([this] { joined_.emplace(join()); });
        }
        if (aborter.joinable()) { aborter.join(); }
    }
    void end() {
        switch (ending_) {
            case ending::value:
            case ending::exception:
                if (is_aborted_early()) { until_ended(); }
                tally_->go.notify_one();
                until_ended();
                break;
            case ending::abort:
                abort_->abort();
                until_ended();
                break;
            case ending::runtime_dropped: rt_.reset(); break;
        }
    }
    void after_the_end() {
        switch (treatment_) {
            case treatment::awaited: waiter_.join(); break;
            case treatment::dropped_before: break;
            case treatment::dropped_after: drop(); break;
            case treatment::aborted_after:
                EXPECT_TRUE(join_.is_finished());
                abort();
                [[fallthrough]];
            default: joined_.emplace(join()); break;
        }
        if (joined_) { expect_outcome(*joined_); }
        joined_.reset();
        rt_.reset();  // the last turn has surely returned
        const bool made_one = expected() == outcome::value || reaches_escape();
        EXPECT_EQ(tally_->results, made_one ? 1 : 0);
        EXPECT_EQ(tally_->unseen, expected() == outcome::exception && is_dropped() ? 1 : 0);
    }
    [[nodiscard]] bool reaches_escape() const {
        return state_ == state::escapes && expected() == outcome::exception;
    }
    void expect_outcome(const result& r) const {
        if (expected() == outcome::value) {
            EXPECT_TRUE(r.has_value());
            return;
        }
        ASSERT_FALSE(r.has_value());
        EXPECT_EQ(r.error().is_cancelled(), expected() == outcome::cancelled);
        if (expected() == outcome::exception) {
            const std::string text = r.error().what();
            const char* wanted = state_ == state::escapes ? ": escaped" : ": failure";
            EXPECT_TRUE(text.ends_with(wanted)) << text;
        }
    }
    /// At the end of the task, whatever becomes of its handle.
    void expect_state_destroyed() {
        EXPECT_EQ(handle_->metrics().num_alive_tasks(), 0U);
        EXPECT_EQ(tally_->started, treatment_ != treatment::aborted_before_start);
        EXPECT_EQ(tally_->arguments, 1);
        EXPECT_EQ(tally_->locals, tally_->started ? 1 : 0);
    }
    void expect_nothing_left() {
        EXPECT_TRUE(abort_->is_finished());
        drop();
        abort_.reset();
        handle_.reset();
        EXPECT_EQ(tally_->arguments, 1);
        EXPECT_LE(tally_->results, 1);
        EXPECT_EQ(tally_.use_count(), 1) << "something of the task was left";
    }

    result join() {
        auto joiner = edo::runtime::current_thread().build();
        return joiner.block_on(join_.join());
    }
    template <class Condition>
    void until(Condition condition) {
        const auto wait = [&]() -> task<> {
            while (!condition()) { co_await edo::yield_now(); }
        };
        rt_->block_on(wait());
    }
    void until_ended() {
        until(
            [this] { return abort_->is_finished() && handle_->metrics().num_alive_tasks() == 0; });
    }

    const runtime_kind kind_;
    const ending ending_;
    const treatment treatment_;
    const state state_;
    const variant variant_;
    shared_tally tally_ = std::make_shared<tally>();
    std::optional<edo::runtime> rt_;
    std::optional<edo::runtime_handle> handle_;
    edo::join_handle<owned> join_;
    std::optional<edo::abort_handle> abort_;
    std::thread waiter_;
    std::optional<result> joined_;
};

using combination = std::tuple<runtime_kind, ending, treatment>;

class task_combinations : public edo::test::leak_check,
                          public testing::WithParamInterface<combination> {};

TEST_P(task_combinations, test_combinations) {
    const auto [kind, how_it_ends, how] = GetParam();
    for (const state s : {state::plain, state::catches, state::escapes}) {
        // A destructor that throws in a drop, or while another exception is on its way, ends the
        // program by design; a task that is aborted early does not get that far.
        if (s == state::escapes && how_it_ends != ending::value) { continue; }
        for (const variant which : {variant::first, variant::second}) {
            SCOPED_TRACE("state " + std::to_string(static_cast<int>(s)) + ", variant " +
                         std::to_string(static_cast<int>(which)));
            scenario(kind, how_it_ends, how, s, which).run();
            expect_nothing_left();
        }
    }
}

std::string name_of_combination(const testing::TestParamInfo<combination>& info) {
    const auto [kind, how_it_ends, how] = info.param;
    return std::string(kind.name) + "_" + name_of(how_it_ends) + "_" + name_of(how);
}
INSTANTIATE_TEST_SUITE_P(
    task, task_combinations,
    testing::Combine(
        edo::test::all_kinds,
        testing::Values(ending::value, ending::exception, ending::abort, ending::runtime_dropped),
        testing::Values(treatment::awaited, treatment::dropped_before, treatment::dropped_after,
                        treatment::aborted_before_start, treatment::aborted_suspended,
                        treatment::aborted_in_its_turn, treatment::aborted_after)),
    name_of_combination);

}  // namespace
