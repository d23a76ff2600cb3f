// Groups, skips and predictions, before anything runs.
#include "harness/measure/plan/plan.hpp"

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

Point point_of(const std::string& id) { return point_from_id(id); }

Sweep sweep_of(Part part) {
    Sweep sweep;
    sweep.parts = {std::move(part)};
    return sweep;
}

}  // namespace

TEST_CASE("points that differ in the compared field only are one group, also when widths follow from it") {
    Part part{.name = "",
              .compare_by = {"num_heads"},
              .axes = {"backend", "num_heads", "seq_len"},
              .points = {},
              .skipped = {}};
    for (const char* backend : {"naive", "blas"}) {
        for (const char* seq_len : {"8", "16"}) {
            for (const char* heads : {"1", "2", "4"}) {
                part.points.push_back(point_of(std::string("multi_head/") + backend +
                                               "/embed_dim=8,seq_len=" + seq_len + ",num_heads=" + heads));
            }
        }
    }
    const Plan plan = make_plan(sweep_of(part));
    REQUIRE(plan.groups.size() == 4);
    for (const PlannedGroup& group : plan.groups) CHECK(group.points.size() == 3);
    CHECK(plan.points[plan.groups[0].points[0]].point.problem.num_heads == 1);
    CHECK(plan.count(Fate::time) == 12);
}

TEST_CASE("head_dim as an axis of its own tells groups apart, derived it does not") {
    Part part{.name = "", .compare_by = {"num_heads"}, .axes = {"num_heads", "head_dim"}, .points = {}, .skipped = {}};
    for (const char* dim : {"4", "8"}) {
        for (const char* heads : {"1", "2"}) {
            part.points.push_back(point_of(std::string("multi_head/naive/embed_dim=8,seq_len=8,num_heads=") + heads +
                                           ",head_dim=" + dim));
        }
    }
    CHECK(make_plan(sweep_of(part)).groups.size() == 2);
    part.axes = {"num_heads"};
    CHECK(make_plan(sweep_of(part)).groups.size() == 1);
}

TEST_CASE("without compare_by every point is alone") {
    Part part{.name = "", .compare_by = {}, .axes = {"num_heads"}, .points = {}, .skipped = {}};
    part.points = {point_of("multi_head/naive/embed_dim=8,seq_len=8"),
                   point_of("multi_head/naive/embed_dim=8,seq_len=8,num_heads=2")};
    CHECK(make_plan(sweep_of(part)).groups.size() == 2);
}

TEST_CASE("a point of two parts is planned once, and a group inside an earlier group is not timed again") {
    Part main{.name = "", .compare_by = {"num_heads"}, .axes = {"num_heads"}, .points = {}, .skipped = {}};
    main.points = {point_of("multi_head/naive/embed_dim=8,seq_len=8"),
                   point_of("multi_head/naive/embed_dim=8,seq_len=8,num_heads=2"),
                   point_of("multi_head/naive/embed_dim=8,seq_len=8,num_heads=4")};
    Part again = main;
    again.name = "again";
    again.points.pop_back();
    Part other = main;
    other.name = "other";
    other.points.push_back(point_of("multi_head/naive/embed_dim=8,seq_len=8,num_heads=8"));
    Sweep sweep = sweep_of(main);
    sweep.parts.push_back(again);
    sweep.parts.push_back(other);
    const Plan plan = make_plan(sweep);
    CHECK(plan.points.size() == 4);
    REQUIRE(plan.groups.size() == 2);
    CHECK(plan.groups[1].points.size() == 4);
    CHECK(plan.points[0].group == plan.groups[0].id);
    CHECK(plan.points[3].group == plan.groups[1].id);
}

TEST_CASE("a point that would not fit is skipped with the numbers") {
    Part part{.name = "", .compare_by = {"num_heads"}, .axes = {"num_heads", "seq_len"}, .points = {}, .skipped = {}};
    part.points = {point_of("multi_head/naive/embed_dim=8,seq_len=8"),
                   point_of("multi_head/naive/embed_dim=64,num_heads=16,seq_len=65536")};
    Sweep sweep = sweep_of(part);
    sweep.protocol.memory_limit_bytes = std::int64_t{1} << 30;
    const Plan plan = make_plan(sweep);
    CHECK(plan.count(Fate::skip) == 1);
    CHECK(plan.points[1].fate == Fate::skip);
    CHECK(plan.points[1].reason.find("256.0") != std::string::npos);  // 4 * 16 * 65536^2 bytes and a little
    CHECK(plan.points[1].reason.find("1.00 GiB") != std::string::npos);
}

TEST_CASE("counting points and a protocol without rounds are counted only; unresolved points keep their reason") {
    Part part{.name = "", .compare_by = {}, .axes = {}, .points = {}, .skipped = {}};
    part.points = {point_of("multi_head/counting/embed_dim=8,seq_len=8")};
    part.skipped = {{.id = "x", .reason = "why"}, {.id = "x", .reason = "why"}};
    Plan plan = make_plan(sweep_of(part));
    CHECK(plan.count(Fate::count) == 1);
    CHECK(plan.groups.empty());
    CHECK(plan.unresolved.size() == 1);
    part.points = {point_of("multi_head/naive/embed_dim=8,seq_len=8")};
    Sweep sweep = sweep_of(part);
    sweep.protocol.max_rounds = 0;
    CHECK(make_plan(sweep).count(Fate::count) == 1);
}

TEST_CASE("an unknown name is a usage error, not a skip") {
    Part part{.name = "", .compare_by = {}, .axes = {}, .points = {}, .skipped = {}};
    part.points = {point_of("multi_head/naive/embed_dim=8,seq_len=8")};
    part.points[0].backend = "bias";
    CHECK_THROWS_AS(make_plan(sweep_of(part)), UsageError);
}
