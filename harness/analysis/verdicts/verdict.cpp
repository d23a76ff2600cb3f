// Verdicts: every claim of a run judged from its journal, one for each combination and one in summary.
#include "harness/analysis/verdicts/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "harness/analysis/verdicts/judgement.hpp"
#include "harness/analysis/verdicts/reproduce.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {

namespace {

/// Both are sorted.
void merge_into(std::vector<std::string>& list, const std::vector<std::string>& more) {
    std::vector<std::string> all;
    std::ranges::set_union(list, more, std::back_inserter(all));
    list = std::move(all);
}

/// How far a ratio lies above and below where the claim wants it, in logarithms; negative inside.
double above(const Test& test) { return std::log(test.interval.estimate) - std::log(test.range.high); }
double below(const Test& test) { return std::log(test.range.low) - std::log(test.interval.estimate); }
double beyond(const Test& test) { return std::max(above(test), below(test)); }

std::optional<WorstCase> worst_of(const std::vector<Judged>& all) {
    std::optional<WorstCase> worst;
    double furthest = 0;
    int cases = 0;
    for (const Judged& judged : all) {
        for (const Test& test : judged.tests) {
            if (!test.is_ratio || test.rounds == 0 || !(test.interval.estimate > 0)) continue;
            ++cases;
            if (worst && beyond(test) <= furthest) continue;
            furthest = beyond(test);
            worst = {.label = test.label,
                     .base = judged.verdict.base,
                     .combination = judged.verdict.combination,
                     .ratio = test.interval,
                     .rounds = test.rounds,
                     .two_sided = test.range.low > 0 && std::isfinite(test.range.high),
                     .below = below(test) > above(test)};
        }
    }
    if (worst) worst->cases = cases;
    return worst;
}

Verdict summary_of(const ClaimScope& claim, const std::vector<Judged>& all, const VerifyOptions& options) {
    Verdict summary = blank_verdict(claim);
    summary.summary = true;
    summary.combination = "all";
    summary.command = verify_command(options.result_path, claim.spec);
    summary.combinations = static_cast<int>(all.size());
    std::vector<Status> statuses;
    std::vector<std::string> unjudged;
    for (const Judged& judged : all) {
        if (judged.only_skipped) {
            unjudged.push_back(judged.verdict.combination);
        } else {
            statuses.push_back(judged.verdict.status);
        }
    }
    summary.status = combine(statuses);
    const auto count = [&](Status status) { return std::ranges::count(statuses, status); };
    // The first combination with the summary's status speaks for it.
    const auto shown = std::ranges::find_if(all, [&](const Judged& judged) {
        return judged.verdict.status == summary.status && (!judged.only_skipped || statuses.empty());
    });
    if (shown != all.end()) {
        summary.observed = shown->verdict.observed;
        summary.told = shown->verdict.told;
        summary.speaker = shown->verdict.combination;
        summary.interval = shown->verdict.interval;
        summary.corrected = shown->verdict.corrected;
        summary.base = shown->verdict.base;
        summary.base_value = shown->verdict.base_value;
        summary.reason = shown->verdict.reason;
        if (all.size() > 1) {
            summary.base += fmt::format("{}{}", summary.base.empty() ? "" : ", ", shown->verdict.combination);
        }
    } else {
        summary.reason = "no point of the run matches the claim: nothing to compare";
    }
    for (const Judged& judged : all) {
        summary.unfinished += judged.verdict.unfinished;
        merge_into(summary.variants, judged.verdict.variants);
        merge_into(summary.subjects, judged.verdict.subjects);
    }
    summary.worst = worst_of(all);
    if (claim.kind.trend != nullptr && claim.exact) summary.trend = claim.kind.trend(claim.spec, summary.status);
    if (summary.open()) summary.reason = fmt::format("unfinished: {} points missing", summary.unfinished);
    summary.agreeing = static_cast<int>(count(summary.status));
    if (count(summary.status) < std::ssize(statuses)) {
        std::string tally;
        for (Status status : {Status::supported, Status::refuted, Status::inconclusive}) {
            if (count(status) > 0)
                tally += fmt::format("{}{} in {}", tally.empty() ? "" : ", ", to_string(status), count(status));
        }
        add_reason(summary, tally + fmt::format(" of {} combinations", statuses.size()));
    }
    if (!unjudged.empty() && !statuses.empty()) add_reason(summary, "not judged, points skipped: " + naming(unjudged));
    return summary;
}

std::vector<Verdict> judge_claim(const RecordSet& records, const ClaimSpec& spec, const VerifyOptions& options) {
    const ClaimScope claim = understand(records, spec);
    std::vector<std::string> order;
    std::map<std::string, std::vector<const Entry*>> combinations;
    std::vector<std::string> unresolved;
    for (std::size_t index : claim.part.entries) {
        const Entry& entry = records.entries()[index];
        if (!entry.resolved) {
            unresolved.push_back(fmt::format("{} ({})", entry.id, entry.absent_because()));
            continue;
        }
        if (!claim.speaks_of(entry)) continue;
        const std::string key = claim.combination_of(entry);
        if (!combinations.contains(key)) order.push_back(key);
        combinations[key].push_back(&entry);
    }
    std::vector<Judged> all;
    for (const std::string& key : order) {
        const std::vector<const Entry*>& entries = combinations[key];
        all.push_back(judge(claim, entries));
        all.back().verdict.combination = key.empty() ? "all" : key;
        all.back().verdict.command = run_command(records.run(), claim, *entries.front());
    }
    decide(all, resolution_of(records.run()));
    std::vector<Verdict> verdicts{summary_of(claim, all, options)};
    if (!unresolved.empty()) add_reason(verdicts.front(), "skipped: " + naming(unresolved));
    for (Judged& judged : all) verdicts.push_back(std::move(judged.verdict));
    return verdicts;
}

}  // namespace

std::string_view WorstCase::direction(std::string_view metric) const {
    if (metric == "time") return ratio.estimate > 1 ? "slower" : "faster";
    return ratio.estimate > 1 ? "more" : "less";
}

std::string Verdict::interval_text() const {
    if (exact) return "exact";
    if (!interval.bounded()) return "";
    return fmt::format("[{:.4g}, {:.4g}]", interval.low, interval.high);
}

std::vector<Verdict> verify(const RecordSet& records, const VerifyOptions& options) {
    std::vector<std::string> known;
    for (const ClaimSpec& spec : records.run().claims) known.push_back(spec.id);
    for (const std::string& id : options.claims) {
        if (std::ranges::find(known, id) == known.end()) throw UsageError(unknown_name("claim", id, known));
    }
    std::vector<Verdict> verdicts;
    for (const ClaimSpec& spec : records.run().claims) {
        if (!options.claims.empty() && std::ranges::find(options.claims, spec.id) == options.claims.end()) continue;
        for (Verdict& verdict : judge_claim(records, spec, options)) verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

std::vector<Verdict> verify(const Journal& journal, const VerifyOptions& options) {
    return verify(RecordSet(journal), options);
}

Conclusion conclusion_of(const std::vector<Verdict>& verdicts) {
    Conclusion conclusion = Conclusion::as_expected;
    for (const Verdict& verdict : verdicts) {
        if (!verdict.summary) continue;
        if (verdict.exact && !verdict.as_expected()) return Conclusion::not_as_expected;
        if (verdict.status == Status::inconclusive && (!verdict.exact || verdict.open()))
            conclusion = Conclusion::inconclusive;
    }
    return conclusion;
}

}  // namespace headcount
