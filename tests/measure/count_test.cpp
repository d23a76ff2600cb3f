// Three ways of counting that share no code must agree: closed forms written here, a dry run of the real forward,
// and kernels and reference run on a scalar that counts. And the published oracle, to the last digit.
#include "harness/measure/count.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <utility>

#include "harness/backend/all.hpp"
#include "harness/backend/counted.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/reference.hpp"
#include "tests/catch.hpp"
#include "variants/all.hpp"

using namespace headcount;

namespace {

using Key = std::pair<std::string, std::string>;  // op, role
struct Ledgers {
    OpCost required, executed;
};
using Expected = std::map<Key, Ledgers>;

OpCost arithmetic(OpCost cost) {
    cost.bytes_read = 0;
    cost.bytes_written = 0;
    return cost;
}

/// The problem in the letters of docs/flops.md.
struct Letters {
    explicit Letters(const Problem& p)
        : B(p.batch),
          Lq(p.q_len),
          Lk(p.kv_len),
          E(p.embed_dim),
          H(p.num_heads),
          G(p.num_kv_heads),
          d(p.head_dim),
          dv(p.value_head_dim),
          s(p.dtype == DType::f32 ? 4 : 8),
          bias(p.bias),
          layer(p.scope == Scope::layer) {
        for (std::int64_t i = 0; i < Lq; ++i) {
            const std::int64_t seen = p.causal ? std::max<std::int64_t>(0, Lk - (Lq - 1 - i)) : Lk;
            P += seen;
            R += seen > 0 ? 1 : 0;
        }
    }
    std::int64_t B, Lq, Lk, E, H, G, d, dv, s;
    bool bias, layer;
    std::int64_t P = 0, R = 0;  ///< visible pairs, rows that see a key
};

void projection(Expected& e, const char* role, std::int64_t rows, std::int64_t in, std::int64_t out,
                std::int64_t weights, std::int64_t reads_of_x, const Letters& x) {
    const OpCost product{.multiplies = rows * in * out,
                         .adds = rows * (in - 1) * out,
                         .bytes_read = x.s * (reads_of_x * rows * x.E + weights),
                         .bytes_written = x.s * rows * out};
    e[{"matmul", role}] = {product, product};
    if (!x.bias) return;
    const OpCost added{.adds = rows * out, .bytes_read = x.s * out};
    e[{"bias", role}] = {added, added};
}

void unfused_core(Expected& e, const Letters& x, std::int64_t key_reads) {
    const std::int64_t bh = x.B * x.H;
    const std::int64_t q = bh * x.Lq * x.d, k = key_reads * x.B * x.Lk * x.d, v = key_reads * x.B * x.Lk * x.dv;
    const std::int64_t scores = bh * x.Lq * x.Lk, context = bh * x.Lq * x.dv;
    const auto with_bytes = [&](OpCost cost, std::int64_t read, std::int64_t written) {
        cost.bytes_read = x.s * read;
        cost.bytes_written = x.s * written;
        return cost;
    };
    e[{"matmul", "scores"}] = {with_bytes({.multiplies = bh * x.P * x.d, .adds = bh * x.P * (x.d - 1)}, q + k, scores),
                               with_bytes({.multiplies = scores * x.d, .adds = scores * (x.d - 1)}, q + k, scores)};
    e[{"scale", "scores"}] = {{.multiplies = bh * x.P}, {.multiplies = scores}};
    const OpCost softmax = with_bytes({.multiplies = 0,
                                       .adds = bh * (x.P + x.P - x.R),
                                       .compares = bh * (x.P - x.R),
                                       .divides = bh * x.P,
                                       .exps = bh * x.P},
                                      scores, scores);
    e[{"softmax", "weights"}] = {softmax, softmax};
    e[{"matmul", "context"}] = {
        with_bytes({.multiplies = bh * x.P * x.dv, .adds = bh * (x.P - x.R) * x.dv}, scores + v, context),
        with_bytes({.multiplies = scores * x.dv, .adds = bh * x.Lq * (x.Lk - 1) * x.dv}, scores + v, context)};
}

/// The fused core with tiles counted score by score.
void fused_core(Expected& e, const Problem& p, const Letters& x, std::int64_t query_block, std::int64_t key_block) {
    std::int64_t tile_scores = 0, key_reads = 0, rescales = 0;
    const auto seen = [&](std::int64_t i) {
        return p.causal ? std::max<std::int64_t>(0, x.Lk - (x.Lq - 1 - i)) : x.Lk;
    };
    for (std::int64_t first = 0; first < x.Lq; first += query_block) {
        const std::int64_t last = std::min(first + query_block, x.Lq) - 1;
        key_reads += seen(last);
        for (std::int64_t i = first; i <= last; ++i) {
            for (std::int64_t j = 0; j < seen(last); ++j) tile_scores += seen(i) > j / key_block * key_block ? 1 : 0;
        }
    }
    for (std::int64_t i = 0; i < x.Lq; ++i) {
        if (seen(i) > 0) rescales += (seen(i) + key_block - 1) / key_block - 1;
    }
    const std::int64_t bh = x.B * x.H;
    e[{"matmul", "scores"}] = {{.multiplies = bh * x.P * x.d,
                                .adds = bh * x.P * (x.d - 1),
                                .bytes_read = x.s * (bh * x.Lq * x.d + x.B * x.G * x.Lk * x.d)},
                               {.multiplies = bh * tile_scores * x.d,
                                .adds = bh * tile_scores * (x.d - 1),
                                .bytes_read = x.s * bh * (x.Lq + key_reads) * x.d}};
    e[{"scale", "scores"}] = {{.multiplies = bh * x.P}, {.multiplies = bh * tile_scores}};
    e[{"softmax", "weights"}] = {
        {.adds = bh * (x.P + x.P - x.R), .compares = bh * (x.P - x.R), .divides = bh * x.P, .exps = bh * x.P},
        {.multiplies = bh * x.R * x.dv,
         .adds = bh * (x.P + x.P - x.R),
         .compares = bh * (x.P - x.R),
         .divides = bh * x.R,
         .exps = bh * x.P}};
    e[{"matmul", "context"}] = {{.multiplies = bh * x.P * x.dv,
                                 .adds = bh * (x.P - x.R) * x.dv,
                                 .bytes_read = x.s * x.B * x.G * x.Lk * x.dv,
                                 .bytes_written = x.s * bh * x.Lq * x.dv},
                                {.multiplies = bh * tile_scores * x.dv,
                                 .adds = bh * (tile_scores - x.R) * x.dv,
                                 .bytes_read = x.s * bh * key_reads * x.dv,
                                 .bytes_written = x.s * bh * x.Lq * x.dv}};
    e[{"rescale", "context"}] = {
        {}, {.multiplies = bh * rescales * (1 + x.dv), .adds = bh * rescales, .exps = bh * rescales}};
}

void copies(Expected& e, const Letters& x) {
    const auto copy = [&](const char* role, std::int64_t elements) {
        e[{"copy", role}] = {{}, {.bytes_read = x.s * elements, .bytes_written = x.s * elements}};
    };
    copy("query", x.B * x.H * x.Lq * x.d);
    copy("key", x.B * x.G * x.Lk * x.d);
    copy("value", x.B * x.G * x.Lk * x.dv);
    copy("context", x.B * x.H * x.Lq * x.dv);
}

/// The closed forms of docs/flops.md for each variant as naive runs it.
Expected closed_form(const std::string& variant, const Problem& p, std::int64_t query_block, std::int64_t key_block) {
    const Letters x(p);
    Expected e;
    if (x.layer) {
        const std::int64_t q_rows = x.B * x.Lq, k_rows = x.B * x.Lk;
        if (variant == "packed_qkv") {
            const std::int64_t width = x.H * x.d + x.G * (x.d + x.dv);
            projection(e, "qkv", q_rows, x.E, width, x.E * width, 1, x);
            projection(e, "output", q_rows, x.H * x.dv, x.E, x.H * x.dv * x.E, 1, x);
            e[{"matmul", "output"}].required.bytes_read = x.s * (q_rows * x.H * x.dv + x.H * x.dv * x.E);
        } else if (variant == "block_diagonal") {
            projection(e, "query", q_rows, x.E / x.H, x.H * x.d, x.E * x.d, 1, x);
            projection(e, "key", k_rows, x.E / x.G, x.G * x.d, x.E * x.d, 1, x);
            projection(e, "value", k_rows, x.E / x.G, x.G * x.dv, x.E * x.dv, 1, x);
            projection(e, "output", q_rows, x.dv, x.E, x.dv * x.E, 1, x);
            e[{"matmul", "output"}].required.bytes_read = x.s * (q_rows * x.H * x.dv + x.dv * x.E);
        } else {
            const bool looped = variant == "multi_head_looped";
            projection(e, "query", q_rows, x.E, x.H * x.d, x.E * x.H * x.d, looped ? x.H : 1, x);
            projection(e, "key", k_rows, x.E, x.G * x.d, x.E * x.G * x.d, looped ? x.G : 1, x);
            projection(e, "value", k_rows, x.E, x.G * x.dv, x.E * x.G * x.dv, looped ? x.G : 1, x);
            projection(e, "output", q_rows, x.H * x.dv, x.E, x.H * x.dv * x.E, 1, x);
            e[{"matmul", "output"}].required.bytes_read = x.s * (q_rows * x.H * x.dv + x.H * x.dv * x.E);
        }
        e[{"matmul", "output"}].executed = e[{"matmul", "output"}].required;
    }
    if (variant == "streaming") {
        fused_core(e, p, x, query_block, key_block);
    } else {
        unfused_core(e, x, variant == "multi_head_looped" ? x.H : x.G);
    }
    if (variant == "multi_head_split") copies(e, x);
    return e;
}

std::string text(const OpCost& c) {
    std::ostringstream out;
    out << c.multiplies << " mul " << c.adds << " add " << c.compares << " cmp " << c.divides << " div " << c.exps
        << " exp " << c.bytes_read << " read " << c.bytes_written << " written";
    return out.str();
}

/// Empty when every part agrees under both ledgers.
std::string difference(const Expected& expected, const std::vector<OpPart>& ops) {
    if (ops.size() != expected.size()) {
        return std::to_string(ops.size()) + " parts counted, " + std::to_string(expected.size()) + " expected";
    }
    for (const OpPart& part : ops) {
        const auto it = expected.find({part.op, part.role});
        if (it == expected.end()) return "unexpected part " + part.op + " " + part.role;
        if (part.required != it->second.required) {
            return part.op + " " + part.role + " required: " + text(part.required) + " counted, " +
                   text(it->second.required) + " expected";
        }
        if (part.executed != it->second.executed) {
            return part.op + " " + part.role + " executed: " + text(part.executed) + " counted, " +
                   text(it->second.executed) + " expected";
        }
    }
    return "";
}

Problem random_problem(std::mt19937_64& random, int longest) {
    const auto pick = [&](int n) { return static_cast<std::int64_t>(1 + random() % static_cast<unsigned>(n)); };
    ProblemSpec spec;
    spec.batch = pick(3);
    spec.q_len = pick(longest);
    spec.kv_len = pick(2) == 1 ? *spec.q_len : pick(longest);
    spec.num_kv_heads = pick(3);
    spec.num_heads = *spec.num_kv_heads * pick(3);
    spec.embed_dim = pick(2) == 1 ? *spec.num_heads * pick(9) : pick(40);
    if (*spec.embed_dim % *spec.num_heads != 0 || pick(2) == 1) spec.head_dim = pick(11);
    if (pick(3) == 1) spec.value_head_dim = pick(11);
    spec.causal = pick(2) == 1;
    spec.bias = pick(2) == 1;
    spec.scope = pick(3) == 1 ? Scope::core : Scope::layer;
    return resolve(spec);
}

/// The blocks that naive's fused core takes.
std::pair<std::int64_t, std::int64_t> naive_blocks(const Problem& p) {
    const auto backend = find_named(all_backends(), "naive", "backend").make(1);
    const AttendShape shape{.batch = p.batch,
                            .kv_heads = p.num_kv_heads,
                            .group = p.group(),
                            .q_len = p.q_len,
                            .kv_len = p.kv_len,
                            .head_dim = p.head_dim,
                            .value_head_dim = p.value_head_dim,
                            .dtype = p.dtype};
    return {backend->query_block(shape), backend->key_block(shape)};
}

/// What the reference, written from the equation, does on all rows, by a scalar that counts.
OpCost counted_reference(const PointData& data) {
    const ReferenceData<double> exact =
        reference_data(data.layout.inputs, data.layout.canonical, data.variant->function);
    const auto counted = [](const std::vector<double>& values) {
        return std::vector<Counted>(values.begin(), values.end());
    };
    const ReferenceData<Counted> all{.problem = exact.problem,
                                     .function = exact.function,
                                     .x_q = counted(exact.x_q),
                                     .x_kv = counted(exact.x_kv),
                                     .wq = counted(exact.wq),
                                     .wk = counted(exact.wk),
                                     .wv = counted(exact.wv),
                                     .wo = counted(exact.wo),
                                     .bq = counted(exact.bq),
                                     .bk = counted(exact.bk),
                                     .bv = counted(exact.bv),
                                     .bo = counted(exact.bo),
                                     .q = counted(exact.q),
                                     .k = counted(exact.k),
                                     .v = counted(exact.v)};
    Counted::tally() = {};
    for (std::int64_t b = 0; b < exact.problem.batch; ++b) {
        const ReferenceKeys<Counted> keys = reference_keys(all, b);
        for (std::int64_t i = 0; i < exact.problem.q_len; ++i) reference_row(all, keys, b, i);
    }
    return Counted::tally();
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
using Row = std::map<std::string, std::int64_t>;

std::vector<Row> read_oracle() {
    std::ifstream file(std::string(HEADCOUNT_FIXTURES) + "/equal_complexity.csv");
    std::vector<Row> rows;
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
        Row row;
        for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = std::stoll(cells.at(i));
        rows.push_back(row);
    }
    return rows;
}

Problem problem_of(const Row& row) {
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
            REQUIRE(arithmetic(count_point(point).total(Ledger::required)) == counted_reference(data));
            ++compared;
        }
    }
    REQUIRE(compared > 150);
}

TEST_CASE("the count equals the oracle in every column it speaks of") {
    const std::vector<Row> rows = read_oracle();
    REQUIRE(rows.size() == 70);
    for (const Row& row : rows) {
        const Problem p = problem_of(row);
        for (const auto& variant : all_variants()) {
            const Point point{.variant = variant.name, .backend = "counting", .problem = p};
            if (variant.value.function != Function::attention || !why_unsupported(point).empty()) continue;
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
