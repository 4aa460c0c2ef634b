/// Lists whose links live in the elements: no allocation, O(1) removal.
#pragma once

#include <cstddef>

namespace edo::detail {

/// The link of an element of an intrusive_list. Unlinked: both pointers null.
struct list_link {
    list_link* previous = nullptr;
    list_link* next = nullptr;
    [[nodiscard]] bool is_linked() const noexcept { return next != nullptr; }
};

/// A circular doubly linked list of elements that derive from `Link` (which is or derives from
/// list_link). Not synchronised. Elements must be unlinked before they die.
template <class T, class Link = list_link>
class intrusive_list {
public:
    intrusive_list() noexcept { clear_links(); }
    intrusive_list(const intrusive_list&) = delete;
    intrusive_list& operator=(const intrusive_list&) = delete;

    [[nodiscard]] bool empty() const noexcept { return root_.next == &root_; }
    [[nodiscard]] T* front() noexcept { return empty() ? nullptr : element(root_.next); }
    void push_back(T& value) noexcept {
        list_link& link = static_cast<Link&>(value);
        link.previous = root_.previous;
        link.next = &root_;
        root_.previous->next = &link;
        root_.previous = &link;
    }
    T* pop_front() noexcept {
        T* first = front();
        if (first != nullptr) { erase(*first); }
        return first;
    }
    static void erase(T& value) noexcept {
        list_link& link = static_cast<Link&>(value);
        link.previous->next = link.next;
        link.next->previous = link.previous;
        link.previous = link.next = nullptr;
    }
    /// Takes all elements of `other` to the end of this list.
    void splice_back(intrusive_list& other) noexcept {
        if (other.empty()) { return; }
        other.root_.next->previous = root_.previous;
        other.root_.previous->next = &root_;
        root_.previous->next = other.root_.next;
        root_.previous = other.root_.previous;
        other.clear_links();
    }

    /// Calls f(element) for each; f must not change the list.
    template <class F>
    void for_each(F f) noexcept {
        for (list_link* link = root_.next; link != &root_; link = link->next) { f(*element(link)); }
    }

private:
    static T* element(list_link* link) noexcept {
        return static_cast<T*>(static_cast<Link*>(link));
    }
    void clear_links() noexcept { root_.previous = root_.next = &root_; }
    list_link root_;
};

/// A first-in first-out queue of elements with a member `T* next`. Not synchronised.
template <class T>
class intrusive_fifo {
public:
    [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const T* front() const noexcept { return head_; }
    void push(T& value) noexcept {
        value.next = nullptr;
        (tail_ == nullptr ? head_ : tail_->next) = &value;
        tail_ = &value;
        ++size_;
    }
    T* pop() noexcept {
        T* first = head_;
        if (first != nullptr) {
            head_ = first->next;
            if (head_ == nullptr) { tail_ = nullptr; }
            --size_;
        }
        return first;
    }
    /// Takes all elements of `other` to the end of this queue.
    void append(intrusive_fifo& other) noexcept {
        if (other.empty()) { return; }
        (tail_ == nullptr ? head_ : tail_->next) = other.head_;
        tail_ = other.tail_;
        size_ += other.size_;
        other.head_ = other.tail_ = nullptr;
        other.size_ = 0;
    }

private:
    T* head_ = nullptr;
    T* tail_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace edo::detail
