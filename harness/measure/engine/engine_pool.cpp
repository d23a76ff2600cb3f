#include "harness/measure/engine/engine_pool.hpp"

#include <fmt/format.h>

#include "harness/measure/point/engine_list.hpp"

namespace headcount {

std::shared_ptr<EngineProcess> EnginePool::of(const std::string& engine, int num_threads,
                                              RunningClock::time_point deadline) {
    std::shared_ptr<EngineProcess>& process = processes_[{engine, num_threads}];
    if (process == nullptr || !process->alive()) {
        process =
            std::make_shared<EngineProcess>(engine, find_named(all_engines(), engine, "engine"), num_threads, deadline);
    }
    if (!process->hello().missing.empty()) {
        throw EngineUnsupported(fmt::format("engine {} is missing: {}", engine, process->hello().missing));
    }
    return process;
}

}  // namespace headcount
