#include "harness/cli/vocabulary.hpp"

#include "harness/analysis/claim.hpp"
#include "harness/analysis/metric.hpp"
#include "harness/backend/all.hpp"
#include "harness/cli/paths.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "variants/all.hpp"

namespace headcount {

const Vocabulary& vocabulary() {
    static const Vocabulary all = [] {
        Vocabulary v{.variants = names_of(all_variants()),
                     .backends = names_of(all_backends()),
                     .metrics = metric_names(),
                     .claim_kinds = names_of(all_claim_kinds()),
                     .exact_claim_kinds = {},
                     .presets = load_presets(data_dir() / "configs" / "presets")};
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
