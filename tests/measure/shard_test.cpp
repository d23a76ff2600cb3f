// Shards of a sweep: disjoint, complete, whole groups, even, and the same wherever they are worked out.
#include "harness/measure/plan/shard.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/measure/forecast/foresee.hpp"
#include "harness/measure/plan/plan.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

Point random_point(std::mt19937& random) {
    const auto pick = [&](std::initializer_list<const char*> values) {
        return std::string(*(values.begin() + random() % values.size()));
    };
    return point_from_id(pick({"multi_head", "streaming", "packed_qkv"}) + "/" + pick({"naive", "counting"}) +
                         "/embed_dim=" + pick({"16", "32"}) + ",seq_len=" + pick({"4", "8", "64", "256"}) +
                         ",num_heads=" + pick({"1", "2", "4"}) + ",causal=" + pick({"false", "true"}));
}

/// Up to three grids that may share points, compared by something different each.
Sweep random_sweep(unsigned seed) {
    std::mt19937 random(seed);
    Sweep sweep;
    sweep.protocol.max_rounds = static_cast<int>(random() % 3) * 10;
    const std::vector<std::vector<std::string>> compare{{}, {"num_heads"}, {"variant"}, {"num_heads", "causal"}};
    const std::size_t parts = 1 + random() % 3;
    for (std::size_t p = 0; p < parts; ++p) {
        Part part{.name = p == 0 ? "" : std::to_string(p),
                  .compare_by = compare[random() % compare.size()],
                  .axes = {"variant", "backend", "embed_dim", "seq_len", "num_heads", "causal"},
                  .points = {},
                  .skipped = {}};
        std::set<std::string> seen;
        for (std::size_t i = random() % 40; i > 0; --i) {
            const Point point = random_point(random);
            if (seen.insert(point.id()).second) part.points.push_back(point);
        }
        for (std::size_t i = random() % 4; i > 0; --i)
            part.skipped.push_back({.id = std::to_string(i), .reason = "no"});
        sweep.parts.push_back(std::move(part));
    }
    return sweep;
}

std::vector<std::string> ids(const Part& part) {
    std::vector<std::string> all;
    for (const Point& point : part.points) all.push_back(point.id());
    for (const SkippedPoint& point : part.skipped) all.push_back("skipped " + point.id);
    return all;
}

std::set<std::string> all_ids(const Sweep& sweep) {
    std::set<std::string> all;
    for (const Part& part : sweep.parts) {
        for (const std::string& id : ids(part)) all.insert(id);
    }
    return all;
}

std::map<std::string, std::vector<std::string>> groups_of(const Sweep& sweep) {
    const Plan plan = make_plan(sweep);
    std::map<std::string, std::vector<std::string>> groups;
    for (const PlannedGroup& group : plan.groups) {
        for (const std::size_t index : group.points) groups[group.id].push_back(plan.points[index].id);
    }
    return groups;
}

/// Of all its rounds, whatever the budget.
double cost_s(const Sweep& sweep) {
    Protocol protocol = sweep.protocol;
    protocol.budget_s = 0;
    return foresee(make_plan(sweep), protocol, std::numeric_limits<double>::infinity(), 0).seconds;
}

}  // namespace

TEST_CASE("shards of any sweep are disjoint, their union is the whole, and order is kept") {
    for (unsigned seed = 0; seed < 60; ++seed) {
        const Sweep whole = random_sweep(seed);
        for (const int of : {1, 2, 3, 7, 50}) {
            std::map<std::string, int> owner;
            std::vector<std::vector<std::string>> united(whole.parts.size());
            for (int number = 1; number <= of; ++number) {
                const Sweep part = shard_of(whole, {.number = number, .of = of});
                REQUIRE(part.parts.size() == whole.parts.size());
                for (const std::string& id : all_ids(part)) CHECK(owner.emplace(id, number).second);
                for (std::size_t p = 0; p < whole.parts.size(); ++p) {
                    const std::vector<std::string> mine = ids(part.parts[p]);
                    const std::vector<std::string> order = ids(whole.parts[p]);
                    std::vector<std::string> expected;
                    std::copy_if(order.begin(), order.end(), std::back_inserter(expected), [&](const std::string& id) {
                        return std::find(mine.begin(), mine.end(), id) != mine.end();
                    });
                    CHECK(mine == expected);
                    united[p].insert(united[p].end(), mine.begin(), mine.end());
                }
            }
            for (std::size_t p = 0; p < whole.parts.size(); ++p) {
                std::vector<std::string> wanted = ids(whole.parts[p]);
                std::sort(wanted.begin(), wanted.end());
                std::sort(united[p].begin(), united[p].end());
                CHECK(united[p] == wanted);
            }
        }
    }
}

