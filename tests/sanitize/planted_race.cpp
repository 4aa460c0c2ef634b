// Two tasks write one variable with nothing between them. ThreadSanitizer must say so: if this test
// fails, an annotation or a suppression hides races that users would want to see.
#include <edo/edo.hpp>

#include <atomic>
#include <thread>

namespace {

int written_by_both = 0;
std::atomic<int> arrived{0};

auto meet_and_write(int value) -> edo::task<> {
    // Both are on a thread of their own before either writes. Relaxed: it must order nothing.
    arrived.fetch_add(1, std::memory_order_relaxed);
    while (arrived.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
    written_by_both = value;
    co_return;
}

}  // namespace

int main() {
    auto rt = edo::runtime::multi_thread().worker_threads(2).build();
    auto first = rt.spawn(meet_and_write, 1);
    auto second = rt.spawn(meet_and_write, 2);
    rt.block_on(std::move(first));
    rt.block_on(std::move(second));
    return written_by_both == 0;
}
