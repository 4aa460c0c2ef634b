#include "support/explorer.hpp"

#include "support/engine.hpp"
#include "support/program_memory.hpp"
#include "support/state.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <utility>

namespace edo::model {
namespace {

using engine::site;

class explorer {
public:
    report explore(const std::function<void()>& body, const limits& bounds,
                   const mutation* weakened) {
        bounds_ = bounds;
        weakened_ = weakened;
        decisions_.clear();
        report found;
        do {
            run(body);
            ++found.executions;
            if (!failure_.empty()) {
                const std::string why = failure_;
                is_tracing_ = true;
                run(body);  // the same once more, to tell how
                is_tracing_ = false;
                found.failure =
                    why + " (execution " + std::to_string(found.executions) + ")\n" + trace_;
                return found;
            }
            if (found.executions == bounds.executions) {
                found.failure = "there are more executions than were allowed";
                return found;
            }
        } while (next_decisions());
        return found;
    }

    [[nodiscard]] bool is_running() const noexcept { return current_ != nobody; }
    [[nodiscard]] std::uint64_t execution() const noexcept { return execution_; }
    [[nodiscard]] program_thread& me() noexcept {
        return threads_[static_cast<std::size_t>(current_)];
    }

    [[noreturn]] void fail(const std::string& what) noexcept {
        const own_memory own;
        failure_ = what + " in thread " + std::to_string(current_);
        fiber::change(me().stack, outside_);
        std::abort();  // nobody comes back
    }

    // --- memory

    std::uint32_t make_location(std::uint64_t initial, bool is_new) {
        const own_memory own;
        location& made = locations_.emplace_back();
        if (is_new) {
            made.creator = current_;
            made.created = tick();
        }
        made.stores.push_back({initial, nullptr});
        return static_cast<std::uint32_t>(locations_.size() - 1);
    }
    void end_location(std::uint32_t id) noexcept {
        location& where = locations_[id];
        for (int t = 0; t < max_threads; ++t) {
            if (t != current_ && where.used[index(t)] > me().knows.clock[index(t)]) {
                fail("an atomic is destroyed that another thread may still use");
            }
        }
        where.is_dead = true;
    }

    std::uint64_t load(std::uint32_t id, std::memory_order order, const site& where) noexcept {
        begin_step();
        const own_memory own;
        order = weaken(order, where);
        location& at = use(id);
        const std::uint32_t last = newest(at);
        const std::uint32_t floor = oldest_readable(id, order);
        const std::uint32_t read = last - choose(last - floor + 1);
        take(id, at.stores[read], read, order);
        note("load", id, at.stores[read].value, order, where, last - read);
        return at.stores[read].value;
    }
    void store(std::uint32_t id, std::uint64_t value, std::memory_order order,
               const site& where) noexcept {
        begin_step();
        const own_memory own;
        order = weaken(order, where);
        append(id, use(id), value, order, nullptr);
        note("store", id, value, order, where, 0);
    }
    std::uint64_t update(std::uint32_t id,
                         const std::function<std::uint64_t(std::uint64_t)>& change,
                         std::memory_order order, const site& where) noexcept {
        begin_step();
        const own_memory own;
        order = weaken(order, where);
        location& at = use(id);
        const message read = at.stores.back();
        take(id, read, newest(at), order);
        append(id, at, change(read.value), order, read.carried);
        note("update", id, at.stores.back().value, order, where, 0);
        return read.value;
    }
    bool compare_exchange(std::uint32_t id, std::uint64_t& expected, std::uint64_t desired,
                          std::memory_order success, std::memory_order failure,
                          const site& where) noexcept {
        begin_step();
        const own_memory own;
        success = weaken(success, where);
        failure = weaken(failure, where);
        location& at = use(id);
        const std::uint32_t last = newest(at);
        // A failure is a load, and may read an older store that differs.
        std::vector<std::uint32_t>& readable = scratch_;
        readable.clear();
        readable.push_back(last);
        for (std::uint32_t i = last; i-- > oldest_readable(id, failure);) {
            if (at.stores[i].value != expected) { readable.push_back(i); }
        }
        const std::uint32_t read = readable[choose(static_cast<std::uint32_t>(readable.size()))];
        const message was = at.stores[read];
        if (read == last && was.value == expected) {
            take(id, was, read, success);
            append(id, at, desired, success, was.carried);
            note("exchange", id, desired, success, where, 0);
            return true;
        }
        take(id, was, read, failure);
        note("exchange fails", id, was.value, failure, where, last - read);
        expected = was.value;
        return false;
    }
    void fence(const site& where) noexcept {
        begin_step();
        const own_memory own;
        if (is_weakened(where)) { return; }
        fence_of(me());
        note("fence", 0, 0, std::memory_order_seq_cst, where, 0);
    }
    void fence_all(const site& where) noexcept {
        begin_step();
        const own_memory own;
        if (is_weakened(where)) { return; }
        fence_of(me());
        for (program_thread& other : threads_) { fence_of(other); }
        fence_of(me());
        note("fence of all", 0, 0, std::memory_order_seq_cst, where, 0);
    }

