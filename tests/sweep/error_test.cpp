// Every way a config can be wrong, with the exact place that is named.
#include "tests/catch.hpp"
#include "tests/sweep/support.hpp"

using namespace headcount;
using headcount::test::complaint;
using headcount::test::with_grid;

namespace {

void check(const std::string& text, const std::string& message) {
    CAPTURE(text.substr(0, 300));
    const std::string got = complaint(text);
    CHECK(got.substr(0, message.size()) == message);
}

const std::string kClaims = "axes: {num_heads: [1, 2]}\nclaims:\n  - ";

std::string repeat(const std::string& piece, int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += piece;
    return text;
}

}  // namespace

TEST_CASE("an unknown key is named with the nearest known one") {
    check("question: q\nproblm: {}\n",
          "c.yaml:2:1: unknown key 'problm'; did you mean 'problem'? (axes, claims, compare_by, exclude, include, "
          "left_out, parts, problem, profiles, protocol, question, seed, zip) of the config");
    check(with_grid("protocol: {budget: 3}\n"), "c.yaml:3:12: unknown key 'budget'; did you mean 'budget_s'?");
    check(with_grid("axes: {num_haeds: [1]}\n"), "c.yaml:3:8: unknown field 'num_haeds'; did you mean 'num_heads'?");
    check(with_grid("axes: {num_heads: [1]}\nparts: {x: {axis: {}}}\n"), "c.yaml:4:13: unknown key 'axis'");
    check(with_grid("profiles: {x: {seed: 1}}\n"), "c.yaml:3:16: unknown key 'seed'; known: axes,");
    check(with_grid(kClaims + "{idd: R1}\n"), "c.yaml:5:6: unknown key 'idd'; did you mean 'id'?");
    check(with_grid("profiles: {x: {parts: {y: {}}}}\n"), "c.yaml:3:24: unknown part 'y'");
}

TEST_CASE("an unknown name is named with the nearest known one") {
    check("question: q\naxes: {backend: [bias]}\n",
          "c.yaml:2:18: unknown backend 'bias'; did you mean 'blas'? (blas, ");
    check("question: q\nproblem: {preset: bert-bse}\n",
          "c.yaml:2:19: unknown preset 'bert-bse'; did you mean 'bert-base'?");
    check(with_grid("axes: {dtype: [f16]}\n"), "c.yaml:3:16: unknown dtype 'f16'");
    check(with_grid("compare_by: heads\naxes: {num_heads: [1]}\n"), "c.yaml:3:13: unknown field 'heads'");
    check(with_grid(kClaims + "{id: a, says: b, metric: tme, across: num_heads, expect: {within: 1}}\n"),
          "c.yaml:5:30: unknown metric 'tme'; did you mean 'time'?");
    check(with_grid(kClaims + "{id: a, says: b, metric: time, across: num_heads, expect: {witin: 1}}\n"),
          "c.yaml:5:64: unknown claim kind 'witin'; did you mean 'within'?");
    check(with_grid(kClaims + "{id: a, says: b, metric: time, part: x, across: num_heads, expect: {within: 1}}\n"),
          "c.yaml:5:42: unknown part 'x'");
    check(
        with_grid(kClaims + "{id: a, says: b, metric: time, ledger: maybe, across: num_heads, expect: {within: 1}}\n"),
        "c.yaml:5:44: unknown ledger 'maybe'");
    CHECK(complaint(with_grid(""), {.profile = "fast", .set = {}, .filter = {}}) ==
          "--profile fast: c.yaml: unknown profile 'fast'; known: quick");
}

TEST_CASE("a duplicate key is an error that names both places") {
    check("question: q\nproblem: {}\nquestion: r\n",
          "c.yaml:3:1: duplicate key 'question', first given in line 1; keep one of them");
    check(with_grid("axes: {num_heads: [1], num_heads: [2]}\n"), "c.yaml:3:24: duplicate key 'num_heads'");
    check(with_grid("axes: {num_heads: [1], \"num_heads\": [2]}\n"), "c.yaml:3:24: duplicate key 'num_heads'");
}

