// From grids to points: order, ranges, zip, exclude, include, duplicates, what is skipped.
#include <algorithm>
#include <random>
#include <set>

#include "tests/catch.hpp"
#include "tests/sweep/support.hpp"

using namespace headcount;
using headcount::test::column;
using headcount::test::main_part;
using headcount::test::parse;
using headcount::test::with_grid;
using Names = std::vector<std::string>;

namespace {

std::set<std::string> ids(const Part& part) {
    std::set<std::string> all;
    for (const Point& point : part.points) all.insert(point.id());
    return all;
}

}  // namespace

TEST_CASE("axes multiply in the order written, the first one slowest") {
    const Part part = main_part("axes: {num_heads: [1, 2], batch: [3, 1]}\n");
    CHECK(part.axes == Names{"num_heads", "batch"});
    CHECK(column(part, "num_heads") == Names{"1", "1", "2", "2"});
    CHECK(column(part, "batch") == Names{"3", "1", "3", "1"});
    CHECK(main_part("").points.size() == 1);
}

TEST_CASE("ranges include both ends when they reach them") {
    CHECK(column(main_part("axes: {num_heads: {from: 1, to: 16, times: 4}}\n"), "num_heads") == Names{"1", "4", "16"});
    CHECK(column(main_part("axes: {num_heads: {from: 1, to: 15, times: 4}}\n"), "num_heads") == Names{"1", "4"});
    CHECK(column(main_part("axes: {batch: {from: 2, to: 8, step: 3}}\n"), "batch") == Names{"2", "5", "8"});
    CHECK(column(main_part("axes: {batch: {from: 2, to: 7, step: 3}}\n"), "batch") == Names{"2", "5"});
    CHECK(column(main_part("axes: {batch: {from: 5, to: 5, step: 3}}\n"), "batch") == Names{"5"});
    CHECK(column(main_part("axes: {seed: {from: 9223372036854775806, to: 9223372036854775807, step: 5}}\n"), "seed") ==
          Names{"9223372036854775806"});
}

TEST_CASE("any field can vary, num_threads and seed like the others") {
    const Part part =
        main_part("axes: {num_threads: [1, 2], causal: [false, true], dtype: [f32, f64], seed: [1, 7]}\n");
    CHECK(part.points.size() == 16);
    CHECK(part.points.back().num_threads == 2);
    CHECK(part.points.back().seed == 7);
    CHECK(part.points.back().problem.causal);
}

TEST_CASE("the seed of the file is the seed of its points unless seed varies") {
    CHECK(parse(with_grid("seed: 9\n")).parts[0].points[0].seed == 9);
    CHECK(parse(with_grid("seed: 9\naxes: {seed: [3]}\n")).parts[0].points[0].seed == 3);
}

TEST_CASE("zipped axes move together and multiply with the rest") {
    const Part part = main_part("axes: {batch: [1, 2]}\nzip: {num_heads: [1, 2, 4], num_threads: [4, 2, 1]}\n");
    CHECK(part.axes == Names{"batch", "num_heads", "num_threads"});
    CHECK(column(part, "num_heads") == Names{"1", "2", "4", "1", "2", "4"});
    CHECK(column(part, "num_threads") == Names{"4", "2", "1", "4", "2", "1"});
    CHECK(main_part("zip: [{num_heads: [1, 2], num_threads: [1, 2]}, {batch: [1, 2], causal: [true, false]}]\n")
              .points.size() == 4);
}

TEST_CASE("exclude removes the combinations that match all fields of an entry") {
    const Part part = main_part(
        "axes: {num_heads: [1, 2, 4], batch: [1, 2]}\nexclude:\n  - {num_heads: 2}\n"
        "  - {num_heads: [1, 4], batch: 2}\n");
    CHECK(column(part, "num_heads") == Names{"1", "4"});
    CHECK(column(part, "batch") == Names{"1", "1"});
}

TEST_CASE("exclude may name what is fixed: it then holds for all or none") {
    CHECK(main_part("axes: {num_heads: [1, 2]}\nexclude: [{backend: naive, num_heads: 2}]\n").points.size() == 1);
    CHECK(main_part("axes: {num_heads: [1, 2]}\nexclude: [{backend: blas, num_heads: 2}]\n").points.size() == 2);
}

TEST_CASE("an exclude that matches nothing is a warning, but not after --set") {
    const std::string text = with_grid("axes: {num_heads: [1, 2]}\nexclude: [{num_heads: 4}]\n");
    const Sweep sweep = parse(text);
    REQUIRE(sweep.warnings.size() == 1);
    CHECK(sweep.warnings[0] == "c.yaml:4:11: this entry of exclude matches nothing; remove it?");
    CHECK(parse(text, {.profile = "", .set = {"num_heads=1"}, .filter = {}}).warnings.empty());
}

