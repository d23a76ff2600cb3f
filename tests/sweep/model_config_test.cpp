// Files of whole models: those that are shipped, and where and how others are refused.
#include "harness/sweep/model_config.hpp"

#include <fstream>

#include "tests/catch.hpp"
#include "tests/scratch.hpp"
#include "tests/sweep/support.hpp"

using namespace headcount;
using headcount::test::configs;
using headcount::test::vocabulary;

namespace {

const std::string kGood = R"(source: somewhere
problem: {embed_dim: 64, num_heads: 4, num_kv_heads: 2, head_dim: 32, causal: true}
attention:
  - {layers: 2, variant: grouped_query}
  - {layers: 6, variant: local, options: {window: 16}}
ffn_dim: 96
activation: swiglu
vocabulary: 1000
tied_embeddings: true
layer_norms: 2
model_norms: 1
longest: 128
)";

WholeModel model_from(const std::string& text) {
    const testing::Scratch scratch;
    std::ofstream(scratch.dir / "m.yaml") << text;
    return load_model(scratch.dir / "m.yaml", vocabulary().fields);
}

/// The message behind the folder's name; "accepted" when it loads.
std::string refusal_of(const std::string& text) {
    try {
        model_from(text);
        return "accepted";
    } catch (const UsageError& e) {
        const std::string message = e.what();
        return message.substr(std::min(message.size(), message.find("m.yaml")));
    }
}

std::string with(std::string text, const std::string& old, const std::string& now) {
    const std::size_t at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), now);
}

}  // namespace

TEST_CASE("a model's file says its layers, its feed-forward network and what it is embedded by") {
    const WholeModel model = model_from(kGood);
    CHECK(model.name == "m");
    CHECK(model.num_layers() == 8);
    CHECK(model.dense_layers() == 8);
    CHECK(model.embed_dim == 64);
    CHECK(model.ffn.gated);
    CHECK(model.attention[1].reading.own.at("window") == "16");
    const Point point = [&] {
        PointSpec spec = model.attention[1].writing;
        spec.problem.q_len = 1, spec.problem.kv_len = 9;
        return resolve(spec, vocabulary().fields);
    }();
    CHECK(point.problem.num_kv_heads == 2);
    CHECK(point.backend == "counting");
}

TEST_CASE("options that differ in writing are those of writing alone") {
    const WholeModel model =
        model_from(with(kGood, "{layers: 2, variant: grouped_query}",
                        "{layers: 2, variant: latent, options: {kv_rank: 8}, writing: {form: absorbed}}"));
    CHECK(model.attention[0].reading.own.count("form") == 0);
    CHECK(model.attention[0].writing.own.at("form") == "absorbed");
    CHECK(model.attention[0].writing.own.at("kv_rank") == "8");
}

TEST_CASE("every shipped model loads, and names its source and a number to compare with") {
    int models = 0;
    for (const auto& entry : std::filesystem::directory_iterator(configs() / "models")) {
        CAPTURE(entry.path());
        const WholeModel model = load_model(entry.path(), vocabulary().fields);
        ++models;
        CHECK(model.source.size() > 30);
        CHECK_FALSE(model.published.empty());
    }
    CHECK(models >= 12);
}

TEST_CASE("what is asked of a model is not taken for a part of it") {
    for (const std::string field : {"batch: 2", "seq_len: 9", "q_len: 9", "kv_len: 9", "dtype: f64", "scope: core",
                                    "pass: both", "cached: true", "backend: simd", "num_threads: 2"}) {
        const std::string name = field.substr(0, field.find(':'));
        CAPTURE(field);
        CHECK(refusal_of(with(kGood, "causal: true", "causal: true, " + field)) ==
              "m.yaml:2:85: " + name +
                  " is no part of a model: it is asked of one, on the command line or by a config that takes its "
                  "layers; leave it out");
        CHECK(refusal_of(with(kGood, "{window: 16}", "{window: 16, " + field + "}")).find("m.yaml:5:") == 0);
    }
}

TEST_CASE("what is wrong with a model's file is said with its place") {
    CHECK(refusal_of(with(kGood, "window: 16", "windw: 16")).find("m.yaml:5:") == 0);
    CHECK(
        refusal_of(with(kGood, "{window: 16}", "{kv_rank: 16}")) ==
        "m.yaml:5:5: kv_rank is an option of variant grouped_latent, variant latent; variant local on backend counting "
        "does not have it");
    CHECK(refusal_of(with(kGood, "variant: local", "variant: 7")).find("m.yaml:5:26: ") == 0);
    CHECK(refusal_of(with(kGood, "swiglu", "tanh")) ==
          "m.yaml:7:13: activation is swiglu, geglu, gelu or relu, not 'tanh'");
    CHECK(refusal_of(with(kGood, ", head_dim: 32", "")) ==
          "m.yaml:2:10: a model's problem fixes embed_dim, num_heads and head_dim");
    CHECK(refusal_of(with(kGood, "ffn_dim: 96\n", "")) == "m.yaml:1:1: the layers without experts need an ffn_dim");
    CHECK(refusal_of(with(kGood, "longest: 128\n", "")).find("m.yaml:1:1: a model lacks 'longest'") == 0);
    CHECK(refusal_of(with(kGood, "layers: 2", "layers: 0")).find("m.yaml:4:14: ") == 0);
    CHECK(refusal_of(kGood + "experts: {count: 4, active: 5, ffn_dim: 8}\n").find("m.yaml:13:29: ") == 0);
    CHECK(refusal_of(kGood + "experts: {count: 4, active: 2, ffn_dim: 8, dense_layers: 9}\n").find("m.yaml:13:58: ") ==
          0);
    CHECK(refusal_of(kGood + "published: [{quantity: parameters, source: s}]\n").find("'printed'") !=
          std::string::npos);
}
