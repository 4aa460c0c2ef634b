/// What the ends of a watch share, and how a receiver waits.
#pragma once

#include <edo/coro/detail/wait_queue.hpp>
#include <edo/sync/channel_errors.hpp>

#include <expected>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace edo::detail {

/// What the ends of a watch share. The version counts the changes, times two; its lowest bit says that
/// no sender is left.
template <class T>
struct watch_state {
    explicit watch_state(T&& initial) : value(std::move(initial)) {}
    static constexpr std::uint64_t closed_bit = 1;
    static constexpr std::uint64_t one_change = 2;

    [[nodiscard]] std::uint64_t seen_version() const noexcept {
        return version.load(acquire) & ~closed_bit;  // pairs with: change()
    }
    [[nodiscard]] bool has_senders() const noexcept {
        return (version.load(acquire) & closed_bit) == 0;  // pairs with: drop_sender()
    }
    /// Lets f(value), which returns whether it has changed anything, change the value.
    template <class F>
    bool change(F f) {
        intrusive_list<queue_place> told;
        {
            const std::unique_lock guard(lock);
            if (!f(value)) { return false; }
            // Who has seen this version and waits for the next one is not told of this one.
            changed.take_all_if(told, [this] {
                version.fetch_add(one_change, release);  // pairs with: seen_version()
                return true;
            });
        }
        changed.tell_all(told);
        return true;
    }
    void drop_sender() noexcept {
        if (senders.fetch_sub(1, acq_rel) == 1) {  // acq_rel: pairs with the other ends' drops
            changed.tell_all_if([this] {
                version.fetch_or(closed_bit, release);  // pairs with: has_senders()
                return true;
            });
        }
    }
    void drop_receiver() noexcept {
        if (receivers.fetch_sub(1, acq_rel) == 1) {  // acq_rel: pairs with: is_unwatched()
            unwatched.tell_all_if([] { return true; });
        }
    }
    [[nodiscard]] bool is_unwatched() const noexcept {
        return receivers.load(acquire) == 0;  // pairs with: drop_receiver()
    }

    /// Waits until no receiver is left.
    [[nodiscard]] auto wait_unwatched() noexcept {
        return until_leaf<watch_state, &watch_state::is_unwatched>(unwatched, this);
    }

    std::shared_mutex lock;  // of the value
    T value;
    atomic<std::uint64_t> version{0};
    atomic<std::size_t> senders{1};
    atomic<std::size_t> receivers{1};
    wait_queue changed;
    wait_queue unwatched;
};

template <class T>
using watch_ptr = std::shared_ptr<watch_state<T>>;

/// Waits for a value that the receiver has not seen.
template <class T>
class watch_changed : public queue_wait<watch_changed<T>, watch_state<T>*> {
public:
    watch_changed(watch_state<T>& state, std::uint64_t& seen) noexcept
        : watch_changed::queue_wait(state.changed, &state), seen_(&seen) {}
    [[nodiscard]] bool ready() const noexcept {
        return this->owner_->seen_version() != *seen_ || !this->owner_->has_senders();
    }
    std::expected<void, sync::closed> await_resume() noexcept {
        this->leave();
        const std::uint64_t now = this->owner_->seen_version();
        if (std::exchange(*seen_, now) == now) { return std::unexpected(sync::closed()); }
        return {};
    }

private:
    std::uint64_t* seen_;
};

}  // namespace edo::detail
