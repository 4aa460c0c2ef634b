#include "sched/place.hpp"

namespace edo::detail {

void place::unlist(cell& task, bool is_holder) noexcept {
    if (is_holder) {
        intrusive_list<cell>::erase(task);
        return;
    }
    task.add_reference();  // given back by clear_posts()
    cell_base* first = ended_elsewhere_.load(relaxed);
    do {
        task.cell_base::next = first;
        // seq_cst: pairs with release_list(): either that thread sees the post or we see the unlock
    } while (!ended_elsewhere_.compare_exchange(first, &task, seq_cst, relaxed));
    if (try_lock_list()) { release_list(); }
}

bool place::try_lock_list() noexcept {
    bool expected = false;
    // seq_cst: pairs with release_list(), see unlist()
    if (list_locked_.load(seq_cst)) { return false; }
    return list_locked_.compare_exchange(expected, true, seq_cst,
                                         relaxed);  // pairs with: release_list()
}

void place::lock_list() noexcept {
    if (std::exchange(keeps_list_, false)) { return; }
    while (!try_lock_list()) { cpu_relax(); }  // held for the length of clear_posts() only
}

void place::unlock_list() noexcept {
    if (parked_.empty()) {
        keeps_list_ = true;
    } else {
        release_list();
    }
}

void place::release_list() noexcept {
    do {
        clear_posts();
        list_locked_.store(false, seq_cst);  // pairs with: try_lock_list() after a post
        // seq_cst: pairs with the CAS in unlist()
    } while (ended_elsewhere_.load(seq_cst) != nullptr && try_lock_list());
}

void place::clear_posts() noexcept {
    if (ended_elsewhere_.load(relaxed) == nullptr) { return; }
    cell_base* post =
        ended_elsewhere_.exchange(nullptr, acquire);  // pairs with: the CAS in unlist()
    while (post != nullptr) {
        auto& task = static_cast<cell&>(*std::exchange(post, post->next));
        intrusive_list<cell>::erase(task);
        task.release_reference();
    }
}

}  // namespace edo::detail
