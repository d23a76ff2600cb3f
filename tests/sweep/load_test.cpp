// Whole configs: the shipped ones, their claims, the hash, and mutations that must not crash anything.
#include <algorithm>
#include <fstream>
#include <random>

#include "tests/catch.hpp"
#include "tests/sweep/support.hpp"

using namespace headcount;
using headcount::test::parse;
using headcount::test::shipped_configs;
using headcount::test::vocabulary;
using headcount::test::with_grid;

namespace {

/// With the engines that the repository brings.
Vocabulary whole_vocabulary() {
    Vocabulary words = vocabulary();
    words.variants.emplace_back("external");
    for (const auto& entry : std::filesystem::directory_iterator(headcount::test::configs() / "../variants/external")) {
        if (entry.path().extension() == ".yaml") words.backends.push_back(entry.path().stem().string());
    }
    return words;
}

}  // namespace

TEST_CASE("every shipped config loads without a warning, in each of its profiles") {
    const Vocabulary words = whole_vocabulary();
    REQUIRE(shipped_configs().size() >= 4);
    for (const auto& file : shipped_configs()) {
        CAPTURE(file.string());
        const Sweep sweep = load_sweep(file, words);
        CHECK(sweep.warnings.empty());
        CHECK(sweep.name == file.stem().string());
        CHECK_FALSE(sweep.question.empty());
        CHECK_FALSE(sweep.claims.empty());
        for (const Part& part : sweep.parts) CHECK(part.skipped.empty());
        const YamlNode root = parse_yaml(sweep.text, "x");
        const YamlNode* profiles = root.find("profiles");
        for (std::size_t i = 0; profiles != nullptr && i < profiles->keys.size(); ++i) {
            CAPTURE(profiles->keys[i].name);
            CHECK_NOTHROW(load_sweep(file, words, {.profile = profiles->keys[i].name, .set = {}, .filter = {}}));
        }
    }
}

TEST_CASE("the main config asks every reading, and each refuted one has its law beside it") {
    const Sweep sweep = load_sweep(headcount::test::configs() / "equal_complexity.yaml", vocabulary());
    const auto has = [&](const std::string& id) {
        return std::any_of(sweep.claims.begin(), sweep.claims.end(), [&](const ClaimSpec& c) { return c.id == id; });
    };
    for (const char* id : {"R1", "R2a", "R2b", "R2c", "R3", "R4", "R5", "R6", "R7", "R8", "R10.required",
                           "R10.executed", "R11", "R12"}) {
        CAPTURE(id);
        CHECK(has(id));
    }
    for (const ClaimSpec& claim : sweep.claims) {
        if (claim.outcome != "refuted" || claim.id == "R8.unfused") continue;  // R8.unfused: R8.law says it already
        CAPTURE(claim.id);
        CHECK(has(claim.id + ".law"));
    }
    // Counted points are never timed: no part mixes counting with a comparison.
    for (const Part& part : sweep.parts) {
        const bool counts = std::any_of(part.points.begin(), part.points.end(),
                                        [](const Point& point) { return point.backend == "counting"; });
        CHECK_FALSE((counts && !part.compare_by.empty()));
    }
}

TEST_CASE("a claim keeps what was written, and where") {
    const Sweep sweep = parse(
        "question: q\nproblem: {variant: multi_head, embed_dim: 16, seq_len: 4}\n"
        "axes: {num_heads: [1, 02, 4], batch: [1, 2], backend: [blas, naive]}\nclaims:\n"
        "  - {id: R3, says: the core costs the same, metric: core.multiplies, ledger: executed,\n"
        "     across: [num_heads, batch], base: {num_heads: 02, batch: 1},\n"
        "     where: {backend: [blas, naive], num_heads: [1, 2]},\n     expect: {within: 0.020}}\n");
    REQUIRE(sweep.claims.size() == 1);
    const ClaimSpec& claim = sweep.claims[0];
    CHECK(claim.location == "c.yaml:5:5");
    CHECK(claim.ledger == Ledger::executed);
    CHECK(claim.across == std::vector<std::string>{"num_heads", "batch"});
    CHECK(claim.base == std::map<std::string, std::string>{{"num_heads", "2"}, {"batch", "1"}});
    CHECK(claim.where.at("num_heads") == std::vector<std::string>{"1", "2"});
    CHECK(claim.kind == "within");
    CHECK(claim.argument == "0.020");
    CHECK(claim.outcome.empty());
}

