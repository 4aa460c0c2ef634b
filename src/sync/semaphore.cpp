#include <edo/sync/semaphore.hpp>

#include <stdexcept>

namespace edo::detail {

void throw_taken_already() {
    throw std::logic_error(
        "edo: this lock_owned(), acquire_owned() or send() was awaited to its end before; call it "
        "again");
}

}  // namespace edo::detail

namespace edo::sync {

void semaphore::throw_too_many() {
    throw std::invalid_argument("edo: a semaphore has at most semaphore::max_permits permits");
}

}  // namespace edo::sync
