// Three ways of counting that share no code must agree: closed forms written here, a dry run of the real forward,
// and kernels and definitions run on a scalar that counts. And the published oracle, to the last digit.
#include "harness/measure/point/count.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <utility>

#include "harness/backend/all.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/catch.hpp"
#include "tests/measure/closed_forms.hpp"
#include "tests/measure/random_problem.hpp"
#include "variants/all.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

OpCost arithmetic(OpCost cost) {
    cost.bytes_read = 0;
    cost.bytes_written = 0;
    return cost;
}

/// The blocks that naive's fused core takes.
std::pair<std::int64_t, std::int64_t> naive_blocks(const Problem& p) {
    const auto backend = find_named(all_backends(), "naive", "backend").make({});
    const AttendShape shape{.batch = p.batch,
                            .kv_heads = p.num_kv_heads,
                            .group = p.group(),
                            .q_len = p.q_len,
                            .kv_len = p.kv_len,
                            .head_dim = p.head_dim,
                            .value_head_dim = p.value_head_dim,
                            .dtype = p.dtype};
    const AttendPlan plan = backend->attend_plan(shape, p.mask());
    return {plan.query_block, plan.key_block};
}

/// Sums what the counting scalar saw, span by span, and what the cost model claims.
class Auditor final : public OpSink {
public:
    Auditor() { Counted::tally() = {}; }
    void on_span(OpSpan span) override {
        for (const OpPart& part : span.parts)
            (part.op == "rescale" ? rescale_bound : claimed) += arithmetic(part.executed);
        seen += Counted::tally();
        Counted::tally() = {};
    }
    OpCost claimed, rescale_bound, seen;
};

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

TEST_CASE("closed forms equal the count of a dry run, for every variant, part and ledger") {
    std::mt19937_64 random(31);
    int compared = 0;
    for (int i = 0; i < 1000; ++i) {
        const Problem p = random_problem(random, 300);
        const auto [query_block, key_block] = naive_blocks(p);
        for (const auto& variant : all_variants()) {
            const Point point{.variant = variant.name, .backend = "counting", .problem = p};
            if (!why_unsupported(point).empty()) continue;
            INFO(point.id());
            REQUIRE(difference(closed_form(variant.name, p, query_block, key_block), count_point(point).ops) == "");
            ++compared;
        }
    }
    REQUIRE(compared > 3000);
}

TEST_CASE("a closed form that is wrong by one anywhere disagrees") {
    ProblemSpec spec;
    spec.q_len = 7;
    spec.kv_len = 7;
    spec.embed_dim = 12;
    spec.num_heads = 3;
    spec.causal = true;
    const Problem p = resolve(spec);
    const auto [query_block, key_block] = naive_blocks(p);
    for (const auto& variant : all_variants()) {
        const Point point{.variant = variant.name, .backend = "counting", .problem = p};
        if (!why_unsupported(point).empty()) continue;
        const Expected right = closed_form(variant.name, p, query_block, key_block);
        const Count count = count_point(point);
        REQUIRE(difference(right, count.ops) == "");
        for (const auto& entry : right) {
            for (const auto kind : {&OpCost::multiplies, &OpCost::adds, &OpCost::compares, &OpCost::divides,
                                    &OpCost::exps, &OpCost::bytes_read, &OpCost::bytes_written}) {
                for (const auto ledger : {&Ledgers::required, &Ledgers::executed}) {
                    Expected wrong = right;
                    ++(wrong[entry.first].*ledger.*kind);
                    REQUIRE(difference(wrong, count.ops) != "");
                }
            }
        }
    }
}

TEST_CASE("the real forward on a scalar that counts executes what the dry run says") {
    std::mt19937_64 random(32);
    int compared = 0;
    for (int i = 0; i < 60; ++i) {
        Problem p = random_problem(random, i % 10 == 0 ? 150 : 20);
        p.dtype = DType::counted;
        for (const auto& variant : all_variants()) {
            const Point point{.variant = variant.name, .backend = "naive", .problem = p};
            if (!why_unsupported(point).empty()) continue;
            INFO(point.id());
            PointData data = make_point_data(point);
            Auditor auditor;
            data.backend->listen(&auditor);
            run_forward(data);
            const OpCost dry = arithmetic(count_point(point).total(Ledger::executed));
            REQUIRE(dry == auditor.claimed + auditor.rescale_bound);
            // Rescales are a bound; each is one exp, one add, 1 + value_head_dim multiplies.
            const std::int64_t rescales = auditor.seen.exps - auditor.claimed.exps;
            REQUIRE(rescales >= 0);
            REQUIRE(rescales <= auditor.rescale_bound.exps);
            auditor.claimed += {.multiplies = rescales * (1 + p.value_head_dim), .adds = rescales, .exps = rescales};
            REQUIRE(auditor.seen == auditor.claimed);
            ++compared;
        }
    }
    REQUIRE(compared > 150);
}

TEST_CASE("the definition on a scalar that counts requires what the dry run says") {
    std::mt19937_64 random(33);
    int compared = 0;
    for (int i = 0; i < 60; ++i) {
        const Problem p = random_problem(random, 20);
        for (const auto& variant : all_variants()) {
            const Point point{.variant = variant.name, .backend = "naive", .problem = p};
            if (!why_unsupported(point).empty()) continue;
            INFO(point.id());
            const PointData data = make_point_data(point);
            REQUIRE(arithmetic(count_point(point).total(Ledger::required)) ==
                    data.variant->definition.required(question_of(data)));
            ++compared;
        }
    }
    REQUIRE(compared > 150);
}

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

