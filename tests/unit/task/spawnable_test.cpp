// What may be spawned, and how the stored callable is called.
#include <edo/coro/task.hpp>
#include <edo/task/detail/refusal.hpp>
#include <edo/task/spawn_error.hpp>
#include <edo/task/spawnable.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

using edo::spawnable;
using edo::spawnable_blocking;
using edo::spawnable_local;
using edo::static_reference;
using edo::task;
using edo::unchecked_t;
using edo::detail::blocking_result_t;
using edo::detail::invoke_stored;
using edo::detail::spawn_result_t;
using edo::detail::spawnable_in_scope;

class bound_to_thread {
public:
    bound_to_thread();

private:
    int* count_;
};
template <>
inline constexpr bool edo::enable_sendable<bound_to_thread> = false;

namespace {

// The rule that a call breaks, told apart by its words.
template <class F, class... Args>
using problem = typename edo::detail::verdict<edo::detail::k_send, F, Args...>::problem;
template <class F, class... Args>
using what = typename edo::detail::verdict<edo::detail::k_send, F, Args...>::what;

// A function type as the decayed pointer to it.
template <class F>
using fn = F*;

struct view {
    std::string_view text;
};

}  // namespace

// --- callables -----------------------------------------------------------------------------------

struct object {
    std::string name;
    task<int> run(int);
    task<> run_const() const;
    task<> run_noexcept() noexcept;
    task<> run_rvalue() &&;
    task<> run_lvalue() &;
    static task<> run_static(int);
    int data;
};
struct stateless {
    task<long> operator()(int) const;
};
struct stateful {
    int number;
    std::string text;
    task<> operator()();
};
struct refers {
    std::string_view text;
    task<> operator()() const;
};
struct bound {
    bound_to_thread count;
    task<> operator()() const;
};
class encapsulated {
public:
    explicit encapsulated(int number) : number_(number) {}
    task<> operator()() const;

private:
    int number_;
};
class encapsulated_and_owning {
public:
    explicit encapsulated_and_owning(int number) : number_(number) {}
    task<> operator()() const;

private:
    int number_;
};
template <>
inline constexpr bool edo::enable_owning<encapsulated_and_owning> = true;
struct overloaded {
    task<> operator()(int) const;
    task<> operator()(std::string) const;
};

static_assert(spawnable<fn<task<>()>> && spawnable<task<> (&)()> && spawnable<task<>()>);
static_assert(spawnable<fn<task<int>(int, std::string)>, int, std::string>);
static_assert(spawnable<fn<task<>(int) noexcept>, int>);
static_assert(spawnable<stateless, int> && spawnable<stateless&, int>);
static_assert(spawnable<const stateless&, int> && spawnable<stateful> && spawnable<stateful&>);
static_assert(spawnable<decltype(&object::run), object, int>);
static_assert(spawnable<decltype(&object::run), std::shared_ptr<object>, int>);
static_assert(spawnable<decltype(&object::run), std::unique_ptr<object>, int>);
static_assert(spawnable<decltype(&object::run_const), std::shared_ptr<const object>>);
static_assert(spawnable<decltype(&object::run_noexcept), object>);
static_assert(spawnable<decltype(&object::run_rvalue), object>);
static_assert(spawnable<decltype(&object::run_static), int>);
static_assert(spawnable<overloaded, int> && spawnable<overloaded, std::string>);
static_assert(spawnable<encapsulated_and_owning>);

static_assert(!spawnable<decltype(&object::run), object*, int>);
static_assert(!spawnable<decltype(&object::run), std::reference_wrapper<object>, int>);
static_assert(!spawnable<decltype(&object::run), object>);
static_assert(!spawnable<decltype(&object::run_lvalue), object>);
static_assert(!spawnable<decltype(&object::data), object>);
static_assert(!spawnable<refers> && !spawnable<bound> && !spawnable<encapsulated>);
static_assert(!spawnable<std::function<task<>()>>);
static_assert(!spawnable<std::reference_wrapper<stateless>, int>);
static_assert(!spawnable<int> && !spawnable<fn<task<>()>*> && !spawnable<std::string>);
static_assert(std::is_same_v<problem<encapsulated>, edo::why::has_members_that_cannot_be_seen>);
static_assert(std::is_same_v<what<refers>, edo::why::callable<refers>>);