TEST_CASE("equal points are listed once") {
    CHECK(main_part("axes: {num_heads: [2, 2, 02]}\n").points.size() == 1);
    CHECK(main_part("axes: {num_heads: [2], head_dim: [8]}\ninclude: [{num_heads: 2, head_dim: 8}]\n").points.size() ==
          1);
    CHECK(main_part("axes: {num_heads: [3, 3]}\n").skipped.size() == 1);
}

TEST_CASE("sizes that do not divide are skipped with the reason, and with head_dim they are not") {
    const Sweep sweep = parse(
        "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 512, seq_len: 4}\n"
        "axes: {num_heads: [8, 12]}\n");
    const Part& part = sweep.parts[0];
    CHECK(column(part, "num_heads") == Names{"8"});
    REQUIRE(part.skipped.size() == 1);
    CHECK(part.skipped[0].id == "multi_head/naive/seq_len=4,embed_dim=512,num_heads=12");
    CHECK(part.skipped[0].reason ==
          "num_heads 12 does not divide embed_dim 512; nearest divisors: 8 and 16; or give head_dim");
    const Part given = parse(
                           "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 512, seq_len: 4}\n"
                           "axes: {num_heads: [8, 12], head_dim: [64]}\n")
                           .parts[0];
    CHECK(given.points.size() == 2);
    const Part grouped = main_part("axes: {num_heads: [4], num_kv_heads: [1, 2, 3, 4, 8]}\n");
    CHECK(grouped.points.size() == 3);
    REQUIRE(grouped.skipped.size() == 2);
    CHECK(grouped.skipped[0].reason == "num_kv_heads 3 does not divide num_heads 4; nearest divisors: 2 and 4");
    CHECK(grouped.skipped[0].id == "multi_head/naive/seq_len=4,embed_dim=16,num_heads=4,num_kv_heads=3");
}

TEST_CASE("parts stand over the top-level problem and under nothing else of it") {
    const Sweep sweep =
        parse(with_grid("axes: {num_heads: [1, 2]}\ncompare_by: num_heads\nparts:\n"
                        "  wide: {problem: {embed_dim: 32, seq_len: 8}, axes: {causal: [true]}}\n"));
    REQUIRE(sweep.parts.size() == 2);
    CHECK(sweep.parts[0].compare_by == Names{"num_heads"});
    CHECK(sweep.parts[1].name == "wide");
    CHECK(sweep.parts[1].compare_by.empty());
    CHECK(ids(sweep.parts[1]) == std::set<std::string>{"multi_head/naive/seq_len=8,embed_dim=32,causal=true"});
    CHECK(parse(with_grid("parts: {only: {axes: {batch: [1, 2]}}}\n")).parts[0].points.empty());
}

TEST_CASE("a preset gives its sizes, and explicit fields win wherever they stand") {
    const auto point = [](const std::string& problem) {
        return parse("question: q\nproblem: {variant: multi_head, backend: naive, " + problem + "}\n")
            .parts[0]
            .points.at(0);
    };
    CHECK(point("preset: bert-base").id() == "multi_head/naive/seq_len=512,embed_dim=768,num_heads=12,bias=true");
    CHECK(point("preset: bert-base, num_heads: 8, seq_len: 7").id() ==
          "multi_head/naive/seq_len=7,embed_dim=768,num_heads=8,bias=true");
    CHECK(point("num_heads: 8, preset: bert-base").problem.num_heads == 8);
    CHECK(point("preset: gpt2-medium").problem.causal);
    CHECK(point("preset: vaswani-big, seq_len: 3").problem.embed_dim == 1024);
    const Sweep varied = parse(
        "question: q\nproblem: {variant: multi_head, backend: naive, preset: bert-base}\n"
        "axes: {num_heads: [1, 2], seq_len: [8]}\n");
    CHECK(column(varied.parts[0], "num_heads") == Names{"1", "2"});
    CHECK(column(varied.parts[0], "seq_len") == Names{"8", "8"});
    const Sweep sweep = parse(
        "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 64, seq_len: 2}\n"
        "parts: {bert: {problem: {preset: bert-large}}}\n");
    CHECK(sweep.parts[1].points.at(0).problem.embed_dim == 1024);
}