TEST_CASE("a value of the wrong type is an error") {
    check("question: [q]\n", "c.yaml:1:11: question takes text, not a list");
    check("question: 5\n", "c.yaml:1:11: question takes text, not 5");
    check("question: ''\n", "c.yaml:1:11: question is empty; say something");
    check("question:\n", "c.yaml:1:1: question takes text, not nothing");
    check("[1, 2]\n", "c.yaml:1:1: the config takes a map of key: value, not a list");
    check("just words\n", "c.yaml:1:1: the config takes a map of key: value, not 'just words'");
    check("", "c.yaml:1:1: the config takes a map of key: value, not nothing");
    check(with_grid("axes: {num_heads: [two]}\n"), "c.yaml:3:20: num_heads takes a whole number, not 'two'");
    check(with_grid("axes: {num_heads: ['2']}\n"), "c.yaml:3:20: num_heads takes a whole number, not the text '2'");
    check(with_grid("axes: {num_heads: [2.5]}\n"), "c.yaml:3:20: num_heads takes a whole number, not 2.5");
    check(with_grid("axes: {num_heads: [[2]]}\n"), "c.yaml:3:20: num_heads takes a whole number, not a list");
    check(with_grid("axes: {num_heads: [nan]}\n"), "c.yaml:3:20: num_heads takes a whole number, not nan");
    check(with_grid("axes: {causal: [yes]}\n"), "c.yaml:3:17: causal takes true or false, not 'yes'");
    check(with_grid("axes: {causal: ['true']}\n"), "c.yaml:3:17: causal takes true or false, not the text 'true'");
    check(with_grid("axes: {variant: [1]}\n"), "c.yaml:3:18: variant takes text, not 1");
    check(with_grid("axes: [num_heads]\n"), "c.yaml:3:7: axes takes a map of key: value, not a list");
    check(with_grid("axes: {num_heads: 8}\n"),
          "c.yaml:3:19: axis num_heads takes a list or a range, not 8; write [8], or fix the field under problem");
    check(with_grid("seed: abc\n"), "c.yaml:3:7: seed takes a whole number, not 'abc'");
    check(with_grid("protocol: {budget_s: long}\n"), "c.yaml:3:22: budget_s takes a number, not 'long'");
    check(with_grid("protocol: {cold_cache: 1}\n"), "c.yaml:3:24: cold_cache takes true or false, not 1");
    check(with_grid("exclude: {num_heads: 1}\n"), "c.yaml:3:10: exclude takes a list, [a, b], not a map");
    check(with_grid("claims: {id: R1}\n"), "c.yaml:3:9: claims takes a list, [a, b], not a map");
    check(with_grid("axes: {num_heads: !!int [1]}\n"), "c.yaml:3:19: tag 'tag:yaml.org,2002:int' is not used here");
    check(with_grid("? [a]\n: b\n"), "c.yaml:3:3: a key is one word here, not a list or a map");
    check(with_grid("axes: {variant: {from: 1, to: 2, step: 1}}\n"), "c.yaml:3:17: axis variant has no ranges");
}

