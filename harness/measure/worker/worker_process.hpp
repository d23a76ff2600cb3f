// The parent's end of a worker: starts the process, asks, notices crashes and hangs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/measure/worker/sampler.hpp"

namespace headcount {

struct WorkerCommand {
    std::filesystem::path executable;
    std::vector<std::string> arguments{"worker"};
    bool passive_waiting = true;  ///< false: as this process's environment has it, to see what passive waiting saves
};

/// Starts the executable anew (never a fork that goes on running our code: threads do not survive it), with
/// idle threads of its libraries waiting passively, in an environment that is chosen (library_variables.hpp). Throws
/// Error when it cannot be started. The worker dies with the object, and with this process.
std::unique_ptr<Worker> start_worker_process(const WorkerCommand& command, const Protocol& protocol,
                                             std::int64_t memory_limit_bytes);

/// "passive: GOMP_SPINCOUNT=0, ...": how the idle threads of workers wait; stands in the environment of every run.
std::string waiting_policy();

}  // namespace headcount