inline auto lambdas() {
    int local = 0;
    auto none = [](int) -> task<> { co_return; };
    auto unused = [&]() -> task<> { co_return; };
    auto generic = [](auto, auto&&...) -> task<> { co_return; };
    auto changing = [](int) mutable -> task<> { co_return; };
    auto by_value = [local]() -> task<int> { co_return local; };
    auto by_reference = [&]() -> task<int> { co_return local; };
    static_assert(spawnable<decltype(none), int> && spawnable<decltype((none)), int>);
    static_assert(spawnable<decltype(unused)> && spawnable<decltype(changing), int>);
    static_assert(spawnable<decltype(generic), int, std::string>);
    static_assert(!spawnable<decltype(by_value)> && !spawnable<decltype(by_reference)>);
    static_assert(!spawnable<decltype(by_value)&> && !spawnable_local<decltype(by_value)>);
    static_assert(std::is_same_v<problem<decltype(by_value)>, edo::why::has_captures>);
    static_assert(spawnable<unchecked_t<decltype(by_reference)>>);
    static_assert(spawnable_in_scope<decltype(by_reference)>);
    auto blocking = [local] { return local; };
    static_assert(!spawnable_blocking<decltype(blocking)>);
    static_assert(spawnable_blocking<unchecked_t<decltype(blocking)>>);
}

// --- arguments -----------------------------------------------------------------------------------

template <class T>
constexpr bool takes = spawnable<fn<task<>(T)>, T>;

static_assert(takes<int> && takes<std::string> && takes<std::vector<std::string>>);
static_assert(takes<std::unique_ptr<int>> && takes<std::shared_ptr<int>> && takes<task<int>>);
static_assert(takes<std::map<int, std::string>> && takes<static_reference<int>>);
static_assert(takes<void (*)()> && takes<std::nullptr_t>);
static_assert(!takes<std::string_view> && !takes<int*> && !takes<view> && !takes<bound_to_thread>);
static_assert(!takes<std::vector<std::string_view>> && !takes<std::optional<int*>>);
static_assert(!takes<std::tuple<int, bound_to_thread>> &&
              !takes<static_reference<bound_to_thread>>);

// Lvalues are copied.
static_assert(spawnable<fn<task<>(std::string)>, std::string&>);
static_assert(spawnable<fn<task<>(std::string)>, const std::string&>);
static_assert(!spawnable<fn<task<>(std::unique_ptr<int>)>, std::unique_ptr<int>&>);
static_assert(std::is_same_v<problem<fn<task<>(std::unique_ptr<int>)>, std::unique_ptr<int>&>,
                             edo::why::cannot_be_copied_into_the_task>);

// Literals.
static_assert(!spawnable<fn<task<>(std::string)>, const char (&)[4]>);
static_assert(!spawnable<fn<task<>(std::string)>, const char*>);
static_assert(!spawnable<fn<task<>(std::wstring)>, const wchar_t (&)[4]>);
static_assert(!spawnable_local<fn<task<>(std::string)>, const char (&)[4]>);
static_assert(std::is_same_v<problem<fn<task<>(std::string)>, const char (&)[4]>,
                             edo::why::is_not_owning<edo::why::it_is_a_string_literal>>);

// The first argument that breaks a rule is named.
static_assert(std::is_same_v<what<fn<task<>(int, int*, view)>, int, int*, view>,
                             edo::why::argument<1, int*>>);

// --- parameters ----------------------------------------------------------------------------------

