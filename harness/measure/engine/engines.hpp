// Which engines there are, and what each says of itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/engine.hpp"
#include "harness/core/point.hpp"
#include "harness/core/sweep.hpp"
#include "harness/measure/engine/engine_process.hpp"
#include "harness/registry/registry.hpp"

namespace headcount {

using Engines = std::vector<Named<Engine>>;

/// Where all_engines() gets them from the first time it is asked: files that the caller knows how to find. Replaces
/// what was there.
void find_engines_by(std::function<Engines()> find);
const Engines& all_engines();

inline bool is_external(const Point& point) { return point.variant == kExternal; }

/// The hello of an engine in a process of its own with one thread, asked once in the life of this one. Throws
/// EngineFailure when it does not come to one.
const EngineHello& hello_of(const std::string& engine);

/// "engine.NAME" for each engine of the sweep: what it says of itself, "missing: why" or "unavailable: why".
void add_engines(std::map<std::string, std::string>& environment, const Sweep& sweep);

/// Why a point of variant `external` cannot run here: its backend is no engine, or the engine is missing. "" when it
/// can, or when only a try can tell (the engine is broken). Throws UsageError for a name that is neither.
std::string why_no_engine(const Point& point);

}  // namespace headcount
