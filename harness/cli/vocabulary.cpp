#include "harness/cli/vocabulary.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/show/quote.hpp"
#include "harness/backend/all.hpp"
#include "harness/cli/paths.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "tasks/all.hpp"
#include "variants/all.hpp"

namespace headcount {

namespace {

// Every name that a law may use, with a value of its own: enough to notice an unknown name or a division by zero.
const Values& trial_values() {
    static const Values values = [] {
        Values all;
        std::int64_t next = 2;
        const auto add = [&](std::string_view name) { all.emplace(std::string(name), next++); };
        for (const std::string& name : law_names(known_fields())) add(name);
        return all;
    }();
    return values;
}

// A law that does not parse is refused with its place in the config, not hours later by `verify`.
std::string why_bad_claim(const ClaimSpec& claim) {
    if (const auto bibliography = data_dir() / "configs" / "sources.bib";
        !claim.source.empty() && std::filesystem::exists(bibliography)) {
        (void)bibtex_entry(bibliography, claim.source);
    }
    const ClaimKind& kind = find_named(all_claim_kinds(), claim.kind, "claim kind");
    const Metric& metric = find_metric(claim.metric);
    if (kind.judges == Judges::exact && !metric.exact)
        return "kind " + claim.kind + " judges exact metrics, and " + metric.name + " is measured";
    if (claim.kind == "equal" && claim.argument != "exactly")
        return "equal takes `exactly`; a margin makes it `within`";
    if (claim.kind == "within") {
        if (metric.exact) return metric.name + " is exact: use equal";
        if (number_argument(claim, claim.argument) <= 0) return "a margin is positive";
    }
    if (kind.judges != Judges::measured && (kind.argument == "EXPR" || kind.argument == "SLOPE"))
        (void)evaluate(claim.argument, trial_values());
    return "";
}

}  // namespace

const Vocabulary& vocabulary() {
    static const Vocabulary all = [] {
        Vocabulary v{.fields = known_fields(),
                     .variants = names_of(all_variants()),
                     .backends = names_of(all_backends()),
                     .tasks = names_of(all_tasks()),
                     .metrics = metric_names(),
                     .claim_kinds = names_of(all_claim_kinds()),
                     .exact_claim_kinds = {},
                     .either_claim_kinds = {},
                     .measured_metrics = {},
                     .presets = load_presets(data_dir() / "configs" / "presets"),
                     .why_bad_claim = why_bad_claim};
        for (const auto& engine : all_engines()) v.backends.push_back(engine.name);
        v.tasks.emplace_back(kNoTask);
        for (const auto& [name, kind] : all_claim_kinds()) {
            if (kind.judges == Judges::exact) v.exact_claim_kinds.push_back(name);
            if (kind.judges == Judges::either) v.either_claim_kinds.push_back(name);
        }
        for (const Metric& metric : all_metrics()) {
            if (!metric.exact) v.measured_metrics.push_back(metric.name);
        }
        return v;
    }();
    return all;
}

const Preset& find_preset(std::string_view name) {
    std::vector<std::string> known;
    for (const Preset& preset : vocabulary().presets) {
        if (preset.name == name && !preset.broken.empty()) {
            throw UsageError(fmt::format("preset {} is broken: {}", name, preset.broken));
        }
        if (preset.name == name) return preset;
        known.push_back(preset.name);
    }
    throw UsageError(unknown_name("preset", name, known));
}

}  // namespace headcount
