// expect: edo awaitables are awaited in an edo task
// expect: in another coroutine spawn a task and wait for its handle
#include <edo/edo.hpp>

struct other {
    struct promise_type {
        other get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
    };
};

other test(edo::local_set& set) { co_await set; }
