// The matrices of matmul, for both programs.
#pragma once

#include "program.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace forkjoin {

/// Blocks of this size are multiplied without a fork.
inline constexpr std::size_t matrix_base = 32;

/// Square blocks of matrices whose rows are `stride` apart: c += a * b.
struct product {
    const int* a;
    const int* b;
    int* c;
    std::size_t n;
    std::size_t stride;

    /// Of the two matrices that are multiplied for one quarter of c, by `half`: 0 or 1.
    [[nodiscard]] product quarter(std::size_t row, std::size_t column, std::size_t half) const {
        const std::size_t k = n / 2;
        return {a + row * k * stride + half * k, b + half * k * stride + column * k,
                c + row * k * stride + column * k, k, stride};
    }
    /// Without a fork. In a file of its own, so that all callers get the same instructions.
    void compute() const;
};

/// Two factors and room for their product.
class matrices {
public:
    explicit matrices(std::uint64_t size) : n_(size), a_(n_ * n_), b_(n_ * n_), c_(n_ * n_) {
        for (std::size_t i = 0; i < a_.size(); ++i) {
            a_[i] = static_cast<int>(i % 7);
            b_[i] = static_cast<int>(i % 5);
        }
    }
    [[nodiscard]] product whole() { return {a_.data(), b_.data(), c_.data(), n_, n_}; }
    /// Of the product. An element that stands in the wrong place changes it.
    [[nodiscard]] std::uint64_t checksum() const {
        std::uint64_t sum = 0;
        for (const int element : c_) sum = sum * 31 + static_cast<std::uint64_t>(element);
        return sum;
    }

private:
    std::size_t n_;
    std::vector<int> a_, b_, c_;
};

/// As measure(), for a `run` that takes a product. Making the matrices and summing them is not timed.
template <class Run>
outcome measure_product(const request& asked, std::uint64_t operations, Run run) {
    {
        matrices small(asked.warm_up);
        run(small.whole());
    }
    matrices whole(asked.size);
    const auto begin = std::chrono::steady_clock::now();
    run(whole.whole());
    const auto time = std::chrono::steady_clock::now() - begin;
    return {time, operations, whole.checksum()};
}

}  // namespace forkjoin
