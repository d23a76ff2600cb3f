// Conventions of others: every shipped one against numbers computed by hand, and where it says nothing.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/analysis/published/convention_result.hpp"
#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "harness/sweep/convention_config.hpp"
#include "harness/sweep/yaml.hpp"
#include "tests/catch.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

const fs::path kConventions = fs::path(HEADCOUNT_SOURCE_DIR) / "configs" / "conventions";

/// What conventions ask of a count, of standard attention; `own_mask` and `own_weights` have half of it.
Rational closed_form(const Point& point, std::string_view metric, Ledger) {
    const Problem& p = point.problem;
    const Rational pairs = p.batch * p.num_heads * p.mask().pairs(p.q_len, p.kv_len);
    const Rational weights = p.embed_dim * (p.num_heads + p.num_kv_heads) * (p.head_dim + p.value_head_dim);
    if (metric == "softmax.exps" && p.scope == Scope::projections) return 0;
    if (metric == "softmax.exps") return point.variant == "own_mask" ? pairs / 2 : pairs;
    if (metric == "parameters") return point.variant == "own_weights" ? weights / 2 : weights;
    if (metric == "score_bytes") return point.variant == "streaming" ? Rational(0) : 4 * pairs;
    if (metric == "attention.flops" && p.pass == PassKind::backward) {
        if (point.variant == "no_backward") throw Error("no_backward has no backward pass");
        return 7000;
    }
    if (metric == "attention.flops") return 1000;
    if (metric == "projections.flops") return p.pass == PassKind::backward ? 400 : 200;
    return 5;  // compares, divides, exps of the core
}

std::vector<ConventionResult> on(const std::string& point) {
    std::vector<Convention> conventions;
    for (const std::string& name : yaml_names(kConventions)) {
        conventions.push_back(load_convention(kConventions / (name + ".yaml")));
    }
    return evaluate_conventions(conventions, point_from_id(point), Ledger::required, closed_form);
}

const ConventionResult& of(const std::vector<ConventionResult>& results, const std::string& name) {
    for (const ConventionResult& result : results) {
        if (result.convention.name == name) return result;
    }
    FAIL("there is no convention " << name);
    return results.front();
}

/// "8192 20480 28672", "- - 24576": forward, backward and both of one part.
std::string cells(const std::vector<ConventionResult>& results, const std::string& name, ConventionPart part) {
    const ConventionRow* row = of(results, name).find(part);
    REQUIRE(row != nullptr);
    std::string text;
    for (const ConventionCell* cell : {&row->forward, &row->backward, &row->both}) {
        CHECK((cell->value.has_value() || !cell->silent.empty()));  // no blank without a reason
        text += (text.empty() ? "" : " ") + (cell->value ? to_text(*cell->value) : "-");
    }
    return text;
}

std::string why(const std::vector<ConventionResult>& results, const std::string& name, ConventionPart part) {
    return of(results, name).find(part)->forward.silent;
}

void expect(const std::string& point, ConventionPart part, const std::map<std::string, std::string>& numbers) {
    const std::vector<ConventionResult> results = on(point);
    CHECK(results.size() == numbers.size() + 1);  // and ours
    for (const auto& [name, text] : numbers) {
        INFO(point << ": " << name);
        CHECK(cells(results, name, part) == text);
    }
}

constexpr const char* kBlank = "- - -";

TEST_CASE("the core without a mask, in every convention") {
    // 4 B L^2 E is 4 x 2 x 64 x 16 = 8192; there are 2 x 4 x 64 = 512 scores.
    expect("multi_head/counting/batch=2,seq_len=8,embed_dim=16,num_heads=4", ConventionPart::core,
           {{"flash_attn", "8192 20480 28672"},
            {"flash_attn_hopper", "8192 20480 28672"},
            {"onednn", "8192 20480 28672"},
            {"torch_flop_counter", "8192 16384 24576"},
            {"fvcore", "4096 - -"},
            {"deepspeed", "8704 17408 26112"},
            {"megatron", "4096 8192 12288"},
            {"palm", "- - 24576"},
            {"kaplan", "4096 8192 12288"},
            {"chinchilla", "9728 19456 29184"},
            {"electra", "13312 13312 26624"}});
}