TEST_CASE("after --set or --profile a base that is gone is a warning") {
    const std::string text = with_grid(
        "axes: {num_heads: [1, 2]}\nclaims:\n  - {id: a, says: b, metric: time, across: "
        "num_heads, base: 1, expect: {within: 0.1}}\n");
    CHECK(parse(text).warnings.empty());
    const Sweep sweep = parse(text, {.profile = "", .set = {"num_heads=2,4"}, .filter = {}});
    REQUIRE(sweep.warnings.size() == 1);
    CHECK(sweep.warnings[0] == "c.yaml:5:61: claim a speaks of num_heads 1, which no point has; there is 2, 4");
}

TEST_CASE("the hash ignores layout, comments and protocol, and nothing that identifies a point or a claim") {
    const std::string claim = "claims: [{id: a, says: b, metric: time, across: num_heads, expect: {within: 0.1}}]\n";
    const std::string one = with_grid("axes: {num_heads: [1, 2, 4]}\n" + claim);
    const std::string hash = parse(one).config_hash;
    CHECK(hash.size() == 16);
    CHECK(parse("# a comment\n" + one).config_hash == hash);
    CHECK(parse("claims:\n- says: in other words\n  id: a\n  metric: 'time'\n  expect:\n    within: 0.1\n  across: "
                "[num_heads]\nquestion: other\nprotocol: {budget_s: 9}\naxes:\n  num_heads: {from: 1, to: 4, times: 2}"
                "\nproblem:\n  seq_len: 4\n  embed_dim: 16\n  backend: naive\n  variant: multi_head\n")
              .config_hash == hash);
    for (const std::string& other :
         {with_grid("axes: {num_heads: [1, 2]}\n" + claim),
          with_grid("axes: {num_heads: [1, 2, 4]}\nseed: 2\n" + claim),
          with_grid("axes: {num_heads: [1, 2, 4]}\ncompare_by: num_heads\n" + claim),
          with_grid("axes: {num_heads: [1, 2, 4]}\n"),
          with_grid("axes: {num_heads: [1, 2, 4]}\nclaims: [{id: a, says: b, metric: time, across: num_heads, "
                    "expect: {within: 0.2}}]\n"),
          with_grid("axes: {num_heads: [1, 2, 4]}\nparts: {p: {axes: {num_heads: [1]}}}\n" + claim)}) {
        CAPTURE(other);
        CHECK(parse(other).config_hash != hash);
    }
    // Stable across machines and versions: journals written long ago still know their config.
    CHECK(parse(with_grid("")).config_hash == "6b104cff9fffc6f4");
}

