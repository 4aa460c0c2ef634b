// Aggregates: which member is the first that borrows.
#include <edo/coro/owning.hpp>

#include <gtest/gtest.h>

#include <any>
#include <array>
#include <atomic>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

using edo::owning;

namespace {

template <class T, int Index, edo::why::reason Why>
constexpr bool borrows_in_member =
    std::is_same_v<edo::detail::owning_finding<T>,
                   edo::detail::inspection::bad<Why, void, T, Index>>;

using enum edo::why::reason;

}  // namespace

struct empty {};
struct plain {
    int a;
    std::string b;
    std::vector<double> c;
};
struct no_default {
    explicit no_default(int);
};
struct not_movable {
    explicit not_movable(int);
    not_movable(not_movable&&) = delete;
};
static_assert(owning<empty> && owning<plain> && owning<no_default> && owning<not_movable>);

struct pointer_first {
    int* p;
    int a;
};
struct pointer_last {
    int a;
    std::string b;
    int* p;
};
struct reference_member {
    int a;
    std::string& r;
};
struct const_reference_member {
    int a;
    const std::string& r;
    int b;
};
struct reference_then_pointer {
    std::string& r;
    int* p;
};
struct view_member {
    int a;
    std::string_view v;
};
static_assert(borrows_in_member<pointer_first, 0, a_raw_pointer>);
static_assert(borrows_in_member<pointer_last, 2, a_raw_pointer>);
static_assert(borrows_in_member<reference_member, 1, a_reference>);
static_assert(borrows_in_member<const_reference_member, 1, a_reference>);
static_assert(borrows_in_member<reference_then_pointer, 0, a_reference>);
static_assert(borrows_in_member<view_member, 1, a_view>);

struct nested_good {
    plain a;
    plain b[2];
    std::pair<plain, plain> c;
};
struct nested_bad {
    plain a;
    view_member b;
    int c;
};
struct nested_in_vector {
    plain a;
    std::vector<view_member> b;
};
struct derived_good : plain {
    int d;
};
struct derived_bad : pointer_last {
    int d;
};
struct derived_then_bad : plain {
    const char* d;
};
static_assert(owning<nested_good> && owning<derived_good>);
static_assert(borrows_in_member<nested_bad, 1, a_view>);
static_assert(!owning<nested_in_vector>);
static_assert(borrows_in_member<derived_bad, 0, a_raw_pointer>);
static_assert(borrows_in_member<derived_then_bad, 1, a_raw_pointer>);
static_assert(!owning<std::vector<nested_bad>> && !owning<std::shared_ptr<nested_bad>>);

struct arrays {
    int a[1000];
    std::string b[2][2];
    std::array<char, 4096> c;
};
struct array_of_pointers {
    int a[1000];
    int* p[1];
    int b;
};
struct behind_arrays {
    char name[64];
    plain b[3];
    const char* p;
};
static_assert(owning<arrays>);
static_assert(borrows_in_member<array_of_pointers, 1, a_raw_pointer>);
static_assert(borrows_in_member<behind_arrays, 2, a_raw_pointer>);

struct bits {
    unsigned a : 3;
    unsigned : 0;
    unsigned b : 5;
    std::string_view v;
};
static_assert(borrows_in_member<bits, 2, a_view>);

struct not_default_constructible {
    no_default a;
    std::string b;
};
struct behind_no_default {
    no_default a;
    std::string b;
    const char* p;
};
struct initialised_no_default {
    no_default a{1};
    const char* p = nullptr;
};
struct wrapper_last {
    int a;
    std::reference_wrapper<int> r;
};
struct not_movable_members {
    not_movable a;
    std::mutex b;
    std::atomic<int> c;
    int* p;
};
static_assert(owning<not_default_constructible>);
static_assert(borrows_in_member<behind_no_default, 2, a_raw_pointer>);
static_assert(borrows_in_member<initialised_no_default, 1, a_raw_pointer>);
static_assert(borrows_in_member<wrapper_last, 1, a_reference_wrapper>);
static_assert(borrows_in_member<not_movable_members, 3, a_raw_pointer>);

