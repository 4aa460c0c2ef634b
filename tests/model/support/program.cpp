// What a program under test is written with.
#include "support/engine.hpp"
#include "support/explorer.hpp"

#include <utility>

namespace edo::model {

thread::thread(std::move_only_function<void()> body) : id_(engine::start_thread(std::move(body))) {}
void thread::join() {
    if (!std::exchange(joined_, true)) { engine::join_thread(id_); }
}

tracked::tracked(int value) : value_(value), id_(engine::make_plain()) {}
tracked::tracked(const tracked& other) : tracked(other.read()) {}
tracked::tracked(tracked&& other) noexcept : tracked(other.read()) { other.write(-1); }
tracked& tracked::operator=(const tracked& other) {
    write(other.read());
    return *this;
}
tracked& tracked::operator=(tracked&& other) noexcept {
    write(other.read());
    other.write(-1);
    return *this;
}
tracked::~tracked() { engine::write_plain(id_); }
int tracked::read() const {
    engine::read_plain(id_);
    return value_;
}
void tracked::write(int value) {
    engine::write_plain(id_);
    value_ = value;
}

}  // namespace edo::model