TEST_CASE("a value out of range is an error") {
    check(with_grid("axes: {num_heads: [0]}\n"), "c.yaml:3:20: num_heads 0 is out of range; it must lie in [1, ");
    check(with_grid("axes: {num_heads: [-3]}\n"), "c.yaml:3:20: num_heads -3 is out of range");
    check(with_grid("axes: {num_heads: [99999999999999999999]}\n"),
          "c.yaml:3:20: num_heads 99999999999999999999 is out of range");
    check(with_grid("axes: {num_threads: [5000]}\n"), "c.yaml:3:22: num_threads 5000 is out of range");
    check(with_grid("seed: -1\n"), "c.yaml:3:7: seed -1 is out of range");
    check(with_grid("protocol: {target_rel_ci: -1}\n"), "c.yaml:3:27: target_rel_ci -1 is out of range");
    check(with_grid("protocol: {budget_s: inf}\n"), "c.yaml:3:22: budget_s inf is out of range");
    check(with_grid("protocol: {budget_s: nan}\n"), "c.yaml:3:22: budget_s nan is out of range");
    check(with_grid("protocol: {min_rounds: 9, max_rounds: 3}\n"),
          "c.yaml:3:11: min_rounds 9 is more than max_rounds 3");
    check(with_grid("axes: {num_heads: {from: 8, to: 4, step: 1}}\n"),
          "c.yaml:3:19: the range of num_heads is empty: from 8 is above to 4");
    check(with_grid("axes: {num_heads: {from: 1, to: 4, times: 1}}\n"), "c.yaml:3:43: times 1 is out of range");
    check(with_grid("axes: {num_heads: {from: 1, to: 4, step: 0}}\n"), "c.yaml:3:42: step 0 is out of range");
    check(with_grid("axes: {num_heads: {from: 1, step: 1}}\n"), "c.yaml:3:19: the range of num_heads lacks 'to'");
    check(with_grid("axes: {num_heads: {from: 1, to: 4, times: 2, step: 1}}\n"), "c.yaml:3:46: unknown key 'step'");
}

TEST_CASE("an empty axis, list or entry is an error") {
    check(with_grid("axes: {num_heads: []}\n"), "c.yaml:3:19: axis num_heads is empty; give at least one value");
    check(with_grid("axes: {}\n"), "c.yaml:3:7: axes is empty");
    check(with_grid("zip: {}\n"), "c.yaml:3:6: zip is empty");
    check(with_grid("exclude: []\n"), "c.yaml:3:10: exclude is empty");
    check(with_grid("exclude: [{}]\n"), "c.yaml:3:11: an entry of exclude is empty and would match everything");
    check(with_grid("claims: []\n"), "c.yaml:3:9: claims is empty");
    check(with_grid("axes: {num_heads: [1]}\nexclude: [{num_heads: 1}]\n"), "c.yaml:1:1: no point is left");
}

TEST_CASE("a sweep too large to enumerate is found by multiplication, before anything is listed") {
    const std::string thousand = "{from: 1, to: 1000, step: 1}";
    check(
        with_grid("axes: {batch: " + thousand + ", num_heads: " + thousand + ", num_threads: " + thousand +
                  ", seed: " + thousand + "}\n"),
        "c.yaml:3:86: too many combinations: with num_threads they exceed 1000000; shorten an axis or split the sweep");
    check(with_grid("axes: {embed_dim: {from: 1, to: 1000000000000, step: 1}}\n"),
          "c.yaml:3:19: the range of embed_dim has 1000000000000 values, more than 1000000; use a larger step");
    check(with_grid("axes: {seed: {from: 0, to: 9223372036854775807, step: 1}}\n"),
          "c.yaml:3:14: the range of seed has ");
}

TEST_CASE("counts that overflow are an error at the number that is too large, not a skipped point") {
    check(
        "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 1099511627776}\naxes:\n  seq_len: [4, "
        "1000000]\n",
        "c.yaml:2:59: the counts of this problem do not fit into 63 bits (");
    check(
        "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 4096}\naxes:\n  seq_len: [4, "
        "100000000000]\n",
        "c.yaml:4:16: the counts of this problem do not fit into 63 bits (");
}

TEST_CASE("a config that fixes too little is an error") {
    check("question: q\nproblem: {variant: multi_head, backend: naive, seq_len: 4}\naxes: {num_heads: [1]}\n",
          "c.yaml:1:1: a width is missing; give embed_dim or head_dim");
    check("question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 4}\n",
          "c.yaml:1:1: a length is missing");
    check("question: q\nproblem: {backend: naive, embed_dim: 4, seq_len: 4}\n", "c.yaml:1:1: variant is missing");
    check("problem: {}\n", "c.yaml:1:1: the config lacks 'question'");
}