    // --- locks, sleeping

    std::uint32_t make_lock() {
        const own_memory own;
        locks_.emplace_back();
        return static_cast<std::uint32_t>(locks_.size() - 1);
    }
    void end_lock(std::uint32_t id) noexcept {
        if (locks_[id].owner != nobody) { fail("a mutex is destroyed while it is held"); }
        locks_[id].is_dead = true;
    }
    bool try_lock(std::uint32_t id) noexcept {
        begin_step();
        const own_memory own;
        lock_state& at = living(id);
        if (at.owner != nobody) { return false; }
        at.owner = current_;
        me().knows.join(at.left);
        return true;
    }
    void lock(std::uint32_t id) noexcept {
        while (!try_lock(id)) {
            if (locks_[id].owner == current_) { fail("a thread locks a mutex that it holds"); }
            block(&locks_[id]);
        }
    }
    void unlock(std::uint32_t id) noexcept {
        begin_step();
        const own_memory own;
        lock_state& at = living(id);
        if (at.owner != current_) { fail("a thread unlocks a mutex that it does not hold"); }
        tick();
        at.owner = nobody;
        at.left = me().knows;
        wake_all(&at);
    }
    [[nodiscard]] bool holds_a_lock() const noexcept {
        return std::ranges::any_of(locks_, [this](auto& at) { return at.owner == current_; });
    }
    void sleep(const void* address) noexcept { block(address); }
    void sleep_if(std::uint32_t id, std::uint64_t value, const void* address,
                  const site& where) noexcept {
        begin_step();
        note("sleep", id, value, std::memory_order_relaxed, where, 0);
        if (use(id).stores.back().value == value) { block(address); }
    }
    void wake(const void* address, bool all) noexcept {
        begin_step();
        if (all) {
            wake_all(address);
            return;
        }
        std::uint32_t sleepers = 0;
        for (const program_thread& t : threads_) { sleepers += is_asleep(t, address) ? 1 : 0; }
        if (sleepers == 0) { return; }
        std::uint32_t chosen = choose(sleepers);
        for (program_thread& t : threads_) {
            if (is_asleep(t, address) && chosen-- == 0) { t.now = phase::ready; }
        }
    }
    void spin() noexcept {
        program_thread& self = me();
        self.is_spinning = true;
        self.may_look_again = self.saw_stores != stores_;
        self.saw_stores = stores_;
        {  // what was stored becomes visible at some time
            const own_memory own;
            for (std::uint32_t i = 0; i < locations_.size(); ++i) {
                self.knows.raise(i, newest(locations_[i]));
            }
        }
        begin_step();
        self.is_spinning = false;
    }

    // --- plain memory

    std::uint32_t make_plain() {
        const own_memory own;
        plains_.push_back({current_, tick(), {}});
        return static_cast<std::uint32_t>(plains_.size() - 1);
    }
    void read_plain(std::uint32_t id) noexcept {
        plain_state& at = plains_[id];
        if (at.writer != current_ && at.written > me().knows.clock[index(at.writer)]) {
            fail("a data race: a read of what another thread has written");
        }
        at.reads[index(current_)] = tick();
    }
    void write_plain(std::uint32_t id) noexcept {
        plain_state& at = plains_[id];
        if (at.writer != current_ && at.written > me().knows.clock[index(at.writer)]) {
            fail("a data race: a write of what another thread has written");
        }
        for (int t = 0; t < max_threads; ++t) {
            if (t != current_ && at.reads[index(t)] > me().knows.clock[index(t)]) {
                fail("a data race: a write of what another thread reads");
            }
        }
        at.writer = current_;
        at.written = tick();
    }

    // --- threads

