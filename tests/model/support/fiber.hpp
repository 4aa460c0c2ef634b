/// A stack of its own for each thread of the program under test.
#pragma once

#include <functional>

#include <ucontext.h>

namespace edo::model {

class fiber {
public:
    fiber();
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;
    ~fiber();

    /// Calls `entry` when it is entered for the first time; it must not return.
    void prepare(std::function<void()> entry);

    /// From `from`, which is left where it is, to `to`.
    static void change(fiber& from, fiber& to) noexcept;

private:
    static void begin(fiber* self) noexcept;
    struct exception_globals {  // of the C++ ABI, which knows threads only
        void* caught = nullptr;
        unsigned int uncaught = 0;
    };
    std::function<void()> entry_;
    char* stack_ = nullptr;
    void* stack_pointer_ = nullptr;
    exception_globals exceptions_;
    bool has_begun_ = false;
#if !defined(__x86_64__)
    ucontext_t registers_;
#endif
};

}  // namespace edo::model
