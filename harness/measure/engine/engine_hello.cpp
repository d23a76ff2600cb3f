#include "harness/measure/engine/engine_hello.hpp"

#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/measure/point/inputs.hpp"

namespace headcount {
namespace {

// Importing a large library from a cold disk.
constexpr std::chrono::seconds kHello{60};

/// By what is started, so that an engine of the same name from another file is another one.
std::map<std::vector<std::string>, EngineHello>& hellos() {
    static std::map<std::vector<std::string>, EngineHello> all;
    return all;
}

}  // namespace

const EngineHello& hello_of(const std::string& engine) {
    const Engine& its = find_named(all_engines(), engine, "engine");
    std::vector<std::string> key{engine, its.folder.string()};
    key.insert(key.end(), its.command.begin(), its.command.end());
    const auto found = hellos().find(key);
    if (found != hellos().end()) return found->second;
    const EngineProcess process(engine, its, 1, RunningClock::now() + kHello);
    return hellos().emplace(std::move(key), process.hello()).first->second;
}

void add_engines(std::map<std::string, std::string>& environment, const Sweep& sweep) {
    std::set<std::string> used;
    for (const Part& part : sweep.parts) {
        for (const Point& point : part.points) {
            if (is_external(point)) used.insert(point.backend);
        }
    }
    for (const auto& [name, engine] : all_engines()) {
        if (!used.contains(name) || !engine.broken.empty()) continue;
        try {
            const EngineHello& hello = hello_of(name);
            environment["engine." + name] = hello.missing.empty() ? hello.text() : "missing: " + hello.missing;
        } catch (const EngineFailure& failure) {
            environment["engine." + name] = fmt::format("unavailable: {}", failure.what());
        }
    }
}

std::string why_it_cannot_run(const Point& point) {
    std::string reason = why_unsupported(point);
    if (!reason.empty() || !is_external(point)) return reason;
    try {
        const std::string& missing = hello_of(point.backend).missing;
        return missing.empty() ? "" : fmt::format("engine {} is missing: {}", point.backend, missing);
    } catch (const EngineFailure&) {
        return {};  // broken: the point's check fails with the engine's last words
    }
}

}  // namespace headcount
