// Rule 2: what was left out, of points or of the machine, is left out for a stated reason.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"
#include "harness/core/machine.hpp"

namespace headcount::rules {

namespace {

struct Absent {
    std::vector<std::string> failed, missing, unexplained, explained;
};

Absent absent_among(const LintInput& input, const std::vector<std::size_t>& entries) {
    Absent absent;
    for (const std::size_t i : entries) {
        const Entry& entry = input.records.entries()[i];
        if (!entry.recorded) {
            absent.missing.push_back(entry.id);
        } else if (entry.record.outcome == Outcome::failed) {
            absent.failed.push_back(fmt::format("{} ({})", entry.id, entry.record.reason));
        } else if (entry.record.outcome == Outcome::skipped) {
            (entry.record.reason.empty() ? absent.unexplained : absent.explained).push_back(entry.id);
        } else if (entry.record.outcome == Outcome::measured && entry.samples.empty()) {
            absent.missing.push_back(entry.id + " (measured, but its samples are not in the file)");
        }
    }
    return absent;
}

RuleFinding judge(const std::string& subject, const Absent& absent, std::size_t all) {
    std::string wrong;
    const auto add = [&](const std::vector<std::string>& ids, const char* what) {
        if (!ids.empty())
            wrong += fmt::format("{}{} {}: {}", wrong.empty() ? "" : "; ", ids.size(), what, some_of(ids));
    };
    add(absent.failed, "failed");
    add(absent.missing, "without result");
    add(absent.unexplained, "skipped without a reason");
    if (!wrong.empty()) {
        return violated(subject, fmt::format("of {} points, {}", all, wrong),
                        "repair what failed and give the command again: it measures what is missing; leave out by "
                        "`exclude` in the config what is meant to be absent");
    }
    return satisfied(subject, absent.explained.empty()
                                  ? "every planned point has a result"
                                  : fmt::format("{} points skipped, each with its reason", absent.explained.size()));
}

/// " --filter seq_len=128": what narrowed the config from the command line.
std::string narrowed_by(const RunRecord& run) {
    std::string command, options;
    for (const std::string& word : run.command) command += (command.empty() ? "" : " ") + word;
    for (const char* option : {"--filter", "--point", "--set"}) {
        if ((command + " ").find(std::string(" ") + option + " ") != std::string::npos) {
            options += (options.empty() ? "" : ", ") + std::string(option);
        }
    }
    return options;
}

/// "times use 1 of 2 processors": resources of the machine that no timed point uses; "" when all are or it is unknown.
std::string idle_processors(const LintInput& input) {
    int used = 0;
    for (const std::size_t i : input.timed) used = std::max(used, input.records.entries()[i].point.num_threads);
    const auto& environment = input.journal.run.environment;
    const auto online = environment.find("cpu.online");
    const int there = online == environment.end() ? 0 : processors_in(online->second);
    return used == 0 || used >= there ? std::string() : fmt::format("times use {} of {} processors", used, there);
}

RuleFinding whole_result(const LintInput& input) {
    std::vector<std::size_t> all(input.records.entries().size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    RuleFinding finding = judge("result", absent_among(input, all), all.size());
    std::string more, remedy;
    const auto add = [&](const std::string& reason, const char* what) {
        if (reason.empty()) return;
        more += (more.empty() ? "" : "; ") + reason;
        remedy += std::string(remedy.empty() ? "" : "; ") + what;
    };
    const std::string options = narrowed_by(input.journal.run);
    if (!options.empty()) {
        add("the config was narrowed by " + options + ", no reason is recorded",
            "put the narrower grid and its reason into a config, or measure all of it");
    }
    if (!input.journal.run.shard.empty()) {
        add("only shard " + input.journal.run.shard + " of the points", "merge it with the others (headcount merge)");
    }
    const std::string idle = idle_processors(input);
    const auto& reasons = input.journal.run.left_out;
    const auto why = reasons.find("processors");
    if (!idle.empty() && why != reasons.end()) {
        finding.reason += fmt::format("; {}: {}", idle, why->second);
    } else if (!idle.empty()) {
        add(idle + ", no reason is recorded",
            "let num_threads run up to all processors, or say why not in the config (`left_out: {processors: ...}`)");
    }
    if (more.empty()) return finding;
    const bool points_too = finding.compliance == Compliance::not_satisfied;
    return violated("result", points_too ? finding.reason + "; " + more : more,
                    points_too ? finding.remedy + "; " + remedy : remedy);
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings{whole_result(input)};
    for (const ClaimView& claim : input.claims) {
        findings.push_back(claim.entries.empty()
                               ? violated(claim.subject(), "speaks of points that the run does not hold",
                                          "compare its `where` and `part` with the grid of the config")
                               : judge(claim.subject(), absent_among(input, claim.entries), claim.entries.size()));
    }
    for (const Display& display : input.displays) {
        if (display.left_out.empty()) continue;
        findings.push_back(display.left_out_because.empty()
                               ? violated(display.name, "leaves out " + display.left_out + " and does not say why",
                                          "print the reason in the caption and declare it as `left_out_because`")
                               : satisfied(display.name, fmt::format("leaves out {}: {}", display.left_out,
                                                                     display.left_out_because)));
    }
    return findings;
}

}  // namespace

Rule subsets() {
    return {.number = 2,
            .says = "leaving out benchmarks or resources of the machine needs a stated reason",
            .elsewhere = "shows every point that has what it shows",
            .check = check};
}

}  // namespace headcount::rules
