// Lists whose links live in the elements.
#include <edo/base/detail/intrusive_list.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace {

struct item : edo::detail::list_link {
    explicit item(int v) : value(v) {}
    int value;
};
using list = edo::detail::intrusive_list<item>;

std::vector<int> values(list& l) {
    std::vector<int> all;
    l.for_each([&](item& i) { all.push_back(i.value); });
    return all;
}

TEST(intrusive_list, keeps_the_order_of_insertion) {
    list l;
    item a(1);
    item b(2);
    item c(3);
    EXPECT_TRUE(l.empty());
    EXPECT_EQ(l.front(), nullptr);
    EXPECT_EQ(l.pop_front(), nullptr);
    l.push_back(a);
    l.push_back(b);
    l.push_back(c);
    EXPECT_FALSE(l.empty());
    EXPECT_EQ(values(l), (std::vector{1, 2, 3}));
    EXPECT_EQ(l.front(), &a);
    EXPECT_EQ(l.pop_front(), &a);
    EXPECT_EQ(values(l), (std::vector{2, 3}));
    EXPECT_EQ(l.pop_front(), &b);
    EXPECT_EQ(l.pop_front(), &c);
    EXPECT_TRUE(l.empty());
}

TEST(intrusive_list, removes_from_anywhere) {
    for (int gone = 0; gone < 3; ++gone) {
        list l;
        std::deque<item> items;
        for (int i = 0; i < 3; ++i) { l.push_back(items.emplace_back(i)); }
        list::erase(items[static_cast<std::size_t>(gone)]);
        std::vector<int> expected;
        for (int i = 0; i < 3; ++i) {
            if (i != gone) { expected.push_back(i); }
        }
        EXPECT_EQ(values(l), expected);
    }
}

TEST(intrusive_list, knows_whether_an_element_is_linked) {
    list l;
    item a(1);
    EXPECT_FALSE(a.is_linked());
    l.push_back(a);
    EXPECT_TRUE(a.is_linked());
    list::erase(a);
    EXPECT_FALSE(a.is_linked());
    l.push_back(a);  // it may come again
    EXPECT_EQ(l.pop_front(), &a);
    EXPECT_FALSE(a.is_linked());
}

TEST(intrusive_list, takes_all_elements_of_another_to_its_end) {
    list a;
    list b;
    std::deque<item> items;
    for (int i = 0; i < 4; ++i) { (i < 2 ? a : b).push_back(items.emplace_back(i)); }
    a.splice_back(b);
    EXPECT_TRUE(b.empty());
    EXPECT_EQ(values(a), (std::vector{0, 1, 2, 3}));
    a.splice_back(b);  // an empty one changes nothing
    EXPECT_EQ(values(a), (std::vector{0, 1, 2, 3}));
    b.splice_back(a);  // into an empty one
    EXPECT_EQ(values(b), (std::vector{0, 1, 2, 3}));
    EXPECT_TRUE(a.empty());
}

struct other_link : edo::detail::list_link {};
struct first_link : edo::detail::list_link {};
struct in_two_lists : first_link, other_link {
    int value = 0;
};

TEST(intrusive_list, finds_the_element_behind_a_second_link) {
    edo::detail::intrusive_list<in_two_lists, other_link> l;
    in_two_lists a;
    l.push_back(a);
    EXPECT_EQ(l.front(), &a);
    EXPECT_EQ(l.pop_front(), &a);
}

struct node {
    explicit node(int v) : value(v) {}
    int value;
    node* next = nullptr;
};
using fifo = edo::detail::intrusive_fifo<node>;

TEST(intrusive_fifo, gives_elements_in_the_order_of_their_coming) {
    fifo q;
    node a(1);
    node b(2);
    EXPECT_TRUE(q.empty());
    EXPECT_EQ(q.pop(), nullptr);
    q.push(a);
    q.push(b);
    EXPECT_EQ(q.size(), 2U);
    EXPECT_EQ(q.pop(), &a);
    q.push(a);
    EXPECT_EQ(q.pop(), &b);
    EXPECT_EQ(q.pop(), &a);
    EXPECT_TRUE(q.empty());
    EXPECT_EQ(q.size(), 0U);
    q.push(b);  // works after it was empty
    EXPECT_EQ(q.pop(), &b);
}

TEST(intrusive_fifo, appends_another_one) {
    fifo a;
    fifo b;
    std::deque<node> nodes;
    for (int i = 0; i < 4; ++i) { (i < 2 ? a : b).push(nodes.emplace_back(i)); }
    a.append(b);
    EXPECT_TRUE(b.empty());
    EXPECT_EQ(b.size(), 0U);
    EXPECT_EQ(a.size(), 4U);
    b.append(a);
    a.append(a);
    for (int i = 0; i < 4; ++i) { EXPECT_EQ(b.pop()->value, i); }
    EXPECT_EQ(b.pop(), nullptr);
}

}  // namespace