    int start_thread(std::move_only_function<void()> body) {
        const own_memory own;
        if (threads_.size() == max_threads) { fail("too many threads"); }
        tick();
        const knowledge known = me().knows;
        const int id = add_thread(std::move(body));
        threads_[index(id)].knows = known;
        return id;
    }
    void join_thread(int id) noexcept {
        begin_step();
        while (threads_[index(id)].now != phase::finished) { block(&threads_[index(id)]); }
        const own_memory own;
        me().knows.join(threads_[index(id)].knows);
    }

private:
    static std::size_t index(int thread) noexcept { return static_cast<std::size_t>(thread); }
    static std::uint32_t newest(const location& at) noexcept {
        return static_cast<std::uint32_t>(at.stores.size() - 1);
    }
    std::uint32_t tick() noexcept { return ++me().knows.clock[index(current_)]; }

    void run(const std::function<void()>& body) {
        ++execution_;
        threads_.clear();
        locations_.clear();
        locks_.clear();
        plains_.clear();
        sequential_ = {};
        fenced_ = {};
        failure_.clear();
        trace_.clear();
        depth_ = 0;
        steps_ = 0;
        stores_ = 0;
        preemptions_ = bounds_.preemptions;
        add_thread([&body] { body(); });
        switch_to(0);
        current_ = nobody;
        program_memory.reset();
    }

    int add_thread(std::move_only_function<void()> body) {
        const int id = static_cast<int>(threads_.size());
        program_thread& made = threads_.emplace_back();
        made.body = std::move(body);
        made.stack.prepare([this, id] {
            own_memory::depth = 0;
            {
                auto run = std::move(threads_[index(id)].body);
                run();
            }
            end_thread();
        });
        return id;
    }
    void end_thread() noexcept {
        tick();
        me().now = phase::finished;
        wake_all(&me());
        leave();
        std::abort();  // nobody comes back
    }

    /// Goes on with whoever may run; the current thread cannot.
    void leave() noexcept {
        const int next = pick();
        if (next != nobody) {
            go(next);
            return;
        }
        const auto is = [this](phase p) {
            return std::ranges::any_of(threads_, [p](const auto& t) { return t.now == p; });
        };
        if (is(phase::ready)) { fail("a livelock: nobody ends the loops"); }
        if (is(phase::blocked)) { fail("a deadlock: nobody can go on"); }
        const own_memory own;
        fiber::change(me().stack, outside_);
    }
    /// From outside of all threads.
    void switch_to(int thread) noexcept {
        current_ = thread;
        const int depth = own_memory::depth;
        fiber::change(outside_, me().stack);
        own_memory::depth = depth;
    }
    void go(int next) noexcept {
        if (next == current_) { return; }
        program_thread& from = me();
        current_ = next;
        const int depth = own_memory::depth;
        fiber::change(from.stack, me().stack);
        own_memory::depth = depth;
    }
    void block(const void* address) noexcept {
        program_thread& self = me();
        self.now = phase::blocked;
        self.waits_for = address;
        leave();
    }
    static bool is_asleep(const program_thread& t, const void* address) noexcept {
        return t.now == phase::blocked && t.waits_for == address;
    }
    void wake_all(const void* address) noexcept {
        for (program_thread& t : threads_) {
            if (is_asleep(t, address)) { t.now = phase::ready; }
        }
    }

    /// Before each operation: others may go first.
    void begin_step() noexcept {
        if (++steps_ > bounds_.steps) { fail("a livelock: there is no end"); }
        const int next = pick();
        if (next == nobody) { fail("a livelock: nobody ends the loops"); }
        go(next);
        tick();
    }
    [[nodiscard]] bool is_idle(const program_thread& t) const noexcept {
        return t.is_spinning && !t.may_look_again && t.saw_stores == stores_;
    }
    /// Who goes on, the current thread for preference. Nobody: none can.
    int pick() noexcept {
        std::array<int, max_threads> able{};
        std::uint32_t count = 0;
        const bool can_stay = me().now == phase::ready && !me().is_spinning;
        if (can_stay) { able[count++] = current_; }
        if (!can_stay || preemptions_ != 0) {
            for (int t = 0; t < static_cast<int>(threads_.size()); ++t) {
                const program_thread& other = threads_[index(t)];
                if (t != current_ && other.now == phase::ready && !is_idle(other)) {
                    able[count++] = t;
                }
            }
        }
        if (count == 0 && me().now == phase::ready && !is_idle(me())) { return current_; }
        if (count == 0) { return nobody; }
        const int next = able[choose(count)];
        if (can_stay && next != current_ && preemptions_ > 0) { --preemptions_; }
        return next;
    }
    std::uint32_t choose(std::uint32_t count) noexcept {
        if (count == 1) { return 0; }
        const own_memory own;
        if (depth_ == decisions_.size()) {
            decisions_.push_back({0, static_cast<std::uint16_t>(count)});
        }
        if (decisions_[depth_].count != count) { fail("the program is not deterministic"); }
        return decisions_[depth_++].taken;
    }
    bool next_decisions() noexcept {
        while (!decisions_.empty()) {
            decision& last = decisions_.back();
            if (++last.taken < last.count) { return true; }
            decisions_.pop_back();
        }
        return false;
    }

