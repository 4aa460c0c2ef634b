#include <edo/task/errors.hpp>
#include <edo/task/join_error.hpp>
#include <edo/task/join_handle.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

namespace edo {
namespace detail {
namespace {

std::string type_name_of_current_exception() {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) { return "a foreign exception"; }
    int status = 0;
    std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? name.get() : type->name();
}

}  // namespace

std::string describe(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& e) {
        return type_name_of_current_exception() + ": " + e.what();
    } catch (...) { return type_name_of_current_exception(); }
}

void throw_no_runtime(const char* function, const std::source_location& where) {
    throw no_runtime_error(at_line(where) + function +
                           " needs a runtime, and none is entered on this thread: call it inside "
                           "a task, inside block_on, or under runtime_handle::enter()");
}

void throw_no_task() {
    throw std::logic_error(
        "edo: this join_handle refers to no task; it was moved from, detached or awaited as an rvalue");
}

void throw_taken_already(task_id id) {
    throw std::logic_error("edo: the result of task " + to_string(id) +
                           " was taken already; a join_handle gives it once");
}

void throw_no_local_set(const std::source_location& where) {
    throw no_local_set_error(at_line(where) +
                             "edo::spawn_local called outside of a local_set and a local_runtime: "
                             "call it in local_set::run_until, under local_set::enter(), or in "
                             "local_runtime::block_on");
}

}  // namespace detail

join_error join_error::cancelled(task_id id) {
    return {id, nullptr, "task " + to_string(id) + " was cancelled"};
}

join_error join_error::failed(task_id id, std::exception_ptr exception) {
    std::string text = "task " + to_string(id) + " threw " + detail::describe(exception);
    return {id, std::move(exception), text};
}

void join_error::rethrow() const {
    if (exception_) { std::rethrow_exception(exception_); }
    throw *this;
}

}  // namespace edo
