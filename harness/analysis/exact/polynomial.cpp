#include "harness/analysis/exact/polynomial.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>

#include "harness/analysis/exact/exact.hpp"

namespace headcount {
namespace {

using Row = std::vector<Rational>;

/// Row i has the coefficients, the constant first, of the polynomial that is 1 at node i and 0 at the others.
std::vector<Row> lagrange(const Row& nodes) {
    std::vector<Row> basis;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        Row product{1};
        for (std::size_t j = 0; j < nodes.size(); ++j) {
            if (j == i) continue;
            const Rational over = Rational(1) / (nodes[i] - nodes[j]);
            Row next(product.size() + 1);
            for (std::size_t k = 0; k < product.size(); ++k) {
                next[k + 1] += product[k] * over;
                next[k] -= product[k] * nodes[j] * over;
            }
            product = std::move(next);
        }
        basis.push_back(std::move(product));
    }
    return basis;
}

Rational power(const Rational& base, int exponent) {
    Rational result = 1;
    for (int i = 0; i < exponent; ++i) result *= base;
    return result;
}

std::string product_text(const std::vector<std::string>& names, const Polynomial::Exponents& exponents) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (exponents[i] == 0) continue;
        if (!text.empty()) text += " * ";
        text += names[i];
        if (exponents[i] > 1) text += "^" + std::to_string(exponents[i]);
    }
    return text;
}

std::string term_text(const Rational& coefficient, const std::string& product) {
    if (product.empty()) return to_text(coefficient);
    return coefficient == 1 ? product : to_text(coefficient) + " * " + product;
}

/// The largest number that all coefficients are whole multiples of.
Rational content(const Polynomial& polynomial) {
    Integer numerators = 0, denominators = 1;
    for (const auto& [exponents, coefficient] : polynomial.terms) {
        numerators = gcd(numerators, numerator(coefficient.held().value));
        denominators = lcm(denominators, denominator(coefficient.held().value));
    }
    return as_rational(numerators) / as_rational(denominators);
}

}  // namespace

Rational Polynomial::at(const std::vector<Rational>& point) const {
    Rational sum = 0;
    for (const auto& [exponents, coefficient] : terms) {
        Rational term = coefficient;
        for (std::size_t i = 0; i < exponents.size(); ++i) term *= power(point[i], exponents[i]);
        sum += term;
    }
    return sum;
}

int degree_of(std::vector<Rational> values) {
    for (int degree = 0; values.size() >= 3; ++degree) {
        const bool same = std::ranges::all_of(values, [&](const Rational& value) { return value == values.front(); });
        if (same) return degree;
        for (std::size_t i = 0; i + 1 < values.size(); ++i) values[i] = values[i + 1] - values[i];
        values.pop_back();
    }
    return -1;
}

Polynomial through_grid(std::vector<std::string> names, const std::vector<std::vector<Rational>>& nodes,
                        std::vector<Rational> values) {
    // Variable by variable, values at its nodes become coefficients of its powers.
    std::size_t stride = values.size();
    for (const Row& of_variable : nodes) {
        const std::size_t count = of_variable.size(), block = stride;
        stride /= count;
        const std::vector<Row> basis = lagrange(of_variable);
        for (std::size_t first = 0; first < values.size(); ++first) {
            if (first % block >= stride) continue;
            Row coefficients(count);
            for (std::size_t i = 0; i < count; ++i) {
                for (std::size_t k = 0; k < count; ++k) coefficients[k] += values[first + i * stride] * basis[i][k];
            }
            for (std::size_t k = 0; k < count; ++k) values[first + k * stride] = coefficients[k];
        }
    }
    Polynomial result{.names = std::move(names), .terms = {}};
    for (std::size_t index = 0; index < values.size(); ++index) {
        if (values[index] == 0) continue;
        Polynomial::Exponents exponents(nodes.size());
        std::size_t rest = index;
        for (std::size_t i = nodes.size(); i-- > 0;) {
            exponents[i] = static_cast<int>(rest % nodes[i].size());
            rest /= nodes[i].size();
        }
        result.terms.emplace(std::move(exponents), values[index]);
    }
    return result;
}

std::string to_text(const Polynomial& polynomial) {
    if (polynomial.terms.empty()) return "0";
    Polynomial::Exponents shared = polynomial.terms.begin()->first;
    for (const auto& [exponents, coefficient] : polynomial.terms) {
        for (std::size_t i = 0; i < shared.size(); ++i) shared[i] = std::min(shared[i], exponents[i]);
    }
    const Rational factor = content(polynomial);
    const std::string front = product_text(polynomial.names, shared);
    if (polynomial.terms.size() == 1) return term_text(polynomial.terms.begin()->second, front);
    std::string sum;
    for (auto term = polynomial.terms.rbegin(); term != polynomial.terms.rend(); ++term) {
        Polynomial::Exponents rest = term->first;
        std::ranges::transform(rest, shared, rest.begin(), std::minus());
        const Rational coefficient = term->second / factor;
        const bool is_minus = coefficient < 0;
        if (!sum.empty()) sum += is_minus ? " - " : " + ";
        if (sum.empty() && is_minus) sum += '-';
        sum += term_text(is_minus ? -coefficient : coefficient, product_text(polynomial.names, rest));
    }
    if (factor == 1 && front.empty()) return sum;
    const std::string before = factor == 1 ? front : term_text(factor, front);
    return before + " * (" + sum + ")";
}

}  // namespace headcount
