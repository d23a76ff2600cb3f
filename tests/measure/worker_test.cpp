// The worker's end of the protocol with real points, and the parent's end with real processes and accidents.
#include "harness/measure/worker/worker.hpp"

#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "harness/core/error.hpp"
#include "harness/journal/journal.hpp"
#include "harness/journal/json.hpp"
#include "harness/measure/campaign/campaign.hpp"
#include "harness/measure/worker/worker_process.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using headcount::testing::Scratch;
namespace fs = std::filesystem;

namespace {

/// Answers of a worker in this very process.
std::vector<Json> answers_to(const std::string& requests) {
    const Scratch scratch;
    const fs::path path = scratch.dir / "answers";
    const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    std::istringstream input(requests);
    REQUIRE(serve_worker(input, fd) == 0);
    ::close(fd);
    std::ifstream file(path);
    std::vector<Json> answers;
    for (std::string line; std::getline(file, line);) answers.push_back(Json::parse(line));
    return answers;
}

const std::string kPoint = "multi_head/naive/seq_len=8,embed_dim=8,num_heads=2";
const fs::path kFakeWorker = fs::path(HEADCOUNT_SOURCE_DIR) / "tests" / "measure" / "fake_worker.py";

std::string failure_of(Worker& worker, const std::string& point, int visits) {
    try {
        for (int i = 0; i < visits; ++i) worker.visit(point);
    } catch (const PointFailure& failure) {
        CHECK(failure.worker_lost);
        return failure.what();
    }
    return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Seconds. A busy machine takes two to start the interpreter; only the point that hangs waits for all of it.
constexpr double kPatience = 6;

}  // namespace

TEST_CASE("a worker checks, calibrates, visits, traces and forgets a point") {
    const auto request = [](const std::string& verb) {
        return R"({"do":")" + verb + R"(","point":")" + kPoint + "\"}\n";
    };
    const auto answers = answers_to(
        request("check") + R"({"do":"calibrate","min_sample_s":0.0001,"cold_cache":false,"point":")" + kPoint +
        "\"}\n" + request("visit") + request("trace") + request("forget") + request("visit") + request("memory"));
    REQUIRE(answers.size() == 7);
    CHECK(answers[0]["ok"]["passed"] == true);
    CHECK(answers[0]["ok"]["max_error"] <= answers[0]["ok"]["bound"]);
    CHECK(answers[1]["ok"] > 0);
    CHECK(answers[2]["ok"]["wall_s"] > 0);
    CHECK(answers[2]["ok"]["iterations"] > 1);
    CHECK(answers[2]["ok"]["point"] == kPoint);
    double sum = 0;
    std::vector<std::string> roles;
    for (const Json& span : answers[3]["ok"]["breakdown"]) {
        sum += span["seconds"].get<double>();
        roles.push_back(span["role"]);
    }
    CHECK(sum <= answers[3]["ok"]["seconds"].get<double>());
    CHECK(roles == std::vector<std::string>{"query", "key", "value", "scores", "weights", "context", "output"});
    CHECK(answers[4]["ok"].is_null());
    CHECK(answers[5]["ok"]["wall_s"] > 0);
    CHECK(answers[6]["ok"]["peak_bytes"] > 0);
}

TEST_CASE("a worker answers what it cannot do and goes on") {
    const auto answers = answers_to(std::string(R"({"do":"dance"})") + "\nno json\n" +
                                    R"({"do":"check","point":"multi_head/nothing/seq_len=8,embed_dim=8"})" + "\n" +
                                    R"({"do":"check","point":")" + kPoint + "\"}\n");
    REQUIRE(answers.size() == 4);
    CHECK(contains(answers[0]["failed"], "dance"));
    CHECK(answers[1].contains("failed"));
    CHECK(contains(answers[2]["failed"], "nothing"));
    CHECK(answers[3].contains("ok"));
}

TEST_CASE("a worker process that crashes, hangs or babbles is told apart") {
    Protocol protocol;
    protocol.timeout_s = 20;
    const auto start = [&] { return start_worker_process({.executable = kFakeWorker}, protocol, 0); };
    CHECK(start()->visit("a/b/q_len=1").wall_s == 0.001);
    CHECK(contains(failure_of(*start(), "a/b/seed=2", 3), "killed by signal 6"));
    const std::string exited = failure_of(*start(), "a/b/seed=6", 1);
    CHECK(contains(exited, "exited with code 9"));
    CHECK(contains(exited, "the assertion x > 0 failed"));
    CHECK(contains(failure_of(*start(), "a/b/seed=5", 1), "cannot be understood"));
    CHECK_THROWS_AS(start()->check("a/b/seed=4"), PointFailure);
    protocol.timeout_s = 1;
    CHECK(contains(failure_of(*start(), "a/b/seed=3", 2), "timed out: no answer within 1 s"));
}

TEST_CASE("a worker that has ended says why to whoever asks it next") {
    Protocol protocol;
    protocol.timeout_s = kPatience;
    for (const auto& [seed, why] : {std::pair{"2", "killed by signal 6"}, {"3", "timed out"}}) {
        const auto worker = start_worker_process({.executable = kFakeWorker}, protocol, 0);
        const std::string first = failure_of(*worker, "a/b/seed=" + std::string(seed), 3);
        CHECK(contains(first, why));
        CHECK(failure_of(*worker, "a/b/q_len=1", 1) == first);
    }
}

TEST_CASE("an executable that cannot be started is an error that names it") {
    CHECK_THROWS_AS(start_worker_process({.executable = "/no/such/program"}, Protocol{}, 0), Error);
}

TEST_CASE("a campaign with crashing, hanging and wrong points records each and finishes the others") {
    const Scratch scratch;
    Sweep sweep;
    sweep.name = "faults";
    sweep.config_hash = "c";
    sweep.protocol.timeout_s = kPatience;
    sweep.protocol.memory_limit_bytes = std::int64_t{1} << 30;
    Part part{.name = "", .compare_by = {"seed"}, .axes = {"seed"}, .points = {}, .skipped = {}};
    for (int seed = 1; seed <= 6; ++seed) {
        part.points.push_back(point_from_id("multi_head/naive/seq_len=8,embed_dim=8,seed=" + std::to_string(seed)));
    }
    sweep.parts = {part};
    Progress silent;
    CampaignOptions options;
    options.output = scratch.dir / "faults.jsonl";
    options.executable = kFakeWorker;
    const CampaignResult result = run_campaign(sweep, options, silent);
    CHECK(result.measured == 1);
    CHECK(result.failed == 5);
    const Journal journal = read_journal(options.output);
    std::map<std::string, std::string> reasons;
    for (const PointRecord& point : journal.points) reasons[point.point] = point.reason;
    CHECK(reasons[part.points[0].id()].empty());
    CHECK(contains(reasons[part.points[1].id()], "signal 6"));
    CHECK(contains(reasons[part.points[2].id()], "timed out"));
    CHECK(contains(reasons[part.points[3].id()], "row 7"));
    CHECK(contains(reasons[part.points[4].id()], "understood"));
    CHECK(contains(reasons[part.points[5].id()], "code 9"));
    // Blocks are complete for whoever was in the group at the time.
    CHECK(journal.rounds.size() >= 10);
    for (std::size_t i = 1; i < journal.rounds.size(); ++i) {
        CHECK(journal.rounds[i].round == journal.rounds[i - 1].round + 1);
        CHECK(journal.rounds[i].samples.size() <= journal.rounds[i - 1].samples.size());
    }
}