    location& use(std::uint32_t id) noexcept {
        location& at = locations_[id];
        if (at.is_dead) { fail("an atomic is used after its end"); }
        if (at.creator != nobody && at.created > me().knows.clock[index(at.creator)]) {
            fail("an atomic is used by a thread that may not know that it exists");
        }
        at.used[index(current_)] = me().knows.clock[index(current_)];
        return at;
    }
    lock_state& living(std::uint32_t id) noexcept {
        if (locks_[id].is_dead) { fail("a mutex is used after its end"); }
        return locks_[id];
    }
    static bool acquires(std::memory_order order) noexcept {
        return order != std::memory_order_relaxed && order != std::memory_order_release;
    }
    static bool releases(std::memory_order order) noexcept {
        return order != std::memory_order_relaxed && order != std::memory_order_acquire;
    }
    [[nodiscard]] std::uint32_t oldest_readable(std::uint32_t id,
                                                std::memory_order order) noexcept {
        const std::uint32_t known = me().knows.at(id);
        return order == std::memory_order_seq_cst ? std::max(known, sequential_.at(id)) : known;
    }
    void take(std::uint32_t id, const message& from, std::uint32_t number,
              std::memory_order order) {
        program_thread& self = me();
        self.knows.raise(id, number);
        if (!from.carried) { return; }
        (acquires(order) ? self.knows : self.pending).join(*from.carried);
    }
    void append(std::uint32_t id, location& at, std::uint64_t value, std::memory_order order,
                const shared_knowledge& before) {
        program_thread& self = me();
        ++stores_;
        const auto number = static_cast<std::uint32_t>(at.stores.size());
        self.knows.raise(id, number);
        if (order == std::memory_order_seq_cst) { sequential_.raise(id, number); }
        shared_knowledge carried = before;
        if (releases(order)) {
            auto all = std::make_shared<knowledge>(self.knows);
            if (before) { all->join(*before); }
            carried = std::move(all);
        }
        at.stores.push_back({value, std::move(carried)});
    }
    void fence_of(program_thread& thread) {
        thread.knows.join(thread.pending);
        thread.knows.join(fenced_);
        fenced_.join(thread.knows);
        sequential_.join(thread.knows);
    }
    [[nodiscard]] bool is_weakened(const site& where) const noexcept {
        return weakened_ != nullptr &&
               std::string_view(where.function_name()).find(weakened_->function) !=
                   std::string_view::npos;
    }
    [[nodiscard]] std::memory_order weaken(std::memory_order order,
                                           const site& where) const noexcept {
        return is_weakened(where) ? std::memory_order_relaxed : order;
    }
    void note(const char* what, std::uint32_t id, std::uint64_t value, std::memory_order order,
              const site& where, std::uint32_t age) {
        if (!is_tracing_) { return; }
        std::string_view file = where.file_name();
        file.remove_prefix(std::min(file.rfind('/') + 1, file.size()));
        static constexpr std::array<const char*, 6> names = {"relaxed", "consume", "acquire",
                                                             "release", "acq_rel", "seq_cst"};
        const own_memory own;
        trace_ += "  " + std::to_string(current_) + ": " + what + " #" + std::to_string(id) + " " +
                  std::to_string(value) + " " + names[static_cast<std::size_t>(order)] +
                  (age != 0 ? ", " + std::to_string(age) + " stores old" : "") + "  " +
                  std::string(file) + ":" + std::to_string(where.line()) + "\n";
    }

