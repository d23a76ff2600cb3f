// Verdicts: every claim of a run judged from its journal, one for each combination and one in summary.
#include "harness/analysis/verdict.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/claim.hpp"
#include "harness/analysis/resolution.hpp"
#include "harness/core/error.hpp"

namespace headcount {

namespace {

/// One combination on its way to a verdict.
struct Judged {
    Verdict verdict;
    std::vector<Test> tests;
    bool failed = false;        ///< a point failed or did not run yet: cannot be supported
    bool only_skipped = false;  ///< nothing to compare, and points skipped with a reason are why
};

struct Claim {
    const ClaimSpec& spec;
    const Metric& metric;
    const ClaimKind& kind;
    const PartView& part;
    bool exact;                           ///< judged without a test
    std::vector<std::string> own_fields;  ///< across and grid: one comparison runs over these
    std::vector<std::string> combination_fields;
};

bool contains(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

/// Lengths move together: what varies seq_len varies q_len and kv_len.
bool runs_over(const std::vector<std::string>& fields, const std::string& axis) {
    if (contains(fields, axis)) return true;
    if (axis == "seq_len") return contains(fields, "q_len") || contains(fields, "kv_len");
    return (axis == "q_len" || axis == "kv_len") && contains(fields, "seq_len");
}

Claim understand(const RecordSet& records, const ClaimSpec& spec) {
    try {
        Claim claim{.spec = spec,
                    .metric = find_metric(spec.metric),
                    .kind = find_named(all_claim_kinds(), spec.kind, "claim kind"),
                    .part = records.part(spec.part),
                    .exact = true,
                    .own_fields = spec.across,
                    .combination_fields = {}};
        claim.exact = claim.kind.judges == Judges::either ? claim.metric.exact : claim.kind.judges == Judges::exact;
        if (claim.kind.grid != nullptr) {
            for (std::string& field : claim.kind.grid(spec)) claim.own_fields.push_back(std::move(field));
        }
        for (const std::string& field : claim.own_fields) point_field(field);
        for (const auto& [field, value] : spec.base) point_field(field);
        for (const auto& [field, values] : spec.where) point_field(field);
        for (const std::string& axis : claim.part.fields) {
            if (!runs_over(claim.own_fields, axis)) claim.combination_fields.push_back(axis);
        }
        return claim;
    } catch (const UsageError& error) {
        if (!spec.location.empty() && std::string_view(error.what()).starts_with(spec.location)) throw;
        throw UsageError(
            fmt::format("{}: claim {}: {}", spec.location.empty() ? "config" : spec.location, spec.id, error.what()));
    }
}

bool selected(const ClaimSpec& spec, const Entry& entry) {
    return std::ranges::all_of(
        spec.where, [&](const auto& wanted) { return contains(wanted.second, get_field(entry.point, wanted.first)); });
}

std::string combination_of(const Claim& claim, const Entry& entry) {
    std::string text;
    for (const std::string& field : claim.combination_fields) {
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field, get_field(entry.point, field));
    }
    return text;
}

bool is_base(const ClaimSpec& spec, const Entry& entry) {
    return std::ranges::all_of(
        spec.base, [&](const auto& wanted) { return get_field(entry.point, wanted.first) == wanted.second; });
}

/// Plain words stay as they are, anything else is quoted for a shell.
std::string quoted(const std::string& word) {
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("_-./=,+:@%").find(c) != std::string_view::npos;
    });
    if (plain) return word;
    std::string text = "'";
    for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

std::string run_command(const RunRecord& run, const Claim& claim, const Entry& entry) {
    std::string command = "headcount run " + quoted(run.config_path);
    if (!run.profile.empty()) command += " --profile " + quoted(run.profile);
    const auto filter = [&](std::string_view field) {
        command += " --filter " + quoted(fmt::format("{}={}", field, get_field(entry.point, field)));
    };
    for (const std::string& field : claim.combination_fields) {
        if (field == "seq_len" && entry.point.problem.q_len != entry.point.problem.kv_len) {
            filter("q_len");
            filter("kv_len");
        } else {
            filter(field);
        }
    }
    return command;
}

void add_reason(Verdict& verdict, const std::string& reason) {
    if (reason.empty()) return;
    if (!verdict.reason.empty()) verdict.reason += "; ";
    verdict.reason += reason;
}

/// Names at most three points, then a count: a sweep may lose hundreds for one reason.
std::string naming(const std::vector<std::string>& points) {
    constexpr std::size_t kNamed = 3;
    const std::size_t named = std::min(kNamed, points.size());
    std::string text =
        fmt::format("{}", fmt::join(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(named), "; "));
    if (points.size() > named) text += fmt::format("; and {} more", points.size() - named);
    return text;
}

Verdict blank(const Claim& claim) {
    const ClaimSpec& spec = claim.spec;
    Verdict verdict;
    verdict.claim = spec.id;
    verdict.says = spec.says;
    verdict.kind = spec.kind;
    verdict.metric = spec.metric;
    verdict.ledger = to_string(spec.ledger);
    verdict.unit = claim.metric.unit;
    verdict.exact = claim.exact;
    verdict.expected = claim.exact ? spec.outcome : "";
    verdict.margin = claim.kind.margin != nullptr ? claim.kind.margin(spec) : spec.argument;
    return verdict;
}

/// Judges the points of one combination, all but the correction for the claim's other tests.
Judged judge(const Claim& claim, const std::vector<const Entry*>& entries) {
    Judged judged{.verdict = blank(claim), .tests = {}};
    Comparison comparison{.claim = claim.spec, .metric = claim.metric, .cases = {}};
    std::vector<std::string> failed;
    std::vector<std::string> skipped;
    const Entry* base = nullptr;
    bool has_base = false;
    for (const Entry* entry : entries) {
        Value value = claim.metric.value(*entry, claim.spec.ledger);
        const bool base_here =
            base == nullptr && is_base(claim.spec, *entry) && (!claim.spec.base.empty() || value.missing.empty());
        if (base_here) base = entry;
        if (value.missing.empty()) {
            if (base_here) {
                comparison.base = comparison.cases.size();
                has_base = true;
            }
            comparison.cases.push_back({.entry = entry, .value = std::move(value)});
        } else if (entry->recorded && entry->record.outcome == Outcome::skipped) {
            skipped.push_back(fmt::format("{} ({})", entry->id, value.missing));
        } else {
            failed.push_back(fmt::format("{} ({})", entry->id, value.missing));
        }
    }
    Verdict& verdict = judged.verdict;
    if (comparison.cases.empty()) {
        verdict.reason = "no point has a value";
    } else if (!has_base) {
        verdict.reason = base != nullptr ? "the base case has no value" : "no point is the base case";
    } else if (claim.exact != claim.metric.exact) {
        verdict.reason = claim.metric.exact ? "the metric is exact: use an exact kind, e.g. `equal: exactly`"
                                            : "the metric is measured: use a measured kind, e.g. `within: 0.02`";
    } else {
        Finding finding = claim.kind.judge(comparison);
        verdict.status = finding.status;
        verdict.observed = finding.observed;
        verdict.reason = finding.reason;
        judged.tests = std::move(finding.tests);
    }
    if (has_base) {
        verdict.base = comparison.label(comparison.base_case());
        verdict.base_value = to_text(comparison.base_case().value, claim.metric.unit);
    }
    judged.failed = !failed.empty();
    judged.only_skipped = failed.empty() && !skipped.empty() && (comparison.cases.size() < 2 || !has_base);
    if (judged.failed && verdict.status == Status::supported) verdict.status = Status::inconclusive;
    if (!failed.empty()) add_reason(verdict, "without a value: " + naming(failed));
    if (!skipped.empty()) add_reason(verdict, "skipped: " + naming(skipped));
    return judged;
}

/// The test that decided: the strongest against, else the one furthest from the base.
std::size_t telling(const std::vector<Test>& tests, const std::vector<double>& adjusted, Status status) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < tests.size(); ++i) {
        const auto weight = [&](std::size_t k) {
            if (status == Status::refuted) return -adjusted[k];
            if (status == Status::inconclusive && tests[k].supports) return -1.0;
            return std::abs(tests[k].interval.estimate - 1);
        };
        // Of equally strong refutations the larger effect is shown.
        const bool further = std::abs(tests[i].interval.estimate - 1) > std::abs(tests[best].interval.estimate - 1);
        if (weight(i) > weight(best) || (weight(i) == weight(best) && further)) best = i;
    }
    return best;
}