TEST_CASE("a fused core is another operator for those that look at operators") {
    const auto results = on("streaming/counting/batch=2,seq_len=8,embed_dim=16,num_heads=4");
    CHECK(cells(results, "torch_flop_counter", ConventionPart::core) == "8192 20480 28672");
    CHECK(cells(results, "deepspeed", ConventionPart::core) == "8192 16384 24576");
    CHECK(cells(results, "fvcore", ConventionPart::core) == kBlank);
    CHECK(cells(results, "fvcore", ConventionPart::projections) == "16384 - -");
    CHECK(cells(results, "flash_attn", ConventionPart::core) == "8192 20480 28672");
}

TEST_CASE("the projections, in every convention that has them") {
    // Four products of 16 rows with 16 x 16 weights: 2 x 4 x 16 x 256 = 32768; biases of ELECTRA: 16 x (48 + 16).
    expect("multi_head/counting/batch=2,seq_len=8,embed_dim=16,num_heads=4", ConventionPart::projections,
           {{"flash_attn", kBlank},
            {"flash_attn_hopper", kBlank},
            {"onednn", kBlank},
            {"torch_flop_counter", "32768 65536 98304"},
            {"fvcore", "16384 - -"},
            {"deepspeed", "32768 65536 98304"},
            {"megatron", "32768 65536 98304"},
            {"palm", "- - 98304"},
            {"kaplan", "32768 65536 98304"},
            {"chinchilla", "32768 65536 98304"},
            {"electra", "33792 33792 67584"}});
}

TEST_CASE("a causal mask over a square: halved, always halved, or ignored") {
    expect("multi_head/counting/batch=2,seq_len=8,embed_dim=16,num_heads=4,causal=true", ConventionPart::core,
           {{"flash_attn", "4096 10240 14336"},
            {"flash_attn_hopper", "4096 10240 14336"},
            {"onednn", "4096 10240 14336"},
            {"torch_flop_counter", "8192 16384 24576"},
            {"fvcore", "4096 - -"},
            {"deepspeed", "8704 17408 26112"},
            {"megatron", "4096 8192 12288"},
            {"palm", "- - 24576"},
            {"kaplan", "4096 8192 12288"},
            {"chinchilla", "9728 19456 29184"},
            {"electra", "13312 13312 26624"}});
}

TEST_CASE("a causal mask over 3 queries and 5 keys: those with one length say nothing") {
    // 2 H Lq (d + v) is 192: times 5 keys, half of them, or (2 + 5) / 2 on average.
    expect("multi_head/counting/q_len=3,kv_len=5,embed_dim=16,num_heads=4,causal=true", ConventionPart::core,
           {{"flash_attn", kBlank},
            {"flash_attn_hopper", "672 1680 2352"},
            {"onednn", "480 1200 1680"},
            {"torch_flop_counter", "960 1920 2880"},
            {"fvcore", "480 - -"},
            {"deepspeed", "1020 2040 3060"},
            {"megatron", kBlank},
            {"palm", kBlank},
            {"kaplan", kBlank},
            {"chinchilla", kBlank},
            {"electra", kBlank}});
    const auto more_queries = on("multi_head/counting/q_len=5,kv_len=3,embed_dim=16,num_heads=4,causal=true");
    CHECK(cells(more_queries, "flash_attn_hopper", ConventionPart::core) == "480 1200 1680");
    CHECK(cells(more_queries, "torch_flop_counter", ConventionPart::projections) == "8192 16384 24576");
}