TEST_CASE("every comparison group of the whole is a group of one shard, with the same points in the same order") {
    for (unsigned seed = 100; seed < 140; ++seed) {
        Sweep whole = random_sweep(seed);
        whole.protocol.max_rounds = 20;
        std::map<std::string, std::vector<std::string>> united;
        for (int number = 1; number <= 3; ++number) {
            for (auto& [group, points] : groups_of(shard_of(whole, {.number = number, .of = 3}))) {
                CHECK(united.emplace(group, points).second);
            }
        }
        CHECK(united == groups_of(whole));
    }
}

TEST_CASE("what a machine can run does not move a point to another shard") {
    Sweep whole = random_sweep(7);
    const Sweep before = shard_of(whole, {.number = 2, .of = 3});
    whole.protocol.memory_limit_bytes = 1;  // nothing fits: every point is skipped, in the shard that it was in
    const Sweep after = shard_of(whole, {.number = 2, .of = 3});
    CHECK(all_ids(after) == all_ids(before));
}

TEST_CASE("equal sets are dealt out evenly, and one costly set takes a shard for itself") {
    Sweep whole;
    whole.protocol.budget_s = 0;
    Part part{.name = "", .compare_by = {"num_heads"}, .axes = {"num_heads", "seq_len"}, .points = {}, .skipped = {}};
    for (int seq_len = 8; seq_len < 20; ++seq_len) {
        for (const char* heads : {"1", "2"}) {
            part.points.push_back(point_from_id("multi_head/naive/embed_dim=8,num_heads=" + std::string(heads) +
                                                ",seq_len=" + std::to_string(seq_len)));
        }
    }
    whole.parts = {part};
    double least = 1e300;
    double most = 0;
    for (int number = 1; number <= 4; ++number) {
        const Sweep mine = shard_of(whole, {.number = number, .of = 4});
        CHECK(mine.parts[0].points.size() == 6);
        least = std::min(least, cost_s(mine));
        most = std::max(most, cost_s(mine));
    }
    CHECK(most < 1.05 * least);

    whole.parts[0].points.push_back(point_from_id("multi_head/naive/embed_dim=512,seq_len=2048"));
    std::size_t alone = 0;
    for (int number = 1; number <= 4; ++number) {
        const Sweep mine = shard_of(whole, {.number = number, .of = 4});
        if (mine.parts[0].points.size() == 1) ++alone;
    }
    CHECK(alone == 1);
}

TEST_CASE("a point that is trained costs its steps, as often as there are rounds and rates to try") {
    const auto trained = [](const std::string& steps) {
        return point_from_id(
            "multi_head/naive/task=k_lookup,q_len=1,kv_len=8,embed_dim=8,items=1,token_width=4,steps=" + steps,
            known_fields());
    };
    Sweep sweep;
    sweep.protocol.max_rounds = 10;
    Part part{.name = "", .compare_by = {}, .axes = {"steps"}, .points = {}, .skipped = {}};
    part.points.push_back(trained("900000"));
    for (int i = 0; i < 6; ++i) part.points.push_back(trained(std::to_string(100 + i)));
    sweep.parts.push_back(part);
    for (const int number : {1, 2}) {
        const Sweep shard = shard_of(sweep, {.number = number, .of = 2});
        const std::size_t points = shard.parts.front().points.size();
        CHECK((points == 1 || points == 6));
    }
}

TEST_CASE("a shard keeps the hash of its question") {
    Sweep whole = random_sweep(3);
    whole.config_hash = "c-1";
    CHECK(shard_of(whole, {.number = 1, .of = 2}).config_hash == "c-1");
}

TEST_CASE("shards are written k/n and nothing else") {
    CHECK(parse_shard("2/4") == Shard{.number = 2, .of = 4});
    CHECK(parse_shard("1/1").text().empty());
    CHECK(parse_shard("12/13").text() == "12/13");
    for (const char* wrong : {"", "1", "/", "1/", "/2", "0/2", "3/2", "-1/2", "1/2/3", "1/2 ", "a/b", "1/99999999999",
                              "1/100001", "+1/2", "1.0/2"}) {
        CHECK_THROWS_AS(parse_shard(wrong), UsageError);
    }
}