static_assert(spawnable<fn<task<>(const std::string&)>, std::string>);
static_assert(spawnable<fn<task<>(std::string&&)>, std::string>);
static_assert(spawnable<fn<task<>(const std::string&&)>, std::string>);
static_assert(spawnable<fn<task<>(const object&)>, object>);
static_assert(spawnable<fn<task<>(double)>, int>);  // converted into the parameter
static_assert(spawnable<fn<task<>(std::optional<std::string>)>, std::string>);
struct base {};
struct derived : base {};
static_assert(spawnable<fn<task<>(const base&)>, derived>);

static_assert(!spawnable<fn<task<>(std::string&)>, std::string>);
static_assert(!spawnable<fn<task<>(std::string&)>, std::string&>);
static_assert(!spawnable<fn<task<>(const double&)>, int>);
static_assert(!spawnable<fn<task<>(double&&)>, int>);
static_assert(!spawnable<fn<task<>(const std::optional<int>&)>, int>);
static_assert(!spawnable<fn<task<>(std::shared_ptr<base>&&)>, std::shared_ptr<derived>>);
static_assert(!spawnable<fn<task<>(const std::string&)>, unchecked_t<const char*>>);
static_assert(std::is_same_v<what<fn<task<>(int, const double&)>, int, int>,
                             edo::why::parameter<1, const double&>>);
static_assert(std::is_same_v<problem<fn<task<>(const double&)>, int>,
                             edo::why::would_refer_to_a_temporary_made_from<int>>);
static_assert(std::is_same_v<problem<fn<task<>(std::string&)>, std::string>,
                             edo::why::is_an_lvalue_reference>);

struct member_with_references {
    task<> good(const std::string&);
    task<> bad(const double&);
    task<> lvalue(std::string&);
};
static_assert(
    spawnable<decltype(&member_with_references::good), member_with_references, std::string>);
static_assert(!spawnable<decltype(&member_with_references::bad), member_with_references, int>);
static_assert(
    !spawnable<decltype(&member_with_references::lvalue), member_with_references, std::string>);

inline auto reference_parameters() {
    auto generic = [](auto&) -> task<> { co_return; };
    auto constant = [](const auto&) -> task<> { co_return; };
    auto forwarding = [](auto&&) -> task<> { co_return; };
    auto conversion = [](const double&) -> task<> { co_return; };
    static_assert(!spawnable<decltype(generic), std::string>);
    static_assert(spawnable<decltype(constant), std::string>);
    static_assert(spawnable<decltype(forwarding), std::string>);
    static_assert(spawnable<decltype(conversion), double>);
    static_assert(!spawnable<decltype(conversion), float>);
    static_assert(!spawnable<decltype(conversion)>);               // too few
    static_assert(!spawnable<decltype(conversion), double, int>);  // too many
}

// What refers to a T& that outlives the task may be given to a T& parameter.
static_assert(spawnable<fn<task<>(int&)>, static_reference<int>>);
static_assert(spawnable<fn<task<>(const int&)>, static_reference<int>>);
static_assert(spawnable<fn<task<>(const int&)>, static_reference<const int>>);
static_assert(!spawnable<fn<task<>(int&)>, static_reference<const int>>);
static_assert(spawnable<fn<task<>(int&)>, unchecked_t<std::reference_wrapper<int>>>);
static_assert(spawnable<fn<task<>(const int&)>, unchecked_t<std::reference_wrapper<int>>>);
static_assert(!spawnable<fn<task<>(int&)>, std::reference_wrapper<int>>);

// --- results -------------------------------------------------------------------------------------

