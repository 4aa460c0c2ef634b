// Two workloads of ../../compare with any number of workers.
#include "scale.hpp"
#include "workloads.hpp"

namespace scale {

namespace {

using workload = void(measurement&, std::size_t, std::uint64_t);

answer run_on(workload* run, numbers n) {
    measurement m(n[2]);
    run(m, n[0], n[1]);
    return {m.checksum(), {{"task", m.figure()}}};
}

}  // namespace

answer spawn_many(numbers n) { return run_on(compare::spawn_and_await_on, n); }
answer skynet(numbers n) { return run_on(compare::skynet_on, n); }

}  // namespace scale
