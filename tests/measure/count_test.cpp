// Three ways of counting that share no code must agree: closed forms written here, a dry run of the real forward,
// and kernels and definitions run on a scalar that counts. And whatever backend is asked counts the same.
#include "harness/measure/point/count.hpp"

#include <random>
#include <utility>

#include "harness/backend/all.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/catch.hpp"
#include "tests/measure/closed_forms.hpp"
#include "tests/measure/random_problem.hpp"
#include "tests/mechanism.hpp"
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

}  // namespace

TEST_CASE("closed forms equal the count of a dry run, for every variant, part and ledger") {
    std::mt19937_64 random(31);
    int compared = 0;
    for (int i = 0; i < 1000; ++i) {
        const Problem any = random_problem(random, 300);
        const Problem p = i % 3 == 0 ? behind_cache(any) : any;
        const auto [query_block, key_block] = naive_blocks(p);
        for (const auto& variant : all_variants()) {
            const Point point{.variant = variant.name, .backend = "counting", .problem = p};
            if (!has_closed_form(variant.name) || !why_unsupported(point).empty()) continue;
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
        if (!has_closed_form(variant.name) || !why_unsupported(point).empty()) continue;
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
        if (i % 3 == 0) p = behind_cache(p);
        p.dtype = DType::counted;
        for (const auto& variant : all_variants()) {
            const Point plain{.variant = variant.name, .backend = "naive", .problem = p};
            for (const Point& point : with_random_options(plain, variant.value, random)) {
                if (!why_unsupported(point).empty()) continue;
                INFO(point.id());
                PointData data = make_point_data(point);
                Auditor auditor;
                data.backend->listen(&auditor);
                run_forward(data);
                const OpCost dry = arithmetic(count_point(point).total(Ledger::executed));
                REQUIRE(dry == auditor.claimed + auditor.rescale_bound);
                // Rescales are a bound; each is one exp, one add, 1 + value_head_dim multiplies. With weights of its
                // own a variant may have heads of another width: then as many as the bound says for each.
                const std::int64_t rescales = auditor.seen.exps - auditor.claimed.exps;
                REQUIRE(rescales >= 0);
                REQUIRE(rescales <= auditor.rescale_bound.exps);
                std::int64_t multiplies = 1 + p.value_head_dim;
                if (variant.value.weights != nullptr && rescales > 0)
                    multiplies = auditor.rescale_bound.multiplies / auditor.rescale_bound.exps;
                auditor.claimed += {.multiplies = rescales * multiplies, .adds = rescales, .exps = rescales};
                REQUIRE(auditor.seen == auditor.claimed);
                ++compared;
            }
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
            const Point plain{.variant = variant.name, .backend = "naive", .problem = p};
            for (const Point& point : with_random_options(plain, variant.value, random)) {
                if (!why_unsupported(point).empty()) continue;
                INFO(point.id());
                const PointData data = make_point_data(point);
                REQUIRE(arithmetic(count_point(point).total(Ledger::required)) ==
                        data.variant->definition.required(question_of(data)));
                ++compared;
            }
        }
    }
    REQUIRE(compared > 150);
}

TEST_CASE("a backend that computes counts the same required work as the counting one") {
    std::mt19937_64 random(34);
    for (int i = 0; i < 50; ++i) {
        const Problem any = random_problem(random, 100);
        const Problem p = i % 3 == 0 ? behind_cache(any) : any;
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
