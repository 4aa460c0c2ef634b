#include <edo/base/detail/at_line.hpp>
#include <edo/base/detail/thread.hpp>
#include <edo/runtime/local_pool.hpp>
#include <edo/runtime/local_runtime.hpp>
#include <edo/sync/notify.hpp>

#include <algorithm>
#include <future>
#include <stdexcept>

namespace edo {

struct local_pool::member {
    explicit member(std::size_t index)
        : thread_([this] { run(); }, "edo-local-" + std::to_string(index), 0), handle_(started()) {}
    member(const member&) = delete;
    member& operator=(const member&) = delete;
    ~member() {
        stop_.notify_one();
        thread_.join();
    }
    [[nodiscard]] const runtime_handle& handle() const noexcept { return handle_; }

private:
    runtime_handle started() {
        try {
            return started_.get_future().get();
        } catch (...) {
            thread_.join();
            throw;
        }
    }
    void run() noexcept {
        try {
            local_runtime here;
            started_.set_value(here.handle());
            here.block_on(stop_.notified());
        } catch (...) { started_.set_exception(std::current_exception()); }
    }
    std::promise<runtime_handle> started_;
    sync::notify stop_;
    detail::thread thread_;
    runtime_handle handle_;
};

local_pool::local_pool(std::size_t threads, std::source_location where) {
    if (threads == 0) {
        throw std::invalid_argument(detail::at_line(where) +
                                    "edo::local_pool: needs at least one thread");
    }
    for (std::size_t i = 0; i < threads; ++i) { members_.push_back(std::make_unique<member>(i)); }
}

local_pool::~local_pool() = default;

const runtime_handle& local_pool::least_loaded() const noexcept {
    const auto load = [](const auto& m) { return m->handle().metrics().num_alive_tasks(); };
    return (*std::ranges::min_element(members_, {}, load))->handle();
}

}  // namespace edo
