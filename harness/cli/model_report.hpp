// How the costs of a whole model are printed.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/models/model_cost.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {

/// The model with other heads, or the reason why there is none.
struct HeadsRow {
    std::int64_t num_heads = 0;
    std::string keep;  ///< "own", or what stayed: "head_dim", "width"
    std::optional<ModelFigures> figures{};
    std::string why_not{};
};

struct ModelReport {
    std::string model, source, dtype;
    std::int64_t batch = 1;
    std::int64_t longest = 0;  ///< tokens that the source names
    std::int64_t weight_bits = 0, weight_bytes = 0;
    ModelFigures own;
    std::vector<PublishedResult> published{};
    std::int64_t memory_bytes = 0;  ///< 0: nobody asked what fits
    std::int64_t fits = 0;          ///< tokens of context
    std::vector<ModelFigures> lengths{};
    std::vector<HeadsRow> heads{};
    std::vector<std::string> points{};
};

std::string model_as_text(const ModelReport& report);
/// One number a line: model, keep, heads, length, quantity, unit, value.
Table model_as_table(const ModelReport& report);
std::string model_as_json(const ModelReport& report);

}  // namespace headcount
