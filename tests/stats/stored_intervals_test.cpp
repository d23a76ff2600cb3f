// Prints intervals and p-values of stored samples for scipy_test.py: `test_stats "[.scipy]"`.
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "harness/stats/interval.hpp"
#include "harness/stats/signed_rank.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("stored samples as scipy_test.py reads them", "[.scipy]") {
    std::ifstream file(HEADCOUNT_FIXTURES "/stats/samples.txt");
    REQUIRE(file);
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string name;
        words >> name;
        std::vector<double> samples;
        for (double value = 0; words >> value;) samples.push_back(value);
        const SignedRank ranks(samples);
        const Interval centre = ranks.interval();
        const Interval middle = median_interval(samples);
        fmt::print("scipy {} {} {:d} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g} {:.17g}\n", name,
                   samples.size(), ranks.skewed(), ranks.widening(), ranks.block_length(), centre.estimate, centre.low,
                   centre.high, ranks.p_at_most(0), ranks.p_at_least(0), middle.low, middle.high);
    }
}
