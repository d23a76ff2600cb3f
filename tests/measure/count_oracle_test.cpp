// The count against the published oracle, to the last digit.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/field_table.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/catch.hpp"
#include "variants/all.hpp"

using namespace headcount;

namespace {

/// One line of the oracle by column name.
using OracleRow = std::map<std::string, std::int64_t>;

std::vector<OracleRow> read_oracle() {
    std::ifstream file(std::string(HEADCOUNT_FIXTURES) + "/equal_complexity.csv");
    std::vector<OracleRow> rows;
    std::vector<std::string> names;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::vector<std::string> cells;
        std::istringstream stream(line);
        for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
        if (names.empty()) {
            names = cells;
            continue;
        }
        OracleRow row;
        for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = std::stoll(cells.at(i));
        rows.push_back(row);
    }
    return rows;
}

Problem problem_of(const OracleRow& row) {
    ProblemSpec spec;
    spec.batch = row.at("B");
    spec.q_len = row.at("Lq");
    spec.kv_len = row.at("Lk");
    spec.embed_dim = row.at("E");
    spec.num_heads = row.at("H");
    spec.causal = row.at("causal") != 0;
    return resolve(spec);
}

OpCost required(const Count& count, std::string_view op, std::string_view role) {
    const auto it = std::find_if(count.ops.begin(), count.ops.end(),
                                 [&](const OpPart& part) { return part.op == op && part.role == role; });
    return it == count.ops.end() ? OpCost{} : it->required;
}

OpCost projections(const Count& count) {
    OpCost sum;
    for (const char* role : {"query", "key", "value", "qkv", "output"}) sum += required(count, "matmul", role);
    return sum;
}

}  // namespace

TEST_CASE("the count equals the oracle in every column it speaks of") {
    const std::vector<OracleRow> rows = read_oracle();
    REQUIRE(rows.size() == 70);
    for (const OracleRow& row : rows) {
        const Problem p = problem_of(row);
        for (const auto& variant : all_variants()) {
            const Point point{.variant = variant.name, .backend = "counting", .problem = p};
            if (variant.value.definition != judge::attention() || !why_unsupported(point).empty()) continue;
            INFO(point.id());
            const Count count = count_point(point);
            REQUIRE(projections(count).multiplies == row.at("proj_mul"));
            REQUIRE(projections(count).adds == row.at("proj_add"));
            REQUIRE(required(count, "matmul", "scores").multiplies == row.at("qk_mul"));
            REQUIRE(required(count, "matmul", "scores").adds == row.at("qk_add"));
            REQUIRE(required(count, "scale", "scores").multiplies == row.at("scale_mul"));
            const OpCost softmax = required(count, "softmax", "weights");
            REQUIRE(softmax.compares == row.at("max_cmp"));
            REQUIRE(softmax.adds == row.at("sub") + row.at("sum_add"));
            REQUIRE(softmax.exps == row.at("exp"));
            REQUIRE(softmax.divides == row.at("div"));
            REQUIRE(required(count, "matmul", "context").multiplies == row.at("av_mul"));
            REQUIRE(required(count, "matmul", "context").adds == row.at("av_add"));
            REQUIRE(count.parameters == row.at("params_nobias"));
            REQUIRE(count.kv_cache_bytes == 4 * row.at("kv_elems"));
            REQUIRE(2 * (projections(count).multiplies + required(count, "matmul", "scores").multiplies +
                         required(count, "matmul", "context").multiplies) ==
                    row.at("matmul_flops_2mac"));
            REQUIRE(softmax.flops() + softmax.compares + softmax.divides + softmax.exps +
                        required(count, "scale", "scores").multiplies ==
                    row.at("elementwise_ops") + (row.at("scale_mul")));
            if (variant.name == "multi_head") {
                REQUIRE(count.score_bytes == row.at("bytes_scores_f32"));
                REQUIRE(count.score_bytes == 4 * row.at("score_elems"));
                REQUIRE(required(count, "matmul", "scores").bytes() + softmax.bytes() +
                            required(count, "matmul", "context").bytes() ==
                        row.at("bytes_core_unfused_f32"));
            }
        }
        const Count block = count_point({.variant = "block_diagonal", .backend = "counting", .problem = p});
        REQUIRE(projections(block).multiplies == row.at("blockdiag_proj_mul"));
        REQUIRE(block.parameters == row.at("blockdiag_params"));
    }
}
