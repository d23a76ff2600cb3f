// What each variant does with memory and copies, seen from its trace.
#include <algorithm>

#include "harness/backend/all.hpp"
#include "harness/core/field_table.hpp"
#include "tests/catch.hpp"
#include "tests/mechanism.hpp"
#include "variants/all.hpp"

using namespace headcount;

namespace {

Problem problem(std::int64_t num_heads, Scope scope) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = 24;
    spec.embed_dim = 48;
    spec.num_heads = num_heads;
    spec.scope = scope;
    return resolve(spec);
}

Point point_of(const Problem& p) { return {.variant = "any", .backend = "counting", .problem = p}; }

struct Trace {
    OpLog log;
    Workspace workspace = Workspace::dry();
    std::int64_t cache_bytes = 0;

    std::int64_t count(std::string_view verb) const {
        return std::count_if(log.spans.begin(), log.spans.end(), [&](const OpSpan& s) { return s.verb == verb; });
    }
    std::int64_t copied_bytes() const {
        std::int64_t bytes = 0;
        for (const OpSpan& span : log.spans) {
            for (const OpPart& part : span.parts) {
                if (part.op == "copy") bytes += part.executed.bytes_written;
            }
        }
        return bytes;
    }
};

/// Runs the variant dry on tensors of the problem's shapes.
Trace trace(std::string_view name, const Problem& p) {
    const Variant& variant = find_named(all_variants(), name, "variant");
    const Point point{.variant = std::string(name), .backend = "counting", .problem = p};
    REQUIRE(why_unsupported(variant, point).empty());
    const auto backend = find_named(all_backends(), "counting", "backend").make({});
    Workspace store = Workspace::dry();
    Weights canonical;
    Inputs in{.problem = p, .x_q = {}, .x_kv = {}, .q = {}, .k = {}, .v = {}, .context = {}};
    Tensor out;
    const auto matrix = [&](std::int64_t batch, std::int64_t rows, std::int64_t cols) {
        return store.take("given", p.dtype, {batch, 1, 1, rows, cols});
    };
    if (p.scope == Scope::layer) {
        in.x_q = matrix(p.batch, p.q_len, p.embed_dim);
        in.x_kv = in.x_q;
        for (const WeightShape& shape : canonical_weights(p)) {
            canonical.set(shape.name, matrix(1, shape.rows, shape.cols));
        }
        out = matrix(p.batch, p.q_len, p.embed_dim);
    } else {
        in.q = matrix(p.batch, p.q_len, p.query_width());
        in.k = matrix(p.batch, p.kv_len, p.key_width());
        in.v = matrix(p.batch, p.kv_len, p.value_width());
        out = matrix(p.batch, p.q_len, p.context_width());
    }
    Weights weights = canonical;
    if (variant.prepare != nullptr) {
        Pass pass(point, in, canonical, {}, *backend, store);
        weights = variant.prepare(pass);
    }
    Trace result;
    backend->listen(&result.log);
    Pass pass(point, in, weights, out, *backend, result.workspace);
    variant.forward(pass);
    result.cache_bytes = pass.cache_bytes();
    return result;
}

}  // namespace

TEST_CASE("splitting heads copies nothing, except where copying is the point") {
    for (const Scope scope : {Scope::layer, Scope::core}) {
        const Problem p = problem(6, scope);
        for (const auto& [name, variant] : all_variants()) {
            if (!testing::computes_attention(variant) || !why_unsupported(variant, point_of(p)).empty()) continue;
            INFO(name);
            if (name == "multi_head_split") {
                // Q, K and V there, the context back.
                REQUIRE(trace(name, p).copied_bytes() == 4 * 4 * p.batch * p.q_len * p.query_width());
            } else {
                REQUIRE(trace(name, p).copied_bytes() == 0);
            }
        }
    }
}