static_assert(!spawnable<fn<int()>> && !spawnable<fn<void()>>);
static_assert(!spawnable<fn<task<int&>()>> && !spawnable<fn<task<int*>()>>);
static_assert(!spawnable<fn<task<std::string_view>()>> && !spawnable<fn<task<bound_to_thread>()>>);
static_assert(!spawnable<fn<task<std::vector<std::string_view>>()>>);
static_assert(spawnable<fn<task<std::unique_ptr<int>>()>>);
static_assert(std::is_same_v<problem<fn<int()>>, edo::why::is_not_an_edo_task>);
static_assert(std::is_same_v<problem<fn<task<int&>()>>, edo::why::is_a_reference>);
static_assert(std::is_same_v<spawn_result_t<fn<task<int>(int)>, int>, int>);
static_assert(std::is_same_v<spawn_result_t<fn<task<>()>>, void>);
static_assert(std::is_same_v<spawn_result_t<decltype(&object::run), object, int>, int>);
static_assert(std::is_same_v<spawn_result_t<const stateless&, int>, long>);
static_assert(std::is_same_v<spawn_result_t<unchecked_t<stateless>, unchecked_t<int>>, long>);

// --- tasks ---------------------------------------------------------------------------------------

static_assert(spawnable<task<>> && spawnable<task<int>> && spawnable<unchecked_t<task<int>>>);
static_assert(!spawnable<task<int>&>);  // must be moved
static_assert(!spawnable<task<int>, int> && !spawnable<task<int&>> && !spawnable<task<int*>>);
static_assert(std::is_same_v<spawn_result_t<task<int>>, int>);
static_assert(std::is_same_v<spawn_result_t<unchecked_t<task<std::string>>>, std::string>);

// --- the other ways of spawning ------------------------------------------------------------------

static_assert(spawnable_local<fn<task<>(bound_to_thread)>, bound_to_thread>);
static_assert(spawnable_local<fn<task<bound_to_thread>()>> && spawnable_local<bound>);
static_assert(!spawnable_local<fn<task<>(std::string_view)>, std::string_view>);
static_assert(!spawnable_local<fn<task<int*>()>> && !spawnable_local<fn<task<>(int&)>, int>);

static_assert(spawnable_blocking<fn<int()>> &&
              spawnable_blocking<fn<void(std::string)>, std::string>);
static_assert(spawnable_blocking<fn<std::string(const std::string&)>, std::string>);
static_assert(!spawnable_blocking<fn<task<>()>> && !spawnable_blocking<fn<int&()>>);
static_assert(!spawnable_blocking<fn<const char*()>> && !spawnable_blocking<fn<bound_to_thread()>>);
static_assert(!spawnable_blocking<fn<void(std::string)>, const char (&)[2]>);
static_assert(!spawnable_blocking<fn<void(const double&)>, int>);
static_assert(!spawnable_blocking<task<>>);
static_assert(std::is_same_v<blocking_result_t<fn<int(long)>, int>, int>);
static_assert(std::is_void_v<blocking_result_t<fn<void()>>>);

static_assert(spawnable_in_scope<fn<task<>(int&)>, std::reference_wrapper<int>>);
static_assert(
    spawnable_in_scope<fn<task<>(const std::string&)>, std::reference_wrapper<std::string>>);
static_assert(spawnable_in_scope<fn<task<>(std::string_view)>, std::string_view>);
static_assert(spawnable_in_scope<fn<task<>(int*)>, int*> && spawnable_in_scope<refers>);
static_assert(spawnable_in_scope<fn<task<>(std::string)>, const char (&)[4]>);
static_assert(
    !spawnable_in_scope<fn<task<>(bound_to_thread&)>, std::reference_wrapper<bound_to_thread>>);
static_assert(!spawnable_in_scope<fn<task<>(bound_to_thread*)>, bound_to_thread*>);
static_assert(!spawnable_in_scope<bound> && !spawnable_in_scope<fn<task<bound_to_thread>()>>);

// --- a refused call is no error where it is only asked for ---------------------------------------

