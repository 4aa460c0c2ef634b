#include <edo/task/errors.hpp>
#include <edo/task/spawn_error.hpp>

#include <string>

namespace edo::detail {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// As a programmer would write it.
std::string short_name(std::string_view name) {
    std::string text(name);
    replace_all(text, "std::__cxx11::basic_string<char>", "std::string");
    replace_all(text, "std::basic_string_view<char>", "std::string_view");
    replace_all(text, "std::__cxx11::", "std::");
    replace_all(text, " >", ">");
    replace_all(text, " &", "&");
    replace_all(text, " *", "*");
    return text;
}

std::string parameter(std::size_t index, std::string_view type, std::string_view function,
                      const std::source_location& where) {
    std::string text = at_line(where);
    text += "cannot spawn the coroutine `" + short_name(function) + "`: its parameter " +
            std::to_string(index);
    if (index == 0 && type.ends_with('&')) { text += " (may be *this)"; }
    return text + " of type `" + short_name(type) + "` ";
}

}  // namespace

void throw_borrow_error(const parameter_record& record, std::string_view function,
                        const std::source_location& where) {
    throw borrow_error(
        parameter(record.borrow_index, record.borrow_type, function, where) +
        "is not owning, the task could outlive what it refers to. Pass the coroutine and its "
        "arguments to spawn, which keeps them in the task: spawn(f, args...); or take the "
        "parameter by value; or, if you know that it lives long enough, spawn(edo::unchecked(task))");
}

void throw_send_error(const parameter_record& record, std::string_view function,
                      const std::source_location& where) {
    throw send_error(
        parameter(record.send_index, record.send_type, function, where) +
        "is not sendable, and the task may move to another thread. Use spawn_local, or a type that "
        "may be used on other threads, as std::shared_ptr for edo::rc; or, if you know better, "
        "spawn(edo::unchecked(task))");
}

}  // namespace edo::detail
