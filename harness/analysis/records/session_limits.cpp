#include "harness/analysis/records/session_limits.hpp"

#include <map>
#include <string>

#include "harness/stats/interval.hpp"

namespace headcount {

void use_limits_of_rounds(RunRecord& run, const std::vector<RoundRecord>& rounds) {
    std::map<std::string, std::map<std::string, std::vector<double>>> seen;  // by run, by name
    for (const RoundRecord& round : rounds) {
        for (const auto& [name, value] : round.limits)
            seen[run.sources.empty() ? "" : round.run][name].push_back(value);
    }
    const auto settle = [&](const std::string& source, std::map<std::string, double>& limits) {
        const auto found = seen.find(source);
        if (found == seen.end()) return;
        for (const auto& [name, values] : found->second) limits[name] = median(values);
    };
    settle("", run.limits);
    for (SourceRecord& source : run.sources) settle(source.id, source.limits);
}

}  // namespace headcount
