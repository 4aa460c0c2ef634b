#include "runtime/core.hpp"
#include "runtime/cpus.hpp"

#include <edo/base/detail/fatal.hpp>
#include <edo/runtime/runtime.hpp>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace edo {
namespace {

detail::runtime_impl& impl_of(detail::runtime_core& core) noexcept {
    return static_cast<detail::runtime_impl&>(core);
}

/// EDO_WORKER_THREADS, else the CPUs that may be used.
std::size_t default_workers() {
    const char* text = std::getenv("EDO_WORKER_THREADS");
    if (text == nullptr) { return detail::available_cpus(); }
    unsigned n = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, n);
    if (error != std::errc() || stop != end || n == 0) {
        throw std::invalid_argument(
            std::string("EDO_WORKER_THREADS must be a number above 0, not \"") + text + "\"");
    }
    return n;
}

void require(bool holds, const char* what, const std::source_location& where) {
    if (!holds) {
        throw std::invalid_argument(detail::at_line(where) + "edo::runtime_builder: " + what);
    }
}

unsigned as_places(std::size_t workers, const std::source_location& where) {
    require(workers > 0, "worker_threads must be above 0", where);
    require(workers <= UINT16_MAX, "worker_threads must be at most 65535", where);
    return static_cast<unsigned>(workers);
}

}  // namespace

runtime_builder::runtime_builder(bool multi_thread)
    : options_(std::make_unique<detail::runtime_options>()) {
    options_->scheduler.has_threads = multi_thread;
    options_->scheduler.places = 0;  // not said yet
}
runtime_builder::runtime_builder(runtime_builder&&) noexcept = default;
runtime_builder& runtime_builder::operator=(runtime_builder&&) noexcept = default;
runtime_builder::~runtime_builder() = default;