    limits bounds_;
    const mutation* weakened_ = nullptr;
    std::vector<decision> decisions_;
    std::size_t depth_ = 0;
    std::uint64_t execution_ = 0;
    std::uint32_t steps_ = 0;
    std::uint64_t stores_ = 0;
    int preemptions_ = -1;
    int current_ = nobody;
    fiber outside_;
    std::deque<program_thread> threads_;
    std::deque<location> locations_;
    std::deque<lock_state> locks_;
    std::deque<plain_state> plains_;
    knowledge sequential_;  ///< the last sequentially consistent store of each location
    knowledge fenced_;      ///< what the fences know
    std::vector<std::uint32_t> scratch_;
    std::string failure_;
    std::string trace_;
    bool is_tracing_ = false;
};

explorer& the_explorer() {
    static explorer one;
    return one;
}

}  // namespace

namespace engine {

bool is_running() noexcept { return own_memory::depth == 0 && the_explorer().is_running(); }
std::uint64_t execution() noexcept { return the_explorer().execution(); }
std::uint32_t make_location(std::uint64_t initial) {
    return the_explorer().make_location(initial, true);
}
std::uint32_t adopt_location(std::uint64_t initial) {
    return the_explorer().make_location(initial, false);
}
void end_location(std::uint32_t id) noexcept { the_explorer().end_location(id); }
std::uint64_t load(std::uint32_t id, std::memory_order order, const site& where) noexcept {
    return the_explorer().load(id, order, where);
}
void store(std::uint32_t id, std::uint64_t value, std::memory_order order,
           const site& where) noexcept {
    the_explorer().store(id, value, order, where);
}
std::uint64_t update(std::uint32_t id, const std::function<std::uint64_t(std::uint64_t)>& change,
                     std::memory_order order, const site& where) noexcept {
    return the_explorer().update(id, change, order, where);
}
bool compare_exchange(std::uint32_t id, std::uint64_t& expected, std::uint64_t desired,
                      std::memory_order success, std::memory_order failure,
                      const site& where) noexcept {
    return the_explorer().compare_exchange(id, expected, desired, success, failure, where);
}
void fence(const site& where) noexcept { the_explorer().fence(where); }
void fence_all(const site& where) noexcept { the_explorer().fence_all(where); }
void spin() noexcept { the_explorer().spin(); }
std::uint32_t make_lock() { return the_explorer().make_lock(); }
void end_lock(std::uint32_t id) noexcept { the_explorer().end_lock(id); }
void lock(std::uint32_t id) noexcept { the_explorer().lock(id); }
bool try_lock(std::uint32_t id) noexcept { return the_explorer().try_lock(id); }
void unlock(std::uint32_t id) noexcept { the_explorer().unlock(id); }
bool holds_a_lock() noexcept { return the_explorer().holds_a_lock(); }
void sleep(const void* address) noexcept { the_explorer().sleep(address); }
void wake(const void* address, bool all) noexcept { the_explorer().wake(address, all); }
void sleep_if(std::uint32_t id, std::uint64_t value, const void* address,
              const site& where) noexcept {
    the_explorer().sleep_if(id, value, address, where);
}
std::uint32_t make_plain() { return the_explorer().make_plain(); }
void read_plain(std::uint32_t id) noexcept { the_explorer().read_plain(id); }
void write_plain(std::uint32_t id) noexcept { the_explorer().write_plain(id); }
int start_thread(std::move_only_function<void()> body) {
    return the_explorer().start_thread(std::move(body));
}
void join_thread(int id) noexcept { the_explorer().join_thread(id); }
void*& thread_slot() noexcept { return the_explorer().me().slot; }
void fail(const char* what) noexcept { the_explorer().fail(what); }

}  // namespace engine

report explore(const std::function<void()>& body, const limits& bounds, const mutation* weakened) {
    return the_explorer().explore(body, bounds, weakened);
}

void holds(const std::function<void()>& body, const limits& bounds) {
    const report found = explore(body, bounds);
    EXPECT_EQ(found.failure, "");
    EXPECT_GT(found.executions, 1U) << "nothing was concurrent";
    testing::Test::RecordProperty("executions", std::to_string(found.executions));
    std::printf("             %llu executions\n",
                static_cast<unsigned long long>(found.executions));
}

void finds(const mutation& weakened, const std::function<void()>& body, const limits& bounds) {
    const report found = explore(body, bounds, &weakened);
    EXPECT_NE(found.failure, "") << "not found in " << found.executions
                                 << " executions: " << weakened.function;
}

void check(bool good, const char* what, std::source_location where) {
    if (good) { return; }
    const own_memory own;
    const std::string text = std::string(what) + " at line " + std::to_string(where.line());
    the_explorer().fail(text);
}

}  // namespace edo::model
