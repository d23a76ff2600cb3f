// Expressions over counts: exactness, precedence, functions, errors with a column, bounds on hostile input.
#include "harness/analysis/exact/expression.hpp"

#include <random>
#include <string>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

namespace headcount {
namespace {

std::string message(const std::string& expression, const Values& values = {}) {
    try {
        evaluate(expression, values);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("precedence and associativity are those of algebra") {
    CHECK(evaluate("1 + 2 * 3", {}) == 7);
    CHECK(evaluate("(1 + 2) * 3", {}) == 9);
    CHECK(evaluate("8 - 4 - 2", {}) == 2);
    CHECK(evaluate("64 / 4 / 2", {}) == 8);
    CHECK(evaluate("2^3^2", {}) == 512);
    CHECK(evaluate("-2^2", {}) == -4);
    CHECK(evaluate("(-2)^2", {}) == 4);
    CHECK(evaluate("2^-2", {}) == Rational(1, 4));
    CHECK(evaluate("2*-3", {}) == -6);
    CHECK(evaluate("--3", {}) == 3);
    CHECK(evaluate("+3 - +1", {}) == 2);
    CHECK(evaluate("6/4*2", {}) == 3);
    CHECK(evaluate("\t1\n+ 1 ", {}) == 2);
}

TEST_CASE("decimal numbers are exact") {
    CHECK(evaluate("0.1 + 0.2", {}) == evaluate("0.3", {}));
    CHECK(evaluate("0.02", {}) == Rational(1, 50));
    CHECK(evaluate(".5", {}) == Rational(1, 2));
    CHECK(evaluate("5.", {}) == 5);
    CHECK(evaluate("1e6 * 1E-6", {}) == 1);
    CHECK(evaluate("2.5e+1", {}) == 25);
}

TEST_CASE("values beyond 2^53 and 2^64 lose nothing") {
    CHECK(evaluate("9007199254740993 - 9007199254740992", {}) == 1);
    CHECK(evaluate("(2^53 + 1) / (2^53 + 1)", {}) == 1);
    CHECK(evaluate("2^64 + 1 - 2^64", {}) == 1);
    CHECK(evaluate("(10^30 + 1) * 3 - 3 * 10^30", {}) == 3);
    CHECK(evaluate("1/3 + 1/3 + 1/3", {}) == 1);
    CHECK(evaluate("x / y * y", {{"x", Rational(7)}, {"y", Rational(12345678901234567LL)}}) == 7);
}

TEST_CASE("functions round towards where their names say") {
    CHECK(evaluate("min(3, 1, 2)", {}) == 1);
    CHECK(evaluate("max(3, 1, 2)", {}) == 3);
    CHECK(evaluate("max(5)", {}) == 5);
    CHECK(evaluate("ceil(7/2)", {}) == 4);
    CHECK(evaluate("ceil(-7/2)", {}) == -3);
    CHECK(evaluate("floor(7/2)", {}) == 3);
    CHECK(evaluate("floor(-7/2)", {}) == -4);
    CHECK(evaluate("floor(4) + ceil(4)", {}) == 8);
    CHECK(evaluate("round(5/2)", {}) == 3);
    CHECK(evaluate("round(-5/2)", {}) == -3);
    CHECK(evaluate("round(2.4999999999999999999)", {}) == 2);
    CHECK(evaluate("abs(-2/3)", {}) == Rational(2, 3));
    CHECK(evaluate("log2(4)", {}) == 2);
    CHECK(evaluate("log2(1)", {}) == 0);
    CHECK(evaluate("log2(1/8)", {}) == -3);
    CHECK(evaluate("log2(2^200)", {}) == 200);
}

TEST_CASE("random sums of products obey the laws of a field") {
    std::mt19937_64 random(11);
    std::uniform_int_distribution<std::int64_t> any(-4000000000000000000, 4000000000000000000);
    for (int i = 0; i < 200; ++i) {
        std::int64_t c = any(random);
        if (c == 0) c = 1;
        const Values values{{"a", any(random)}, {"b", any(random)}, {"c", c}};
        CHECK(evaluate("a*(b + c)", values) == evaluate("a*b + c*a", values));
        CHECK(evaluate("(a + b)^2", values) == evaluate("a^2 + 2*a*b + b^2", values));
        CHECK(evaluate("a/c*c - a", values) == 0);
        const Rational rest = evaluate("a - floor(a/c)*c", values);
        CHECK((c > 0 ? rest >= 0 && rest < c : rest <= 0 && rest > c));
    }
}

TEST_CASE("an unknown name is answered with the known ones and its column") {
    const Values values{{"num_heads", 8}, {"embed_dim", 512}};
    const std::string text = message("2 * num_head", values);
    CHECK(contains(text, "column 5"));
    CHECK(contains(text, "unknown name 'num_head'; did you mean 'num_heads'?"));
    CHECK(contains(text, "embed_dim"));
    CHECK(contains(message("cel(3)"), "did you mean 'ceil'?"));
    CHECK(evaluate("core.multiplies * 2", {{"core.multiplies", 21}}) == 42);
}

TEST_CASE("malformed expressions say where they break") {
    CHECK(contains(message(""), "column 1: expected a number"));
    CHECK(contains(message("1 +"), "column 4: expected a number"));
    CHECK(contains(message("(1"), "column 3: expected ')'"));
    CHECK(contains(message("1)"), "column 2"));
    CHECK(contains(message("1 2"), "column 3"));
    CHECK(contains(message("1 $ 2"), "column 3"));
    CHECK(contains(message("3x"), "expected an operator after the number"));
    CHECK(contains(message("."), "expected a digit"));
    CHECK(contains(message("1e"), "digits of an exponent"));
    CHECK(contains(message("1.2.3"), "column"));
    CHECK(contains(message("min()"), "expected a number"));
    CHECK(contains(message("ceil(1, 2)"), "takes one argument, not 2"));
    CHECK(contains(message("1 / (3 - 3)"), "column 3: division by zero"));
    CHECK(contains(message("0^-1"), "division by zero"));
    CHECK(contains(message("4^(1/2)"), "exponent 1/2 is not an integer"));
    CHECK(contains(message("log2(3)"), "powers of two only"));
    CHECK(contains(message("log2(0)"), "powers of two only"));
    CHECK(contains(message("log2(-4)"), "powers of two only"));
}

TEST_CASE("hostile expressions are refused before they cost anything") {
    CHECK(contains(message(std::string(5000, '1')), "too long"));
    CHECK(contains(message(std::string(2000, '(')), "nested more than"));
    CHECK(contains(message(std::string(2000, '-') + "1"), "nested more than"));
    CHECK(contains(message("2^2^2^2^2^2"), "bits"));
    CHECK(contains(message("2^99999999999999999999"), "bits"));
    CHECK(contains(message("2^-99999999999999999999"), "bits"));
    CHECK(contains(message("((2^16000)^1)*(2^16000)"), "bits"));
    CHECK(contains(message("1e999999999999"), "decimal exponent"));
    CHECK(evaluate("1^99999999999999999999", {}) == 1);
    CHECK(evaluate("(-1)^99999999999999999999", {}) == -1);
    CHECK(evaluate("(-1)^99999999999999999998", {}) == 1);
    CHECK(evaluate("0^5", {}) == 0);
    CHECK(evaluate("0^0", {}) == 1);
    CHECK(evaluate(std::string(90, '(') + "1" + std::string(90, ')'), {}) == 1);
}

TEST_CASE("the names of an expression are known before it has values") {
    CHECK(names_in("b * (a + max(c.x, 3)) / (b - b)") == std::vector<std::string>{"a", "b", "c.x"});
    CHECK(names_in("2^x + log2(y)") == std::vector<std::string>{"x", "y"});
    CHECK_THROWS_AS(names_in("a +"), UsageError);
}

TEST_CASE("rationals print exactly, or with as many digits as asked") {
    CHECK(to_text(Rational(-6, 8)) == "-3/4");
    CHECK(to_text(Rational(12)) == "12");
    CHECK(to_decimal(Rational(123456789012345LL)) == "123456789012345");
    CHECK(to_decimal(Rational(1, 3)) == "0.333333");
    CHECK(to_decimal(Rational(-2, 3), 3) == "-0.667");
    CHECK(to_decimal(Rational(5, 2)) == "2.5");
    CHECK(to_decimal(Rational(1, 30000), 2) == "0.000033");
    CHECK(to_decimal(Rational(1234567, 10), 4) == "123457");
    CHECK(to_decimal(Rational(99999995, 100000000), 3) == "1");
    CHECK(to_decimal(Rational(1, 1000)) == "0.001");
    CHECK(to_decimal(Rational(999, 1000000), 2) == "0.001");
    // Found by the fuzz target: half a minute for one value of the largest size.
    const std::string huge = to_decimal(evaluate("4^84^2 + 1/3", {}));
    CHECK(huge == to_text(evaluate("4^84^2", {})));
}

}  // namespace
}  // namespace headcount