namespace {

template <class F, class... Args>
    requires spawnable<F, Args...>
auto spawn(F&&, Args&&...) -> std::optional<spawn_result_t<F, Args...>>;
template <class F, class... Args,
          class Why = edo::detail::refusal<"spawn", edo::detail::k_send, F, Args...>>
auto spawn(F&&, Args&&...);

template <class F, class... Args>
concept can_be_called =
    requires(F&& f, Args&&... args) { spawn(std::forward<F>(f), std::forward<Args>(args)...); };
static_assert(can_be_called<stateless, int>);
static_assert(!can_be_called<stateless, int*> && !can_be_called<stateless>);

}  // namespace

// --- invoke_stored -------------------------------------------------------------------------------

namespace {

struct counted {
    counted() = default;
    counted(const counted& other) : copies(other.copies + 1), moves(other.moves) {}
    counted(counted&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
    int copies = 0;
    int moves = 0;
};

int global_number = 5;

TEST(InvokeStored, MovesIntoParametersByValue) {
    auto f = [](counted c) { return std::pair(c.copies, c.moves); };
    std::tuple<counted> args;
    EXPECT_EQ(invoke_stored(f, args), std::pair(0, 1));
}

TEST(InvokeStored, BindsReferencesToTheStoredObject) {
    std::tuple<counted, counted> args;
    auto constant = [](const counted& a, const counted& b) { return std::pair(&a, &b); };
    EXPECT_EQ(invoke_stored(constant, args),
              (std::pair<const counted*, const counted*>(&std::get<0>(args), &std::get<1>(args))));
    auto rvalue = [](counted&& a, auto&& b) { return std::pair<counted*, counted*>(&a, &b); };
    EXPECT_EQ(invoke_stored(rvalue, args),
              (std::pair<counted*, counted*>(&std::get<0>(args), &std::get<1>(args))));
}

TEST(InvokeStored, GivesAwayWhatCanOnlyBeMoved) {
    auto f = [](std::unique_ptr<int> p) { return *p; };
    std::tuple args(std::make_unique<int>(3));
    EXPECT_EQ(invoke_stored(f, args), 3);
    EXPECT_EQ(std::get<0>(args), nullptr);
}

TEST(InvokeStored, ReturnsReferences) {
    auto f = [](int* p) -> int& { return *p; };
    std::tuple args(&global_number);
    int& result = invoke_stored(f, args);
    EXPECT_EQ(&result, &global_number);
}

TEST(InvokeStored, TakesUncheckedArgumentsOut) {
    int local = 1;
    auto f = [](int& n, std::string_view text) { n += static_cast<int>(text.size()); };
    std::tuple args(edo::unchecked(std::ref(local)), edo::unchecked("four"));
    invoke_stored(f, args);
    EXPECT_EQ(local, 5);
}

TEST(InvokeStored, TakesUncheckedCallablesOut) {
    int local = 1;
    auto f = edo::unchecked([&local](int n) { return local + n; });
    std::tuple args(2);
    EXPECT_EQ(invoke_stored(f, args), 3);
}

struct accumulator {
    int total = 0;
    int add(int n) { return total += n; }
    int take() && { return std::exchange(total, 0); }
};

TEST(InvokeStored, CallsMemberFunctionsOfTheStoredObject) {
    auto add = &accumulator::add;
    std::tuple args(accumulator{10}, 5);
    EXPECT_EQ(invoke_stored(add, args), 15);
    EXPECT_EQ(std::get<0>(args).total, 15);
    auto take = &accumulator::take;
    std::tuple<accumulator> object(accumulator{7});
    EXPECT_EQ(invoke_stored(take, object), 7);
}

TEST(InvokeStored, CallsMemberFunctionsThroughPointers) {
    auto add = &accumulator::add;
    auto shared = std::make_shared<accumulator>();
    std::tuple args(shared, 5);
    EXPECT_EQ(invoke_stored(add, args), 5);
    EXPECT_EQ(shared->total, 5);
    EXPECT_EQ(shared.use_count(), 2);  // the stored pointer keeps the object alive
    std::tuple unique(std::make_unique<accumulator>(), 6);
    EXPECT_EQ(invoke_stored(add, unique), 6);
}

TEST(InvokeStored, CallsFunctionPointersAndFunctionObjects) {
    int (*twice)(int) = [](int n) { return 2 * n; };
    std::tuple args(4);
    EXPECT_EQ(invoke_stored(twice, args), 8);
    struct once {
        int n;
        int operator()(int m) && { return n + m; }
    } object{3};
    EXPECT_EQ(invoke_stored(object, args), 7);
}

TEST(InvokeStored, PassesStaticReferences) {
    auto f = [](int& n) { return &n; };
    std::tuple proved(edo::static_ref_v<global_number>);
    EXPECT_EQ(invoke_stored(f, proved), &global_number);
    std::tuple trusted(edo::static_ref(global_number));
    EXPECT_EQ(invoke_stored(f, trusted), &global_number);
}

// --- unchecked, static_reference -----------------------------------------------------------------

TEST(Unchecked, DecaysAndMoves) {
    static_assert(std::is_same_v<decltype(edo::unchecked("abc")), unchecked_t<const char*>>);
    auto p = edo::unchecked(std::make_unique<int>(2));
    EXPECT_EQ(*p.value, 2);
    const std::string text = "text";
    EXPECT_EQ(edo::unchecked(text).value, "text");
}

TEST(Unchecked, CountsAsOwningAndSendable) {
    static_assert(edo::owning<unchecked_t<int*>> && edo::sendable<unchecked_t<bound_to_thread>>);
    static_assert(edo::owning<std::vector<unchecked_t<std::string_view>>>);
}

TEST(StaticReference, IsARefererence) {
    constexpr auto reference = edo::static_ref_v<global_number>;
    static_assert(std::is_same_v<decltype(reference), const static_reference<int>>);
    static_assert(edo::owning<static_reference<std::string>>);
    int& number = reference;
    EXPECT_EQ(&number, &global_number);
    EXPECT_EQ(&reference.get(), &global_number);
    EXPECT_EQ(&*reference, &global_number);
    static const std::string text = "text";
    EXPECT_EQ(edo::static_ref(text)->size(), 4U);
}

// --- the errors of spawn(task) -------------------------------------------------------------------

template <class Error, class F>
std::string message_of(F f) {
    try {
        f();
    } catch (const Error& error) { return error.what(); }
    return "nothing was thrown";
}

void expect_all(const std::string& text, std::initializer_list<std::string_view> words) {
    for (const auto word : words) {
        EXPECT_NE(text.find(word), std::string::npos) << word << " in " << text;
    }
}

TEST(SpawnError, OfABorrowingParameterNamesCoroutineParameterAndFix) {
    const auto text = message_of<edo::borrow_error>([] {
        edo::detail::throw_borrow_error(*edo::detail::record_of<int, std::string_view>(),
                                        "edo::task<> serve(int, std::string_view)");
    });
    expect_all(text,
               {"serve", "parameter 1", "std::string_view", "not owning", "spawn(f, args...)"});
    EXPECT_EQ(text.find("*this"), std::string::npos);
}

TEST(SpawnError, OfTheFirstReferenceSaysThatItMayBeTheObject) {
    const auto text = message_of<edo::borrow_error>([] {
        edo::detail::throw_borrow_error(*edo::detail::record_of<object&>(), "object::run",
                                        std::source_location::current());
    });
    expect_all(text, {"spawnable_test.cpp:", "parameter 0 (may be *this)", "object&"});
}

TEST(SpawnError, OfAParameterBoundToAThread) {
    const auto text = message_of<edo::send_error>([] {
        edo::detail::throw_send_error(*edo::detail::record_of<std::string, bound_to_thread>(),
                                      "count");
    });
    expect_all(text, {"count", "parameter 1", "bound_to_thread", "not sendable", "spawn_local"});
}

}  // namespace
