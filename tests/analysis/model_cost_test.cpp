// A whole model from counts that are made by hand: what is added to attention, and what is not.
#include "harness/analysis/models/model_cost.hpp"

#include "harness/analysis/models/parity.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

constexpr std::int64_t kWindow = 100;

/// Projections 1000 a token, a core of 10 a pair of which a "local" layer has no more than kWindow a query; 7 bytes of
/// cache a token; 5000 parameters.
Count made_up(const Point& point) {
    const Problem& p = point.problem;
    const std::int64_t seen = point.variant == "local" ? std::min(p.kv_len, kWindow) : p.kv_len;
    const auto part = [](const char* op, const char* role, std::int64_t multiplies) {
        return OpPart{.op = op, .role = role, .required = {.multiplies = multiplies}, .executed = {}};
    };
    Count count;
    count.ops = {part("matmul", "query", 1000 * p.q_len), part("matmul", "scores", 4 * p.q_len * seen),
                 part("scale", "scores", p.q_len * seen), part("softmax", "weights", 99),
                 part("matmul", "context", 6 * p.q_len * seen)};
    count.parameters = 5000;
    count.kv_cache_bytes = 7 * seen * p.batch;
    return count;
}

WholeModel small_model() {
    WholeModel model;
    model.name = "small";
    model.embed_dim = 10;
    PointSpec spec;
    spec.variant = "multi_head";
    spec.backend = "counting";
    spec.problem.embed_dim = 10;
    spec.problem.num_heads = 2;
    spec.problem.head_dim = 5;
    spec.problem.causal = true;
    model.attention = {{.layers = 2, .reading = spec, .writing = spec},
                       {.layers = 3, .reading = spec, .writing = spec}};
    model.attention[1].reading.variant = model.attention[1].writing.variant = "local";
    model.ffn = {.ffn_dim = 20, .gated = true};
    model.vocabulary = 50;
    model.layer_norms = 2;
    model.model_norms = 1;
    model.longest = 1000;
    return model;
}

ModelCost cost_of(const WholeModel& model) { return {model, base_field_table(), made_up, DType::bf16}; }

}  // namespace

TEST_CASE("parameters of a dense model") {
    WholeModel model = small_model();
    ModelParameters p = cost_of(model).parameters();
    CHECK(p.attention == 5 * 5000);
    CHECK(p.feed_forward == 5 * 3 * 10 * 20);
    CHECK(p.embeddings == 2 * 50 * 10);
    CHECK(p.norms == (5 * 2 + 1) * 10);
    CHECK(p.total == p.attention + p.feed_forward + p.embeddings + p.norms);
    CHECK(p.active == p.total - 50 * 10);
    model.tied_embeddings = true;
    p = cost_of(model).parameters();
    CHECK(p.embeddings == 50 * 10);
    CHECK(p.active == p.total);
    model.more_in_attention = 3;
    CHECK(cost_of(model).parameters().attention == 5 * 5003);
    model.ffn = {.ffn_dim = 20, .gated = true, .bias = true};
    CHECK(cost_of(model).parameters().feed_forward == 5 * (3 * 10 * 20 + 2 * 20 + 10));
    model.ffn = {.ffn_dim = 20, .gated = false, .bias = true};
    CHECK(cost_of(model).parameters().feed_forward == 5 * (2 * 10 * 20 + 20 + 10));
}

TEST_CASE("a mixture has all of its experts and wakes some") {
    WholeModel model = small_model();
    model.experts = Experts{.count = 8, .active = 2, .shared = 1, .ffn_dim = 4, .dense_layers = 1, .router_bias = true};
    const std::int64_t one = 3 * 10 * 4, dense = 3 * 10 * 20;
    const ModelParameters p = cost_of(model).parameters();
    CHECK(p.feed_forward == dense + 4 * (9 * one + 8 * 11));
    CHECK(p.active == p.total - 4 * 6 * one - 50 * 10);
    // A token meets two experts, the shared one and the router, whose bias multiplies nothing.
    CHECK(cost_of(model).writing(9).feed_forward == 2 * (dense + 4 * (3 * one + 8 * 10)));
}

TEST_CASE("a token's work: products alone, a window no wider than it is") {
    const ModelCost cost = cost_of(small_model());
    const TokenWork writing = cost.writing(300);
    CHECK(writing.projections == 2 * 5 * 1000);
    CHECK(writing.core == 2 * 10 * (2 * 300 + 3 * kWindow));
    CHECK(writing.feed_forward == 2 * 5 * 3 * 10 * 20);
    CHECK(writing.prediction == 2 * 50 * 10);
    CHECK(writing.total() == writing.attention() + writing.feed_forward + writing.prediction);
    const TokenWork reading = cost.reading(300);
    CHECK(reading.projections == writing.projections);
    CHECK(reading.core == writing.core);  // these counts know no mask
}

