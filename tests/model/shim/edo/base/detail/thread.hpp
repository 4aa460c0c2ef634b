/// Stands for the shipped header in the model tests.
#pragma once

#include "support/engine.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace edo::detail {

class thread {
public:
    thread() noexcept = default;
    thread(std::move_only_function<void()> body, const std::string&, std::size_t)
        : id_(model::engine::start_thread(std::move(body))) {}
    thread(thread&& other) noexcept : id_(std::exchange(other.id_, none)) {}
    thread& operator=(thread&& other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }
    void join() noexcept {
        if (joinable()) { model::engine::join_thread(std::exchange(id_, none)); }
    }
    void detach() noexcept { id_ = none; }
    [[nodiscard]] bool joinable() const noexcept { return id_ != none; }

private:
    static constexpr int none = -1;
    int id_ = none;
};

}  // namespace edo::detail
