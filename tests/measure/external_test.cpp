// Engines in other processes: right ones are timed, wrong, lying, dying and idle ones are told apart.
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/campaign/campaign.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/process/shared_memory.hpp"
#include "harness/measure/worker/worker.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using headcount::testing::Scratch;
namespace fs = std::filesystem;

namespace {

const fs::path kFolder = fs::path(HEADCOUNT_SOURCE_DIR) / "tests" / "external";

/// Every mode of the fake is an engine of that name while this lives.
struct Fakes {
    Fakes() {
        find_engines_by([] {
            Engines engines;
            for (const char* mode : {"correct",
                                     "wrong",
                                     "wrong_later",
                                     "scribbles",
                                     "never_writes",
                                     "crash_prepare",
                                     "crash_run",
                                     "failed",
                                     "garbage",
                                     "chatty",
                                     "hang",
                                     "claims_less",
                                     "claims_more",
                                     "claims_nothing",
                                     "works_outside",
                                     "missing",
                                     "unsupported",
                                     "spins",
                                     "bad_hello",
                                     "old_protocol",
                                     "prints_before_hello",
                                     "prints_after_hello",
                                     "prints_in_prepare",
                                     "prints_in_run",
                                     "prints_in_output",
                                     "claims_30_less",
                                     "forgets_a_thread",
                                     "winds_down",
                                     "frees_late",
                                     "rereads",
                                     "never_rereads",
                                     "keeps_by_handle",
                                     "keeps_by_request",
                                     "keeps_by_address",
                                     "keeps_by_content"}) {
                engines.push_back({mode,
                                   {.summary = mode,
                                    .source = "tests",
                                    .command = {"/usr/bin/python3", "fake_engine.py", mode},
                                    .folder = kFolder}});
            }
            engines.push_back(
                {"gone", {.summary = "", .source = "", .command = {"no-such-program"}, .folder = kFolder}});
            return engines;
        });
    }
    ~Fakes() { find_engines_by(nullptr); }
    Fakes(const Fakes&) = delete;
    Fakes& operator=(const Fakes&) = delete;
};

std::string id(const std::string& engine, const std::string& fields = "q_len=3,kv_len=5,num_heads=2") {
    return "external/" + engine + "/" + fields + ",embed_dim=8,scope=core";
}

Json request(const std::string& verb, const std::string& point) {
    return {{"do", verb}, {"point", point}, {"timeout_s", 20}, {"min_sample_s", 0.0}, {"cold_cache", false}};
}

/// Answers of a worker in this very process.
std::vector<Json> answers_to(const std::vector<Json>& requests) {
    const Scratch scratch;
    const fs::path path = scratch.dir / "answers";
    const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    std::string text;
    for (const Json& one : requests) text += to_line(one) + '\n';
    std::istringstream input(text);
    REQUIRE(serve_worker(input, fd) == 0);
    ::close(fd);
    std::ifstream file(path);
    std::vector<Json> answers;
    for (std::string line; std::getline(file, line);) answers.push_back(Json::parse(line));
    REQUIRE(answers.size() == requests.size());
    return answers;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

RunningClock::time_point soon() { return RunningClock::in(20); }

}  // namespace

TEST_CASE("a right engine is checked, timed by its own clock and its memory measured") {
    const Fakes fakes;
    for (const char* fields :
         {"q_len=3,kv_len=5,num_heads=2", "seq_len=4,num_heads=4,num_kv_heads=2,head_dim=2,causal=true",
          "batch=2,q_len=5,kv_len=3,num_heads=2,head_dim=4,value_head_dim=3,causal=true"}) {
        const std::string point = id("correct", fields);
        CAPTURE(point);
        const auto answers = answers_to({request("check", point), request("calibrate", point), request("visit", point),
                                         request("forget", point), request("visit", point), request("memory", point)});
        CHECK(answers[0]["ok"]["passed"] == true);
        CHECK(answers[1]["ok"] > 0);
        for (const std::size_t visit : {2U, 4U}) {
            CHECK(answers[visit]["ok"]["wall_s"] > 0);
            CHECK(answers[visit]["ok"]["cpu_s"] > 0);
            CHECK(answers[visit]["ok"]["page_faults"] == -1);
        }
        CHECK(answers[5]["ok"]["peak_bytes"] == -1);
        CHECK(answers[5]["ok"]["process_peak_bytes"] >= 0);
        CHECK(contains(answers[5]["ok"]["note"], "not known"));
    }
}

TEST_CASE("an engine that is wrong, dies, lies or talks nonsense fails with its own last words") {
    const Fakes fakes;
    struct Accident {
        const char *engine, *says;
        bool lost;
    };
    for (const Accident& accident : std::vector<Accident>{
             {"crash_prepare", "signal 11 (Segmentation fault); it last said: fake: cannot allocate", true},
             {"crash_run", "exited with code 7", true},
             {"failed", "out of registers", false},
             {"garbage", "cannot be understood: Segmentation fault (not really)", true},
             {"chatty", "progress: 50 %", true},
             {"bad_hello", "Welcome!", true},
             {"old_protocol", "protocol 0", true},
             {"gone", "no-such-program", true},
             {"claims_more", "cannot be believed", false},
             {"claims_nothing", "cannot be believed", false}}) {
        CAPTURE(accident.engine);
        const Json answer = answers_to({request("check", id(accident.engine))}).front();
        REQUIRE(answer.contains("failed"));
        CHECK(contains(answer["failed"], accident.says));
        CHECK(answer.value("lost", false) == accident.lost);
    }
    for (const char* engine : {"wrong", "never_writes", "scribbles"}) {
        CAPTURE(engine);
        CHECK(answers_to({request("check", id(engine))}).front()["ok"]["passed"] == false);
    }
}

TEST_CASE("an engine whose library prints on standard output is understood, wherever it prints") {
    const Fakes fakes;
    for (const char* engine :
         {"prints_before_hello", "prints_after_hello", "prints_in_prepare", "prints_in_run", "prints_in_output"}) {
        CAPTURE(engine);
        const auto answers = answers_to({request("check", id(engine)), request("calibrate", id(engine)),
                                         request("visit", id(engine)), request("visit", id(engine))});
        CHECK(answers[0]["ok"]["passed"] == true);
        CHECK(answers[1]["ok"] > 1e-8);  // not the nanosecond that it prints
        for (const std::size_t visit : {2U, 3U}) CHECK(answers[visit]["ok"]["wall_s"] > 1e-8);
    }
}

TEST_CASE("an engine that hangs is given up with its last words before the worker is") {
    const Fakes fakes;
    Json soon_over = request("check", id("hang"));
    soon_over["timeout_s"] = 2;
    const Json answer = answers_to({soon_over}).front();
    CHECK(contains(answer["failed"], "no answer within "));
    CHECK(contains(answer["failed"], "it last said: fake: waiting for a lock"));
}

TEST_CASE("an engine that turns wrong after its check has no sample from then on") {
    const Fakes fakes;
    std::vector<Json> requests{request("check", id("wrong_later")), request("calibrate", id("wrong_later"))};
    requests.insert(requests.end(), 6, request("visit", id("wrong_later")));
    const auto answers = answers_to(requests);
    CHECK(answers.front()["ok"]["passed"] == true);
    CHECK(contains(answers.back()["failed"], "wrong result after a timed run"));
}

TEST_CASE("an engine that answers from what it kept fails, by whatever it knows the question again") {
    const Fakes fakes;
    const auto failed_in = [](const std::string& point) {
        std::vector<Json> requests{request("check", point), request("calibrate", point)};
        for (int round = 0; round < 4; ++round) {
            requests.push_back(request("visit", point));
            requests.back()["round"] = round;
        }
        std::string failed;
        for (const Json& answer : answers_to(requests)) failed += answer.value("failed", "");
        return failed;
    };
    for (const char* honest : {"rereads", "correct"}) {  // the second is prepared anew for other inputs
        CAPTURE(honest);
        CHECK(failed_in(id(honest)).empty());
    }
    for (const char* engine : {"keeps_by_handle", "keeps_by_request", "keeps_by_address", "never_rereads"}) {
        CAPTURE(engine);
        CHECK(contains(failed_in(id(engine)), "wrong result after a timed run"));
    }
    // Right in every visit, and no faster than one pass of each: only the next pass on the same inputs tells.
    CHECK(contains(failed_in(id("keeps_by_content", "seq_len=64,num_heads=2")), "results are kept"));
    CHECK(failed_in(id("rereads", "seq_len=64,num_heads=2")).empty());
}

TEST_CASE("an engine that times less than it does is not calibrated") {
    const Fakes fakes;
    for (const char* engine : {"claims_less", "works_outside", "claims_30_less", "forgets_a_thread"}) {
        CAPTURE(engine);
        const auto answers = answers_to({request("check", id(engine)), request("calibrate", id(engine))});
        CHECK(contains(answers[1].value("failed", ""), "3 times in a row"));
    }
}

TEST_CASE("an engine with work around its passes is honest: the same for few and for many") {
    const Fakes fakes;
    for (const char* engine : {"winds_down", "frees_late"}) {
        CAPTURE(engine);
        std::vector<Json> requests{request("check", id(engine)), request("calibrate", id(engine))};
        requests.insert(requests.end(), 8, request("visit", id(engine)));  // each doubtful
        for (const Json& answer : answers_to(requests)) CHECK(answer.value("failed", "") == "");
    }
}

TEST_CASE("an idle engine is stopped with all of its threads, and goes on when it is asked") {
    const Fakes fakes;
    EngineProcess process("spins", find_named(all_engines(), "spins", "engine"), 1, soon());
    const double before = process.cpu_seconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK(process.cpu_seconds() - before < 0.001);  // a running one uses 0.3 s
    REQUIRE(before > 0);
    CHECK_THROWS_AS(process.ask({{"do", "run"}, {"handle", 1}, {"times", 1}}, soon()),
                    EngineFailure);  // no such handle
    CHECK_FALSE(process.alive());
}

TEST_CASE("what only an engine can do and what it cannot are reasons to skip") {
    const Fakes fakes;
    const auto reason = [](const std::string& point) { return why_it_cannot_run(point_from_id(point)); };
    CHECK(reason(id("correct")).empty());
    CHECK(contains(reason(id("missing")), "the fake library is not installed"));
    CHECK(reason(id("bad_hello")).empty());  // broken, not missing: it fails when it is tried
    CHECK(contains(reason(id("naive")), "engines in other processes"));
    CHECK(contains(reason("streaming/correct/seq_len=4,embed_dim=8"), "is an engine"));
    try {
        reason(id("corect"));
        FAIL("no such engine");
    } catch (const UsageError& error) {
        CHECK(contains(error.what(), "did you mean 'correct'"));
    }
    const auto answers = answers_to({request("check", id("unsupported")),
                                     request("check", id("unsupported", "seq_len=4,num_heads=2,causal=true")),
                                     request("check", id("missing"))});
    CHECK(answers[0]["ok"]["passed"] == true);
    CHECK(answers[1]["skipped"] == "no causal masks");
    CHECK(contains(answers[2].value("failed", ""), "not installed"));
}

TEST_CASE("of an engine's point the required work is known, what it executes is not") {
    const Fakes fakes;
    for (const char* scope : {"core", "layer"}) {
        const std::string fields = std::string("/seq_len=8,embed_dim=8,num_heads=2,causal=true,scope=") + scope;
        const Count count = count_point(point_from_id("external/correct" + fields));
        const Count streaming = count_point(point_from_id("streaming/naive" + fields));
        CHECK(count.total(Ledger::required) == streaming.total(Ledger::required));
        CHECK(count.kv_cache_bytes == streaming.kv_cache_bytes);
        CHECK(count.parameters == streaming.parameters);
        CHECK_FALSE(count.knows(Ledger::executed));
        CHECK(count.total(Ledger::executed) == OpCost{});
        CHECK(count.score_bytes == -1);
        CHECK(count.workspace_bytes == -1);
        CHECK(count.query_block == 0);
        const Json json = to_json(count.ops.front());
        CHECK_FALSE(json.contains("executed"));
        OpPart read;
        from_json(json, read);
        CHECK_FALSE(read.executed_known);
        from_json(to_json(streaming.ops.front()), read);
        CHECK(read.executed_known);
    }
}

TEST_CASE("whether an engine's point can be counted is known without starting the engine") {
    const Fakes fakes;
    // None of these would come to a hello.
    for (const char* engine : {"missing", "bad_hello", "gone"}) {
        CAPTURE(engine);
        CHECK(count_point(point_from_id(id(engine))).total(Ledger::required).multiplies > 0);
    }
    CHECK_THROWS_AS(count_point(point_from_id(id("corect"))), UsageError);
    CHECK_THROWS_AS(count_point(point_from_id(id("naive"))), UsageError);
}

TEST_CASE("shared memory is there for others while it lives, and leaves nothing behind") {
    std::string path;
    {
        SharedMemory first(128);
        static_cast<char*>(first.data())[127] = 'x';
        const SharedMemory memory(std::move(first));
        path = memory.path();
        std::ifstream file(path);
        file.seekg(127);
        CHECK(file.get() == 'x');
    }
    CHECK_FALSE(fs::exists(path));
}