TEST_CASE("a field that is given twice in different ways is an error") {
    check("question: q\nproblem: {seq_len: 4, q_len: 4}\n", "c.yaml:2:11: problem gives both seq_len and q_len");
    check(with_grid("axes: {seq_len: [4], kv_len: [4]}\n"), "c.yaml:3:8: axes gives both seq_len and kv_len");
    check(with_grid("axes: {embed_dim: [16]}\n"), "c.yaml:2:59: embed_dim is fixed here and varies in axes");
    check(with_grid("axes: {num_heads: [1]}\nzip: {num_heads: [1], batch: [2]}\n"),
          "c.yaml:4:6: num_heads varies twice");
    check(with_grid("zip: {num_heads: [1, 2], batch: [2]}\n"),
          "c.yaml:3:26: zipped axes need one length: batch has 1 values, num_heads has 2");
    check(with_grid("compare_by: [num_heads, num_heads]\n"), "c.yaml:3:25: compare_by names num_heads twice");
    check(with_grid("compare_by: num_heads\n"), "c.yaml:1:1: compare_by names num_heads, which does not vary");
    check(with_grid("axes: {num_heads: [1]}\nexclude: [{causal: true}]\n"),
          "c.yaml:4:20: exclude names causal, which neither varies nor is fixed here; known: num_heads, variant");
}

TEST_CASE("claims must fit the grid they speak of") {
    const auto claim = [](const std::string& rest) { return with_grid(kClaims + "{id: a, says: b, " + rest + "}\n"); };
    check(claim("metric: time, across: batch, expect: {within: 1}"),
          "c.yaml:5:44: claim a compares across batch, which does not vary in the main grid; its axes: num_heads");
    check(claim("metric: time, across: num_heads, base: 4, expect: {within: 1}"),
          "c.yaml:5:61: claim a speaks of num_heads 4, which no point has; there is 1, 2");
    check(claim("metric: time, across: num_heads, where: {variant: streaming}, expect: {within: 1}"),
          "c.yaml:5:72: claim a speaks of variant streaming, which no point has; there is multi_head");
    check(claim("metric: time, across: num_heads, expect: {within: 1, equal: exactly}"),
          "c.yaml:5:63: expect takes one kind: argument");
    check(claim("metric: time, across: num_heads, expect: {within: [1]}"), "c.yaml:5:72: within takes a word");
    check(claim("metric: time, across: num_heads, expect: {equal: exactly}"),
          "c.yaml:5:5: claim a is exact (equal), so it declares what must come out");
    check(claim("metric: time, across: num_heads, expect: {within: 1}, outcome: supported"),
          "c.yaml:5:85: claim a is measured (within) and may come out either way; remove outcome");
    check(claim("metric: time, across: num_heads, expect: {equal: exactly}, outcome: true"),
          "c.yaml:5:90: outcome takes text, not 'true'");
    check(claim("metric: time, across: num_heads, base: {batch: 1}, expect: {within: 1}"),
          "c.yaml:5:69: base names batch, which is not in across (num_heads)");
    check(claim("metric: time, across: num_heads"), "c.yaml:5:5: a claim lacks 'expect'");
    check(with_grid(kClaims + "{id: a b, says: c}\n"), "c.yaml:5:5: a claim lacks 'metric'");
    check(with_grid(kClaims + "{id: a b, says: c, metric: time, across: num_heads, expect: {within: 1}}\n"),
          "c.yaml:5:10: id is up to 64 letters");
    const std::string twice = "{id: a, says: b, metric: time, across: num_heads, expect: {within: 1}}\n";
    check(with_grid(kClaims + twice + "  - " + twice), "c.yaml:6:10: claim id 'a' is used twice, first at c.yaml:5:5");
    Vocabulary strict = headcount::test::vocabulary();
    strict.why_bad_claim = [](const ClaimSpec& spec) { return spec.argument == "1" ? "1 is no margin" : ""; };
    try {
        parse_sweep(with_grid(kClaims + twice), "c.yaml", strict);
        FAIL("loaded");
    } catch (const UsageError& e) {
        CHECK(std::string(e.what()) == "c.yaml:5:63: claim a: 1 is no margin");
    }
}

