/// Threads with a name and a stack size, and the seam where tests let their creation fail.
#pragma once

#include <edo/base/config.hpp>

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <string>

namespace edo::detail {

/// A POSIX thread that has been started and not yet been joined or detached.
class thread {
public:
    thread() noexcept = default;
    /// Starts `body`. `name` is cut to the 15 bytes that Linux keeps; `stack_size` in bytes, 0 for
    /// the system's default. Throws std::system_error if the system refuses the thread and
    /// std::bad_alloc.
    EDO_API thread(std::move_only_function<void()> body, const std::string& name,
                   std::size_t stack_size);
    thread(thread&& other) noexcept : id_(other.id_), started_(other.started_) {
        other.started_ = false;
    }
    thread& operator=(thread&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(started_, other.started_);
        return *this;
    }
    /// Detaches a thread that nobody joined.
    ~thread() { detach(); }
    /// Waits for the end of the thread, if it was started.
    EDO_API void join() noexcept;
    /// Lets the thread end by itself.
    EDO_API void detach() noexcept;
    [[nodiscard]] bool joinable() const noexcept { return started_; }

private:
    pthread_t id_{};
    bool started_ = false;
};

/// For tests: the n-th next creation of a thread fails with EAGAIN (0: the next one). A negative
/// number switches the failures off. Failures continue until switched off.
EDO_API void fail_thread_creation_after(int n) noexcept;

}  // namespace edo::detail
