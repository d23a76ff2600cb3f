// A layer behind a cache: the same answer as without, from what is kept; and no answer from a cache of other inputs.
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/own_point.hpp"
#include "harness/measure/point/rotation.hpp"
#include "tests/catch.hpp"
#include "tests/measure/random_problem.hpp"
#include "tests/mechanism.hpp"
#include "tests/slow_build.hpp"
#include "variants/all.hpp"
#include "variants/steps.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

// Whatever their options; of all others a test asks that they refuse.
const std::set<std::string> kDecode{
    "block_diagonal", "collaborative",         "convolution",      "differential", "fixed_head_dim",
    "grouped_latent", "grouped_query",         "grouped_tied",     "latent",       "local",
    "multi_head",     "multi_head_looped",     "multi_head_split", "multi_query",  "recurrent",
    "rotary",         "separable_convolution", "single_head",      "sparse_query", "streaming",
    "strided",        "talking_heads",         "tensor_product"};
// Those that are no attention.
const std::set<std::string> kOfOneSequence{"convolution", "recurrent", "separable_convolution"};
// Those whose queries and keys have one length.
const std::set<std::string> kOfTheirOwnKeys{"packed_qkv", "packed_sequences", "padded"};

Point uncached(Point point) {
    point.problem.cached = false;
    return point;
}

std::vector<std::byte> output_of(PointData& data) {
    run_forward(data);
    const Tensor& out = data.layout.out;
    const auto* const first = static_cast<const std::byte*>(out.data);
    return {first, first + out.bytes()};
}

bool passes(PointData& data) { return passed(check_point(data)); }

Point step_of(const std::string& variant, const std::string& more = "") {
    return point_from_id(variant + "/naive/batch=2,q_len=3,kv_len=40,embed_dim=24,num_heads=2,causal=true,cached=true" +
                         more);
}

/// A problem that the variant runs as it is, whatever it asks of heads and masks.
Problem fitting(const std::string& variant, Problem p) {
    if (variant == "multi_query" || variant == "sparse_query") p.num_kv_heads = 1;
    if (variant == "single_head") p.num_heads = p.num_kv_heads = 1;
    if (kOfOneSequence.contains(variant)) {
        p.num_heads = p.num_kv_heads = 1;
        p.head_dim = p.value_head_dim = p.embed_dim;
    }
    if (variant == "recurrent") p.causal = true;
    if (variant == "collaborative" || variant.ends_with("latent")) p.num_kv_heads = p.num_heads;
    if (variant == "strided" || variant == "gated_linear") p.causal = true;
    return p;
}

}  // namespace

TEST_CASE("behind a cache every variant that decodes gives the answer that it gives without, on every backend") {
    std::mt19937_64 random(81);
    std::set<std::string> compared, backends;
    for (int i = 0; i < (kSlowBuild ? 25 : 60); ++i) {
        const Problem any = behind_cache(random_problem(random, 24, true));
        for (const auto& [name, variant] : all_variants()) {
            for (const auto& backend : all_backends()) {
                const Point plain{.variant = name, .backend = backend.name, .problem = fitting(name, any)};
                for (const Point& point : with_random_options(plain, variant, random, 1)) {
                    if (!why_unsupported(point).empty()) continue;
                    INFO(point.id());
                    PointData step = make_point_data(point);
                    if (!step.backend->executes()) continue;
                    PointData whole = make_point_data(uncached(point));
                    REQUIRE(passes(step));
                    REQUIRE(passes(whole));
                    // Readable loops take the same sums in the same order, however many rows they are of.
                    if (backend.name == "naive") REQUIRE(output_of(step) == output_of(whole));
                    compared.insert(name);
                    backends.insert(backend.name);
                }
            }
        }
    }
    CHECK(compared == kDecode);
    CHECK(backends.size() >= 2);
}

TEST_CASE("what is kept is that of the inputs that are there, and a cache of others is noticed") {
    for (const std::string& name : kDecode) {
        Point point =
            step_of(name == "single_head" ? "multi_head" : name, name == "multi_query" ? ",num_kv_heads=1" : "");
        point.variant = name;
        point.problem = fitting(name, point.problem);
        point.own = default_options(find_named(all_variants(), name, "variant"));
        INFO(point.id());
        REQUIRE(why_unsupported(point).empty());
        PointData data = make_point_data(point);
        REQUIRE(passes(data));
        Rotation rotation(data);
        for (const std::uint64_t set : {std::uint64_t{5}, kUnseenInputs, kFirstInputs}) {
            rotation.show(set);
            REQUIRE(passes(data));
        }
        // Other numbers in an old row, one that every variant here looks at: strided and local see the newest.
        const Tensor& x = data.layout.inputs.x_kv;
        fill_random(dense(x.at<float>(1, 0, 0, 36), DType::f32, {1, 1, 1, 1, x.cols()}), 7, "other", 1);
        REQUIRE_FALSE(passes(data));
        renew_kept(data);
        REQUIRE(passes(data));
    }
}

