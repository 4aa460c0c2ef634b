// `sendable`: what the compiler decides is tested by static_asserts.
#include <edo/coro/detail/parameter_record.hpp>
#include <edo/coro/sendable.hpp>
#include <edo/coro/task.hpp>

#include <gtest/gtest.h>

#include <any>
#include <array>
#include <atomic>
#include <deque>
#include <expected>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <queue>
#include <ranges>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

using edo::sendable;

// Counts without atomics, say.
class local_count {
public:
    local_count();

private:
    int* count_;
};
template <class T>
class local_pointer {
public:
    explicit local_pointer(T*);

private:
    T* p_;
};
template <>
inline constexpr bool edo::enable_sendable<local_count> = false;
template <class T>
inline constexpr bool edo::enable_sendable<local_pointer<T>> = false;

namespace {

template <class T, int Index>
constexpr bool bound_in_member = std::is_same_v<
    edo::detail::sendable_finding<T>,
    edo::detail::inspection::bad<edo::why::reason::declared_so_by_its_author, void, T, Index>>;

}  // namespace

// --- true by default -----------------------------------------------------------------------------

struct incomplete;
struct empty {};
struct plain {
    int a;
    std::string b;
    const char* c;
    int& d;
};
static_assert(sendable<int> && sendable<void> && sendable<std::nullptr_t> && sendable<int[3]>);
static_assert(sendable<int*> && sendable<int&> && sendable<const std::string&>);
static_assert(sendable<incomplete*> && sendable<incomplete&> && sendable<void*>);
static_assert(sendable<void (*)(local_count)> && sendable<int (plain::*)()>);
static_assert(sendable<empty> && sendable<plain> && sendable<std::string_view>);
static_assert(sendable<std::vector<std::string>> && sendable<std::map<int, std::string>>);
static_assert(sendable<std::unique_ptr<int>> && sendable<std::shared_ptr<incomplete>>);
static_assert(sendable<std::pmr::string> && sendable<std::span<int>> && sendable<std::mutex>);
static_assert(sendable<std::any> && sendable<std::function<void(local_count)>>);
static_assert(sendable<std::jthread> && sendable<std::atomic<int>> && sendable<edo::task<int>>);
static_assert(sendable<std::ranges::iota_view<int>> && sendable<std::vector<int>::iterator>);

// --- bound to a thread ---------------------------------------------------------------------------

static_assert(!sendable<local_count> && !sendable<const local_count>);
static_assert(!sendable<local_pointer<int>> && !sendable<boost::local_shared_ptr<int>>);
static_assert(!sendable<std::unique_lock<std::mutex>> && !sendable<std::lock_guard<std::mutex>>);
static_assert(!sendable<std::shared_lock<std::shared_mutex>>);
static_assert(!sendable<std::scoped_lock<std::mutex>>);
static_assert(!sendable<std::scoped_lock<std::mutex, std::mutex>>);

// --- and what leads there ------------------------------------------------------------------------

static_assert(!sendable<local_count&> && !sendable<const local_count&> && !sendable<local_count&&>);
static_assert(!sendable<local_count*> && !sendable<local_count* const*>);
static_assert(!sendable<std::reference_wrapper<local_count>>);
static_assert(!sendable<local_count[2]> && !sendable<std::array<local_count, 2>>);
static_assert(!sendable<std::pair<int, local_count>> && !sendable<std::tuple<int, local_count>>);
static_assert(!sendable<std::optional<local_count>> && !sendable<std::variant<int, local_count>>);
static_assert(!sendable<std::expected<local_count, int>>);
static_assert(!sendable<std::expected<void, local_count>>);
static_assert(!sendable<std::unique_ptr<local_count>> && !sendable<std::shared_ptr<local_count>>);
static_assert(!sendable<std::weak_ptr<local_count>> && !sendable<std::vector<local_count>>);
static_assert(!sendable<std::list<local_pointer<int>>> && !sendable<std::deque<local_count>>);
static_assert(!sendable<std::map<int, local_count>> && !sendable<std::set<local_pointer<int>>>);
static_assert(!sendable<std::unordered_map<local_pointer<int>, int>>);
static_assert(!sendable<std::queue<local_count>> && !sendable<std::span<local_count>>);
static_assert(!sendable<std::ranges::owning_view<std::vector<local_count>>>);
static_assert(!sendable<std::vector<std::optional<std::pair<int, local_count>>>>);

