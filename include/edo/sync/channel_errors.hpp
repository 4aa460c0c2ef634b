/// The errors of channels. They come as values in std::expected; nothing here is thrown by Edo.
#pragma once

#include <edo/coro/owning.hpp>
#include <edo/coro/sendable.hpp>

#include <exception>
#include <string_view>
#include <utility>

namespace edo::sync {

/// The other end is gone, or the channel or semaphore was closed. As RecvError, AcquireError.
class closed : public std::exception {
public:
    /// "channel closed".
    [[nodiscard]] const char* what() const noexcept override { return "channel closed"; }
    /// All are equal.
    friend bool operator==(const closed&, const closed&) noexcept { return true; }
};

/// Why try_recv() gave nothing.
enum class try_recv_error : unsigned char {
    empty,   ///< nothing is there now; something may come
    closed,  ///< nothing is there, and nothing will come
};

/// "channel is empty", "channel closed".
[[nodiscard]] constexpr std::string_view to_string(try_recv_error error) noexcept {
    return error == try_recv_error::empty ? "channel is empty" : "channel closed";
}

/// The value that could not be sent, since the receiver is gone or has closed. As SendError.
template <class T>
class send_error : public std::exception {
public:
    /// Gives `value` back.
    explicit send_error(T&& value) : value_(std::move(value)) {}
    /// "channel closed".
    [[nodiscard]] const char* what() const noexcept override { return "channel closed"; }
    /// The value that was not sent.
    [[nodiscard]] T& value() & noexcept { return value_; }
    /// The value that was not sent.
    [[nodiscard]] const T& value() const& noexcept { return value_; }
    /// Takes the value that was not sent.
    [[nodiscard]] T&& value() && noexcept { return std::move(value_); }

private:
    T value_;
};

/// Why a slot could not be reserved at once: the channel is full, or closed. As TrySendError<()>.
class try_reserve_error : public std::exception {
public:
    /// What is wrong.
    enum class reason : unsigned char { full, closed };
    /// An error with this reason.
    explicit try_reserve_error(reason why) noexcept : why_(why) {}
    /// "no available capacity" or "channel closed".
    [[nodiscard]] const char* what() const noexcept override {
        return is_full() ? "no available capacity" : "channel closed";
    }
    /// No slot is free now; one may become free.
    [[nodiscard]] bool is_full() const noexcept { return why_ == reason::full; }
    /// The receiver is gone or has closed.
    [[nodiscard]] bool is_closed() const noexcept { return why_ == reason::closed; }

private:
    reason why_;
};

/// The same with the value that could not be sent. As TrySendError.
template <class T>
class try_send_error : public try_reserve_error {
public:
    /// Gives `value` back.
    try_send_error(reason why, T&& value) : try_reserve_error(why), value_(std::move(value)) {}
    /// The value that was not sent.
    [[nodiscard]] T& value() & noexcept { return value_; }
    /// The value that was not sent.
    [[nodiscard]] const T& value() const& noexcept { return value_; }
    /// Takes the value that was not sent.
    [[nodiscard]] T&& value() && noexcept { return std::move(value_); }

private:
    T value_;
};

/// The value that could not be sent in time. As SendTimeoutError.
template <class T>
class send_timeout_error : public std::exception {
public:
    /// What is wrong.
    enum class reason : unsigned char { timeout, closed };
    /// Gives `value` back.
    send_timeout_error(reason why, T&& value) : why_(why), value_(std::move(value)) {}
    /// "timed out waiting on send operation" or "channel closed".
    [[nodiscard]] const char* what() const noexcept override {
        return is_timeout() ? "timed out waiting on send operation" : "channel closed";
    }
    /// No slot became free in time.
    [[nodiscard]] bool is_timeout() const noexcept { return why_ == reason::timeout; }
    /// The receiver is gone or has closed.
    [[nodiscard]] bool is_closed() const noexcept { return why_ == reason::closed; }
    /// The value that was not sent.
    [[nodiscard]] T& value() & noexcept { return value_; }
    /// Takes the value that was not sent.
    [[nodiscard]] T&& value() && noexcept { return std::move(value_); }

private:
    reason why_;
    T value_;
};

}  // namespace edo::sync

namespace edo {

template <class T>
inline constexpr bool enable_sendable<sync::send_error<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::send_error<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::try_send_error<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::try_send_error<T>> = owning<T>;
template <class T>
inline constexpr bool enable_sendable<sync::send_timeout_error<T>> = sendable<T>;
template <class T>
inline constexpr bool enable_owning<sync::send_timeout_error<T>> = owning<T>;

}  // namespace edo