TEST_CASE("a pass that writes no new row, or reads one that nobody wrote, fails its check") {
    static constexpr auto kForward = [](Pass& pass, bool writes) {
        const Workspace::Frame frame(pass.workspace);
        const Problem& p = pass.problem;
        const Tensor q = pass.take("query", {p.batch, 1, 1, p.q_len, p.query_width()});
        const Tensor k = pass.take_kept("key", {p.batch, 1, 1, p.kv_len, p.key_width()});
        const Tensor v = pass.take_kept("value", {p.batch, 1, 1, p.kv_len, p.value_width()});
        project(pass, "query", pass.in.x_q, pass.weights.at("wq"), nullptr, q);
        project(pass, "value", pass.in.x_kv, pass.weights.at("wv"), nullptr, pass.fresh(v));
        // Old rows alone, where the pass is handed old ones.
        if (writes || pass.first_fresh() == 0)
            project(pass, "key", pass.in.x_kv, pass.weights.at("wk"), nullptr, pass.fresh(k));
        attend_fused(pass, p, p.mask(), {.q = q, .k = k, .v = v});
    };
    Variant variant = find_named(all_variants(), "streaming", "variant");
    PointData data = make_point_data(step_of("streaming"));
    data.variant = &variant;
    variant.forward = [](Pass& pass) { kForward(pass, true); };
    renew_kept(data);
    REQUIRE(passes(data));
    variant.forward = [](Pass& pass) { kForward(pass, false); };
    renew_kept(data);
    REQUIRE_FALSE(passes(data));
}

TEST_CASE("a point behind a cache is checked, shown new inputs and checked again as any other") {
    ReferenceCache references;
    OwnPoint point(step_of("multi_head"), references);
    REQUIRE(passed(point.check()));
    for (int round = 0; round < 3; ++round) {
        point.show_inputs_of(round);
        REQUIRE(point.visit().seconds_of(2) > 0);
    }
    REQUIRE(passed(point.check_again()));
    REQUIRE(passed(point.check()));
}

TEST_CASE("projections are of the new tokens, all else costs what it costs without a cache") {
    std::mt19937_64 random(82);
    for (int i = 0; i < 40; ++i) {
        const Problem any = behind_cache(random_problem(random, 60));
        for (const std::string& name : kDecode) {
            if (kOfOneSequence.contains(name)) continue;  // no projections: mechanism_sequence_test.cpp
            const Variant& variant = find_named(all_variants(), name, "variant");
            const Point plain{.variant = name, .backend = "counting", .problem = fitting(name, any)};
            for (const Point& point : with_random_options(plain, variant, random, 1)) {
                if (!why_unsupported(point).empty()) continue;
                INFO(point.id());
                const Problem& p = point.problem;
                const Count step = count_point(point), whole = count_point(uncached(point));
                REQUIRE(step.ops.size() == whole.ops.size());
                std::int64_t shares = 0;
                for (std::size_t k = 0; k < step.ops.size(); ++k) {
                    const OpCost &a = step.ops[k].executed, &b = whole.ops[k].executed;
                    INFO(step.ops[k].op << " " << step.ops[k].role);
                    if (a == b) continue;
                    REQUIRE(a.multiplies * p.kv_len == b.multiplies * p.q_len);
                    REQUIRE(a.adds * p.kv_len == b.adds * p.q_len);
                    REQUIRE(a.bytes_written * p.kv_len == b.bytes_written * p.q_len);
                    REQUIRE(a.bytes_read <= b.bytes_read);
                    ++shares;
                }
                REQUIRE((shares > 0) == (p.kept_len() > 0));
                REQUIRE(step.kv_cache_bytes == whole.kv_cache_bytes);
                REQUIRE(step.parameters == whole.parameters);
                REQUIRE(step.workspace_bytes <= whole.workspace_bytes);
                REQUIRE(step.kept_reserved_bytes >= step.kv_cache_bytes);
                REQUIRE(whole.kept_reserved_bytes == 0);
            }
        }
    }
}

TEST_CASE("one token behind 8191: 4 E^2 and 2 Lk E multiplies, not those of all keys again") {
    const auto products = [](const std::string& id) {
        std::int64_t sum = 0;
        for (const OpPart& part : count_point(point_from_id(id)).ops)
            if (part.op == "matmul") sum += part.required.multiplies;
        return sum;
    };
    const std::string shape = "/counting/q_len=1,kv_len=8192,embed_dim=2048,num_heads=16";
    for (const char* variant : {"multi_head", "streaming", "multi_head_looped", "multi_head_split"}) {
        INFO(variant);
        CHECK(products(variant + shape + ",cached=true") == 4LL * 2048 * 2048 + 2LL * 8192 * 2048);
        CHECK(products(variant + shape) == 2LL * 2048 * 2048 * (1 + 8192) + 2LL * 8192 * 2048);
    }
}

TEST_CASE("who keeps no rows of single tokens says so, whatever it is called") {
    for (const auto& [name, variant] : all_variants()) {
        Point point{.variant = name, .backend = "naive", .problem = fitting(name, step_of("multi_head").problem)};
        point.own = default_options(variant);
        if (name == "linformer") point.problem.causal = false;
        if (kOfTheirOwnKeys.contains(name)) point.problem.q_len = point.problem.kv_len;
        const std::string why = why_unsupported(point);
        INFO(name << ": " << why);
        if (kDecode.contains(name)) {
            CHECK(why.empty());
        } else if (name != "external") {
            CHECK(why ==
                  name + " keeps no rows of single tokens, to which new ones could be added; set cached to false");
            CHECK(why_unsupported(uncached(point)).empty());
        }
    }
}
