/// Names edo::task where its definition is not needed.
#pragma once

namespace edo {

template <class T = void>
class [[nodiscard]] task;

}  // namespace edo
