#include "harness/cli/vocabulary.hpp"

#include "harness/analysis/claim.hpp"
#include "harness/analysis/metric.hpp"
#include "harness/backend/all.hpp"
#include "harness/cli/paths.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "variants/all.hpp"

namespace headcount {

namespace {

// A law that does not parse is refused with its place in the config, not hours later by `verify`.
std::string why_bad_claim(const ClaimSpec& claim) {
    const ClaimKind& kind = find_named(all_claim_kinds(), claim.kind, "claim kind");
    if (kind.argument == "EXPR" || kind.argument == "SLOPE") (void)names_in(claim.argument);
    return "";
}

}  // namespace

const Vocabulary& vocabulary() {
    static const Vocabulary all = [] {
        Vocabulary v{.variants = names_of(all_variants()),
                     .backends = names_of(all_backends()),
                     .metrics = metric_names(),
                     .claim_kinds = names_of(all_claim_kinds()),
                     .exact_claim_kinds = {},
                     .presets = load_presets(data_dir() / "configs" / "presets"),
                     .why_bad_claim = why_bad_claim};
        for (const auto& [name, kind] : all_claim_kinds()) {
            if (kind.exact) v.exact_claim_kinds.push_back(name);
        }
        return v;
    }();
    return all;
}

const Preset& find_preset(std::string_view name) {
    std::vector<std::string> known;
    for (const Preset& preset : vocabulary().presets) {
        if (preset.name == name) return preset;
        known.push_back(preset.name);
    }
    throw UsageError(unknown_name("preset", name, known));
}

}  // namespace headcount
