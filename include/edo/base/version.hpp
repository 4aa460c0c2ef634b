/// The version of the library, following https://semver.org.
#pragma once

namespace edo {

inline constexpr int version_major = 0;  ///< incompatible changes (any minor change, while it is 0)
inline constexpr int version_minor = 1;  ///< additions
inline constexpr int version_patch = 0;  ///< repairs

}  // namespace edo
