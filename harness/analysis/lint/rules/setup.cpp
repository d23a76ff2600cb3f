// Rule 9: what varies, on which levels, and everything else that makes the experiment repeatable.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"

namespace headcount::rules {

namespace {

/// What must be known to set the experiment up again; instruments (counters, energy) are not among it.
constexpr std::array kSetup{"cpu.model",  "cpu.online", "cpu.affinity", "cpu.governor", "cpu.boost",    "cpu.smt",
                            "cpu.caches", "host",       "kernel",       "libc",         "memory.total", "compiler",
                            "flags",      "build_type", "version",      "commit",       "dirty"};

std::string problem_with(const RunRecord& run, const char* key) {
    const auto found = run.environment.find(key);
    if (found == run.environment.end() || found->second.empty()) return fmt::format("{} (not recorded)", key);
    if (found->second.starts_with("unavailable")) return fmt::format("{} (unavailable)", key);
    return {};
}

struct Problems {
    std::string reason, remedy;
    void add(const std::string& what, const std::string& todo) {
        reason += (reason.empty() ? "" : "; ") + what;
        remedy += (remedy.empty() ? "" : "; ") + todo;
    }
};

RuleFinding whole_result(const LintInput& input) {
    const RunRecord& run = input.journal.run;
    Problems problems;
    std::vector<std::string> unknown;
    std::string explained;
    for (const char* key : kSetup) {
        std::string problem = problem_with(run, key);
        if (problem.empty()) continue;
        const auto why = run.left_out.find(key);
        if (why == run.left_out.end()) {
            unknown.push_back(std::move(problem));
        } else {
            explained += fmt::format("; {}: {}", problem, why->second);
        }
    }
    if (!unknown.empty()) {
        problems.add("not known of the setup: " + some_of(unknown, unknown.size()),
                     "measure where it can be read; of the clock, a config may say what stands in for it (`left_out`)");
    }
    const auto dirty = run.environment.find("dirty");
    if (dirty != run.environment.end() && dirty->second == "yes") {
        problems.add("built from sources with local changes, which no commit names", "commit, build and measure again");
    }
    if (run.config_text.empty()) problems.add("the config's text is not in the file", "measure with this version");
    if (run.command.empty()) problems.add("the command is not recorded", "measure with this version");
    if (!problems.reason.empty()) return violated("result", problems.reason, problems.remedy);
    return satisfied("result", fmt::format("machine, system, compiler with flags, commit {}, config, command and seed "
                                           "{} are in the first line{}",
                                           run.environment.at("commit").substr(0, 12), run.seed, explained));
}

RuleFinding judge(const LintInput& input, const ClaimView& claim) {
    std::string levels;
    for (const std::string& field : claim.spec->across) {
        std::vector<std::string> values;
        for (const std::size_t i : claim.entries) {
            const Entry& entry = input.records.entries()[i];
            if (!entry.resolved) continue;
            const std::string value = get_field(entry.point, field);
            if (std::ranges::find(values, value) == values.end()) values.push_back(value);
        }
        if (values.size() < 2) {
            return violated(claim.subject(),
                            fmt::format("compares along {}, of which the run has {} level{}", field, values.size(),
                                        values.size() == 1 ? "" : "s"),
                            "give the axis at least two values, or measure those that were left out");
        }
        levels += fmt::format("{}{} on {} levels", levels.empty() ? "" : ", ", field, values.size());
    }
    if (levels.empty()) return not_applicable(claim.subject(), "compares along no factor");
    return satisfied(claim.subject(), "factors: " + levels);
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings{whole_result(input)};
    for (const ClaimView& claim : input.claims) findings.push_back(judge(input, claim));
    return findings;
}

}  // namespace

Rule setup() {
    return {.number = 9,
            .says = "document all varying factors, their levels, and the complete setup",
            .elsewhere = "the setup is a matter of the result; figures print machine, config and commit",
            .check = check};
}

}  // namespace headcount::rules
