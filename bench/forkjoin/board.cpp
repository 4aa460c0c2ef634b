#include "board.hpp"

namespace forkjoin {

bool board::is_safe(int column) const {
    for (int row = 0; row < placed; ++row) {
        const int there = columns[static_cast<std::size_t>(row)];
        const int distance = placed - row;
        if (there == column || there == column - distance || there == column + distance) {
            return false;
        }
    }
    return true;
}

void board::choose(choice& safe) const {
    for (int column = 0; column < size; ++column) {
        if (is_safe(column)) safe.columns[safe.count++] = static_cast<std::int8_t>(column);
    }
}

}  // namespace forkjoin
