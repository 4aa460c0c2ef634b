// The join word: the end of a task meets the handle that joins, listens or goes.
#include "support/explorer.hpp"

#include <edo/task/detail/join_word.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::detail;
using edo::model::check;
using edo::model::finds;
using edo::model::holds;
using edo::model::thread;
using edo::model::tracked;

/// What lies in a cell beside the word.
struct toy_cell {
    join_word join;
    tracked result;
    int disposed = 0;
    /// The task ends. True: its worker has disposed of the cell.
    void end() {
        result.write(1);
        claimed waiter;
        if (join.complete(waiter) == join_word::ending::nobody_joins) { dispose(); }
    }
    void dispose() {
        static_cast<void>(result.read());
        result.write(2);
    }
};

struct listener final : join_listener {
    tracked told;
    atomic<bool> was_told{false};
    claimed task_ended() noexcept override {
        told.write(1);
        was_told.store(true, release);
        return {};
    }
};

void result_is_polled() {
    toy_cell cell;
    const thread worker([&] { cell.end(); });
    if (cell.join.is_done()) { check(cell.result.read() == 1, "the result is not there"); }
}

void handle_is_dropped() {
    toy_cell cell;
    const thread worker([&] { cell.end(); });
    if (cell.join.detach()) { cell.dispose(); }
}

void listener_is_told_or_sees_the_end() {
    toy_cell cell;
    listener own;
    thread worker([&] { cell.end(); });
    if (cell.join.listen(own)) {
        while (!own.was_told.load(acquire)) { cpu_relax(); }
        check(!cell.join.unlisten(own), "it was told");
    }
    check(cell.result.read() == 1, "the result is not there");
    worker.join();
}

// A listener that goes is not touched afterwards.
void listener_leaves() {
    toy_cell cell;
    thread worker([&] { cell.end(); });
    bool is_over;
    {
        listener own;
        is_over = !cell.join.listen(own) || !cell.join.unlisten(own);
    }
    if (!is_over) { is_over = cell.join.detach(); }
    if (is_over) { check(cell.result.read() == 1, "the result is not there"); }
    worker.join();
}

TEST(join_word, publishes_the_result) {
    holds(result_is_polled);
    finds({"join_word::complete"}, result_is_polled);
    finds({"join_word::is_done"}, result_is_polled);
}
TEST(join_word, one_side_disposes) {
    holds(handle_is_dropped);
    finds({"join_word::detach"}, handle_is_dropped);
}
TEST(join_word, tells_the_listener) {
    holds(listener_is_told_or_sees_the_end);
    finds({"join_word::listen"}, listener_is_told_or_sees_the_end);
}
TEST(join_word, lets_the_listener_go) {
    holds(listener_leaves);
    finds({"join_word::unlisten"}, listener_leaves);
}

}  // namespace
