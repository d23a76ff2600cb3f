// What a study of trained and pruned models says: differences by seed and by example, claims, and what is unfinished.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/heads/pruning_findings.hpp"
#include "harness/analysis/heads/pruning_text.hpp"
#include "harness/journal/line_file.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t kSeeds = 8, kExamples = 200, kHeads = 3;

/// Of that mean, a little apart from seed to seed and from example to example.
std::vector<double> errors(double mean, std::int64_t seed) {
    std::vector<double> all;
    for (std::int64_t i = 0; i < kExamples; ++i) {
        all.push_back(mean * (1 + 0.01 * static_cast<double>(seed)) + 0.001 * std::sin(static_cast<double>(7 * i)));
    }
    return all;
}

/// Three heads; head `seed % 3` is of no use, the next costs 0.2 and the third 0.5. What is trained small errs
/// `small` times as much as what was pruned.
PruningStudy made_up(double small = 0.5, std::int64_t seeds = kSeeds) {
    PruningStudy study;
    PruningStudyRecord& r = study.record;
    r.point = "multi_head/simd/task=k_lookup";
    r.task = "k_lookup";
    r.unit = "NMSE";
    r.layers = 1;
    r.num_heads = kHeads;
    r.head_dim = 8;
    r.batch = 4;
    r.examples = kExamples;
    r.seeds = seeds;
    for (std::int64_t seed = 0; seed < seeds; ++seed) {
        const std::int64_t idle = seed % 3, some = (seed + 1) % 3, most = (seed + 2) % 3;
        const auto add = [&](std::string name, std::int64_t left, double error) {
            study.conditions.push_back(
                {.seed = seed, .name = std::move(name), .heads = {left}, .removed = {}, .errors = errors(error, seed)});
        };
        std::vector<double> importance(3);
        importance[static_cast<std::size_t>(idle)] = 0.1;
        importance[static_cast<std::size_t>(some)] = 0.2;
        importance[static_cast<std::size_t>(most)] = 0.7;
        study.importances.push_back(
            {.seed = seed, .importance = {importance}, .order = {{.head = idle}, {.head = some}, {.head = most}}});
        add("whole", 3, 0.1);
        add(fmt::format("without 0.{}", idle), 2, 0.1);
        add(fmt::format("without 0.{}", some), 2, 0.3);
        add(fmt::format("without 0.{}", most), 2, 0.6);
        add(fmt::format("only 0.{}", most), 1, 0.3);
        const std::vector<double> pruned{1.0, 0.3, 0.1};
        for (std::int64_t left = 0; left < kHeads; ++left) {
            const double error = pruned[static_cast<std::size_t>(left)];
            add(fmt::format("importance {}", left), left, error);
            add(fmt::format("random {}", left), left, error + 0.05);
            add(fmt::format("small {}", left), left, small * error);
        }
    }
    for (std::int64_t left = 0; left <= kHeads; ++left) {
        PruningTimingRecord timing{.heads = {left}, .seconds = {}};
        for (int round = 0; round < 20; ++round) {
            timing.seconds.push_back(0.001 * static_cast<double>(1 + left) + 1e-6 * (round % 5));
        }
        study.timings.push_back(timing);
    }
    return study;
}

Status status_of(const PruningFindings& findings, const std::string& id) {
    for (const HeadVerdict& verdict : findings.verdicts) {
        if (verdict.id == id) return verdict.status;
    }
    FAIL("no verdict " << id);
    return Status::inconclusive;
}

}  // namespace

TEST_CASE("heads of different seeds are told by their place in the order of importance") {
    const PruningFindings findings = find_pruning(made_up());
    CHECK(findings.seeds == kSeeds);
    CHECK(findings.whole.estimate == Approx(0.1035).margin(0.001));
    REQUIRE(findings.places.size() == 3);
    CHECK(findings.places[0].added.estimate == Approx(0).margin(1e-9));
    CHECK(findings.places[1].added.estimate == Approx(0.207).margin(0.001));
    CHECK(findings.places[2].added.estimate == Approx(0.5175).margin(0.002));
    CHECK(findings.places[1].added.low > 0.19);
    CHECK(findings.places[0].saved->estimate == Approx(0.001));
    CHECK(findings.rank_correlation.estimate == Approx(1));
    REQUIRE(findings.masked.size() == 3 * kSeeds);
    for (const MaskedHead& head : findings.masked) {
        CHECK((head.adjusted_p < 0.05) == (head.place > 0));
        CHECK(head.head == (head.seed + head.place) % 3);
    }
    REQUIRE(findings.only.size() == 1);
    CHECK(findings.only[0].saved->estimate == Approx(0.002));
    CHECK_THAT(pruning_text(findings), Contains("16 of 24 heads are missed, 0 are better away"));
}