TEST_CASE("reasons for what is left out are kept, change no identity, and name what there is") {
    const std::string grid = with_grid("axes: {num_heads: [1, 2]}");
    const Sweep bare = parse(grid);
    const Sweep told = parse(grid + "\nleft_out: {processors: one is enough, cpu.boost: it is hidden}\n");
    CHECK(bare.left_out.empty());
    CHECK(told.left_out.at("processors") == "one is enough");
    CHECK(told.left_out.size() == 2);
    CHECK(told.config_hash == bare.config_hash);
    for (const char* wrong :
         {"{processor: one}", "{processors: }", "{processors: [one]}", "[processors]", "{points: x}"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(parse(grid + "\nleft_out: " + wrong + "\n"), UsageError);
    }
}

TEST_CASE("the text and the path are kept as they were") {
    const Sweep sweep = parse(with_grid("# why\n"));
    CHECK(sweep.text == with_grid("# why\n"));
    CHECK(sweep.path == "c.yaml");
    CHECK(sweep.name == "c");
}

TEST_CASE("presets name their source and resolve") {
    REQUIRE(vocabulary().presets.size() == 5);
    for (const Preset& preset : vocabulary().presets) {
        CAPTURE(preset.name);
        CHECK(preset.source.size() > 20);
        CHECK(preset.ffn_dim == 4 * *preset.problem.embed_dim);
        ProblemSpec spec = preset.problem;
        if (!spec.q_len) spec.q_len = 64;
        CHECK(resolve(spec).head_dim == 64);
    }
    CHECK_THROWS_WITH(parse_preset("source: s\nproblem: {embed_dim: 4, backend: blas}\nffn_dim: 1\nactivation: "
                                   "relu\nnum_layers: 1\n",
                                   "p.yaml"),
                      "p.yaml:2:25: a preset fixes sizes only; remove backend");
    CHECK_THROWS_WITH(parse_preset("source: s\nproblem: {}\nffn_dim: 1\nactivation: tanh\nnum_layers: 1\n", "p.yaml"),
                      "p.yaml:4:13: activation is relu or gelu, not 'tanh'");
    CHECK_THROWS_WITH(parse_preset("problem: {}\n", "p.yaml"), Catch::Contains("p.yaml:1:1: a preset lacks 'source'"));
}

TEST_CASE("a sweep of hundreds of thousands of points is planned") {
    const Sweep sweep =
        parse(with_grid("axes: {batch: {from: 1, to: 500, step: 1}, num_threads: {from: 1, to: 100, "
                        "step: 1}, num_heads: [1, 2, 4, 3]}\n"));
    CHECK(sweep.parts[0].points.size() == 150'000);
    CHECK(sweep.parts[0].skipped.size() == 50'000);
}

TEST_CASE("mutated configs load or are refused, and never crash") {
    std::mt19937 random(5);
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const std::string pieces[] = {
        "[",  "]", "{",  "}",  ":",    "\n  ", "- ", "*a", "&a ", "!!int ", "99999999999999999999", "-1", "\"", "'",
        "\t", "#", "? ", "| ", "--- ", "null", "%",  ", ", "1e9", "\xff"};
    int loaded = 0, refused = 0;
    for (const auto& file : shipped_configs()) {
        const std::string original = read_bounded(file.string());
        for (int trial = 0; trial < 250; ++trial) {
            std::string text = original;
            for (std::size_t edits = 1 + pick(3); edits > 0; --edits) {
                const std::size_t at = pick(text.size());
                switch (pick(6)) {
                    case 0: text[at] = static_cast<char>(text[at] ^ (1 << pick(8))); break;
                    case 1: text.resize(at + 1); break;
                    case 2: text.insert(at, text.substr(pick(text.size()), pick(200))); break;
                    case 3: text.insert(at, pieces[pick(std::size(pieces))]); break;
                    case 4: text.erase(at, 1 + pick(20)); break;
                    default: text[at] = static_cast<char>('0' + pick(10)); break;
                }
            }
            CAPTURE(file.string(), trial);
            try {
                parse_sweep(text, "m.yaml", vocabulary(),
                            {.profile = "", .set = {}, .filter = {}, .most_points = 20'000});
                ++loaded;
            } catch (const UsageError& e) {
                ++refused;
                // Every complaint begins with a place.
                const std::string what = e.what();
                if (what.rfind("m.yaml:", 0) != 0) FAIL(what);
            }
        }
    }
    CHECK(loaded > 0);
    CHECK(refused > 0);
}

TEST_CASE("a sweep says what its config gives, be it the default") {
    const std::string config =
        "question: q\n"
        "problem: {embed_dim: 16, seq_len: 8, dtype: f32}\naxes: {variant: [multi_head], backend: [naive], num_heads: "
        "[1]}\n"
        "protocol: {budget_s: 120}\nprofiles: {short: {protocol: {max_rounds: 20}}}\n";
    const Sweep plain = parse(config);
    CHECK(plain.parts[0].fixed == std::vector<std::string>{"embed_dim", "seq_len", "dtype"});
    CHECK(plain.protocol_given == std::set<std::string, std::less<>>{"budget_s"});
    const Sweep narrowed =
        parse(config, {.profile = "short", .set = {"protocol.min_rounds=10", "batch=2"}, .filter = {}});
    CHECK(narrowed.parts[0].fixed.back() == "batch");
    CHECK(narrowed.protocol_given == std::set<std::string, std::less<>>{"budget_s", "max_rounds", "min_rounds"});
}
