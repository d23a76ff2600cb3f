// Suggestions for misspelt names.
#include "harness/core/names.hpp"

#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("a near miss is suggested, a far one is not") {
    const std::vector<std::string> known{"naive", "blas", "counting"};
    REQUIRE(nearest_name("bias", known) == "blas");
    REQUIRE(nearest_name("naiev", known) == "naive");
    REQUIRE(nearest_name("conting", known) == "counting");
    REQUIRE(nearest_name("tensor_core", known).empty());
    REQUIRE(nearest_name(std::string(10000, 'x'), known).empty());
}

TEST_CASE("the message lists what is known, sorted") {
    const std::string text = unknown_name("backend", "bias", {"naive", "blas", "counting"});
    REQUIRE(text == "unknown backend 'bias'; did you mean 'blas'? (blas, counting, naive)");
    REQUIRE(unknown_name("backend", "zzzzzzzz", {"naive", "blas"}) == "unknown backend 'zzzzzzzz'; known: blas, naive");
}

TEST_CASE("a name that is noise is cut short in the message") {
    REQUIRE(unknown_name("backend", std::string(100000, 'x'), {"blas"}).size() < 200);
}
