// `owning`: almost all of it is decided by the compiler, so most tests are static_asserts.
#include <edo/coro/owning.hpp>
#include <edo/coro/task.hpp>

#include <gtest/gtest.h>

#include <any>
#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <condition_variable>
#include <deque>
#include <exception>
#include <expected>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <future>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <queue>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <shared_mutex>
#include <span>
#include <sstream>
#include <stack>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

using edo::owning;

namespace {

// The type in which, as member number `Index`, something borrows for the reason `Why`.
template <class T, int Index, edo::why::reason Why>
constexpr bool borrows_in_member =
    std::is_same_v<edo::detail::owning_finding<T>,
                   edo::detail::inspection::bad<Why, void, T, Index>>;
// The type that borrows, when T holds it.
template <class T, class Inner>
constexpr bool borrows_as = std::is_same_v<typename edo::detail::owning_finding<T>::inner, Inner>;

using enum edo::why::reason;

}  // namespace

// --- fundamental types ---------------------------------------------------------------------------

struct incomplete;
enum class colour { red };
struct with_members {
    int value;
    void f();
};

static_assert(owning<int> && owning<const int> && owning<volatile double> && owning<bool>);
static_assert(owning<void> && owning<std::nullptr_t> && owning<char8_t> && owning<colour>);
static_assert(owning<std::byte> && owning<std::size_t>);
static_assert(owning<void (*)()> && owning<int (*const)(std::string_view) noexcept>);
static_assert(owning<void()>);
static_assert(owning<void (with_members::*)()> && owning<int with_members::*>);
static_assert(owning<int[3]> && owning<std::string[2][3]> && owning<int[]>);

static_assert(!owning<int&> && !owning<const int&> && !owning<int&&> && !owning<void (&)()>);
static_assert(!owning<int*> && !owning<const char*> && !owning<void*> && !owning<int* const>);
static_assert(!owning<incomplete*> && !owning<incomplete&> && !owning<int**>);
static_assert(!owning<int* [3]> && !owning<const char*[]>);
static_assert(borrows_as<int* [3], int*>);

// --- classes that borrow -------------------------------------------------------------------------

static_assert(!owning<std::reference_wrapper<int>> && !owning<std::reference_wrapper<const int>>);
static_assert(!owning<const std::reference_wrapper<std::string>>);
static_assert(!owning<std::string_view> && !owning<std::wstring_view>);
static_assert(!owning<std::span<int>> && !owning<std::span<const std::byte, 4>>);
static_assert(!owning<std::initializer_list<int>>);
static_assert(!owning<std::unique_lock<std::mutex>> && !owning<std::lock_guard<std::mutex>>);
static_assert(!owning<std::scoped_lock<std::mutex>>);
static_assert(!owning<std::scoped_lock<std::mutex, std::recursive_mutex>>);
static_assert(!owning<std::shared_lock<std::shared_mutex>>);
static_assert(!owning<std::coroutine_handle<>> && !owning<std::coroutine_handle<int>>);

static_assert(!owning<std::vector<int>::iterator> && !owning<std::vector<int>::const_iterator>);
static_assert(!owning<std::map<int, int>::iterator> && !owning<std::list<int>::iterator>);
static_assert(!owning<std::string::iterator> && !owning<std::deque<int>::reverse_iterator>);
static_assert(!owning<std::back_insert_iterator<std::vector<int>>>);
static_assert(!owning<std::istream_iterator<int>> && !owning<std::ostreambuf_iterator<char>>);
static_assert(!owning<std::move_iterator<int*>> && !owning<std::counted_iterator<int*>>);
static_assert(!owning<std::sregex_iterator>);
static_assert(owning<std::filesystem::directory_iterator>);
static_assert(owning<std::filesystem::recursive_directory_iterator>);
static_assert(owning<std::filesystem::directory_entry>);

// --- views ---------------------------------------------------------------------------------------

namespace views = std::views;

static_assert(owning<std::ranges::iota_view<int, int>> && owning<std::ranges::iota_view<long>>);
static_assert(!owning<std::ranges::iota_view<int*, int*>>);
static_assert(owning<std::ranges::single_view<int>> && owning<std::ranges::empty_view<int>>);
static_assert(!owning<std::ranges::single_view<int*>>);
static_assert(!owning<std::ranges::ref_view<std::vector<int>>>);
static_assert(owning<std::ranges::owning_view<std::vector<int>>>);
static_assert(!owning<std::ranges::owning_view<std::vector<std::string_view>>>);
static_assert(!owning<std::ranges::subrange<int*>>);
static_assert(!owning<std::ranges::istream_view<int>>);

