// A server that is asked to stop: a token tells its tasks, a tracker waits for them.
#include <edo/edo.hpp>
#include <edo/main.hpp>

#include <fmt/core.h>

#include <atomic>
#include <memory>

using namespace std::chrono_literals;

// [graceful]
edo::task<> serve_client(edo::cancellation_token stop, std::shared_ptr<std::atomic<int>> finished) {
    while (auto request = co_await stop.run_until_cancelled(edo::sleep_for(1ms))) {
        co_await edo::yield_now();  // the work for one request
    }
    co_await edo::sleep_for(2ms);  // says goodbye
    ++*finished;
}

edo::task<int> co_main(int, char**) {
    edo::cancellation_token stop;
    edo::task_tracker clients;
    auto finished = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 5; ++i) {
        clients.spawn(serve_client, stop.child_token(), finished).detach();
    }
    co_await edo::sleep_for(10ms);

    stop.cancel();
    clients.close();
    auto in_time = co_await edo::timeout(1min, clients.wait());
    fmt::print("{} clients finished {}\n", finished->load(), in_time ? "in time" : "too late");
    co_return 0;
}
// [/graceful]
