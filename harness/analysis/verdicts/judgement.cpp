// The points of one combination judged.
#include "harness/analysis/verdicts/judgement.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headcount {

void add_reason(Verdict& verdict, const std::string& reason) {
    if (reason.empty()) return;
    if (!verdict.reason.empty()) verdict.reason += "; ";
    verdict.reason += reason;
}

std::string naming(const std::vector<std::string>& points) {
    constexpr std::size_t kNamed = 3;
    const std::size_t named = std::min(kNamed, points.size());
    std::string text =
        fmt::format("{}", fmt::join(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(named), "; "));
    if (points.size() > named) text += fmt::format("; and {} more", points.size() - named);
    return text;
}

Verdict blank_verdict(const ClaimScope& claim) {
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
    const bool worded = !claim.exact && claim.kind.limit != nullptr;
    verdict.limit = worded ? claim.kind.limit(spec) : verdict.kind + " " + verdict.margin;
    verdict.noun = claim.metric.noun.empty() ? claim.metric.name : claim.metric.noun;
    verdict.of = claim.metric.of;
    verdict.across = spec.across;
    return verdict;
}

namespace {

std::string subject_of(const Point& point) {
    if (point.trains()) return "trained for " + point.task;
    const Problem& problem = point.problem;
    const std::string place =
        problem.scope == Scope::layer ? "in a layer" : fmt::format("in the {}", to_string(problem.scope));
    return problem.q_len == 1 && problem.kv_len > 1 ? "for one new token " + place : place;
}

void insert_sorted(std::vector<std::string>& list, const std::string& text) {
    const auto place = std::ranges::lower_bound(list, text);
    if (place == list.end() || *place != text) list.insert(place, text);
}

}  // namespace

Judged judge(const ClaimScope& claim, const std::vector<const Entry*>& entries) {
    Judged judged{.verdict = blank_verdict(claim), .tests = {}};
    Comparison comparison{.claim = claim.spec, .metric = claim.metric, .cases = {}};
    std::vector<std::string> failed;
    std::vector<std::string> skipped;
    const Entry* base = nullptr;
    bool has_base = false;
    for (const Entry* entry : entries) {
        insert_sorted(judged.verdict.variants, entry->point.variant);
        insert_sorted(judged.verdict.subjects, subject_of(entry->point));
        if (!entry->recorded) {
            ++judged.verdict.unfinished;
            continue;
        }
        Value value = claim.metric.value(*entry, claim.spec.ledger);
        const bool base_here =
            base == nullptr && claim.is_base(*entry) && (!claim.spec.base.empty() || value.missing.empty());
        if (base_here) base = entry;
        if (value.missing.empty()) {
            if (base_here) {
                comparison.base = comparison.cases.size();
                has_base = true;
            }
            comparison.cases.push_back({.entry = entry, .value = std::move(value)});
        } else if (entry->record.outcome == Outcome::skipped) {
            skipped.push_back(fmt::format("{} ({})", entry->id, value.missing));
        } else {
            failed.push_back(fmt::format("{} ({})", entry->id, value.missing));
        }
    }
    Verdict& verdict = judged.verdict;
    if (verdict.unfinished > 0) {
        verdict.reason = fmt::format("unfinished: {} points missing", verdict.unfinished);
    } else if (comparison.cases.empty()) {
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
        verdict.told = finding.told;
        verdict.reason = finding.reason;
        judged.tests = std::move(finding.tests);
    }
    if (has_base) {
        verdict.base = comparison.label(comparison.base_case());
        verdict.base_value = to_text(comparison.base_case().value, claim.metric.unit);
    }
    judged.failed = !failed.empty();
    judged.only_skipped =
        verdict.unfinished == 0 && failed.empty() && !skipped.empty() && (comparison.cases.size() < 2 || !has_base);
    if (judged.failed && verdict.status == Status::supported) verdict.status = Status::inconclusive;
    if (!failed.empty()) add_reason(verdict, "without a value: " + naming(failed));
    if (!skipped.empty()) add_reason(verdict, "skipped: " + naming(skipped));
    return judged;
}

}  // namespace headcount