TEST_CASE("a backend that computes counts the same required work as the counting one") {
    std::mt19937_64 random(34);
    for (int i = 0; i < 50; ++i) {
        const Problem p = random_problem(random, 100);
        for (const auto& variant : all_variants()) {
            for (const auto& backend : all_backends()) {
                const Point counting{.variant = variant.name, .backend = "counting", .problem = p};
                const Point point{.variant = variant.name, .backend = backend.name, .problem = p};
                if (!why_unsupported(point).empty()) continue;
                INFO(point.id());
                const Count a = count_point(counting);
                const Count b = count_point(point);
                REQUIRE(a.ops.size() == b.ops.size());
                for (std::size_t k = 0; k < a.ops.size(); ++k) REQUIRE(a.ops[k].required == b.ops[k].required);
                REQUIRE(a.parameters == b.parameters);
                REQUIRE(a.kv_cache_bytes == b.kv_cache_bytes);
                REQUIRE(a.score_bytes == b.score_bytes);
            }
        }
    }
}

TEST_CASE("a real run uses exactly the memory that the dry run predicts") {
    std::mt19937_64 random(35);
    for (int i = 0; i < 40; ++i) {
        const Problem p = random_problem(random, 30);
        for (const auto& variant : all_variants()) {
            for (const auto& backend : all_backends()) {
                const Point point{.variant = variant.name, .backend = backend.name, .problem = p};
                if (!why_unsupported(point).empty()) continue;
                PointData data = make_point_data(point);
                run_forward(data);
                run_forward(data);
                const Count count = count_point(point);
                INFO(point.id());
                REQUIRE(data.workspace.peak_bytes() == count.workspace_bytes);
                REQUIRE(data.workspace.reserved_bytes() == count.workspace_reserved_bytes);
                REQUIRE(data.layout.bytes() == count.inputs_bytes);
            }
        }
    }
}

TEST_CASE("a problem of sixty gigabytes is counted without allocating them") {
    ProblemSpec spec;
    spec.batch = 8;
    spec.q_len = 16384;
    spec.embed_dim = 1024;
    spec.num_heads = 8;
    spec.causal = true;
    const Problem p = resolve(spec);
    for (const auto& variant : all_variants()) {
        const Point point{.variant = variant.name, .backend = "counting", .problem = p};
        if (!why_unsupported(point).empty()) continue;
        PointData data = make_point_data(point);
        REQUIRE(data.store.is_dry());
        REQUIRE(data.workspace.is_dry());
        run_forward(data);
        REQUIRE(count_point(point).total(Ledger::required).exps == 8 * 8 * (16384LL * 16385 / 2));
    }
    const Count count = count_point({.variant = "multi_head", .backend = "counting", .problem = p});
    REQUIRE(count.score_bytes == 4LL * 8 * 8 * 16384 * 16384);
    REQUIRE(count.score_bytes > 60'000'000'000);
}

TEST_CASE("score bytes grow with heads where all are held, not where one is, and not in a fused core") {
    const auto count = [](const char* variant, std::int64_t heads) {
        ProblemSpec spec;
        spec.q_len = 256;
        spec.embed_dim = 512;
        spec.num_heads = heads;
        return count_point({.variant = variant, .backend = "counting", .problem = resolve(spec)});
    };
    const std::int64_t one = 4 * 256 * 256;
    for (const std::int64_t heads : {1, 2, 4, 8, 64}) {
        REQUIRE(count("multi_head", heads).score_bytes == heads * one);
        REQUIRE(count("multi_head_looped", heads).score_bytes == one);
        REQUIRE(count("streaming", heads).score_bytes == 0);
        REQUIRE(count("multi_head", heads).workspace_bytes - count("multi_head", 1).workspace_bytes ==
                (heads - 1) * one);
        REQUIRE(count("multi_head", heads).query_block == 0);
        REQUIRE(count("streaming", heads).query_block > 0);
    }
}

TEST_CASE("bytes of the fused core follow the tiled formula with the block that is reported") {
    for (const std::int64_t heads : {1, 2, 4, 8, 16, 32, 64}) {
        ProblemSpec spec;
        spec.batch = 2;
        spec.q_len = 1500;
        spec.kv_len = 1100;
        spec.embed_dim = 512;
        spec.num_heads = heads;
        spec.scope = Scope::core;
        const Count count = count_point({.variant = "streaming", .backend = "counting", .problem = resolve(spec)});
        const std::int64_t blocks = (1500 + count.query_block - 1) / count.query_block;
        REQUIRE(count.total(Ledger::executed).bytes() == 4 * (2 * 2 * 1100 * 512 * blocks + 2 * 2 * 1500 * 512));
    }
}

TEST_CASE("unknown names and impossible points are refused with a reason") {
    ProblemSpec spec;
    spec.q_len = 8;
    spec.embed_dim = 8;
    spec.num_heads = 2;
    const Problem p = resolve(spec);
    REQUIRE_THROWS_AS(count_point({.variant = "multi_haed", .backend = "naive", .problem = p}), UsageError);
    REQUIRE_THROWS_AS(count_point({.variant = "multi_head", .backend = "naiv", .problem = p}), UsageError);
    REQUIRE_THROWS_AS(count_point({.variant = "single_head", .backend = "naive", .problem = p}), Error);
    REQUIRE_THROWS_AS(make_point_data({.variant = "single_head", .backend = "naive", .problem = p}), Error);
    REQUIRE_FALSE(
        why_unsupported({.variant = "multi_head", .backend = "naive", .problem = p, .num_threads = 2}).empty());
    REQUIRE(why_unsupported({.variant = "multi_head", .backend = "naive", .problem = p}).empty());
}
