#include <edo/task/detail/token_node.hpp>

namespace edo::detail {

token_node* token_node::make() { return new token_node(std::make_shared<family>()); }

token_node* token_node::make_child() {
    auto* child = new token_node(family_);
    lock_guard guard(queue().lock);
    if (is_cancelled()) {
        child->cancelled_.store(true, relaxed);
    } else {
        child->parent_ = this;
        children_.push_back(*child);
    }
    return child;
}

/// The lock is held for one walk; tasks are woken and stop_tokens told after it.
void token_node::cancel() noexcept {
    const std::shared_ptr<family> keep = family_;  // a callback may drop the last token
    intrusive_list<queue_place> told;
    token_node* followed = nullptr;
    {
        lock_guard guard(keep->queue.lock);
        if (is_cancelled()) { return; }
        intrusive_list<token_node> tree;
        if (is_linked()) { intrusive_list<token_node>::erase(*this); }
        tree.push_back(*this);
        while (token_node* node = tree.pop_front()) {
            node->cancelled_.store(true, release);  // pairs with: is_cancelled()
            node->parent_ = nullptr;
            told.splice_back(node->waiters_);
            tree.splice_back(node->children_);
            if (node->followers_ && node->try_add_reference()) {
                node->next_followed_ = std::exchange(followed, node);
            }
        }
    }
    keep->queue.tell_all(told);
    while (followed != nullptr) {
        token_node* following = followed->next_followed_;
        followed->followers_->request_stop();
        std::exchange(followed, following)->release_reference();
    }
}

std::stop_token token_node::follow() {
    std::stop_source fresh;  // not made under the lock
    lock_guard guard(queue().lock);
    if (!followers_) {
        followers_.emplace(std::move(fresh));
        if (is_cancelled()) { followers_->request_stop(); }  // nobody can have a callback there yet
    }
    return followers_->get_token();
}

void token_node::obey(std::stop_token token) { obeys_.emplace(std::move(token), cancel_it{this}); }

void token_node::destroy() noexcept {
    obeys_.reset();  // waits for a callback that runs
    {
        lock_guard guard(queue().lock);
        if (is_linked()) { intrusive_list<token_node>::erase(*this); }
        children_.for_each([this](token_node& child) { child.parent_ = parent_; });
        if (parent_ != nullptr) {
            parent_->children_.splice_back(children_);
        } else {
            while (children_.pop_front() != nullptr) {}
        }
    }
    delete this;
}

}  // namespace edo::detail
