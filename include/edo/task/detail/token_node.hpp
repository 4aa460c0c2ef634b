/// The shared part of cancellation tokens.
#pragma once

#include <edo/coro/detail/wait_queue.hpp>

#include <memory>
#include <optional>
#include <stop_token>

namespace edo::detail {

/// One node for each token and its copies; the nodes of a family form a tree under one lock. A node
/// whose tokens are all gone hands its children to its parent.
class EDO_API token_node : private list_link {
public:
    /// A node of a new family. Throws std::bad_alloc.
    static token_node* make();
    /// A node that is cancelled with this one. Throws std::bad_alloc.
    token_node* make_child();
    void add_reference() noexcept { references_.fetch_add(1, relaxed); }
    void release_reference() noexcept {
        // acq_rel: pairs with the other releases, so that the last one sees all that they did
        if (references_.fetch_sub(1, acq_rel) == 1) { destroy(); }
    }

    /// Cancels the node and all below it.
    void cancel() noexcept;
    [[nodiscard]] bool is_cancelled() const noexcept {
        return cancelled_.load(acquire);  // pairs with: cancel()
    }
    /// A stop_token that follows this node. Throws std::bad_alloc.
    std::stop_token follow();
    /// Cancels this node when a stop is requested. Called once, before others know the node.
    void obey(std::stop_token token);

    [[nodiscard]] wait_queue& queue() noexcept { return family_->queue; }
    [[nodiscard]] intrusive_list<queue_place>& waiters() noexcept { return waiters_; }

private:
    friend class intrusive_list<token_node>;
    /// What the nodes of a tree share.
    struct family {
        wait_queue queue;  ///< its lock guards the tree; its list is not used
    };
    struct cancel_it {
        token_node* node;
        void operator()() const noexcept { node->cancel(); }
    };

    /// False: the last reference has gone, and destroy() waits for the lock.
    bool try_add_reference() noexcept {
        std::size_t n = references_.load(relaxed);
        while (n != 0 && !references_.compare_exchange(n, n + 1, relaxed, relaxed)) {}
        return n != 0;
    }
    explicit token_node(std::shared_ptr<family> tree) noexcept : family_(std::move(tree)) {}
    ~token_node() = default;
    void destroy() noexcept;

    atomic<std::size_t> references_{1};
    atomic<bool> cancelled_{false};
    const std::shared_ptr<family> family_;
    // Guarded by the lock of the family.
    token_node* parent_ = nullptr;  ///< null: the root, or cancelled
    intrusive_list<token_node> children_;
    intrusive_list<queue_place> waiters_;
    std::optional<std::stop_source> followers_;
    token_node* next_followed_ = nullptr;  ///< during cancel()
    // Of the thread that made it, and of destroy().
    std::optional<std::stop_callback<cancel_it>> obeys_;
};

/// An owning pointer to a node.
class token_ref {
public:
    /// Takes over a reference that is there already.
    explicit token_ref(token_node* node) noexcept : node_(node) {}
    token_ref(const token_ref& other) noexcept : node_(other.node_) {
        if (node_ != nullptr) { node_->add_reference(); }
    }
    token_ref(token_ref&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    token_ref& operator=(token_ref other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~token_ref() {
        if (node_ != nullptr) { node_->release_reference(); }
    }
    [[nodiscard]] token_node* get() const noexcept { return node_; }
    token_node* operator->() const noexcept { return node_; }

private:
    token_node* node_;
};

/// Waits until a node is cancelled; keeps it.
class cancelled_leaf : public queue_wait<cancelled_leaf, token_ref> {
public:
    explicit cancelled_leaf(token_ref node) noexcept : queue_wait(node->queue(), std::move(node)) {}
    [[nodiscard]] bool ready() const noexcept { return owner_->is_cancelled(); }
    [[nodiscard]] bool arm(suspension& waiter) noexcept {
        return enlist_if(waiter, owner_->waiters(), [this] { return !ready(); });
    }
};

}  // namespace edo::detail
