// The projections alone: what they cost and leave out, who runs them, and faults in each of them.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/core/error.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/mechanism.hpp"
#include "variants/all.hpp"
#include "variants/steps.hpp"

using namespace headcount;
using Catch::Matchers::Contains;

namespace {

constexpr std::array kAlone{"multi_head", "multi_head_looped", "packed_qkv"};

ProblemSpec spec_of(std::int64_t len = 12, std::int64_t num_heads = 4) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = len;
    spec.embed_dim = 24;
    spec.num_heads = num_heads;
    spec.bias = true;
    spec.scope = Scope::projections;
    return spec;
}

/// Of the four projections, by the index of this one, twice what it should be.
int doubled = 0;

void faulty(Pass& pass) {
    project_alone(pass);
    const ProjectedAlone to = results_of_projections(pass);
    const Tensor wrong = std::array{to.qkv.q, to.qkv.k, to.qkv.v, to.output}.at(static_cast<std::size_t>(doubled));
    if (pass.backend.executes()) *wrong.at<float>(1, 0, 0, 7, 3) *= 2;
}

}  // namespace

TEST_CASE("projections cost what they cost in the layer, and nothing else is run or kept") {
    for (const std::string_view name : kAlone) {
        for (const std::int64_t heads : {1, 4, 12}) {
            Problem p = resolve(spec_of(12, heads));
            const auto counted = [&] {
                return count_point({.variant = std::string(name), .backend = "counting", .problem = p});
            };
            const Count alone = counted();
            p.scope = Scope::layer;
            const Count layer = counted();
            CAPTURE(name, heads);
            for (const OpPart& part : alone.ops) CHECK((part.op == "matmul" || part.op == "bias"));
            OpCost projected;
            for (const OpPart& part : layer.ops) {
                const bool projects = part.role != "scores" && part.role != "weights" && part.role != "context";
                if (projects) projected += part.executed;
            }
            CHECK(alone.total(Ledger::executed) == projected);
            CHECK(alone.total(Ledger::required).multiplies == 4 * 2 * 12 * 24 * 24);
            CHECK(alone.parameters == layer.parameters);
            CHECK(alone.kv_cache_bytes == 0);
            CHECK(alone.score_bytes == 0);
            CHECK(alone.workspace_bytes == 0);
        }
    }
}

TEST_CASE("a wrong number in any of the four projections fails the check") {
    Variant variant = find_named(all_variants(), "multi_head", "variant");
    for (doubled = 0; doubled < 4; ++doubled) {
        PointData data = make_point_data({.variant = "multi_head", .backend = "naive", .problem = resolve(spec_of())});
        CHECK(passed(check_point(data)));
        variant.projections = faulty;
        data.variant = &variant;
        CAPTURE(doubled);
        CHECK_FALSE(passed(check_point(data)));
    }
}

TEST_CASE("a variant without projections of its own, two sequences and a cache are refused with the remedy") {
    for (const auto& variant : all_variants()) {
        const Point point{.variant = variant.name, .backend = "counting", .problem = resolve(spec_of())};
        const bool alone = std::ranges::find(kAlone, variant.name) != kAlone.end();
        CAPTURE(variant.name);
        CHECK(why_unsupported(variant.value, point).empty() == alone);
        if (!alone) CHECK_THAT(why_unsupported(variant.value, point), Contains("take multi_head"));
    }
    ProblemSpec cross = spec_of();
    cross.kv_len = 13;
    CHECK_THROWS_WITH(resolve(cross), Contains("q_len 12 is not kv_len 13, so give seq_len"));
    ProblemSpec cached = spec_of();
    cached.cached = true;
    CHECK_THROWS_WITH(resolve(cached), Contains("set scope to layer, or cached to false"));
}