struct from_anything {  // each member's type converts from nearly everything
    std::any a;
    std::function<void()> b;
    std::optional<std::string> c;
    std::variant<int, std::string> d;
    std::tuple<int> e;
    std::expected<int, std::string> f;
    std::shared_ptr<int> g;
    std::filesystem::path h;
};
struct from_anything_bad {
    std::any a;
    std::function<void()> b;
    std::optional<std::string_view> c;
};
struct variant_bad {
    std::optional<int> a;
    std::variant<int, std::string_view> b;
};
struct tuple_bad {
    std::tuple<int> a;
    std::tuple<const char*> b;
};
static_assert(owning<from_anything>);
static_assert(borrows_in_member<from_anything_bad, 2, a_view>);
static_assert(borrows_in_member<variant_bad, 1, a_view>);
static_assert(borrows_in_member<tuple_bad, 1, a_raw_pointer>);

struct anonymous_union {
    union {
        int a;
        float b;
    };
    std::string c;
};
struct behind_anonymous_union {
    union {
        int a;
        float b;
    };
    const char* p;
};
union just_a_union {
    int a;
    int* b;
};
static_assert(owning<anonymous_union> && !owning<behind_anonymous_union>);
static_assert(owning<just_a_union>);  // trusted

struct tree {
    int value;
    std::vector<tree> children;
    std::unique_ptr<tree> next;
};
struct bad_tree {
    std::vector<bad_tree> children;
    std::string_view name;
};
struct ping;
struct pong {
    std::vector<ping> pings;
    std::string name;
};
struct ping {
    std::shared_ptr<pong> other;
    int number;
};
static_assert(owning<tree> && !owning<bad_tree> && owning<ping> && owning<pong>);

struct many {
    int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7;
    int c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6;
    int* last;
};
struct too_many {
    many first;
    int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7;
    int c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6, d7;
};
struct beyond {
    int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7;
    int c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6, d7;
    int* not_asked;
};
static_assert(borrows_in_member<many, 31, a_raw_pointer>);
static_assert(borrows_in_member<too_many, 0, a_raw_pointer>);
static_assert(owning<beyond>);  // a blind spot

struct no_probe_fits {
    no_default values[100];
};
static_assert(!owning<no_probe_fits>);
static_assert(edo::detail::owning_finding<no_probe_fits>::why ==
              an_aggregate_whose_members_cannot_be_seen);

// Neither copied nor moved, in a container, beside what has no default constructor: an answer, no error.
struct stays {
    stays() = default;
    stays(const stays&) = delete;
    stays& operator=(const stays&) = delete;
};
struct no_default_stays : stays {
    explicit no_default_stays(int) {}
};
struct holds_what_stays {
    std::vector<stays> many;
    no_default_stays one{1};
    int number = 0;
};
struct holds_what_stays_and_borrows {
    std::vector<stays> many;
    no_default_stays one{1};
    int* borrowed = nullptr;
};
static_assert(owning<holds_what_stays>);
static_assert(!owning<holds_what_stays_and_borrows>);

class hidden {
public:
    explicit hidden(int* p) : p_(p) {}
    [[nodiscard]] int* get() const { return p_; }

private:
    int* p_;
};
static_assert(owning<hidden>);  // a blind spot: private members

TEST(Members, CanBeCountedByBracesAndByProbes) {
    namespace inspection = edo::detail::inspection;
    EXPECT_EQ((inspection::count_braces<plain>()), 3U);
    EXPECT_EQ((inspection::count_braces<arrays>()), 3U);
    EXPECT_EQ((inspection::count_anything<reference_member>()), 2U);
    EXPECT_EQ((inspection::count_anything<behind_no_default>()), 3U);
}