TEST_CASE("scores of all heads, of one head, of none") {
    const Problem p = problem(6, Scope::layer);
    const std::int64_t one_head = 4 * p.batch * p.q_len * p.kv_len;
    REQUIRE(trace("multi_head", p).workspace.peak_bytes("scores") == 6 * one_head);
    REQUIRE(trace("multi_head_split", p).workspace.peak_bytes("scores") == 6 * one_head);
    REQUIRE(trace("packed_qkv", p).workspace.peak_bytes("scores") == 6 * one_head);
    REQUIRE(trace("block_diagonal", p).workspace.peak_bytes("scores") == 6 * one_head);
    REQUIRE(trace("multi_head_looped", p).workspace.peak_bytes("scores") == one_head);
    REQUIRE(trace("streaming", p).workspace.peak_bytes("scores") == 0);
    REQUIRE(trace("single_head", problem(1, Scope::layer)).workspace.peak_bytes("scores") == one_head);
}

TEST_CASE("the looped variant does one small layer a head, the others one call a step") {
    const Problem p = problem(6, Scope::layer);
    REQUIRE(trace("multi_head", p).count("matmul") == 6);
    REQUIRE(trace("packed_qkv", p).count("matmul") == 4);
    REQUIRE(trace("multi_head_looped", p).count("matmul") == 6 * 5 + 1);
    REQUIRE(trace("streaming", p).count("attend") == 1);
    REQUIRE(trace("streaming", p).count("matmul") == 4);
}

TEST_CASE("what decoding keeps are the keys and values of all heads, however a variant comes by them") {
    for (const Scope scope : {Scope::layer, Scope::core}) {
        Problem p = problem(6, scope);
        p.num_kv_heads = 3;
        for (const auto& [name, variant] : all_variants()) {
            if (!testing::computes_attention(variant) || !why_unsupported(variant, point_of(p)).empty()) continue;
            INFO(name);
            REQUIRE(trace(name, p).cache_bytes == 4 * p.batch * p.kv_len * (p.key_width() + p.value_width()));
        }
    }
}

TEST_CASE("the canonical weights: four matrices, their biases, none where Q, K and V are given") {
    Problem p = problem(6, Scope::layer);
    p.num_kv_heads = 2;
    p.bias = true;
    std::vector<std::string> names;
    for (const WeightShape& shape : canonical_weights(p)) {
        names.push_back(shape.name);
        REQUIRE(shape.is_bias == (shape.name[0] == 'b'));
        REQUIRE((shape.rows == 1) == shape.is_bias);
    }
    REQUIRE(names == std::vector<std::string>{"wq", "wk", "wv", "wo", "bq", "bk", "bv", "bo"});
    REQUIRE(canonical_weights(p)[5].cols == p.key_width());
    REQUIRE(canonical_weights(p)[7].cols == p.embed_dim);
    REQUIRE(canonical_weights(problem(6, Scope::core)).empty());
}

TEST_CASE("core scope has no projections and writes the context straight to the output") {
    const Problem p = problem(6, Scope::core);
    const Trace t = trace("multi_head", p);
    REQUIRE(t.count("matmul") == 2);
    REQUIRE(t.workspace.peak_bytes() == t.workspace.peak_bytes("scores"));
}

TEST_CASE("a variant that cannot run a problem says why") {
    const auto why = [](std::string_view name, const Problem& p) {
        return why_unsupported(find_named(all_variants(), name, "variant"), point_of(p));
    };
    REQUIRE_FALSE(why("single_head", problem(6, Scope::layer)).empty());
    REQUIRE_FALSE(why("packed_qkv", problem(6, Scope::core)).empty());
    REQUIRE_FALSE(why("block_diagonal", problem(6, Scope::core)).empty());
    Problem cross = problem(6, Scope::layer);
    cross.kv_len = 25;
    REQUIRE_FALSE(why("packed_qkv", cross).empty());
    Problem uneven = problem(6, Scope::layer);
    uneven.embed_dim = 50;
    REQUIRE_FALSE(why("block_diagonal", uneven).empty());
    REQUIRE(why("multi_head", uneven).empty());
}

TEST_CASE("every variant says what it is and where it comes from") {
    REQUIRE(all_variants().size() >= 7);
    for (const auto& [name, variant] : all_variants()) {
        INFO(name);
        REQUIRE_FALSE(variant.summary.empty());
        REQUIRE_FALSE(variant.source.empty());
        REQUIRE(variant.forward != nullptr);
    }
}
