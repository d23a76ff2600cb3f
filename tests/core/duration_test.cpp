// What is a duration and what is not.
#include "harness/core/duration.hpp"

#include <string>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("durations are numbers with a unit, seconds without") {
    CHECK(parse_duration_s("--budget", "30s") == 30);
    CHECK(parse_duration_s("--budget", "10m") == 600);
    CHECK(parse_duration_s("--budget", "1.5h") == 5400);
    CHECK(parse_duration_s("--budget", "1d") == 86400);
    CHECK(parse_duration_s("--budget", "90") == 90);
    CHECK(parse_duration_s("--budget", "0") == 0);
}

TEST_CASE("what is no duration is refused by name") {
    for (const char* text : {"", "m", "10x", "10 m", "-1s", "1e9h", "10mm", "nan", "inf", "0x10", "999999d"}) {
        INFO(text);
        try {
            parse_duration_s("--budget", text);
            FAIL("accepted");
        } catch (const UsageError& error) {
            CHECK(std::string(error.what()).find("--budget") == 0);
        }
    }
}
