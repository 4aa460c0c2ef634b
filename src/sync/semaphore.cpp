#include <edo/sync/semaphore.hpp>

#include <stdexcept>

namespace edo::sync {

void semaphore::throw_too_many() {
    throw std::invalid_argument("edo: a semaphore has at most semaphore::max_permits permits");
}

}  // namespace edo::sync