TEST_CASE("a kind that judges either sort of metric declares an outcome where the metric is exact, and only there") {
    const auto claim = [](const std::string& metric, const std::string& kind, const std::string& rest) {
        return with_grid(kClaims + "{id: a, says: b, across: num_heads, metric: " + metric + ", expect: {" + kind +
                         "}" + rest + "}\n");
    };
    for (const char* kind : {"at_most: base", "ordering: rising", "peaks_at: 1"}) {
        INFO(kind);
        CHECK(complaint(claim("core.multiplies", kind, ", outcome: refuted")).empty());
        CHECK(complaint(claim("time", kind, "")).empty());
        CHECK_THAT(complaint(claim("core.multiplies", kind, "")), Catch::Contains("declares what must come out"));
        CHECK_THAT(complaint(claim("time", kind, ", outcome: supported")),
                   Catch::Contains("is measured") && Catch::Contains("remove outcome"));
    }
}

TEST_CASE("what is not YAML is an error with its place") {
    check("question: [q\n", "c.yaml:2:1: not valid YAML: ");
    check("question: q\n\tproblem: {}\n", "c.yaml:2:");
    check("question: q\n---\nquestion: r\n", "c.yaml:2:1: a second document begins here");
    check("question: *nothing\n", "c.yaml:1:11: not valid YAML: the referenced anchor is not defined");
    check("question: &a [*a]\n", "c.yaml:1:15: this alias stands inside its own anchor");
}