TEST_CASE("a cache grows by what is not full, and the longest context is the last that fits") {
    const ModelCost cost = cost_of(small_model());
    const ModelFigures at = figures_at(cost, 300, 4);
    CHECK(at.cache_bytes_of_first == 5 * 7);
    CHECK(at.cache_bytes_of_next == 2 * 7);
    CHECK(at.cache_bytes == 4 * 7 * (2 * 300 + 3 * kWindow));
    const std::int64_t weights = cost.weight_bytes(16);
    CHECK(weights == 2 * cost.parameters().total);
    for (const std::int64_t tokens : {1, 50, 100, 101, 5000}) {
        CAPTURE(tokens);
        const std::int64_t just = weights + cost.cache_bytes(tokens, 4);
        CHECK(cost.longest_within(just, 4, 16) == tokens);
        CHECK(cost.longest_within(just - 1, 4, 16) == tokens - 1);
    }
    CHECK(cost.longest_within(weights - 1, 4, 16) == 0);
    CHECK(cost.weight_bytes(4) == cost.parameters().total / 2);
}

TEST_CASE("an encoder writes nothing, keeps nothing and predicts nothing") {
    WholeModel model = small_model();
    for (AttentionLayers& kind : model.attention) kind.reading.problem.causal = kind.writing.problem.causal = false;
    model.predicts = false;
    const ModelFigures at = figures_at(cost_of(model), 300, 1);
    CHECK_FALSE(at.writing);
    CHECK(at.cache_bytes == 0);
    CHECK(at.reading.prediction == 0);
    CHECK(at.parameters.embeddings == 50 * 10);
    CHECK(at.parameters.active == at.parameters.total - 50 * 10);
}

TEST_CASE("other heads keep their width or that of all together") {
    const WholeModel model = small_model();
    Problem own = cost_of(model).problem();
    own.num_heads = 8, own.num_kv_heads = 2, own.head_dim = 64, own.value_head_dim = 32;
    const auto heads = [&](std::int64_t num_heads, Keep keep) {
        const ProblemSpec p = with_heads(model, own, num_heads, keep).model.value().attention[1].writing.problem;
        return std::vector<std::int64_t>{*p.num_heads, *p.num_kv_heads, *p.head_dim, *p.value_head_dim};
    };
    CHECK(heads(16, Keep::head_dim) == std::vector<std::int64_t>{16, 2, 64, 32});
    CHECK(heads(16, Keep::width) == std::vector<std::int64_t>{16, 4, 32, 16});
    CHECK(heads(4, Keep::width) == std::vector<std::int64_t>{4, 1, 128, 64});
    CHECK_FALSE(with_heads(model, own, 2, Keep::width).model);  // half a head of keys
    CHECK_FALSE(with_heads(model, own, 3, Keep::head_dim).model);
    CHECK(with_heads(model, own, 3, Keep::head_dim).why_not ==
          "3 heads cannot share 2 heads of keys evenly; choose a "
          "multiple of 2");
    own.num_kv_heads = 8;  // every head has its own
    CHECK(heads(16, Keep::head_dim) == std::vector<std::int64_t>{16, 16, 64, 32});
}

TEST_CASE("a printed number is compared in its own digits") {
    WholeModel model = small_model();
    const std::int64_t total = cost_of(model).parameters().total;  // 29110
    REQUIRE(total == 29110);
    const auto rounds = [&](const char* printed) {
        model.published = {{.quantity = "parameters", .printed = printed, .source = "s", .finding = ""}};
        return compare_with_published(cost_of(model))[0].rounds_to_it;
    };
    CHECK(rounds("29.1e3"));
    CHECK(rounds("29e3"));
    CHECK(rounds("3e4"));
    CHECK(rounds("29110"));
    CHECK(rounds("29.110e3"));
    CHECK_FALSE(rounds("29.2e3"));
    CHECK_FALSE(rounds("29.0e3"));
    CHECK_FALSE(rounds("29111"));
    model.published[0].quantity = "neurons";
    CHECK_THROWS_WITH(compare_with_published(cost_of(model)), Catch::Contains("'neurons' is neither"));
}

TEST_CASE("costs of a stack of layers") {
    Point point{.variant = "multi_head", .backend = "counting", .problem = {}};
    point.problem.embed_dim = 10, point.problem.q_len = 4, point.problem.kv_len = 6, point.problem.batch = 2;
    const StackCosts costs = costs_of(point, made_up(point),
                                      {.attention_layers = 3, .ffn_layers = 2, .ffn = {.ffn_dim = 20, .gated = false}});
    CHECK(costs.parameters == 3 * 5000 + 2 * 2 * 10 * 20);
    CHECK(costs.core == 3 * 10 * 4 * 6);
    CHECK(costs.projections == 3 * 1000 * 4);
    CHECK(costs.feed_forward == 2 * 2 * 10 * 20 * 2 * 4);
    CHECK(costs.flops() == 2 * (costs.core + costs.projections + costs.feed_forward));
    CHECK(quantity_of(costs, "kv_cache_bytes") == 3 * 7 * 6 * 2);
}