TEST_CASE("profiles replace axes, fields and lists by name") {
    const std::string text = with_grid(
        "axes: {num_heads: [1, 2, 4], batch: [1, 2]}\nexclude: [{batch: 2}]\nprotocol: {max_rounds: 40}\n"
        "parts: {p: {axes: {num_heads: [1, 2]}}}\n"
        "profiles:\n  a: {axes: {num_heads: [8], causal: [true]}, protocol: {budget_s: 3}, parts: {p: {axes: {batch: "
        "[5]}}}}\n  b: {problem: {batch: 3}}\n  c: {exclude: [{num_heads: [1, 2]}]}\n");
    const auto load = [&](const std::string& profile) {
        return parse(text, {.profile = profile, .set = {}, .filter = {}});
    };
    const Sweep a = load("a");
    CHECK(a.profile == "a");
    CHECK(a.parts[0].axes == Names{"num_heads", "batch", "causal"});
    CHECK(column(a.parts[0], "num_heads") == Names{"8"});
    CHECK(a.protocol.budget_s == 3);
    CHECK(a.protocol.max_rounds == 40);
    CHECK(a.parts[1].points.size() == 2);
    CHECK(a.parts[1].points[0].problem.batch == 5);
    CHECK(load("quick").parts[0].points.size() == 3);
    CHECK(column(load("c").parts[0], "batch") == Names{"1", "2"});
    // b fixes what varied: exclude then speaks of the fixed value, and matches nothing.
    CHECK(column(load("b").parts[0], "batch") == Names{"3", "3", "3"});
}

TEST_CASE("--set replaces an axis where there is one, and else the fixed field") {
    const std::string text = with_grid(
        "axes: {num_heads: [1, 2, 4]}\nparts:\n  p: {axes: {batch: [1, 2]}}\n"
        "  z: {zip: {num_heads: [1, 2], batch: [4, 3]}}\n");
    const auto load = [&](const Names& set) { return parse(text, {.profile = "", .set = set, .filter = {}}); };
    const Sweep heads = load({"num_heads=1,8"});
    CHECK(column(heads.parts[0], "num_heads") == Names{"1", "8"});
    CHECK(column(heads.parts[1], "num_heads") == Names{"1", "1"});  // no axis there: untouched
    CHECK(column(heads.parts[2], "num_heads") == Names{"1"});       // of zipped rows those with the values stay
    CHECK(column(load({"z/batch=3"}).parts[2], "num_heads") == Names{"2"});
    CHECK(column(load({"z/batch=3"}).parts[1], "batch") == Names{"1", "2"});
    const Sweep embed = load({"embed_dim=32"});
    for (const Part& part : embed.parts) CHECK(part.points.at(0).problem.embed_dim == 32);
    CHECK(load({"causal=false,true"}).parts[0].points.size() == 6);
    CHECK(load({"protocol.budget_s=7"}).protocol.budget_s == 7);
    CHECK_THROWS_WITH(load({"num_haeds=1"}),
                      Catch::Contains("--set num_haeds=1: unknown field 'num_haeds'; did you mean 'num_heads'?"));
    CHECK_THROWS_WITH(load({"num_heads=x"}), "--set num_heads=x: num_heads takes a whole number, not 'x'");
    CHECK_THROWS_WITH(load({"num_heads"}), "--set num_heads: write field=value or field=value,value");
    CHECK_THROWS_WITH(load({"num_heads=1,,2"}), Catch::Contains("a value is empty"));
    CHECK_THROWS_WITH(load({"q/num_heads=1"}), Catch::Contains("unknown part 'q'"));
    CHECK_THROWS_WITH(load({"protocol.bugdet_s=1"}),
                      Catch::Contains("--set protocol.bugdet_s=1: unknown key 'bugdet_s'; did you mean 'budget_s'?"));
}

TEST_CASE("--filter keeps the points that agree with every filter") {
    const std::string text =
        with_grid("axes: {num_heads: [1, 2, 3], batch: [1, 2]}\nparts: {p: {axes: {batch: [7]}}}\n");
    const auto load = [&](const Names& filter) { return parse(text, {.profile = "", .set = {}, .filter = filter}); };
    CHECK(load({"num_heads=1,2", "batch=2"}).parts[0].points.size() == 2);
    CHECK(load({"num_heads=1,2", "batch=2"}).parts[0].skipped.empty());
    CHECK(load({"num_heads=3"}).parts[0].skipped.size() == 2);
    CHECK(load({"part=p"}).parts[0].points.empty());
    CHECK(load({"part=main"}).parts[0].points.size() == 4);
    CHECK(load({"part=main"}).parts[1].points.empty());
    CHECK(load({"seq_len=4"}).parts[0].points.size() == 4);
    CHECK_THROWS_WITH(load({"batch=9"}), Catch::Contains("--filter batch=9: no point of c.yaml is left"));
    CHECK_THROWS_WITH(load({"bath=9"}),
                      Catch::Contains("--filter bath=9: unknown field 'bath'; did you mean 'batch'?"));
    CHECK_THROWS_WITH(load({"backend=bias"}), Catch::Contains("did you mean 'blas'?"));
}

