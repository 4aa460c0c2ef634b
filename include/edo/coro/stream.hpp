/// Generators that may await.
#pragma once

#include <edo/coro/detail/branch_body.hpp>
#include <edo/coro/detail/stream_core.hpp>

#include <memory>
#include <optional>

namespace edo {
namespace detail {
template <class T>
class stream_promise;
template <class T>
class stream_next;
class stream_close;
}  // namespace detail

/// A sequence whose items are made one at a time, when they are asked for: what a coroutine returns that may
/// both co_await and co_yield.
///
///     edo::stream<int> count(int n) { for (int i = 0; i < n; ++i) co_yield i; }
///     auto numbers = count(10);
///     while (auto next = co_await numbers.next()) { use(*next); }
///
/// T              what is yielded: a movable type or a reference; references are given as
///                std::reference_wrapper.
/// Ownership      move-only. Destroyed, it destroys the coroutine.
/// Tasks          it may go from task to task, but not while a next() that was dropped is under way.
/// Exceptions     of the coroutine: from next(), once; then the stream has ended.
/// Allocation     the coroutine's frame, and one small block when it is first asked.
/// Thread safety  one thread at a time.
/// Source         futures::Stream, async_stream::stream!; std::generator.
template <class T>
class [[nodiscard("a stream does nothing until it is asked")]] stream {
public:
    /// What next() gives an optional of.
    using value_type = detail::joined_value_t<T>;
    /// A stream that has ended.
    stream() noexcept = default;
    /// Takes the coroutine of `other`, which has ended then.
    stream(stream&& other) noexcept
        : promise_(std::exchange(other.promise_, nullptr)), core_(std::move(other.core_)) {}
    /// Takes the coroutine of `other`; the own one is destroyed.
    stream& operator=(stream&& other) noexcept {
        stream moved(std::move(other));
        std::swap(promise_, moved.promise_);
        std::swap(core_, moved.core_);
        return *this;
    }
    /// Destroys the coroutine. If a next() was dropped half-way: only within that task; and if the
    /// coroutine went on to something that cannot be dropped at once (a foreign awaitable, an open scope)
    /// the program ends with a message, see close().
    ~stream() {
        if (promise_ != nullptr) { detail::handle_of(*promise_).destroy(); }
    }

    /// `co_await next()` runs the coroutine to its next co_yield: std::optional of the item, nothing at the
    /// end. The stream must outlive it; one at a time.
    ///
    /// Cancel safety  no item is lost. Dropped half-way, the coroutine stays in this task, goes on there to
    ///                its next co_yield when it is woken, and the next next() gives that item. But if what
    ///                it waits for cannot be dropped at once, it is ended with that.
    /// Exceptions     what the coroutine throws; std::logic_error if it is under way in another task;
    ///                std::bad_alloc.
    [[nodiscard("co_await it")]] auto next() { return detail::stream_next<T>(core()); }
    /// `co_await close()` destroys the coroutine, and waits until that can be done.
    [[nodiscard("co_await it")]] auto close() { return detail::stream_close(core()); }

private:
    friend class detail::stream_promise<T>;
    explicit stream(detail::promise_base& promise) noexcept : promise_(&promise) {}
    /// Null: it has ended, or was never there.
    detail::stream_core* core() {
        if (promise_ != nullptr) {
            core_ = std::make_unique<detail::stream_core>(*promise_);
            promise_ = nullptr;
        }
        return core_.get();
    }
    detail::promise_base* promise_ = nullptr;  ///< until it is first asked
    std::unique_ptr<detail::stream_core> core_;
};

namespace detail {

/// Ends a turn of the generator.
class yield_awaiter {
public:
    yield_awaiter(stream_core& to, void* item) noexcept : to_(&to), item_(item) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> generator) const noexcept {
        to_->yield(item_, generator);
    }
    void await_resume() const noexcept {}

private:
    stream_core* to_;
    void* item_;
};

/// The promise of a coroutine that returns edo::stream.
template <class T>
class stream_promise : public promise_base {
    using value = std::remove_reference_t<T>;

public:
    stream<T> get_return_object(
        std::source_location where = std::source_location::current()) noexcept {
        record(where);
        return stream<T>(*this);
    }
    void return_void() const noexcept {}
    /// The item is moved from where the generator has it.
    yield_awaiter yield_value(value&& item) noexcept
        requires(!std::is_reference_v<T>)
    {
        return {core(), std::addressof(item)};
    }
    /// An lvalue is copied into the frame.
    auto yield_value(const value& item)
        requires(!std::is_reference_v<T> && std::copy_constructible<value>)
    {
        struct copying : yield_awaiter {
            copying(stream_core& to, const value& from)
                : yield_awaiter(to, std::addressof(copy)), copy(from) {}
            copying(const copying&) = delete;
            copying& operator=(const copying&) = delete;
            value copy;
        };
        return copying(core(), item);
    }
    yield_awaiter yield_value(value& item) noexcept
        requires std::is_reference_v<T>
    {
        return {core(), const_cast<std::remove_const_t<value>*>(std::addressof(item))};
    }

private:
    [[nodiscard]] stream_core& core() const noexcept { return static_cast<stream_core&>(out()); }
};

/// Waits for the next item.
template <class T>
class stream_next : public leaf_base {
public:
    explicit stream_next(stream_core* of) noexcept : of_(of) {}
    stream_next(stream_next&& other) noexcept : of_(other.of_) {}
    stream_next& operator=(stream_next&&) = delete;
    ~stream_next() { disarm(); }

    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return of_ == nullptr || of_->is_ready(); }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        asks_ = of_->ask(waiter);
        return asks_;
    }
    std::optional<joined_value_t<T>> await_resume() {
        asks_ = false;
        void* item = of_ != nullptr ? of_->take() : nullptr;
        if (item == nullptr) { return std::nullopt; }
        if constexpr (std::is_reference_v<T>) {
            return joined_value_t<T>(*static_cast<std::remove_reference_t<T>*>(item));
        } else {
            return std::optional<T>(std::in_place, std::move(*static_cast<T*>(item)));
        }
    }
    /// Nobody waits any more; it can be awaited again.
    void disarm() noexcept {
        if (std::exchange(asks_, false)) { of_->stop_asking(); }
    }

private:
    stream_core* of_;
    bool asks_ = false;
};

/// Waits for the end of a generator.
class stream_close : public leaf_base {
public:
    explicit stream_close(stream_core* of) noexcept : of_(of) {}
    using leaf_base::await_suspend;
    [[nodiscard]] bool await_ready() const noexcept { return of_ == nullptr; }
    template <edo_promise Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return of_->close(waiter);
    }
    void await_resume() const noexcept {}

private:
    stream_core* of_;
};

template <class T, class... Params>
class stream_promise_for final : public stream_promise<T> {
public:
    stream_promise_for() noexcept { this->record(record_of<Params...>()); }
};

}  // namespace detail
}  // namespace edo

/// The promise type of every coroutine that returns edo::stream.
template <class T, class... Params>
struct std::coroutine_traits<edo::stream<T>, Params...> {
    using promise_type = edo::detail::stream_promise_for<T, Params...>;
};
