/// Runs a test on a current-thread runtime whose clock is paused.
#pragma once

#include "support/runtime_fixture.hpp"

namespace edo::test {

/// The clock moves only when nothing can run, or by advance(): all times are exact.
class paused_test : public leak_check {
protected:
    paused_test() {
        rt_.emplace(runtime::current_thread().start_paused(true).build());
        watch(*rt_);
    }
    runtime& rt() { return *rt_; }
    template <class T>
    T run(task<T> body) {
        return rt_->block_on(std::move(body));
    }
    void TearDown() override {
        rt_.reset();
        leak_check::TearDown();
    }

private:
    std::optional<runtime> rt_;
};

/// Measures on the clock of the runtime, from its making on.
class stopwatch {
public:
    [[nodiscard]] clock::duration elapsed() const { return clock::now() - start_; }
    [[nodiscard]] clock::time_point at(clock::duration d) const { return start_ + d; }
    [[nodiscard]] clock::time_point start() const { return start_; }

private:
    clock::time_point start_ = clock::now();
};

/// Awaits a borrowed awaitable for no time at all. True: it was ready.
template <class A>
task<bool> poll_once(A& awaitable) {
    auto result = co_await timeout(clock::duration::zero(), awaitable);
    co_return result.has_value();
}

}  // namespace edo::test