TEST_CASE("curves have what was pruned beside what was trained small, with the time that is saved") {
    const PruningFindings findings = find_pruning(made_up());
    REQUIRE(findings.curve.size() == 3);
    CHECK(findings.curve[0].left == 2);
    CHECK(findings.curve[1].small_over_pruned.estimate == Approx(0.5).margin(0.001));
    CHECK(findings.curve[2].pruned.saved->estimate == Approx(0.003));
    CHECK(findings.curve[2].pruned.pass->estimate == Approx(0.001).margin(1e-5));
    CHECK(findings.curve[1].random.added.estimate > findings.curve[1].pruned.added.estimate);
    CHECK_THAT(pruning_text(findings), Contains("by importance 1 of 3 heads can go before a loss shows"));
}

TEST_CASE("claims about pruning come out in each way") {
    CHECK(status_of(find_pruning(made_up()), "R14.small") == Status::supported);
    CHECK(status_of(find_pruning(made_up(1.1)), "R14.small") == Status::refuted);
    CHECK(status_of(find_pruning(made_up(0.5, 4)), "R14.small") == Status::inconclusive);
    CHECK(status_of(find_pruning(made_up()), "R14.masked") == Status::refuted);
    PruningStudy cheap = made_up();
    for (PruningConditionRecord& condition : cheap.conditions) {
        if (condition.name.starts_with("without")) condition.errors = errors(0.101, condition.seed);
    }
    CHECK(status_of(find_pruning(cheap), "R14.masked") == Status::supported);
    CHECK(status_of(find_pruning(made_up(0.5, 4)), "R14.masked") == Status::inconclusive);
}

TEST_CASE("an unfinished study of pruning is told as far as it goes, and one with few seeds without intervals") {
    PruningStudy study = made_up();
    study.conditions.resize(20);
    study.timings.clear();
    const PruningFindings findings = find_pruning(study);
    CHECK(findings.verdicts.empty());
    CHECK_THAT(pruning_text(findings), Contains("2 of 8 seeds"));
    study.conditions.clear();
    CHECK_THAT(pruning_text(find_pruning(study)), Contains("0 of 8 seeds"));
    const std::string few = pruning_text(find_pruning(made_up(0.5, 4)));
    CHECK_THAT(few, !Contains("inf"));
}

TEST_CASE("a study of pruning is read as it was written, and exported") {
    const testing::Scratch scratch;
    const PruningStudy study = made_up(0.5, 2);
    {
        LineFile file(scratch.file(), kPruningStudyStart, "a study of pruning");
        std::string lines = study_line(study.record) + '\n';
        for (const PruningImportanceRecord& record : study.importances) lines += study_line(record) + '\n';
        for (const PruningConditionRecord& record : study.conditions) lines += study_line(record) + '\n';
        for (const PruningTimingRecord& record : study.timings) lines += study_line(record) + '\n';
        lines += study_line(study.conditions.front()) + '\n';  // once more
        file.append(lines);
    }
    const PruningStudy read = read_pruning_study(scratch.file());
    REQUIRE(read.warnings.size() == 1);
    CHECK_THAT(read.warnings.front(), Contains("repeats condition whole"));
    REQUIRE(read.conditions.size() == study.conditions.size());
    CHECK(study_line(read.conditions.back()) == study_line(study.conditions.back()));
    CHECK(study_line(read.importances.back()) == study_line(study.importances.back()));
    export_pruning(find_pruning(read), scratch.dir / "data");
    for (const char* name : {"run.json", "pruning_masked.csv", "pruning_curve.csv", "pruning_verdicts.csv"}) {
        CHECK(std::filesystem::exists(scratch.dir / "data" / name));
    }
}
