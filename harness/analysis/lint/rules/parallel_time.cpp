// Rule 10: how parallel time was measured, synchronised and summarised.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"

namespace headcount::rules {

namespace {

RuleFinding whole_result(const LintInput& input) {
    int threads = 1;
    std::vector<std::string> impossible;
    for (const std::size_t i : input.timed) {
        const Entry& entry = input.records.entries()[i];
        threads = std::max(threads, entry.point.num_threads);
        for (const RoundSample& round : entry.samples) {
            const bool wrong = round.sample.iterations < 1 || !(round.sample.wall_s > 0);
            if (!wrong) continue;
            impossible.push_back(entry.id);
            break;
        }
    }
    if (input.timed.empty()) return not_applicable("result", "nothing was timed");
    if (!impossible.empty()) {
        return violated("result", "samples without iterations or duration: " + some_of(impossible),
                        "measure these points again; check clock.source and clock.resolution");
    }
    if (threads == 1) return not_applicable("result", "every timed point uses one thread");
    const auto& environment = input.journal.run.environment;
    std::vector<std::string> unknown;
    for (const char* key : {"clock.source", "clock.resolution", "pinning", "waiting", "cpu.affinity"}) {
        const auto found = environment.find(key);
        if (found == environment.end() || found->second.starts_with("unavailable")) unknown.emplace_back(key);
    }
    if (!unknown.empty()) {
        return violated("result",
                        fmt::format("up to {} threads were timed, and the file does not say: {}", threads,
                                    some_of(unknown, unknown.size())),
                        "measure again with this version, on a system that tells its clock");
    }
    return satisfied("result",
                     fmt::format("up to {} threads of one process: wall time of whole passes between one start and one "
                                 "end ({}, {}), no other synchronisation; idle threads: {}; pinning: {}; median over "
                                 "rounds",
                                 threads, environment.at("clock.source"), environment.at("clock.resolution"),
                                 environment.at("waiting"), environment.at("pinning")));
}

std::vector<RuleFinding> check(const LintInput& input) { return {whole_result(input)}; }

}  // namespace

Rule parallel_time() {
    return {.number = 10,
            .says = "for parallel time, report measurement, synchronisation and summary",
            .elsewhere = "one way of measuring holds for the whole result",
            .check = check};
}

}  // namespace headcount::rules