/// Outside the margin alone, but not so clearly that it could not be chance among all comparisons of the claim: the
/// interval that is shown is then the one that the correction asks for.
void show_correction(Verdict& verdict, const Test& test, double adjusted, double level, std::size_t tests) {
    if (verdict.status != Status::inconclusive || test.p_refuted > level || !test.at_confidence) return;
    const double factor = adjusted / test.p_refuted;  // what Holm multiplied by
    const Interval alone = verdict.interval;
    verdict.interval = test.at_confidence(1 - level / factor);
    verdict.corrected = true;
    add_reason(verdict,
               fmt::format("outside the margin alone (95 % interval [{:.4g}, {:.4g}], p = {:.2g}), not after "
                           "Holm's correction for {} comparisons (p = {:.2g}): the interval shown is corrected",
                           alone.low, alone.high, test.p_refuted, tests, adjusted));
}

/// Holm over all tests of the claim, then the status of each combination.
void decide(std::vector<Judged>& all, const Resolution& resolution) {
    constexpr double kLevel = 0.05;
    std::vector<double> p_values;
    for (const Judged& judged : all) {
        for (const Test& test : judged.tests) p_values.push_back(test.p_refuted);
    }
    const std::vector<double> corrected = holm(p_values);
    std::size_t next = 0;
    for (Judged& judged : all) {
        const std::size_t count = judged.tests.size();
        if (count == 0) continue;
        const auto first = corrected.begin() + static_cast<std::ptrdiff_t>(next);
        const std::vector<double> adjusted(first, first + static_cast<std::ptrdiff_t>(count));
        next += count;
        Verdict& verdict = judged.verdict;
        if (std::ranges::any_of(adjusted, [](double p) { return p <= kLevel; })) {
            verdict.status = Status::refuted;
        } else if (!judged.failed && std::ranges::all_of(judged.tests, &Test::supports)) {
            verdict.status = Status::supported;
        } else {
            verdict.status = Status::inconclusive;
        }
        // It can only take support away: what a run tells of two equal things says nothing for a claim.
        const auto unresolved = std::ranges::find_if(
            judged.tests, [&](const Test& test) { return !below_resolution(test, resolution).empty(); });
        if (unresolved != judged.tests.end() && verdict.status != Status::refuted) {
            verdict.status = Status::inconclusive;
            add_reason(verdict, below_resolution(*unresolved, resolution));
        }
        const std::size_t shown = telling(judged.tests, adjusted, verdict.status);
        const Test& test = judged.tests[shown];
        if (verdict.status == Status::refuted && refuted_below_resolution(test, resolution)) {
            add_reason(verdict, "refuted by less than the run's A/A comparison resolves: look at it with more rounds");
        }
        verdict.interval = test.interval;
        verdict.observed =
            test.rounds == 0
                ? ""
                : fmt::format("{:.4g} {} ({} rounds)", test.interval.estimate,
                              test.label.starts_with("over") ? test.label : "at " + test.label, test.rounds);
        show_correction(verdict, test, adjusted[shown], kLevel, p_values.size());
        if (std::ranges::any_of(judged.tests, &Test::autocorrelated)) {
            add_reason(verdict, "autocorrelated rounds: interval widened");
        }
        if (test.rounds > 0 && !test.interval.bounded()) add_reason(verdict, "too few rounds for an interval");
    }
}

