#include "matrix.hpp"

namespace forkjoin {

void product::compute() const {
    const product of = *this;  // in registers: what is written to c cannot change it
    for (std::size_t i = 0; i < of.n; ++i) {
        int* const row = of.c + i * of.stride;
        for (std::size_t k = 0; k < of.n; ++k) {
            const int factor = of.a[i * of.stride + k];
            const int* const other = of.b + k * of.stride;
            for (std::size_t j = 0; j < of.n; ++j) row[j] += factor * other[j];
        }
    }
}

}  // namespace forkjoin
