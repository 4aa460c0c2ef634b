// What belongs to a thread, a fiber here; and what the kernel and the allocator do.
#include "base/current_cpu.hpp"
#include "support/engine.hpp"

#include <edo/base/detail/futex.hpp>
#include <edo/base/detail/parker.hpp>
#include <edo/coro/detail/context.hpp>
#include <edo/coro/detail/pool.hpp>

#include <memory>
#include <new>

namespace edo::detail {
namespace {

struct of_thread {
    context where;
    parker own;
    parker* adopted = nullptr;
};

of_thread& here() {
    static of_thread outside;
    if (!model::engine::is_running()) { return outside; }
    void*& slot = model::engine::thread_slot();
    if (slot == nullptr) { slot = new of_thread; }
    return *static_cast<of_thread*>(slot);
}

}  // namespace

/// All run on one processor: then the scheduler has most to decide.
int current_cpu() noexcept { return 0; }

context& this_context() noexcept { return here().where; }

parker& parker::this_thread() {
    of_thread& mine = here();
    return mine.adopted != nullptr ? *mine.adopted : mine.own;
}
void parker::adopt(parker* p) noexcept { here().adopted = p; }
parker& parker::reserve() { return *new parker; }
void parker::give_back(parker&) noexcept {}

void futex_wait(atomic<std::uint32_t>& word, std::uint32_t value,
                const std::optional<std::chrono::steady_clock::time_point>&) noexcept {
    model::engine::sleep_if(word.id(), value, &word, std::source_location::current());
}
void futex_wake(atomic<std::uint32_t>& word) noexcept { model::engine::wake(&word, false); }
void futex_wake_all(atomic<std::uint32_t>& word) noexcept { model::engine::wake(&word, true); }

void* heap_take(std::size_t size) { return ::operator new(size); }
void* pool_take(std::size_t, std::size_t size) { return heap_take(size); }
void pool_give(void* block, std::size_t) noexcept { ::operator delete(block); }
void pool_trim() noexcept {}

}  // namespace edo::detail
