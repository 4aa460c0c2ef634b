/// Room in a vector for what is taken out of a channel.
#pragma once

#include <vector>

namespace edo::detail {

/// Before a value is taken, so that it is not lost if there is no memory. Throws std::bad_alloc.
template <class T>
void make_room(std::vector<T>& out) {
    if (out.size() == out.capacity()) { out.reserve(2 * out.size() + 1); }
}

}  // namespace edo::detail
