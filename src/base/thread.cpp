#include <edo/base/detail/atomic.hpp>
#include <edo/base/detail/thread.hpp>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace edo::detail {
namespace {

constexpr int never = -1;
atomic<int>& creations_left() noexcept {
    static atomic<int> left{never};
    return left;
}

bool creation_must_fail() noexcept {
    atomic<int>& left = creations_left();
    int n = left.load(relaxed);
    if (n == never) { return false; }
    if (n == 0) { return true; }
    left.store(n - 1, relaxed);
    return false;
}

void* run_body(void* argument) {
    std::unique_ptr<std::move_only_function<void()>> body(
        static_cast<std::move_only_function<void()>*>(argument));
    (*body)();
    return nullptr;
}

[[noreturn]] void throw_refused(int error) {
    throw std::system_error(error, std::generic_category(), "edo: cannot start a thread");
}

}  // namespace

void fail_thread_creation_after(int n) noexcept {
    creations_left().store(n < 0 ? never : n, relaxed);
}

thread::thread(std::move_only_function<void()> body, const std::string& name,
               std::size_t stack_size) {
    auto owned = std::make_unique<std::move_only_function<void()>>(std::move(body));
    if (creation_must_fail()) { throw_refused(EAGAIN); }
    pthread_attr_t attributes;
    if (int error = ::pthread_attr_init(&attributes); error != 0) { throw_refused(error); }
    int error = stack_size == 0 ? 0 : ::pthread_attr_setstacksize(&attributes, stack_size);
    if (error == 0) { error = ::pthread_create(&id_, &attributes, run_body, owned.get()); }
    ::pthread_attr_destroy(&attributes);
    if (error != 0) { throw_refused(error); }
    static_cast<void>(owned.release());
    started_ = true;
    constexpr std::size_t kernel_limit = 15;
    ::pthread_setname_np(id_, name.substr(0, kernel_limit).c_str());
}

void thread::join() noexcept {
    if (std::exchange(started_, false)) { ::pthread_join(id_, nullptr); }
}

void thread::detach() noexcept {
    if (std::exchange(started_, false)) { ::pthread_detach(id_); }
}

}  // namespace edo::detail
