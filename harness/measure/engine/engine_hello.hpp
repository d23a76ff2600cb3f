// What each engine says of itself, asked once.
#pragma once

#include <map>
#include <string>

#include "harness/core/point.hpp"
#include "harness/core/sweep.hpp"
#include "harness/measure/engine/engine_process.hpp"
#include "harness/measure/point/engine_list.hpp"

namespace headcount {

/// The hello of an engine in a process of its own with one thread, asked once in the life of this one. Throws
/// EngineFailure when it does not come to one.
const EngineHello& hello_of(const std::string& engine);

/// "engine.NAME" for each engine of the sweep: what it says of itself, "missing: why" or "unavailable: why".
void add_engines(std::map<std::string, std::string>& environment, const Sweep& sweep);

/// Why the point cannot run here: why_unsupported(), or its engine says that it is missing, for which it is started
/// once. "" when it can, or when only a try can tell (the engine is broken). Throws UsageError for unknown names.
std::string why_it_cannot_run(const Point& point);

}  // namespace headcount