TEST_CASE("two key heads for four query heads") {
    expect("multi_head/counting/seq_len=8,embed_dim=16,num_heads=4,num_kv_heads=2", ConventionPart::core,
           {{"flash_attn", kBlank},
            {"flash_attn_hopper", "4096 10240 14336"},
            {"onednn", "4096 10240 14336"},
            {"torch_flop_counter", "4096 8192 12288"},
            {"fvcore", "2048 - -"},
            {"deepspeed", "4352 8704 13056"},
            {"megatron", "2048 4096 6144"},
            {"palm", "- - 12288"},
            {"kaplan", kBlank},
            {"chinchilla", kBlank},
            {"electra", kBlank}});
    const auto results = on("streaming/counting/seq_len=8,embed_dim=16,num_heads=4,num_kv_heads=2");
    CHECK(cells(results, "torch_flop_counter", ConventionPart::core) == kBlank);
    CHECK(cells(results, "torch_flop_counter", ConventionPart::projections) == "12288 24576 36864");
    CHECK(cells(results, "torch_flop_counter", ConventionPart::layer) == kBlank);
    CHECK(cells(results, "megatron", ConventionPart::projections) == "12288 24576 36864");
    CHECK(cells(results, "palm", ConventionPart::projections) == "- - 36864");
}

TEST_CASE("values that are wider than keys") {
    expect("multi_head/counting/seq_len=8,embed_dim=16,num_heads=4,value_head_dim=6", ConventionPart::core,
           {{"flash_attn", kBlank},
            {"flash_attn_hopper", "5120 12800 17920"},
            {"onednn", "5120 12800 17920"},
            {"torch_flop_counter", "5120 10240 15360"},
            {"fvcore", "2560 - -"},
            {"deepspeed", "5376 10752 16128"},
            {"megatron", kBlank},
            {"palm", kBlank},
            {"kaplan", kBlank},
            {"chinchilla", kBlank},
            {"electra", kBlank}});
    const auto fused = on("streaming/counting/seq_len=8,embed_dim=16,num_heads=4,value_head_dim=6");
    CHECK(cells(fused, "torch_flop_counter", ConventionPart::core) == "5120 12288 17408");
}

TEST_CASE("heads that are not embed_dim / num_heads wide") {
    const auto results = on("multi_head/counting/seq_len=8,embed_dim=16,num_heads=4,head_dim=8");
    // Its context has embed_dim columns: 8 x (2 x 32 x 8 + 2 x 16 x 8 + 10 x 4 x 8).
    CHECK(cells(results, "electra", ConventionPart::core) == "8704 8704 17408");
    CHECK(cells(results, "kaplan", ConventionPart::core) == "4096 8192 12288");
    CHECK(cells(results, "megatron", ConventionPart::projections) == "32768 65536 98304");
}

TEST_CASE("the numbers that docs/flops.md names") {
    const auto results = on("multi_head/counting/seq_len=1024,embed_dim=512,num_heads=8");
    CHECK(cells(results, "flash_attn", ConventionPart::core) == "2147483648 5368709120 7516192768");
    for (const char* name : {"fvcore", "megatron", "kaplan"}) {
        CHECK(of(results, name).find(ConventionPart::core)->forward.value == Rational(1073741824));
    }
    for (const ConventionResult& result : results) {
        const ConventionCell& both = result.find(ConventionPart::core)->both;
        if (!both.value || result.convention.name == kOurConvention) continue;
        CHECK(*both.value >= Rational(3221225472));
        CHECK(*both.value <= Rational(7516192768));
    }
}

TEST_CASE("ours is the count, a layer is core and projections, and the others are divided by ours") {
    const auto results = on("multi_head/counting/batch=2,seq_len=8,embed_dim=16,num_heads=4");
    CHECK(cells(results, "exact", ConventionPart::core) == "1000 7000 8000");
    CHECK(cells(results, "exact", ConventionPart::layer) == "1200 7400 8600");
    CHECK(of(results, "exact").apart.size() == 3);
    CHECK(of(results, "exact").differences.empty());
    CHECK(cells(results, "kaplan", ConventionPart::layer) == "36864 73728 110592");
    CHECK(cells(results, "palm", ConventionPart::layer) == "- - 122880");
    CHECK(of(results, "kaplan").find(ConventionPart::core)->forward.of_ours == Rational(4096, 1000));
    const auto core = on("multi_head/counting/seq_len=8,embed_dim=16,num_heads=4,scope=core");
    CHECK(of(core, "kaplan").find(ConventionPart::layer) == nullptr);
}

