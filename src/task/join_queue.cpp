#include <edo/task/detail/join_queue.hpp>

namespace edo::detail {

claimed join_member_base::task_ended() noexcept { return queue_->push_ended(*this); }

void join_queue::add(join_member_base& member) noexcept {
    member.queue_ = this;
    members_.push_back(member);
    ++size_;
    member.listens_ = member.task().join.listen(member);
    if (!member.listens_) { push_ended(member).enqueue(); }  // it has ended already
}

claimed join_queue::push_ended(join_member_base& member) noexcept {
    join_member_base* first = ended_.load(relaxed);
    do {
        member.next_ended_ = first;
        // seq_cst: pairs with arm(), and as a release with collect()
    } while (!ended_.compare_exchange(first, &member, seq_cst, relaxed));
    std::uintptr_t waiter = waiter_.load(seq_cst);  // pairs with: arm()
    // acquire: pairs with arm(); only one pusher takes the waiter
    if (waiter <= waking || !waiter_.compare_exchange(waiter, waking, acquire, relaxed)) {
        return {};
    }
    const claimed woken = claim(*reinterpret_cast<suspension*>(waiter));
    waiter_.store(nobody, release);  // pairs with: disarm()
    return woken;
}

/// Moves what has ended to the queue, oldest first.
void join_queue::collect() noexcept {
    if (ready_ != nullptr || ended_.load(relaxed) == nullptr) { return; }
    join_member_base* newest = ended_.exchange(nullptr, acquire);  // pairs with: push_ended()
    while (newest != nullptr) {
        join_member_base* following = std::exchange(newest->next_ended_, ready_);
        ready_ = std::exchange(newest, following);
    }
}

bool join_queue::has_ended() noexcept {
    collect();
    return ready_ != nullptr;
}

join_member_base* join_queue::pop() noexcept {
    collect();
    join_member_base* first = ready_;
    if (first == nullptr) { return nullptr; }
    ready_ = first->next_ended_;
    leave(*first);
    intrusive_list<join_member_base>::erase(*first);
    --size_;
    return first;
}

bool join_queue::arm(suspension& waiter) {
    auto node = reinterpret_cast<std::uintptr_t>(&waiter);
    std::uintptr_t before = nobody;
    // seq_cst: pairs with push_ended(). It is not inside: disarm() has waited for that.
    if (!waiter_.compare_exchange(before, node, seq_cst, relaxed)) { throw_awaited_already(); }
    if (ended_.load(seq_cst) == nullptr) { return true; }  // pairs with: push_ended()
    // Taken back, unless a pusher has been faster: then its wake is on the way. acq_rel: pairs with
    // push_ended()
    return !waiter_.compare_exchange(node, nobody, acq_rel, relaxed);
}

void join_queue::disarm(suspension& waiter) noexcept {
    auto node = reinterpret_cast<std::uintptr_t>(&waiter);
    // acq_rel: pairs with push_ended()
    if (waiter_.compare_exchange(node, nobody, acq_rel, acquire)) { return; }
    while (waiter_.load(acquire) == waking) { cpu_relax(); }  // pairs with: push_ended()
}

/// Waits until the thread that ended the task has left push_ended().
void join_queue::leave(join_member_base& member) noexcept {
    if (member.listens_) { static_cast<void>(member.task().join.unlisten(member)); }
}

void join_queue::detach_all() noexcept {
    while (join_member_base* member = members_.pop_front()) {
        leave(*member);
        member->task().detach_handle();
    }
    size_ = 0;
    ready_ = nullptr;
    ended_.store(nullptr, relaxed);
}

}  // namespace edo::detail