struct holds {
    int a;
    local_count b;
};
struct holds_reference {
    int a;
    int& b;
    local_count& c;
};
struct holds_const_reference {
    int a;
    const local_count& b;
};
struct holds_nested {
    std::string a;
    std::vector<holds> b;
};
struct derived : holds {
    int c;
};
struct list_node {
    int value;
    list_node* next;
};
struct local_list_node {
    local_list_node* next;
    local_count value;
};
static_assert(bound_in_member<holds, 1> && bound_in_member<holds_reference, 2>);
static_assert(bound_in_member<holds_const_reference, 1> && bound_in_member<holds_nested, 1>);
static_assert(bound_in_member<derived, 0>);
static_assert(sendable<list_node> && bound_in_member<local_list_node, 1>);

class hides {
    [[maybe_unused]] local_count* count_ = nullptr;
};
static_assert(sendable<hides>);  // a blind spot: private members

struct opted_in {
    local_count* count;
};
struct opted_out {
    int handle;
};
template <>
inline constexpr bool edo::enable_sendable<opted_in> = true;
template <>
inline constexpr bool edo::enable_sendable<opted_out> = false;
static_assert(sendable<opted_in> && sendable<std::vector<opted_in>>);
static_assert(!sendable<opted_out> && !sendable<std::shared_ptr<opted_out>>);

// --- the records of coroutines -------------------------------------------------------------------

namespace {

using edo::detail::record_of;

struct object {
    int state;
    edo::task<> member();
};
struct stateless {
    edo::task<> operator()() const;
};
struct stateless_but_no_callable {
    edo::task<> member() const;
};

// GCC with UBSan does not compare record_of() in a constant expression.
template <class... Params>
consteval bool is_clean() {
    return edo::detail::breaks_no_rule<Params...>;
}

static_assert(is_clean<>() && is_clean<int>() && is_clean<int, std::string, std::vector<int>>());
static_assert(is_clean<edo::task<int>, std::unique_ptr<int>>());
static_assert(is_clean<const stateless&>() && is_clean<stateless&>() &&
              is_clean<stateless&&, int>());
static_assert(!is_clean<const std::string&>() && !is_clean<int&>() && !is_clean<int&&>());
static_assert(!is_clean<object&>() && !is_clean<object&, int>() && !is_clean<int, object*>());
static_assert(!is_clean<const stateless_but_no_callable&>() && !is_clean<std::string_view>());
static_assert(!is_clean<local_count>() && !is_clean<std::vector<local_count>>());

}  // namespace

TEST(ParameterRecord, NamesTheFirstParameterThatBorrows) {
    const auto* record = record_of<int, std::string_view, int&>();
    ASSERT_NE(record, nullptr);
    EXPECT_TRUE(record->borrows);
    EXPECT_EQ(record->borrow_index, 1U);
    EXPECT_NE(record->borrow_type.find("string_view"), std::string_view::npos);
    EXPECT_FALSE(record->not_sendable);
}

TEST(ParameterRecord, NamesTheFirstParameterThatIsNotSendable) {
    const auto* record = record_of<int, std::string, local_count>();
    ASSERT_NE(record, nullptr);
    EXPECT_FALSE(record->borrows);
    EXPECT_TRUE(record->not_sendable);
    EXPECT_EQ(record->send_index, 2U);
    EXPECT_EQ(record->send_type, "local_count");
}

TEST(ParameterRecord, KeepsBothAndLooksThroughReferences) {
    const auto* record = record_of<std::string&, local_count&>();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->borrow_index, 0U);
    EXPECT_TRUE(record->not_sendable);
    EXPECT_EQ(record->send_index, 1U);
}

TEST(ParameterRecord, IsTheSameObjectForTheSameParameters) {
    EXPECT_EQ((record_of<int, std::string>()), nullptr);
    EXPECT_EQ((record_of<int&>()), (record_of<int&>()));
    EXPECT_NE((record_of<int&>()), (record_of<int&, int>()));
}

TEST(ParameterRecord, OfALambdaIsCleanWithoutCaptures) {
    const auto none = [] {};
    const auto captures = [&none] { return &none; };
    EXPECT_EQ(record_of<decltype((none))>(), nullptr);
    EXPECT_NE(record_of<decltype((captures))>(), nullptr);
    EXPECT_NE(record_of<decltype(captures)>(), nullptr);
}
