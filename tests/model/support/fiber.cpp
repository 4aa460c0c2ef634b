#include "support/fiber.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <cxxabi.h>
#include <sys/mman.h>

namespace edo::model {
namespace {

constexpr std::size_t stack_bytes = std::size_t{256} << 10;

/// Stacks to be used again.
std::vector<char*>& free_stacks() {
    static auto* stacks = new std::vector<char*>;  // outlives every fiber
    return *stacks;
}

char* take_stack() {
    auto& free = free_stacks();
    if (!free.empty()) {
        char* found = free.back();
        free.pop_back();
        return found;
    }
    void* mapped = ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) { std::abort(); }
    return static_cast<char*>(mapped);
}

}  // namespace

#if defined(__x86_64__)
// The registers that a function must preserve, and the stack (System V ABI, section 3.2.1).
extern "C" void edo_model_change(void** from, void* to);
asm(R"(
.text
.type edo_model_change, @function
edo_model_change:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size edo_model_change, . - edo_model_change
)");
#endif

namespace {
thread_local fiber* starting = nullptr;
}

fiber::fiber() = default;
fiber::~fiber() {
    if (stack_ != nullptr) { free_stacks().push_back(stack_); }
}

void fiber::begin(fiber* self) noexcept {
    self->entry_();
    std::abort();
}

void fiber::prepare(std::function<void()> entry) {
    entry_ = std::move(entry);
    stack_ = take_stack();
#if defined(__x86_64__)
    constexpr std::size_t saved = 6;
    // As after a call: eight bytes below a multiple of sixteen.
    auto* top = reinterpret_cast<std::uint64_t*>(stack_ + stack_bytes) - 1;
    void (*first)() = [] { begin(starting); };
    top[-1] = reinterpret_cast<std::uint64_t>(first);  // where `ret` goes
    std::memset(top - 1 - saved, 0, saved * sizeof *top);
    stack_pointer_ = top - 1 - saved;
#else
    ::getcontext(&registers_);
    registers_.uc_stack.ss_sp = stack_;
    registers_.uc_stack.ss_size = stack_bytes;
    registers_.uc_link = nullptr;
    void (*first)() = [] { begin(starting); };
    ::makecontext(&registers_, first, 0);
#endif
}

void fiber::change(fiber& from, fiber& to) noexcept {
    auto* globals = reinterpret_cast<exception_globals*>(abi::__cxa_get_globals());
    from.exceptions_ = std::exchange(*globals, to.exceptions_);
    if (!std::exchange(to.has_begun_, true)) { starting = &to; }
#if defined(__x86_64__)
    edo_model_change(&from.stack_pointer_, to.stack_pointer_);
#else
    ::swapcontext(&from.registers_, &to.registers_);
#endif
}

}  // namespace edo::model
