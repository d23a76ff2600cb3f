// A whole Transformer block.
#include "harness/measure/point/transformer_block.hpp"

#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

Point bert_base(std::int64_t num_heads) {
    ProblemSpec spec;
    spec.q_len = 512;
    spec.embed_dim = 768;
    spec.num_heads = num_heads;
    spec.bias = true;
    return {.variant = "multi_head", .backend = "counting", .problem = resolve(spec)};
}

}  // namespace

TEST_CASE("a BERT-base block has the 7,087,872 parameters that twelve of make 85,054,464") {
    REQUIRE(count_transformer_block(bert_base(12), 3072, Activation::gelu).parameters == 7087872);
}

TEST_CASE("attention's share of the products is 4E^2 + 2LE of 12E^2 + 2LE a token") {
    const double e = 768;
    const double len = 512;
    const double share = (4 * e * e + 2 * len * e) / (12 * e * e + 2 * len * e);
    double with_fewer_heads = 0;
    for (const std::int64_t heads : {1, 12, 64}) {
        const TransformerBlock block = count_transformer_block(bert_base(heads), 3072, Activation::gelu);
        REQUIRE(block.attention_share_of_products(Ledger::required) == Approx(share));
        // Of all work the share grows with heads, because every head has its own softmax.
        REQUIRE(block.attention_share(Ledger::required) > with_fewer_heads);
        REQUIRE(block.attention_share(Ledger::required) == Approx(share).margin(0.03));
        with_fewer_heads = block.attention_share(Ledger::required);
    }
}

TEST_CASE("the feed-forward part is counted like every other product") {
    const TransformerBlock block = count_transformer_block(bert_base(12), 3072, Activation::relu);
    REQUIRE(block.rest.at(0).role == "ffn_up");
    REQUIRE(block.rest.at(0).required.multiplies == 512LL * 768 * 3072);
    OpCost activation;
    for (const OpPart& part : block.rest) {
        if (part.op == "activation") activation = part.required;
    }
    REQUIRE(activation.compares == 512 * 3072);
    REQUIRE(activation.exps == 0);
    REQUIRE(block.total(Ledger::required) ==
            block.attention.total(Ledger::required) + total(block.rest, Ledger::required));
}

TEST_CASE("what is no block is refused") {
    Point core = bert_base(12);
    core.problem.scope = Scope::core;
    REQUIRE_THROWS_AS(count_transformer_block(core, 3072, Activation::relu), UsageError);
    REQUIRE_THROWS_AS(count_transformer_block(bert_base(12), 0, Activation::relu), UsageError);
    REQUIRE_THROWS_AS(activation_from("gelo"), UsageError);
    REQUIRE(activation_from("gelu") == Activation::gelu);
}
