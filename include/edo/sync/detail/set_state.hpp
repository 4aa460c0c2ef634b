/// A value that is there or not, and those who wait for it.
#pragma once

#include <edo/coro/detail/wait_queue.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <utility>

namespace edo::detail {

template <class T>
class set_wait;

template <class T>
class set_state {
public:
    set_state() noexcept {}
    set_state(const set_state&) = delete;
    set_state& operator=(const set_state&) = delete;
    ~set_state() { destroy(); }

    [[nodiscard]] bool is_set() const noexcept {
        return is_set_.load(acquire);  // pairs with: store()
    }
    [[nodiscard]] const T* get() const noexcept {
        return is_set() ? std::addressof(value_) : nullptr;
    }
    /// Those who waited for a value, and are still to be told of it.
    using waiting = intrusive_list<queue_place>;
    std::expected<void, T> set(T&& value) {
        waiting told;
        auto done = store(std::move(value), told);
        tell(told);
        return done;
    }
    /// set() but for the tell() of those who waited.
    std::expected<void, T> store(T&& value, waiting& told) {
        bool is_mine = false;
        std::exception_ptr error;
        queue_.take_all_if(told, [&] {
            if (is_set_.load(relaxed)) { return false; }
            try {
                ::new (static_cast<void*>(std::addressof(value_))) T(std::move(value));
            } catch (...) {
                error = std::current_exception();
                return false;
            }
            is_set_.store(true, release);  // pairs with: is_set()
            return is_mine = true;
        });
        if (error) { std::rethrow_exception(error); }
        if (!is_mine) { return std::unexpected(std::move(value)); }
        return {};
    }
    void tell(waiting& told) noexcept { queue_.tell_all(told); }
    [[nodiscard]] std::optional<T> take() {
        if (get() == nullptr) { return std::nullopt; }
        std::optional<T> taken(std::move(value_));
        destroy();
        return taken;
    }

    /// Waits until it is set.
    [[nodiscard]] auto wait() noexcept { return set_wait<T>(queue_, this); }
    /// The same, and gives nothing.
    [[nodiscard]] auto wait_only() noexcept {
        return until_leaf<set_state, &set_state::is_set>(queue_, this);
    }

private:
    void destroy() noexcept {
        if (is_set()) {
            is_set_.store(false, relaxed);
            std::destroy_at(std::addressof(value_));
        }
    }
    atomic<bool> is_set_{false};
    union {
        T value_;
    };
    wait_queue queue_;
};

/// Waits until the value is set, and gives it.
template <class T>
class set_wait : public queue_wait<set_wait<T>, set_state<T>*> {
public:
    using queue_wait<set_wait, set_state<T>*>::queue_wait;
    [[nodiscard]] bool ready() const noexcept { return this->owner_->is_set(); }
    const T& await_resume() noexcept {
        this->leave();
        return *this->owner_->get();
    }
};

}  // namespace edo::detail
