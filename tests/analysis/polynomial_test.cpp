// Polynomials through exact values: the one that was there comes back, and its text says the same.
#include "harness/analysis/exact/polynomial.hpp"

#include <random>

#include "harness/analysis/exact/expression.hpp"
#include "tests/catch.hpp"

namespace headcount {
namespace {

using Terms = std::map<Polynomial::Exponents, Rational>;

const std::vector<std::string> kNames{"batch", "seq_len", "num_heads"};
const std::vector<std::vector<Rational>> kNodes{{1, 2}, {3, 5, 8, 13}, {Rational(1, 2), 2, 7}};

std::vector<Rational> on_grid(const Polynomial& polynomial) {
    std::vector<Rational> values;
    for (const Rational& b : kNodes[0]) {
        for (const Rational& l : kNodes[1]) {
            for (const Rational& h : kNodes[2]) values.push_back(polynomial.at({b, l, h}));
        }
    }
    return values;
}

TEST_CASE("a polynomial comes back from its values on a grid, and its text evaluates to it") {
    std::mt19937_64 random(7);
    const auto number = [&] { return static_cast<std::int64_t>(random() % 13) - 6; };
    for (int i = 0; i < 60; ++i) {
        Polynomial polynomial{.names = kNames, .terms = {}};
        for (int term = static_cast<int>(random() % 7); term > 0; --term) {
            const Polynomial::Exponents exponents{static_cast<int>(random() % 2), static_cast<int>(random() % 4),
                                                  static_cast<int>(random() % 3)};
            if (const Rational coefficient(number(), 1 + static_cast<std::int64_t>(random() % 5)); coefficient != 0) {
                polynomial.terms[exponents] = coefficient;
            }
        }
        const Polynomial found = through_grid(kNames, kNodes, on_grid(polynomial));
        const std::string text = to_text(found);
        CAPTURE(text);
        CHECK(found.terms == polynomial.terms);
        for (int at = 0; at < 5; ++at) {
            const std::vector<Rational> point{number(), number(), Rational(number(), 3)};
            const Values values{{"batch", point[0]}, {"seq_len", point[1]}, {"num_heads", point[2]}};
            CHECK(evaluate(text, values) == polynomial.at(point));
        }
    }
}

TEST_CASE("what all terms share stands in front") {
    const auto text = [](const Terms& terms) { return to_text({.names = kNames, .terms = terms}); };
    CHECK(text({}) == "0");
    CHECK(text({{{0, 0, 0}, 5}}) == "5");
    CHECK(text({{{1, 2, 0}, Rational(-3, 2)}}) == "-3/2 * batch * seq_len^2");
    CHECK(text({{{1, 2, 0}, Rational(1, 2)}, {{1, 1, 0}, Rational(1, 2)}}) == "1/2 * batch * seq_len * (seq_len + 1)");
    CHECK(text({{{0, 1, 0}, 4}, {{0, 0, 0}, -6}}) == "2 * (2 * seq_len - 3)");
    CHECK(text({{{0, 1, 0}, 1}, {{0, 0, 1}, -1}}) == "seq_len - num_heads");
}

TEST_CASE("differences show a degree, and none where values follow no polynomial") {
    CHECK(degree_of({4, 4, 4}) == 0);
    CHECK(degree_of({1, 2, 3, 4}) == 1);
    CHECK(degree_of({0, 1, 4, 9, 16}) == 2);
    CHECK(degree_of({1, 2, 4, 8, 16, 32, 64}) == -1);
    CHECK(degree_of({0, 0, 1, 1, 2, 2, 3}) == -1);
    CHECK(degree_of({1, 2}) == -1);  // two values are on a line whatever they are
}

}  // namespace
}  // namespace headcount
