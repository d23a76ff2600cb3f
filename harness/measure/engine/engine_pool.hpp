// The engines of one worker.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "harness/measure/engine/engine_process.hpp"
#include "harness/measure/process/running_clock.hpp"

namespace headcount {

/// One process for each engine and number of threads, started when it is first needed.
class EnginePool {
public:
    /// Throws EngineFailure, EngineUnsupported when it is missing.
    std::shared_ptr<EngineProcess> of(const std::string& engine, int num_threads, RunningClock::time_point deadline);

private:
    std::map<std::pair<std::string, int>, std::shared_ptr<EngineProcess>> processes_;
};

}  // namespace headcount