TEST_CASE("--filter by part leaves the claims of other parts out, by field none") {
    const std::string text = with_grid(
        "axes: {batch: [1, 2]}\nparts: {p: {axes: {batch: [7, 8]}}}\nclaims:\n"
        "  - {id: a, says: s, metric: time, across: batch, expect: {within: 1}}\n"
        "  - {id: b, says: s, metric: time, part: p, across: batch, expect: {within: 1}}\n");
    const auto ids = [&](const std::string& filter) {
        std::string all;
        for (const ClaimSpec& spec : parse(text, {.profile = "", .set = {}, .filter = {filter}}).claims) all += spec.id;
        return all;
    };
    CHECK(ids("part=main") == "a");
    CHECK(ids("part=p") == "b");
    CHECK(ids("batch=1,7") == "ab");
}

TEST_CASE("random grids expand to the same points as a plain filter over all combinations") {
    std::mt19937 random(11);
    const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    for (int trial = 0; trial < 200; ++trial) {
        // Two axes, a zip pair, and up to three excludes over them.
        const int n_batch = 1 + pick(3), n_heads = 1 + pick(3), n_zip = 1 + pick(3);
        std::string batch, heads, threads, seeds, exclude;
        for (int i = 1; i <= n_batch; ++i) batch += (i > 1 ? ", " : "") + std::to_string(i);
        for (int i = 0; i < n_heads; ++i) heads += (i > 0 ? ", " : "") + std::to_string(1 << i);
        for (int i = 1; i <= n_zip; ++i) threads += (i > 1 ? ", " : "") + std::to_string(i);
        for (int i = 1; i <= n_zip; ++i) seeds += (i > 1 ? ", " : "") + std::to_string(10 * i);
        struct Entry {
            int b, h, t;
        };
        std::vector<Entry> entries;
        for (int i = pick(4); i > 0; --i) {
            const Entry e{pick(4), pick(2) == 0 ? 0 : 1 << pick(3), pick(4)};
            if (e.b + e.h + e.t == 0) continue;
            entries.push_back(e);
            exclude += "  - {";
            if (e.b != 0) exclude += "batch: " + std::to_string(e.b) + (e.h + e.t != 0 ? ", " : "");
            if (e.h != 0) exclude += "num_heads: " + std::to_string(e.h) + (e.t != 0 ? ", " : "");
            if (e.t != 0) exclude += "num_threads: " + std::to_string(e.t);
            exclude += "}\n";
        }
        std::set<std::string> expected;
        for (int b = 1; b <= n_batch; ++b) {
            for (int h = 0; h < n_heads; ++h) {
                for (int t = 1; t <= n_zip; ++t) {
                    const bool out = std::any_of(entries.begin(), entries.end(), [&](const Entry& e) {
                        return (e.b == 0 || e.b == b) && (e.h == 0 || e.h == 1 << h) && (e.t == 0 || e.t == t);
                    });
                    PointSpec spec;
                    spec.variant = "multi_head";
                    spec.backend = "naive";
                    spec.problem.embed_dim = 16;
                    spec.problem.q_len = spec.problem.kv_len = 4;
                    spec.problem.batch = b;
                    spec.problem.num_heads = 1 << h;
                    spec.num_threads = t;
                    spec.seed = static_cast<std::uint64_t>(10 * t);
                    if (!out) expected.insert(resolve(spec).id());
                }
            }
        }
        const std::string text = "axes: {batch: [" + batch + "], num_heads: [" + heads + "]}\nzip: {num_threads: [" +
                                 threads + "], seed: [" + seeds + "]}\n" +
                                 (exclude.empty() ? "" : "exclude:\n" + exclude);
        CAPTURE(text);
        if (expected.empty()) {
            CHECK(headcount::test::complaint(test::with_grid(text)).find("no point is left") != std::string::npos);
        } else {
            const Part part = main_part(text);
            CHECK(ids(part) == expected);
            CHECK(part.points.size() == expected.size());
        }
    }
}

TEST_CASE("an axis of an option varies for the points that have it alone") {
    const Sweep sweep = parse(
        "question: q\nproblem: {variant: multi_head, embed_dim: 16, seq_len: 4}\n"
        "axes: {backend: [naive, simd], key_block: [0, 32, 64]}\n");
    CHECK(column(sweep.parts[0], "backend") == std::vector<std::string>{"naive", "simd", "simd", "simd"});
    CHECK(column(sweep.parts[0], "key_block") == std::vector<std::string>{"", "0", "32", "64"});
    CHECK(sweep.parts[0].points[2].id() == "multi_head/simd/seq_len=4,embed_dim=16,key_block=32");
}

TEST_CASE("an option that no point has is a mistake, told with who has it") {
    const std::string text = test::complaint(test::with_grid("axes: {key_block: [0, 32], num_heads: [1, 2]}\n"));
    CHECK_THAT(text, Catch::Contains("c.yaml:3:8") &&
                         Catch::Contains("no variant, backend or task here has the option") &&
                         Catch::Contains("backend simd"));
}
