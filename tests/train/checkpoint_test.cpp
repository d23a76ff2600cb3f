// A training that is killed goes on from its file and ends with the same bits; a file that is not its own is none.
#include "harness/train/checkpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/train/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"
#include "tests/train/points.hpp"

using namespace headcount;
using namespace headcount::testing;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Throws after so many steps, and what was in memory is lost with it.
class Killer final : public OpSink {
public:
    explicit Killer(std::int64_t steps) : steps_(steps) {}
    void on_span(OpSpan span) override {
        if (span.verb == "adamw" && --steps_ == 0) throw Error("killed");
    }

private:
    std::int64_t steps_;
};

void kill_after(const Point& point, std::int64_t steps, const Checkpoint& checkpoint) {
    Killer killer(steps);
    Trainer trainer(point);
    trainer.backend().listen(&killer);
    CHECK_THROWS_WITH(trainer.train(0, 0.003, checkpoint), "killed");
}

TrainingState some_state() {
    return {.step = 7,
            .seconds = 0.5,
            .cpu_seconds = 0.25,
            .stretch_loss = 3,
            .in_stretch = 2,
            .curve = {1, 0.5},
            .numbers = {'a', 'b', 'c'}};
}

}  // namespace

TEST_CASE("a state comes back as it was; a torn, changed or foreign file is none") {
    const Scratch scratch;
    const Checkpoint checkpoint{.folder = scratch.dir / "x", .key = "mine"};
    TrainingState state;
    CHECK_FALSE(checkpoint.load(state));
    checkpoint.save(some_state());
    REQUIRE(checkpoint.load(state));
    CHECK(state.step == 7);
    CHECK(state.curve == std::vector<double>{1, 0.5});
    CHECK(state.numbers == std::vector<char>{'a', 'b', 'c'});
    const std::string whole = bytes_of(checkpoint.file());
    TrainingState untouched;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::ofstream(checkpoint.file(), std::ios::binary) << whole.substr(0, size);
        CHECK_FALSE(checkpoint.load(untouched));
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        std::ofstream(checkpoint.file(), std::ios::binary) << changed;
        CHECK_FALSE(checkpoint.load(untouched));
    }
    std::ofstream(checkpoint.file(), std::ios::binary) << whole;
    const Checkpoint another{.folder = checkpoint.folder, .key = "another"};
    fs::copy_file(checkpoint.file(), another.file());
    CHECK_FALSE(another.load(untouched));
    CHECK(untouched.step == 0);
    const Checkpoint nowhere{.folder = checkpoint.file() / "below a file"};
    CHECK_THROWS_AS(nowhere.save(some_state()), Error);
    CHECK_NOTHROW(Checkpoint{}.save(some_state()));
}

TEST_CASE("a training that goes on from any of its checkpoints is the training that was never killed") {
    const Scratch scratch;
    const Point point = trained_point("multi_head/simd/" + kRetrieval);
    const Training expected = Trainer(point).train(0, 0.003);
    const Checkpoint always{.folder = scratch.dir / "state", .every_s = -1};
    // What a process leaves that is killed after its n-th step: the file as it was then.
    for (const std::int64_t killed_at : {1, 7, 19}) {
        kill_after(point, killed_at, always);
        REQUIRE_FALSE(fs::is_empty(always.folder));
        Trainer goes_on(point);
        const Training found = goes_on.train(0, 0.003, always);
        CHECK(found.test_error == expected.test_error);
        CHECK(found.validation_error == expected.validation_error);
        CHECK(found.curve == expected.curve);
        // Ended, but its round is not written: whoever asks again gets the same, and no step is taken.
        Trainer again(point);
        OpLog log;
        again.backend().listen(&log);
        const Training told = again.train(0, 0.003, always);
        CHECK(told.test_error == expected.test_error);
        CHECK(told.curve == expected.curve);
        CHECK(std::none_of(log.spans.begin(), log.spans.end(), [](const OpSpan& s) { return s.verb == "adamw"; }));
        fs::remove_all(always.folder);
    }
    // Another run does not go on with it.
    kill_after(point, 5, always);
    CHECK(Trainer(point).train(1, 0.003, always).curve == Trainer(point).train(1, 0.003).curve);
}
