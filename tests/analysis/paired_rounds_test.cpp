// Pairing by round: rounds that lack a point are left out for all, whatever order or process they are of.
#include "harness/analysis/records/paired_rounds.hpp"

#include "tests/catch.hpp"

using namespace headcount;

namespace {

RoundValue at(int stratum, int round, double value, std::size_t group = 0) {
    return {.key = {.group = group, .stratum = stratum, .round = round}, .value = value};
}

}  // namespace

TEST_CASE("a round is in when every point was visited in it") {
    const SharedRounds shared = shared_rounds({{at(0, 0, 1), at(0, 1, 2), at(0, 2, 3)},
                                               {at(0, 0, 10), at(0, 2, 30)},
                                               {at(0, 0, 100), at(0, 1, 200), at(0, 2, 300), at(0, 3, 400)}});
    CHECK(shared.complete == std::vector<std::vector<double>>{{1, 10, 100}, {3, 30, 300}});
    CHECK(shared.partial == 2);
}

TEST_CASE("rounds of two processes or groups are not the same round") {
    const PairedRounds rounds =
        paired_rounds({at(0, 0, 1), at(1, 0, 2), at(1, 1, 3, 1)}, {at(0, 0, 10), at(1, 1, 30), at(2, 0, 20)});
    CHECK(rounds.value == std::vector<double>{1});
    CHECK(rounds.base == std::vector<double>{10});
}

TEST_CASE("of two samples in one round the first counts") {
    const PairedRounds rounds = paired_rounds({at(0, 0, 1), at(0, 0, 2)}, {at(0, 0, 10)});
    CHECK(rounds.value == std::vector<double>{1});
    CHECK(paired_rounds({}, {at(0, 0, 10)}).base.empty());
}

TEST_CASE("a disturbed round is in, a point that failed has none") {
    RoundSample disturbed;
    disturbed.sample.wall_s = 2;
    disturbed.marks = 1;
    Entry value, base;
    value.samples = base.samples = {disturbed};
    CHECK(paired_rounds(value, base).value == std::vector<double>{2});
    CHECK(shared_rounds(std::vector<const Entry*>{&value, &base}).complete.size() == 1);
    base.record.outcome = Outcome::failed;
    CHECK(paired_rounds(value, base).value.empty());
}