TEST_CASE("hostile input ends at a bound") {
    check("question: " + repeat("[", 100'000), "c.yaml:1:");
    check("question: " + repeat("[", 40) + repeat("]", 40), "c.yaml:1:26: nested deeper than 16 levels");
    check("question: " + repeat("{a: ", 100'000), "c.yaml:1:");
    check(repeat("- ", 100'000) + "x\n", "c.yaml:1:33: nested deeper than 16 levels");
    check(repeat("? ", 100'000) + "x\n", "c.yaml:1:");
    check("question: \"" + std::string(std::size_t{1} << 20, 'x') + "\"\n",
          "c.yaml:1:1: 1048589 bytes are more than a config may have (1048576)");
    check("question: [" + repeat("1, ", 30'000) + "1]\n", "c.yaml:1:");
    std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + repeat(", " + last, 9) + "]\n";
    }
    check(laughs, "c.yaml:5:");
    CHECK(complaint(laughs).find("more than 20000 values (aliases expanded)") != std::string::npos);
    std::string deep = "b0: &b0 [x]\n";
    for (int i = 1; i < 30; ++i) {
        deep += "b" + std::to_string(i) + ": &b" + std::to_string(i) + " [*b" + std::to_string(i - 1) + "]\n";
    }
    CHECK(complaint(deep).find("nested deeper than 16 levels") != std::string::npos);
    CHECK(complaint("question: q\n\"" + std::string(500, '\x01') + "\": 1\n").size() < 400);
}

TEST_CASE("a file that cannot be read is an error that names it") {
    CHECK_THROWS_WITH(load_sweep("no/such.yaml", headcount::test::vocabulary()),
                      "no/such.yaml: cannot be read; check the path");
    CHECK_THROWS_AS(load_sweep(headcount::test::configs(), headcount::test::vocabulary()), UsageError);
    CHECK_THROWS_AS(load_presets("no/such/folder"), UsageError);
}

TEST_CASE("names of parts and profiles cannot lead out of the output folder") {
    for (const char* name : {"../../etc", "a/b", "..", "\"\"", "$x^2$", "'a b'", "=1"}) {
        const std::string grid = "axes: {num_heads: [1, 2]}\n";
        const std::string part = with_grid(grid + "parts:\n  " + name + ": {axes: {num_heads: [1]}}\n");
        CHECK(complaint(part).find("a part's name is up to 64 small letters") != std::string::npos);
        const std::string profile = with_grid(grid + "profiles:\n  " + name + ": {protocol: {budget_s: 1}}\n");
        CHECK(complaint(profile).find("a profile's name is up to 64 small letters") != std::string::npos);
    }
}

TEST_CASE("a value of an option is blamed on the option, not on a line of the file") {
    const std::string text =
        "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 48}\naxes: {num_heads: [1, 3], "
        "seq_len: [17]}\ninclude:\n  - {num_heads: 1, q_len: 9, kv_len: 5}\n";
    CHECK(complaint(text).empty());
    const std::string got = complaint(text, {.profile = {}, .set = {"embed_dim=48,96"}, .filter = {}});
    CHECK(got.starts_with("--set embed_dim=48,96: a width is missing"));
    CHECK(got.find("c.yaml:5:5") != std::string::npos);
    CHECK(
        complaint(text, {.profile = {}, .set = {"num_heads=1,0"}, .filter = {}}).starts_with("--set num_heads=1,0: "));
    CHECK(complaint(text, {.profile = {}, .set = {"num_haeds=1"}, .filter = {}})
              .starts_with("--set num_haeds=1: unknown field 'num_haeds'; did you mean 'num_heads'?"));
    CHECK(complaint(text, {.profile = {}, .set = {}, .filter = {"num_haeds=1"}})
              .starts_with("--filter num_haeds=1: unknown field 'num_haeds'; did you mean 'num_heads'?"));
    CHECK(complaint(text, {.profile = {}, .set = {}, .filter = {"num_heads=7"}})
              .starts_with("--filter num_heads=7: no point of c.yaml is left"));
}

TEST_CASE("rounds are checked as they come out of the config, the profile and every --set") {
    const std::string text = with_grid(
        "protocol: {min_rounds: 10, max_rounds: 40}\n"
        "profiles: {short: {protocol: {min_rounds: 5, max_rounds: 8}}, long: {protocol: {max_rounds: 80}}}\n");
    using Texts = std::vector<std::string>;
    const auto got = [&](const Texts& set, const std::string& profile = "") {
        return complaint(text, {.profile = profile, .set = set, .filter = {}});
    };
    CHECK(got({"protocol.max_rounds=6", "protocol.min_rounds=6"}).empty());
    CHECK(got({"protocol.min_rounds=6", "protocol.max_rounds=6"}).empty());
    CHECK(got({"protocol.min_rounds=60", "protocol.max_rounds=90"}).empty());
    CHECK(got({"protocol.min_rounds=60"}, "long").empty());
    CHECK(got({"protocol.min_rounds=7"}, "short").empty());
    CHECK(got({"protocol.max_rounds=99", "protocol.min_rounds=90"}, "short").empty());
    CHECK(
        got({"protocol.min_rounds=60"}) ==
        "--set protocol.min_rounds=60: min_rounds 60 is more than max_rounds 40; swap them, or set the other as well");
    CHECK(got({"protocol.max_rounds=9", "num_heads=2", "protocol.min_rounds=10"})
              .starts_with("--set protocol.max_rounds=9 --set protocol.min_rounds=10: min_rounds 10 is more than "
                           "max_rounds 9"));
    CHECK(got({"protocol.min_rounds=9"}, "short").starts_with("--set protocol.min_rounds=9: min_rounds 9 is more"));
    CHECK(got({"protocol.min_rounds=0"}).starts_with("--set protocol.min_rounds=0: "));
}

TEST_CASE("a profile's rounds are checked over the config's, whichever profile is chosen") {
    const std::string text = with_grid(
        "protocol: {min_rounds: 10, max_rounds: 40}\n"
        "profiles: {short: {protocol: {max_rounds: 8}}}\n");
    for (const char* profile : {"", "quick", "short"}) {
        CHECK(complaint(text, {.profile = profile, .set = {}, .filter = {}})
                  .starts_with("c.yaml:4:30: min_rounds 10 is more than max_rounds 8"));
    }
    CHECK(complaint(text, {.profile = "short", .set = {"protocol.min_rounds=8"}, .filter = {}}).empty());
    // What a profile mends is no error of the config for that profile.
    const std::string mended = with_grid("protocol: {max_rounds: 3}\nprofiles: {p: {protocol: {min_rounds: 2}}}\n");
    CHECK(complaint(mended, {.profile = "p", .set = {}, .filter = {}}).empty());
    CHECK(complaint(mended).starts_with("c.yaml:3:11: min_rounds"));
}