[[maybe_unused]] inline std::vector<int> numbers;
using square = decltype([](int x) { return x * x; });
static_assert(!owning<decltype(numbers | views::transform(square{}))>);
static_assert(owning<decltype(std::move(numbers) | views::transform(square{}))>);
static_assert(!owning<decltype(numbers | views::take(3) | views::reverse)>);
static_assert(owning<decltype(std::move(numbers) | views::take(3) | views::reverse)>);
static_assert(!owning<decltype(std::declval<std::map<int, int>&>() | views::keys)>);
static_assert(owning<decltype(std::declval<std::map<int, int>>() | views::keys)>);
static_assert(owning<decltype(views::iota(0, 5) | views::filter(square{}))>);

// --- classes that hold ---------------------------------------------------------------------------

static_assert(owning<std::string> && owning<const std::string> && owning<std::u8string>);
static_assert(owning<std::pair<int, std::string>> && owning<std::tuple<>>);
static_assert(owning<std::tuple<int, std::string, std::vector<int>>>);
static_assert(!owning<std::pair<int, const char*>> && !owning<std::pair<int&, int>>);
static_assert(!owning<std::tuple<int, std::string&>> && !owning<std::tuple<std::string_view>>);
static_assert(owning<std::optional<int>> && owning<std::optional<std::string>>);
static_assert(!owning<std::optional<int*>> && !owning<std::optional<std::string_view>>);
static_assert(owning<std::variant<int, std::string>> && owning<std::variant<std::monostate>>);
static_assert(!owning<std::variant<int, std::string_view>>);
static_assert(owning<std::expected<int, std::string>> && owning<std::expected<void, int>>);
static_assert(!owning<std::expected<int*, int>> && !owning<std::expected<int, std::string_view>>);
static_assert(!owning<std::expected<void, const char*>>);
static_assert(owning<std::atomic<int>> && !owning<std::atomic<int*>>);

static_assert(owning<std::unique_ptr<int>> && owning<std::unique_ptr<int[]>>);
static_assert(owning<std::shared_ptr<int>> && owning<std::weak_ptr<std::string>>);
static_assert(owning<std::shared_ptr<void>> && owning<std::shared_ptr<incomplete>>);
static_assert(owning<std::unique_ptr<incomplete>> && owning<std::shared_ptr<const std::string>>);
static_assert(!owning<std::unique_ptr<int*>> && !owning<std::shared_ptr<std::string_view>>);
static_assert(!owning<std::weak_ptr<std::span<int>>>);
static_assert(!owning<std::unique_ptr<std::reference_wrapper<int>[]>>);
static_assert(owning<std::unique_ptr<FILE, int (*)(FILE*)>>);
struct c_handle {
    char* buffer;
    c_handle* next;
};
struct c_handle_deleter {
    void operator()(c_handle*) const {}
};
static_assert(owning<std::unique_ptr<c_handle, c_handle_deleter>>);
static_assert(!owning<std::unique_ptr<c_handle>> && !owning<std::shared_ptr<c_handle>>);
static_assert(!owning<std::unique_ptr<std::string_view, square>>);
struct borrowing_deleter {
    int* where;
    void operator()(int*) const {}
};
static_assert(!owning<std::unique_ptr<int, borrowing_deleter>>);

static_assert(owning<std::array<int, 4>> && !owning<std::array<const char*, 4>>);
static_assert(owning<std::vector<int>> && owning<std::vector<bool>> && owning<std::deque<int>>);
static_assert(owning<std::list<std::string>> && owning<std::forward_list<int>>);
static_assert(owning<std::map<int, std::string>> && owning<std::multimap<int, int>>);
static_assert(owning<std::set<std::string>> && owning<std::unordered_set<std::string>>);
static_assert(owning<std::unordered_map<std::string, std::vector<int>>>);
static_assert(owning<std::stack<int>> && owning<std::queue<int>> &&
              owning<std::priority_queue<int>>);
static_assert(!owning<std::vector<int*>> && !owning<std::deque<std::string_view>>);
static_assert(!owning<std::map<std::string_view, int>> && !owning<std::map<int, const char*>>);
static_assert(!owning<std::set<const char*>> && !owning<std::unordered_map<int, std::span<int>>>);
static_assert(!owning<std::stack<int*>> && !owning<std::priority_queue<std::string_view>>);
static_assert(!owning<std::vector<std::vector<std::pair<int, std::string_view>>>>);
static_assert(!owning<std::map<int, int, std::reference_wrapper<std::less<>>>>);
static_assert(owning<std::map<int, int, bool (*)(int, int)>>);
static_assert(borrows_as<std::vector<std::optional<std::string_view>>, std::string_view>);
static_assert(borrows_as<std::map<int, std::unique_ptr<int*>>, int*>);

static_assert(!owning<std::pmr::string> && !owning<std::pmr::vector<int>>);
static_assert(!owning<std::pmr::map<int, int>>);
static_assert(!owning<std::vector<std::pmr::string>>);

// --- classes of the standard library that own ------------------------------------------------------