Verdict summary_of(const Claim& claim, const std::vector<Judged>& all, const VerifyOptions& options) {
    Verdict summary = blank(claim);
    summary.summary = true;
    summary.combination = "all";
    summary.command = fmt::format("headcount verify {} --claim {}", quoted(options.result_path), quoted(claim.spec.id));
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
    const Claim claim = understand(records, spec);
    std::vector<std::string> order;
    std::map<std::string, std::vector<const Entry*>> combinations;
    std::vector<std::string> unresolved;
    for (std::size_t index : claim.part.entries) {
        const Entry& entry = records.entries()[index];
        if (!entry.resolved) {
            unresolved.push_back(fmt::format("{} ({})", entry.id, entry.absent_because()));
            continue;
        }
        if (!selected(spec, entry)) continue;
        const std::string key = combination_of(claim, entry);
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

std::string Verdict::interval_text() const {
    if (exact) return "exact";
    if (!interval.bounded()) return "";
    return fmt::format("[{:.4g}, {:.4g}]", interval.low, interval.high);
}

std::vector<Verdict> verify(const RecordSet& records, const VerifyOptions& options) {
    std::vector<std::string> known;
    for (const ClaimSpec& spec : records.run().claims) known.push_back(spec.id);
    for (const std::string& id : options.claims) {
        if (!contains(known, id)) throw UsageError(unknown_name("claim", id, known));
    }
    std::vector<Verdict> verdicts;
    for (const ClaimSpec& spec : records.run().claims) {
        if (!options.claims.empty() && !contains(options.claims, spec.id)) continue;
        for (Verdict& verdict : judge_claim(records, spec, options)) verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

std::vector<Verdict> verify(const Journal& journal, const VerifyOptions& options) {
    return verify(RecordSet(journal), options);
}

int exit_status(const std::vector<Verdict>& verdicts) {
    int status = 0;
    for (const Verdict& verdict : verdicts) {
        if (!verdict.summary) continue;
        if (verdict.exact && !verdict.as_expected()) return 1;
        if (!verdict.exact && verdict.status == Status::inconclusive) status = 3;
    }
    return status;
}

}  // namespace headcount
