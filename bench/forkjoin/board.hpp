// The chess board of nqueens, for both programs: small enough to be passed by value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace forkjoin {

/// In each of the first `placed` rows stands a queen, none attacks another one.
struct board {
    static constexpr std::size_t rows = 14;  ///< at most
    /// Columns in which the next queen may stand.
    struct choice {
        std::array<std::int8_t, rows> columns;
        std::size_t count = 0;
    };

    std::array<std::int8_t, rows> columns{};
    std::int8_t placed = 0;
    std::int8_t size = 0;

    static board empty(std::uint64_t size) {
        board all_free;
        all_free.size = static_cast<std::int8_t>(size);
        return all_free;
    }
    [[nodiscard]] bool is_full() const { return placed == size; }
    /// Fills `safe`. In a file of its own, so that all callers get the same instructions.
    void choose(choice& safe) const;
    [[nodiscard]] board with(std::int8_t column) const {
        board next = *this;
        next.columns[static_cast<std::size_t>(next.placed++)] = column;
        return next;
    }

private:
    [[nodiscard]] bool is_safe(int column) const;
};
static_assert(sizeof(board) == 16);

}  // namespace forkjoin
