// Built with a copy of Edo in which the end of a task publishes its result without `release`.
// ThreadSanitizer must see that the handle then reads it with nothing in between.
#include <edo/edo.hpp>

#include <atomic>
#include <string>
#include <thread>

namespace {

std::atomic<bool> stop{false};

// Keeps the only worker busy: going to sleep it would take a lock, and that would order all.
auto spin() -> edo::task<> {
    while (!stop.load(std::memory_order_relaxed)) { std::this_thread::yield(); }
    co_return;
}

auto give() -> edo::task<std::string> {
    edo::spawn(spin).detach();
    co_return std::string(100, 'x');
}

}  // namespace

int main() {
    auto rt = edo::runtime::multi_thread().worker_threads(1).build();
    auto handle = rt.spawn(give);
    while (!handle.is_finished()) { std::this_thread::yield(); }
    const std::string result = rt.block_on(std::move(handle));
    stop = true;
    return result.size() == 100 ? 0 : 1;
}
