// An encoder with our attention: against the model's own runtime, and against itself with fewer heads.
#include "harness/pretrained/runner.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "harness/pretrained/batches.hpp"
#include "harness/pretrained/retrieval.hpp"
#include "tests/catch.hpp"
#include "tests/pretrained/small_model.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

Point point(const std::string& variant, const std::string& backend, int num_threads = 1) {
    Point p;
    p.variant = variant;
    p.backend = backend;
    p.num_threads = num_threads;
    return p;
}

std::vector<double> embedding(EncoderRunner& runner, const TokenIds& ids) {
    Batches batches({&ids}, runner.encoder().shape().embed_dim);
    batches.embed(runner);
    const Tensor row = *batches.finish(runner, 0);
    const float* const values = static_cast<const float*>(row.data);
    return {values, values + row.cols()};
}

double furthest(const std::vector<double>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        worst = std::isfinite(a[i]) ? std::max(worst, std::abs(a[i] - b[i])) : INFINITY;
    }
    return worst;
}

KeptHeads all_but(const EncoderShape& shape, const nlohmann::json& removed) {
    KeptHeads kept = all_heads(shape);
    for (const auto& place : removed) std::erase(kept.at(place.at(0)), place.at(1).get<std::int64_t>());
    return kept;
}

Encoder small_encoder() {
    const Scratch scratch;
    write_small_model(scratch.dir);
    return Encoder::load(scratch.dir);
}

Encoder small_use_lite() {
    const Scratch scratch;
    write_small_use_lite(scratch.dir);
    return Encoder::load(scratch.dir);
}

/// What runtimes of the model made of some texts, each number at most `allowed` from ours.
void compare_with_goldens(const std::string& model, const std::string& fixture, const std::string& field,
                          double allowed) {
    const std::filesystem::path folder = std::filesystem::path(HEADCOUNT_SOURCE_DIR) / "build/models" / model;
    if (!std::filesystem::exists(folder / "model.safetensors")) {
        FAIL("the model is not installed: run `. .ci/common.sh; install_model " << model << "`, as ./test.sh does");
    }
    const Encoder encoder = Encoder::load(folder);
    std::ifstream file(std::filesystem::path(HEADCOUNT_FIXTURES) / "pretrained" / fixture);
    const auto goldens = nlohmann::json::parse(file);
    const auto wanted = [&](const nlohmann::json& text) { return text.at(field).get<std::vector<double>>(); };
    for (const auto& [variant, backend] : std::vector<std::pair<std::string, std::string>>{
             {"multi_head", "simd"}, {"streaming", "simd"}, {"packed_qkv", "simd"}, {"multi_head_split", "naive"}}) {
        CAPTURE(variant, backend);
        EncoderRunner runner(encoder, point(variant, backend));
        for (const auto& text : goldens.at("texts")) {
            CHECK(furthest(embedding(runner, text.at("ids").get<TokenIds>()), wanted(text)) < allowed);
            if (backend == "naive") break;  // the readable loops take their time
        }
        for (const auto& text : goldens.at("masked")) {
            runner.keep(all_but(encoder.shape(), text.at("heads")));
            const auto same = [&](const auto& other) {
                return other.at("package") == text.at("package") && other.at("field") == text.at("field");
            };
            const auto ids = std::ranges::find_if(goldens.at("texts"), same)->at("ids").template get<TokenIds>();
            CHECK(furthest(embedding(runner, ids), wanted(text)) < allowed);
            if (backend == "naive") break;
        }
    }
}

}  // namespace

TEST_CASE("outputs of MiniLM are those of its own runtime, with all heads and without some", "[minilm]") {
    // Of numbers of a row of length 1; the runtime's own f32 and f64 differ by 4e-7.
    compare_with_goldens("minilm", "goldens.json", "embedding_f64", 3e-6);
}

TEST_CASE("outputs of USE Lite are those of its own runtime, with all heads and without some", "[use-lite]") {
    // The runtime knows f32 alone; ours differs from it by 6e-7.
    compare_with_goldens("use-lite", "use_lite_goldens.json", "embedding_f32", 3e-6);
}

TEST_CASE("variants, backends and threads agree, whichever heads are kept") {
    const Encoder encoder = GENERATE(0, 1) == 0 ? small_encoder() : small_use_lite();
    const TokenIds text{1, 5, 3, 16, 0, 5};
    for (const KeptHeads& kept :
         {KeptHeads{{0, 1, 2}, {0, 1, 2}}, KeptHeads{{1}, {0, 2}}, KeptHeads{{}, {2}}, KeptHeads{{}, {}}}) {
        EncoderRunner plain(encoder, point("multi_head", "naive"));
        plain.keep(kept);
        const std::vector<double> wanted = embedding(plain, text);
        for (const char* variant : {"multi_head", "multi_head_looped", "multi_head_split", "packed_qkv", "streaming"}) {
            for (const auto& [backend, threads] :
                 std::vector<std::pair<std::string, int>>{{"naive", 1}, {"simd", 1}, {"simd", 3}}) {
                CAPTURE(variant, backend, threads);
                EncoderRunner runner(encoder, point(variant, backend, threads));
                runner.keep(kept);
                CHECK(furthest(embedding(runner, text), wanted) < 1e-5);
                runner.keep(all_heads(encoder.shape()));
                runner.keep(kept);
                CHECK(furthest(embedding(runner, text), wanted) < 1e-5);
            }
        }
    }
}

