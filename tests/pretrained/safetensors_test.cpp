// Files of tensors: what is read is what was written, and what is damaged is told and never read beyond its end.
#include "harness/pretrained/safetensors.hpp"

#include "harness/core/error.hpp"
#include "tests/catch.hpp"
#include "tests/pretrained/small_model.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using namespace headcount::testing;
using Catch::Matchers::Contains;

TEST_CASE("tensors come back by name and shape") {
    const Scratch scratch;
    const auto path = scratch.dir / "x.safetensors";
    write_file(path, safetensors_bytes({{"a", {2, 3}}, {"b", {4}}}));
    const SafeTensors file(path);
    Draw draw(3, 0, "b");
    const float first = file.at("b", {4}).values[0];
    CHECK(first == static_cast<float>(0.6 * draw.normal()));
    CHECK(file.at("a", {2, 3}).shape == std::vector<std::int64_t>{2, 3});
    CHECK_THROWS_WITH(file.at("c", {4}), Contains("x.safetensors: holds no tensor c"));
    CHECK_THROWS_WITH(file.at("b", {2, 2}), Contains("tensor b has shape [4], expected [2, 2]"));
}

TEST_CASE("a file cut anywhere is refused, and never read beyond its end") {
    const Scratch scratch;
    const auto path = scratch.dir / "x.safetensors";
    const std::string whole = safetensors_bytes({{"a", {2, 3}}, {"b", {4}}});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        write_file(path, whole.substr(0, size));
        CHECK_THROWS_AS(SafeTensors(path), UsageError);
    }
}

TEST_CASE("headers that say what is not there are refused with the tensor's name") {
    const Scratch scratch;
    const auto path = scratch.dir / "x.safetensors";
    const auto with_header = [&](const std::string& text) {
        std::string bytes(8, '\0');
        bytes[0] = static_cast<char>(text.size());
        write_file(path, bytes + text + std::string(16, '\0'));
    };
    with_header(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})");
    CHECK_NOTHROW(SafeTensors(path));
    for (const char* entry : {R"("shape":[5],"data_offsets":[0,20])", R"("shape":[4],"data_offsets":[4,20])",
                              R"("shape":[4],"data_offsets":[16,0])", R"("shape":[-4],"data_offsets":[0,16])",
                              R"("shape":[0],"data_offsets":[0,0])", R"("shape":[4],"data_offsets":[2,18])",
                              R"("shape":[4294967296,4294967297],"data_offsets":[0,16])", R"("shape":[4])",
                              R"("shape":"4","data_offsets":[0,16])"}) {
        CAPTURE(entry);
        with_header(fmt::format(R"({{"a":{{"dtype":"F32",{}}}}})", entry));
        CHECK_THROWS_WITH(SafeTensors(path), Contains("tensor a cannot be read"));
    }
    with_header(R"({"a":)");
    CHECK_THROWS_WITH(SafeTensors(path), Contains("the header cannot be read"));
}

TEST_CASE("a model that is not there, or is another kind, says so") {
    const Scratch scratch;
    CHECK_THROWS_WITH(Encoder::load(scratch.dir), Contains("config.json: cannot be read"));
    write_small_model(scratch.dir);
    CHECK_NOTHROW(Encoder::load(scratch.dir));
    for (const auto& [key, value] : std::vector<std::pair<std::string, nlohmann::json>>{{"model_type", "gpt2"},
                                                                                        {"hidden_act", "silu"},
                                                                                        {"num_attention_heads", 5},
                                                                                        {"hidden_size", -12},
                                                                                        {"vocab_size", 18}}) {
        CAPTURE(key);
        nlohmann::json config = small_config();
        config[key] = value;
        write_file(scratch.dir / "config.json", config.dump());
        CHECK_THROWS_AS(Encoder::load(scratch.dir), UsageError);
    }
    write_small_use_lite(scratch.dir);
    CHECK_NOTHROW(Encoder::load(scratch.dir));
    for (const auto& [key, value] : std::vector<std::pair<std::string, nlohmann::json>>{
             {"hidden_act", "gelu"}, {"embedding_size", 7}, {"embedding_size", 12}, {"model_type", "bert"}}) {
        CAPTURE(key);
        nlohmann::json config = small_use_lite_config();
        config[key] = value;
        write_file(scratch.dir / "config.json", config.dump());
        CHECK_THROWS_AS(Encoder::load(scratch.dir), UsageError);
    }
}

TEST_CASE("pairs are read, and what is no pair is refused with its line") {
    const Scratch scratch;
    const auto path = scratch.dir / "tokens.jsonl";
    const std::string head = R"({"kind":"pairs","max_tokens":3,"source":"s"})"
                             "\n";
    const std::string good = R"({"query":[1],"document":[2,3]})"
                             "\n";
    write_file(path, head + good + good);
    const Pairs pairs = read_pairs(path, 1000, 4);
    CHECK(pairs.size() == 2);
    CHECK(pairs.texts[1] == TokenIds{2, 3});
    CHECK(read_pairs(path, 2, 4).hash == pairs.hash);
    write_file(path, head + good + good + good);
    CHECK(read_pairs(path, 2, 4).hash == pairs.hash);
    CHECK(read_pairs(path, 3, 4).hash != pairs.hash);
    for (const char* bad :
         {R"({"query":[],"document":[1]})", R"({"query":[1],"document":[1,1,1,1]})", R"({"query":[4],"document":[1]})",
          R"({"query":[-1],"document":[1]})", R"({"query":[1]})", "nonsense"}) {
        CAPTURE(bad);
        write_file(path, head + good + bad + "\n");
        CHECK_THROWS_WITH(read_pairs(path, 1000, 4), Contains("tokens.jsonl:3: "));
    }
    write_file(path, R"({"kind":"pairs","max_tokens":3,"vocabulary":5})"
                     "\n" +
                         good + good);
    CHECK(read_pairs(path, 1000, 5).size() == 2);
    CHECK_THROWS_WITH(read_pairs(path, 1000, 4),
                      Contains("tokens.jsonl:1: tokens of a model that has 5, and this one has 4"));
    write_file(path, head + good);
    CHECK_THROWS_WITH(read_pairs(path, 1000, 4), Contains("fewer than two pairs"));
    write_file(path, good + good);
    CHECK_THROWS_WITH(read_pairs(path, 1000, 4), Contains("tokens.jsonl:1: "));
}
