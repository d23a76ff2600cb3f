// Records survive the way to JSON and back; wrong types are named.
#include "harness/journal/json.hpp"

#include <cmath>
#include <limits>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"
#include "tests/journal/records.hpp"

using namespace headcount;

namespace {

template <class Record>
Record round_trip(const Record& record) {
    Record back;
    from_json(Json::parse(to_line(to_json(record))), back);
    return back;
}

}  // namespace

TEST_CASE("every field of every record survives the way to JSON and back") {
    // Equality of the texts is equality of all fields: the writer leaves none out (next test).
    CHECK(to_line(to_json(round_trip(sample_run()))) == to_line(to_json(sample_run())));
    CHECK(to_line(to_json(round_trip(sample_round()))) == to_line(to_json(sample_round())));
    CHECK(to_line(to_json(round_trip(sample_point()))) == to_line(to_json(sample_point())));
    CHECK(round_trip(sample_run()).protocol == sample_run().protocol);
    CHECK(round_trip(sample_run()).seed == 18446744073709551615U);
    CHECK(round_trip(sample_point()).counted.ops.front().required == sample_point().counted.ops.front().required);
}

TEST_CASE("no field of the samples has its default value, so a forgotten field would be seen") {
    const auto differs = [](const Json& sample, const Json& fresh) {
        for (const auto& [key, value] : sample.items()) {
            if (key == "schema_version") continue;
            INFO(key);
            CHECK((!fresh.contains(key) || value != fresh.at(key)));
        }
    };
    differs(to_json(sample_run()), to_json(RunRecord{}));
    differs(to_json(sample_run().protocol), to_json(Protocol{}));
    differs(to_json(sample_run().claims.front()), to_json(ClaimSpec{}));
    differs(to_json(sample_round(1)), to_json(RoundRecord{}));
    differs(to_json(sample_round().samples.front()), to_json(Sample{}));
    differs(to_json(sample_point()), to_json(PointRecord{}));
    differs(to_json(sample_point())["memory"], to_json(PointRecord{})["memory"]);
    differs(to_json(sample_point().check), to_json(CheckRecord{}));
}

TEST_CASE("doubles come back bit for bit, and what JSON cannot hold comes back as NaN") {
    Sample sample = sample_round().samples.front();
    for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789.123456789}) {
        sample.wall_s = value;
        CHECK(round_trip(sample).wall_s == value);
    }
    CheckRecord check;
    check.max_error = std::numeric_limits<double>::infinity();
    CHECK(std::isnan(round_trip(check).max_error));
}

TEST_CASE("text that is not UTF-8 does not stop a record from being written") {
    RunRecord run = sample_run();
    run.config_text = "broken \xff\xc3 bytes";
    CHECK(round_trip(run).config_text.find("broken") == 0);
}

TEST_CASE("absent fields keep their default and unknown ones are ignored") {
    RoundRecord round;
    from_json(Json::parse(R"({"group": "g", "a field of the future": [1, 2]})"), round);
    CHECK(round.group == "g");
    CHECK(round.load_1min == -1);
}

TEST_CASE("a field of the wrong type or out of range is named") {
    RoundRecord round;
    CHECK(contains(message_of([&] { from_json(Json::parse(R"({"group": 3})"), round); }), "'group'"));
    CHECK(contains(message_of([&] { from_json(Json::parse(R"({"round": 3.5})"), round); }), "'round'"));
    CHECK(contains(message_of([&] { from_json(Json::parse(R"({"round": 3000000000})"), round); }), "out of range"));
    CHECK(contains(message_of([&] { from_json(Json::parse(R"({"samples": {}})"), round); }), "'samples'"));
    CHECK_THROWS_AS(from_json(Json::parse("[1]"), round), Error);
    PointRecord point;
    CHECK(contains(message_of([&] { from_json(Json::parse(R"({"outcome": "splendid"})"), point); }), "splendid"));
}