runtime_builder& runtime_builder::worker_threads(std::size_t n, std::source_location where) {
    options_->scheduler.places = as_places(n, where);
    return *this;
}
runtime_builder& runtime_builder::max_blocking_threads(std::size_t n, std::source_location where) {
    require(n > 0, "max_blocking_threads must be above 0", where);
    options_->blocking.max_threads = n;
    return *this;
}
runtime_builder& runtime_builder::thread_keep_alive(std::chrono::nanoseconds d) {
    options_->blocking.keep_alive = std::max(d, std::chrono::nanoseconds::zero());
    return *this;
}
runtime_builder& runtime_builder::thread_name(std::string name) {
    options_->scheduler.thread_name = name;
    options_->blocking.thread_name = std::move(name);
    return *this;
}
runtime_builder& runtime_builder::thread_stack_size(std::size_t bytes) {
    options_->scheduler.stack_size = options_->blocking.stack_size = bytes;
    return *this;
}
runtime_builder& runtime_builder::on_thread_start(std::function<void()> f) {
    options_->scheduler.on_thread_start = options_->blocking.on_thread_start = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::on_thread_stop(std::function<void()> f) {
    options_->scheduler.on_thread_stop = options_->blocking.on_thread_stop = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::on_thread_park(std::function<void()> f) {
    options_->scheduler.on_thread_park = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::on_thread_unpark(std::function<void()> f) {
    options_->scheduler.on_thread_unpark = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::on_task_spawn(std::function<void(const task_meta&)> f) {
    options_->hooks.on_spawn = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::on_task_terminate(std::function<void(const task_meta&)> f) {
    options_->hooks.on_terminate = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::on_before_poll(std::function<void(const task_meta&)> f) {
    options_->hooks.on_before_poll = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::on_after_poll(std::function<void(const task_meta&)> f) {
    options_->hooks.on_after_poll = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::event_interval(std::uint32_t turns, std::source_location where) {
    require(turns > 0, "event_interval must be above 0", where);
    options_->scheduler.event_interval = turns;
    return *this;
}
runtime_builder& runtime_builder::global_queue_interval(std::uint32_t turns,
                                                        std::source_location where) {
    require(turns > 0, "global_queue_interval must be above 0", where);
    options_->scheduler.global_queue_interval = turns;
    return *this;
}
runtime_builder& runtime_builder::start_paused(bool paused) {
    options_->start_paused = paused;
    return *this;
}
runtime_builder& runtime_builder::lend_thread(bool lend) {
    options_->scheduler.lend = lend;
    return *this;
}
runtime_builder& runtime_builder::unhandled_exception(
    std::function<void(const task_meta&, std::exception_ptr)> f) {
    options_->hooks.unhandled_exception = std::move(f);
    return *this;
}
runtime_builder& runtime_builder::unhandled_exception(unhandled_exception_policy policy) {
    options_->shutdown_on_exception = policy == unhandled_exception_policy::shutdown_runtime;
    return *this;
}

runtime runtime_builder::build() {
    detail::runtime_options options = *options_;
    detail::executor_options& scheduler = options.scheduler;
    if (!scheduler.has_threads) {
        scheduler.places = 1;
    } else {
        require(!options.start_paused, "start_paused needs a current-thread runtime", {});
        require(!options.shutdown_on_exception, "shutdown_runtime needs a current-thread runtime",
                {});
        if (scheduler.places == 0) { scheduler.places = as_places(default_workers(), {}); }
    }
    // The first reference is the one that `runtime` takes over.
    runtime made{detail::core_ref::adopt(*new detail::runtime_impl(options))};
    impl_of(*made.core_).exec.start_threads();
    return made;
}

runtime_builder runtime::multi_thread() { return runtime_builder(true); }
runtime_builder runtime::current_thread() { return runtime_builder(false); }

runtime& runtime::operator=(runtime&& other) noexcept {
    runtime moved(std::move(other));
    std::swap(core_, moved.core_);
    return *this;
}

runtime::~runtime() {
    if (core_) { impl_of(*core_).shutdown(std::nullopt); }
}

detail::runtime_core& runtime::checked() const {
    if (!core_) {
        throw std::logic_error("edo: this runtime was moved from or has been shut down");
    }
    return *core_;
}

runtime_handle runtime::handle() const { return runtime_handle(detail::core_ref(checked())); }
enter_guard runtime::enter() const { return handle().enter(); }
runtime_metrics runtime::metrics() const { return handle().metrics(); }

void runtime::shutdown_timeout(std::chrono::nanoseconds d) {
    const auto now = std::chrono::steady_clock::now();
    const auto limit = std::chrono::steady_clock::time_point::max() - now;
    const detail::core_ref core = take_core();
    impl_of(*core).shutdown(d < limit ? std::optional(now + d) : std::nullopt);
}

void runtime::shutdown_background() {
    const detail::core_ref core = take_core();
    impl_of(*core).shutdown_background();
}

detail::core_ref runtime::take_core() {
    static_cast<void>(checked());
    return std::exchange(core_, {});
}

runtime detail::default_runtime() { return runtime::multi_thread().lend_thread(true).build(); }

runtime_handle runtime_handle::current(std::source_location where) {
    return runtime_handle(
        detail::core_ref(detail::current_runtime("edo::runtime_handle::current", where)));
}

std::optional<runtime_handle> runtime_handle::try_current() noexcept {
    detail::runtime_core* core = detail::this_context().runtime;
    if (core == nullptr) { return std::nullopt; }
    return runtime_handle(detail::core_ref(*core));
}

enter_guard runtime_handle::enter() const noexcept { return enter_guard(core_); }
runtime_metrics runtime_handle::metrics() const noexcept { return runtime_metrics(core_); }

enter_guard::enter_guard(detail::core_ref core) noexcept : core_(std::move(core)) {
    detail::context& cx = detail::this_context();
    outer_ = std::exchange(cx.runtime, &*core_);
    depth_ = ++cx.enter_depth;
}

enter_guard::~enter_guard() {
    detail::context& cx = detail::this_context();
    if (cx.enter_depth != depth_) {
        detail::fatal("enter() guards must end in the reverse order of their making");
    }
    cx.runtime = outer_;
    --cx.enter_depth;
}

}  // namespace edo