TEST_CASE("heads matter: without any one of them a random model puts out something else") {
    const Encoder encoder = GENERATE(0, 1) == 0 ? small_encoder() : small_use_lite();
    EncoderRunner runner(encoder, point("multi_head", "naive"));
    const TokenIds text{1, 5, 3, 16, 0, 5};
    const std::vector<double> whole = embedding(runner, text);
    for (std::size_t layer = 0; layer < 2; ++layer) {
        for (std::int64_t head = 0; head < kSmallHeads; ++head) {
            KeptHeads kept = all_heads(encoder.shape());
            std::erase(kept[layer], head);
            runner.keep(kept);
            CHECK(furthest(embedding(runner, text), whole) > 1e-3);
        }
    }
}

TEST_CASE("every parameter of a small USE Lite matters") {
    const Encoder encoder = small_use_lite();
    EncoderRunner runner(encoder, point("multi_head", "naive"));
    const TokenIds text{1, 5, 3, 16, 0, 5};
    const std::vector<double> whole = embedding(runner, text);
    const EncoderLayer& first = encoder.layer(0);
    REQUIRE(first.residual);
    CHECK_FALSE(encoder.layer(1).residual);
    for (const Tensor& parameter : {encoder.token_rows(), encoder.position_rows(), first.attention.at("wo"),
                                    first.attention.at("bo"), first.attention_norm.gain, first.attention_norm.shift,
                                    first.residual->weight, first.residual->bias, first.in.bias, first.ffn_norm.gain,
                                    encoder.layer(1).out.weight, encoder.last().weight, encoder.last().bias}) {
        auto* const values = static_cast<float*>(parameter.data);
        const std::vector<float> before(values, values + parameter.elements());
        for (std::int64_t i = 0; i < parameter.elements(); i += 3) values[i] += 1;
        EncoderRunner other(encoder, point("multi_head", "naive"));
        CHECK(furthest(embedding(other, text), whole) > 1e-3);
        std::ranges::copy(before, values);
    }
}

TEST_CASE("before training the positions of USE Lite are those of the model, and those of BERT are not") {
    const auto same_positions = [](const Encoder& trained) {
        const Encoder other = Encoder::untrained(trained, 1);
        const Tensor &a = trained.position_rows(), &b = other.position_rows();
        return std::equal(a.at<float>(0, 0, 0, 0), a.at<float>(0, 0, 0, 0) + a.elements(), b.at<float>(0, 0, 0, 0));
    };
    CHECK(same_positions(small_use_lite()));
    CHECK_FALSE(same_positions(small_encoder()));
}

TEST_CASE("texts in batches come out as each alone") {
    const Encoder encoder = GENERATE(0, 1) == 0 ? small_encoder() : small_use_lite();
    const Pairs pairs = small_pairs(60);
    std::vector<const TokenIds*> texts;
    for (const TokenIds& text : pairs.texts) texts.push_back(&text);
    EncoderRunner runner(encoder, point("multi_head", "simd", 2));
    Batches together(texts, kSmallWidth, 20);
    together.embed(runner);
    together.advance(runner, 0);
    const Tensor rows = *together.finish(runner, 1);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const float* const row = rows.at<float>(0, 0, 0, static_cast<std::int64_t>(i));
        CHECK(furthest(embedding(runner, *texts[i]), {row, row + kSmallWidth}) < 1e-5);
    }
}

TEST_CASE("what does not compute this model is refused by name") {
    const Encoder encoder = small_encoder();
    for (const char* variant : {"single_head", "nonsense"}) {
        CHECK_THROWS_WITH(EncoderRunner(encoder, point(variant, "naive")), Catch::Matchers::Contains(variant));
    }
    CHECK_THROWS_WITH(EncoderRunner(encoder, point("multi_head", "nonsense")), Catch::Matchers::Contains("nonsense"));
}

TEST_CASE("the rank of a text counts all that are as close, and numbers that are none come last") {
    const Encoder encoder = small_encoder();
    EncoderRunner runner(encoder, point("multi_head", "naive"));
    std::vector<float> questions{1, 0, 0, 1, 1, 0, NAN, 0}, texts{1, 0, 0, 1, 1, 0, 0, -1};
    const auto rows = [](std::vector<float>& values) { return dense(values.data(), DType::f32, {1, 1, 1, 4, 2}); };
    CHECK(ranks_of(runner.backend(), rows(questions), rows(texts)) == std::vector<std::int64_t>{2, 1, 2, 4});
}