static_assert(owning<std::chrono::milliseconds> && owning<std::chrono::steady_clock::time_point>);
static_assert(owning<std::filesystem::path> && owning<std::error_code> && owning<std::mutex>);
static_assert(owning<std::thread> && owning<std::jthread> && owning<std::thread::id>);
static_assert(owning<std::stop_token> && owning<std::stop_source> && owning<std::future<int>>);
static_assert(owning<std::promise<void>> && owning<std::exception_ptr> && owning<std::regex>);
static_assert(owning<std::stringstream> && owning<std::bitset<8>> && owning<std::complex<double>>);
static_assert(owning<std::mt19937> && owning<std::monostate> && owning<std::condition_variable>);
static_assert(owning<std::packaged_task<int()>>);
// Trusted, since nothing can be seen.
static_assert(owning<std::function<void(std::string_view)>> && owning<std::any>);
static_assert(owning<std::move_only_function<int()>>);

// --- lambdas -------------------------------------------------------------------------------------

struct enclosing {
    auto with_this() {
        return [this] { return this; };
    }
};
template <class F>
struct wraps_privately {
    explicit wraps_privately(F f) : callable(f) {}

private:
    F callable;
    int number = 0;
};
template <class F>
struct wraps {
    F callable;
};

inline auto closures() {
    int local = 0;
    auto none = [] {};
    auto unused = [&] {};
    auto by_value = [local] { return local; };
    auto by_reference = [&local] { return &local; };
    auto initialised = [text = std::string()] { return text; };
    auto mutable_one = [n = 0]() mutable { return ++n; };
    auto generic = [local](auto x) { return x + local; };
    static_assert(owning<decltype(none)> && owning<decltype(unused)>);
    static_assert(!owning<decltype(by_value)> && !owning<decltype(by_reference)>);
    static_assert(!owning<decltype(initialised)> && !owning<decltype(mutable_one)>);
    static_assert(!owning<decltype(generic)> && !owning<const decltype(generic)>);
    static_assert(!owning<decltype(std::declval<enclosing>().with_this())>);
    static_assert(!owning<std::vector<decltype(by_value)>>);
    static_assert(owning<wraps<decltype(none)>>);
    static_assert(borrows_in_member<wraps<decltype(by_value)>, 0, a_lambda_with_captures>);
    // Private members cannot be seen, and the name of a lambda within another name is no lambda.
    static_assert(owning<wraps_privately<decltype(by_value)>>);
    static_assert(owning<std::shared_ptr<wraps_privately<decltype(by_value)>>>);
}

// --- what the author says ------------------------------------------------------------------------

struct opted_out {
    int a;
};
struct opted_in {
    const char* name;
    std::string_view text;
};
struct holds_opted_in {
    opted_in a;
    int b;
};
struct holds_opted_out {
    int a;
    opted_out b;
};
template <class T>
struct arena_pointer {
    T* p;
};
template <>
inline constexpr bool edo::enable_owning<opted_out> = false;
template <>
inline constexpr bool edo::enable_owning<opted_in> = true;
template <class T>
inline constexpr bool edo::enable_owning<arena_pointer<T>> = true;
template <>
inline constexpr bool edo::enable_owning<int (*)(opted_out)> = false;

static_assert(!owning<opted_out> && !owning<const opted_out> && owning<opted_in>);
static_assert(!owning<std::vector<opted_out>> && owning<std::vector<opted_in>>);
static_assert(owning<holds_opted_in>);
static_assert(borrows_in_member<holds_opted_out, 1, declared_so_by_its_author>);
static_assert(owning<arena_pointer<int>> && owning<std::tuple<arena_pointer<int>, int>>);
static_assert(!owning<opted_in*> && !owning<opted_in&> && !owning<int (*)(opted_out)>);

// A task owns its frame; what its parameters refer to is checked when it is spawned.
static_assert(owning<edo::task<>> && owning<edo::task<int&>> && owning<std::vector<edo::task<>>>);

// Types that look like those of the standard.
namespace other {
template <class T>
struct span_like {
    using element_type = T;
    T* begin() const;
    T* end() const;
    T* first;
};
template <class T>
class small_vector {
public:
    using value_type = T;
    T* begin();
    T* end();

private:
    T* data_;
};
template <class T>
class intrusive_ptr {
public:
    using element_type = T;
    T* get() const;
    T& operator*() const;

private:
    T* p_;
};
struct cursor {
    int& operator*();
    cursor& operator++();
    cursor operator++(int);
    char opaque;
};
}  // namespace other
template <class T>
inline constexpr bool std::ranges::enable_view<other::span_like<T>> = true;
static_assert(!owning<other::span_like<int>>);
static_assert(owning<other::small_vector<int>> && !owning<other::small_vector<std::string_view>>);
static_assert(owning<other::intrusive_ptr<int>> && !owning<other::intrusive_ptr<int*>>);
static_assert(!owning<other::cursor>);

TEST(Owning, TheNameOfATypeLivesInStaticStorage) {
    EXPECT_EQ(edo::detail::type_name<int>(), "int");
    EXPECT_EQ(edo::detail::type_name<other::cursor>(), "other::cursor");
}
