/// Runs a small concurrent program in every way that it can go.
///
/// The threads of the program are fibers of one thread. Before each operation on an atomic, a mutex
/// or a futex the explorer decides who goes on, and at each load which of the stores is read that the
/// C++ memory model allows there; then it runs the program again with the next decision. So it sees
/// every interleaving (or every one with a bounded number of preemptions), also those that a weakly
/// ordered processor shows. Found are: a failed model::check, a deadlock (a wake-up that was lost), a
/// data race on a model::tracked, the use of an atomic or mutex after its destruction or before its
/// construction is visible, a loop that nobody ends.
///
/// What it executes are the shipped headers and sources: tests/model/shim stands before include/ and
/// supplies another edo::detail::atomic, mutex, condition and thread and std::shared_mutex; nothing else
/// is replaced but the allocator (memory is reused only after the run) and what is per thread.
///
/// Memory model. Each atomic has the list of its stores; a store goes to its end (executions in which
/// the order of stores differs from the order in time are not explored). A thread may read any store
/// that is not older than one it knows of. Release stores carry what their thread knows, acquire
/// loads take it over, fences too; a sequentially consistent operation also knows of all earlier ones
/// of that kind on its atomic, a fence on all atomics. As in "Repairing Sequential Consistency in
/// C/C++11" (Lahav et al., PLDI 2017) without load buffering.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>

namespace edo::model {

/// How far to go.
struct limits {
    int preemptions = -1;  ///< switches away from a thread that could go on; -1: any number
    std::uint64_t executions = 4'000'000;  ///< fails if these do not suffice
    std::uint32_t steps = 20'000;          ///< operations of one execution, else it is a livelock
};

/// Weakens the program: the atomic operations and fences in functions whose name contains `function`
/// (as std::source_location gives it) order nothing.
struct mutation {
    std::string_view function;
};

/// What exploring has found.
struct report {
    std::uint64_t executions = 0;
    std::string failure;  ///< empty: none; else what and the last operations of each thread
};

/// Explores `body`, which is called once for each execution and may start threads.
report explore(const std::function<void()>& body, const limits& bounds = {},
               const mutation* weakened = nullptr);

/// Expects that `body` holds in every execution.
void holds(const std::function<void()>& body, const limits& bounds = {});
/// Expects that the weakened program fails.
void finds(const mutation& weakened, const std::function<void()>& body, const limits& bounds = {});

/// In a body: ends the execution as failed if not `good`.
void check(bool good, const char* what,
           std::source_location where = std::source_location::current());

/// A thread of the program; joins at its end.
class thread {
public:
    explicit thread(std::move_only_function<void()> body);
    thread(const thread&) = delete;
    thread& operator=(const thread&) = delete;
    ~thread() { join(); }
    void join();

private:
    int id_;
    bool joined_ = false;
};

/// Plain memory: reads and writes that are not ordered are a data race. For use as payload.
class tracked {
public:
    explicit tracked(int value = 0);
    tracked(const tracked& other);
    tracked(tracked&& other) noexcept;
    tracked& operator=(const tracked& other);
    tracked& operator=(tracked&& other) noexcept;
    ~tracked();
    [[nodiscard]] int read() const;
    void write(int value);

private:
    int value_;
    std::uint32_t id_;
};

}  // namespace edo::model