TEST_CASE("the projections alone are those of the layer, in every convention") {
    const std::string shape = "multi_head/counting/batch=2,seq_len=8,embed_dim=16,num_heads=4,causal=true,bias=true";
    const auto layer = on(shape), alone = on(shape + ",scope=projections");
    for (const ConventionResult& result : alone) {
        const std::string& name = result.convention.name;
        INFO(name);
        CHECK(cells(alone, name, ConventionPart::projections) == cells(layer, name, ConventionPart::projections));
        CHECK(result.rows.size() == 1);
    }
}

TEST_CASE("differences are those of the problem at hand") {
    const auto says = [](const std::string& point, const std::string& name, const std::string& part) {
        const std::vector<ConventionResult> results = on(point);
        for (const std::string& difference : of(results, name).differences) {
            if (difference.find(part) != std::string::npos) return true;
        }
        return false;
    };
    const std::string dense = "multi_head/counting/seq_len=8,embed_dim=16,num_heads=4";
    const std::string causal = dense + ",causal=true";
    CHECK(says(dense, "megatron", "although nothing is masked"));
    CHECK_FALSE(says(causal, "megatron", "although nothing is masked"));
    CHECK(says(causal, "palm", "masked pairs"));
    CHECK_FALSE(says(dense, "palm", "masked pairs"));
    CHECK(says(dense, "fvcore", "a multiply with its add is one"));
    CHECK(says(dense, "electra", "biases"));
    CHECK_FALSE(says(dense + ",bias=true", "electra", "biases"));
}

TEST_CASE("a formula of standard attention does not speak of a variant that is something else") {
    const auto masked = on("own_mask/counting/seq_len=8,embed_dim=16,num_heads=4");
    CHECK(cells(masked, "flash_attn", ConventionPart::core) == kBlank);
    CHECK(why(masked, "flash_attn", ConventionPart::core).find("a mask of its own") != std::string::npos);
    CHECK(cells(masked, "exact", ConventionPart::core) == "1000 7000 8000");
    const auto narrow = on("own_weights/counting/seq_len=8,embed_dim=16,num_heads=4");
    CHECK(cells(narrow, "kaplan", ConventionPart::core) == "2048 4096 6144");
    CHECK(cells(narrow, "kaplan", ConventionPart::projections) == kBlank);
    CHECK(cells(narrow, "palm", ConventionPart::projections) == "- - 24576");  // it takes the parameters as they are
}

TEST_CASE("a pass that cannot be counted is blank, with the reason") {
    const auto results = on("no_backward/counting/seq_len=8,embed_dim=16,num_heads=4");
    CHECK(cells(results, "exact", ConventionPart::core) == "1000 - -");
    CHECK(of(results, "exact").find(ConventionPart::core)->both.silent == "no_backward has no backward pass");
}

TEST_CASE("a mistake in a convention is refused with its file and formula") {
    const auto refusal = [](const std::string& formula) -> std::string {
        Convention convention = load_convention(kConventions / "kaplan.yaml");
        convention.core.forward = formula;
        try {
            evaluate_conventions({convention}, point_from_id("multi_head/counting/seq_len=8,embed_dim=16"),
                                 Ledger::required, closed_form);
        } catch (const UsageError& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(refusal("seq_len").find("accepted") != std::string::npos);
    CHECK(refusal("num_haeds").find("kaplan.yaml: 'num_haeds': ") != std::string::npos);
    CHECK(refusal("num_haeds").find("did you mean 'num_heads'?") != std::string::npos);
    CHECK(refusal("forward.core.flopz").find("unknown metric") != std::string::npos);
    CHECK(refusal("1 / causal").find("division by zero") != std::string::npos);
}

}  // namespace
}  // namespace headcount
