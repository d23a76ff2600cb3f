#include "harness/measure/engine/engines.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "harness/backend/all.hpp"

namespace headcount {
namespace {

// Importing a large library from a cold disk.
constexpr std::chrono::seconds kHello{60};

struct Known {
    std::function<Engines()> find;
    std::optional<Engines> engines;
    std::map<std::string, EngineHello> hellos;
};

Known& known() {
    static Known all;
    return all;
}

}  // namespace

void find_engines_by(std::function<Engines()> find) {
    known() = {.find = std::move(find), .engines = {}, .hellos = {}};
}

const Engines& all_engines() {
    Known& all = known();
    if (!all.engines) all.engines = all.find ? all.find() : Engines{};
    return *all.engines;
}

const EngineHello& hello_of(const std::string& engine) {
    std::map<std::string, EngineHello>& hellos = known().hellos;
    const auto found = hellos.find(engine);
    if (found != hellos.end()) return found->second;
    const EngineProcess process(engine, find_named(all_engines(), engine, "engine"), 1,
                                EngineProcess::Clock::now() + kHello);
    return hellos.emplace(engine, process.hello()).first->second;
}

void add_engines(std::map<std::string, std::string>& environment, const Sweep& sweep) {
    std::set<std::string> used;
    for (const Part& part : sweep.parts) {
        for (const Point& point : part.points) {
            if (is_external(point)) used.insert(point.backend);
        }
    }
    for (const auto& [name, engine] : all_engines()) {
        if (!used.contains(name)) continue;
        try {
            const EngineHello& hello = hello_of(name);
            environment["engine." + name] = hello.missing.empty() ? hello.text() : "missing: " + hello.missing;
        } catch (const EngineFailure& failure) {
            environment["engine." + name] = fmt::format("unavailable: {}", failure.what());
        }
    }
}

std::string why_no_engine(const Point& point) {
    for (const auto& backend : all_backends()) {
        if (backend.name == point.backend) {
            return fmt::format("variant {} times engines in other processes, and {} is a backend of our own variants",
                               kExternal, point.backend);
        }
    }
    find_named(all_engines(), point.backend, "engine");
    try {
        const std::string& missing = hello_of(point.backend).missing;
        return missing.empty() ? "" : fmt::format("engine {} is missing: {}", point.backend, missing);
    } catch (const EngineFailure&) {
        return {};  // broken: the point's check fails with the engine's last words
    }
}

}  // namespace headcount
