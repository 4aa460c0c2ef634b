// What a sleeping task costs: the cell, the frame and what the allocator adds.
#include <edo/edo.hpp>

#include <gtest/gtest.h>

namespace {

using namespace edo::detail;

// A change of these has to be meant.
static_assert(sizeof(void*) != 8 || sizeof(cell_base) == 56);
static_assert(sizeof(void*) != 8 || sizeof(spawned<void>) == 104);
static_assert(sizeof(void*) != 8 || sizeof(edo::sleep) == 40);
using empty = decltype([]() -> edo::task<> { co_return; });
static_assert(sizeof(spawned_call<spawned<void>, empty>) == sizeof(spawned<void>));
static_assert(sizeof(spawned_call<spawned<void>, empty, int>) == sizeof(spawned<void>) + 8);
static_assert(sizeof(leaf_ref<edo::sleep>) == sizeof(void*));

TEST(size, of_a_cell_is_that_of_its_task_and_its_result) {
    EXPECT_LE(sizeof(spawned<std::uint64_t>), sizeof(spawned<void>) + 2 * sizeof(std::uint64_t));
}

}  // namespace
