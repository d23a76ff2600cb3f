// A vocabulary made by hand but for variants, backends and tasks, and short ways to load and to fail, for the tests of
// sweep.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/core/error.hpp"
#include "harness/sweep/load.hpp"
#include "harness/train/recipe.hpp"
#include "tasks/all.hpp"
#include "variants/all.hpp"

namespace headcount::test {

inline const std::filesystem::path& configs() {
    static const std::filesystem::path folder = std::filesystem::path(HEADCOUNT_SOURCE_DIR) / "configs";
    return folder;
}

inline std::vector<std::filesystem::path> shipped_configs() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(configs())) {
        if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

inline const Vocabulary& vocabulary() {
    static const Vocabulary words = [] {
        Vocabulary v;
        for (const auto& [name, variant] : all_variants()) {
            v.variants.push_back(name);
            v.fields.add({.kind = FieldOwner::Kind::variant, .name = name}, variant.own);
        }
        for (const auto& [name, backend] : all_backends()) {
            v.backends.push_back(name);
            v.fields.add({.kind = FieldOwner::Kind::backend, .name = name}, backend.own);
        }
        v.fields.add({.kind = FieldOwner::Kind::task, .name = "*"}, recipe_options().fields());
        for (const auto& [name, task] : all_tasks()) {
            v.tasks.push_back(name);
            v.fields.add({.kind = FieldOwner::Kind::task, .name = name}, task.own);
        }
        v.tasks.emplace_back(kNoTask);
        v.metrics = {"time",           "time_over_bound", "test_error",      "parameters",
                     "kv_cache_bytes", "score_bytes",     "workspace_bytes", "peak_bytes"};
        for (const char* selector : {"total", "projections", "core", "scores", "softmax", "elementwise", "query"}) {
            for (const char* kind : {"multiplies", "adds", "divides", "exps", "bytes", "intensity"}) {
                v.metrics.push_back(std::string(selector) + "." + kind);
            }
        }
        v.exact_claim_kinds = {"equal",  "proportional_to", "inversely_proportional_to",
                               "equals", "affine",          "identical_polynomials"};
        v.either_claim_kinds = {"at_least", "at_most", "ordering", "peaks_at"};
        v.measured_metrics = {"time", "time_over_bound", "test_error"};
        v.claim_kinds = v.exact_claim_kinds;
        v.claim_kinds.insert(v.claim_kinds.end(),
                             {"within", "exponent", "faster_than", "at_least", "at_most", "ordering", "peaks_at"});
        v.presets = load_presets(configs() / "presets");
        return v;
    }();
    return words;
}

inline Sweep parse(const std::string& text, const LoadOptions& options = {}) {
    return parse_sweep(text, "c.yaml", vocabulary(), options);
}

/// The message of the UsageError that `text` must cause; "" when it loads.
inline std::string complaint(const std::string& text, const LoadOptions& options = {}) {
    try {
        parse(text, options);
        return "";
    } catch (const UsageError& e) {
        return e.what();
    }
}

/// Values of a field over the points of a part, in order.
inline std::vector<std::string> column(const Part& part, const std::string& field) {
    std::vector<std::string> values;
    for (const Point& point : part.points) values.push_back(get_field(point, field));
    return values;
}

/// A whole config around the given grid keys.
inline std::string with_grid(const std::string& grid) {
    return "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 16, seq_len: 4}\n" + grid;
}

/// The points of the grid keys.
inline Part main_part(const std::string& grid, const LoadOptions& options = {}) {
    return parse(with_grid(grid), options).parts.at(0);
}

}  // namespace headcount::test
