// Steps of definitions: their values, and bounds that f32 and bf16 arithmetic keeps to and does not keep far from.
#include "harness/judge/steps.hpp"

#include <cmath>
#include <random>

#include "harness/core/bfloat16.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/dual.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::judge;

namespace {

Known<double> exact(std::int64_t rows, std::vector<double> values, DType dtype = DType::f32) {
    Known<double> x(rows, static_cast<std::int64_t>(values.size()) / rows, rounding_of(dtype));
    x.value = std::move(values);
    return x;
}

Known<double> random_matrix(std::mt19937_64& random, std::int64_t rows, std::int64_t cols, DType dtype) {
    std::uniform_real_distribution<double> uniform(-1.7, 1.7);
    std::vector<double> values(static_cast<std::size_t>(rows * cols));
    for (double& x : values) {
        x = static_cast<double>(static_cast<float>(uniform(random)));
        if (dtype == DType::bf16) x = static_cast<double>(static_cast<float>(BFloat16(static_cast<float>(x))));
    }
    return exact(rows, std::move(values), dtype);
}

double bound(const Known<double>& x, std::int64_t i) { return x.view().total_at(i); }

/// softmax(q k^T / 8) v in f32 [1, v.cols()]; in bf16 scores, weights and result are rounded besides.
std::vector<float> in_f32(const Known<double>& q, const Known<double>& k, const Known<double>& v, DType dtype) {
    const auto kept = [&](float x) { return dtype == DType::bf16 ? static_cast<float>(BFloat16(x)) : x; };
    const auto f = [](double x) { return static_cast<float>(x); };
    std::vector<float> w;
    for (std::int64_t j = 0; j < k.rows; ++j) {
        float dot = 0;
        for (std::int64_t c = 0; c < k.cols; ++c) {
            dot += f(q.value[static_cast<std::size_t>(c)]) * f(k.value[static_cast<std::size_t>(j * k.cols + c)]);
        }
        w.push_back(kept(dot / 8));
    }
    const float peak = *std::max_element(w.begin(), w.end());
    float total = 0;
    for (float& x : w) total += x = std::exp(x - peak);
    for (float& x : w) x = kept(x / total);
    std::vector<float> out;
    for (std::int64_t c = 0; c < v.cols; ++c) {
        float dot = 0;
        for (std::int64_t j = 0; j < v.rows; ++j) {
            dot += w[static_cast<std::size_t>(j)] * f(v.value[static_cast<std::size_t>(j * v.cols + c)]);
        }
        out.push_back(kept(dot));
    }
    return out;
}

}  // namespace

TEST_CASE("a product's value does not depend on how its operands lie") {
    const auto a = exact(2, {1, 2, 3, 4});
    const auto b = exact(2, {5, 6, 7, 8});
    REQUIRE(product(a, b).value == std::vector<double>{19, 22, 43, 50});
    REQUIRE(product(a, b.transposed()).value == std::vector<double>{17, 23, 39, 53});
    REQUIRE(product(a.row_range(1, 1), b).value == std::vector<double>{43, 50});
    REQUIRE(product(a.head(1, 2), b.row_range(1, 1)).value == std::vector<double>{14, 16, 28, 32});
    const auto straight = product(a, exact(2, {5, 7, 6, 8}));
    const auto turned = product(a, b.transposed());
    for (std::int64_t i = 0; i < 4; ++i) REQUIRE(bound(turned, i) == Approx(bound(straight, i)));
}

TEST_CASE("a product of no terms is exactly zero, and costs nothing") {
    const auto none = product(exact(1, {}), exact(1, {1, 2}).row_range(0, 0));
    REQUIRE(none.value == std::vector<double>{0, 0});
    REQUIRE(bound(stored(none), 0) == 0);
}

TEST_CASE("a product's bound is lambda sqrt(n) u |a| |b|, and errors of its inputs add in quadrature") {
    const auto a = exact(1, {3, 4});
    const auto b = exact(2, {5, 12});
    const double unit = rounding_of(DType::f32).unit;
    REQUIRE(bound(product(a, b), 0) == Approx(6 * std::sqrt(2.0) * unit * 5 * 13));
    Known<double> off = a;
    off.error = {0.3, 0.1};
    REQUIRE(bound(product(off, b), 0) == Approx(std::hypot(0.3 * 5, 0.1 * 12)).epsilon(1e-4));
    Known<double> b_off = b;
    b_off.error = {0.2, 0};
    REQUIRE(bound(product(off, b_off), 0) == Approx(std::sqrt(2.25 + 1.44 + 0.36)).epsilon(1e-4));
    REQUIRE(bound(product(off, b_off.view()), 0) ==
            Approx(bound(product(off, product(exact(1, {1}), b_off.transposed()).transposed()), 0)).epsilon(1e-4));
}

TEST_CASE("errors that go one way together add absolutely, in groups") {
    const auto b = exact(4, {1, 1, 1, 1});
    Known<double> a = exact(1, {1, 1, 1, 1});
    a.error = {0.1, 0.1, 0.1, 0.1};
    REQUIRE(bound(product(a, b), 0) == Approx(0.2).epsilon(1e-4));
    a.together = 4;
    REQUIRE(bound(product(a, b), 0) == Approx(0.4).epsilon(1e-4));
    a.together = 2;
    REQUIRE(bound(product(a, b), 0) == Approx(std::hypot(0.2, 0.2)).epsilon(1e-4));
}

TEST_CASE("what is stored is rounded once more in bf16, in no other type") {
    REQUIRE(bound(stored(exact(1, {2}, DType::f32)), 0) == 0);
    REQUIRE(bound(stored(exact(1, {2}, DType::f64)), 0) == 0);
    REQUIRE(bound(stored(exact(1, {2}, DType::bf16)), 0) == Approx(2 * 0x1p-8));
    REQUIRE(bound(stored(exact(1, {0}, DType::bf16)), 0) == 0);
}

TEST_CASE("sums, scalings and functions carry errors along") {
    Known<double> x = exact(1, {2, -3});
    x.error = {0.3, 0.1};
    Known<double> y = exact(1, {1, 1});
    y.error = {0.4, 0};
    const auto both = sum(x, y);
    REQUIRE(both.value == std::vector<double>{3, -2});
    REQUIRE(bound(both, 0) == Approx(0.5).epsilon(1e-4));
    const auto half = scaled(x, -0.5);
    REQUIRE(half.value == std::vector<double>{-1, 1.5});
    REQUIRE(bound(half, 1) == Approx(0.05).epsilon(1e-4));
    const auto cubes = applied(
        x, [](double z) { return z * z * z; }, 2);
    REQUIRE(cubes.value == std::vector<double>{8, -27});
    REQUIRE(bound(cubes, 0) == Approx(std::pow(2.3, 3) - 8).epsilon(1e-4));
    REQUIRE(bound(cubes, 1) == Approx(std::pow(3.1, 3) - 27).epsilon(1e-4));
}

TEST_CASE("concat and picked keep numbers and errors") {
    Known<double> x = exact(2, {1, 2, 3, 4});
    x.error = {0.1, 0.2, 0.3, 0.4};
    const auto twice = concat(2, [&](std::int64_t h) { return scaled(x, static_cast<double>(h + 1)); });
    REQUIRE(twice.value == std::vector<double>{1, 2, 2, 4, 3, 4, 6, 8});
    REQUIRE(bound(twice, 7) == Approx(0.8).epsilon(1e-4));
    const auto back = picked(x, {1, 0, 1});
    REQUIRE(back.value == std::vector<double>{3, 4, 1, 2, 3, 4});
    REQUIRE(back.error == std::vector<double>{0.3, 0.4, 0.1, 0.2, 0.3, 0.4});
}

TEST_CASE("a scalar that counts sees n multiplies and n - 1 adds, and no step that the equation does not have") {
    const Known<Counted> a = [] {
        Known<Counted> x(1, 3, {});
        for (Counted& value : x.value) value = Counted(2);
        return x;
    }();
    Counted::tally() = {};
    const auto dot = product(a, a.transposed());
    REQUIRE(Counted::tally() == OpCost{.multiplies = 3, .adds = 2});
    REQUIRE(dot.value.at(0).value() == 12);
    Counted::tally() = {};
    softmax(scaled(a, 0.5));
    REQUIRE(Counted::tally() == OpCost{.multiplies = 3, .adds = 3 + 2, .compares = 2, .divides = 3, .exps = 3});
}

TEST_CASE("a scalar that carries a derivative goes through the same steps") {
    const std::vector<double> q{0.3, -1.2}, k{0.5, 1, -0.25, 2, 1.5, -1}, v{1, 2, -3, 4, 5, 6};
    const auto answer = [&](auto first) {
        using T = decltype(first);
        const auto matrix = [](std::int64_t rows, const std::vector<double>& values) {
            Known<T> x(rows, static_cast<std::int64_t>(values.size()) / rows, {});
            for (std::size_t i = 0; i < values.size(); ++i) x.value[i] = static_cast<T>(values[i]);
            return x;
        };
        Known<T> query = matrix(1, q);
        query.value[0] = first;
        return product(softmax(scaled(product(query, matrix(3, k).transposed()), 0.7)), matrix(3, v)).value;
    };
    constexpr double step = 1e-5;
    const auto above = answer(q[0] + step);
    const auto below = answer(q[0] - step);
    const auto dual = answer(Dual(q[0], 1));
    for (std::size_t c = 0; c < dual.size(); ++c) {
        REQUIRE(dual[c].value() == Approx(answer(q[0])[c]));
        REQUIRE(dual[c].slope() == Approx((above[c] - below[c]) / (2 * step)).epsilon(1e-6));
    }
}

TEST_CASE("f32 and bf16 arithmetic stays within the composed bound, and a wrong scale does not") {
    std::mt19937_64 random(5);
    for (const DType dtype : {DType::f32, DType::bf16}) {
        // bf16 moves scores by 2^-8 and weights with them; a scale that is off by less than that is not to be seen.
        const double wrong = 0.125 * (dtype == DType::bf16 ? 1.5 : 1 + 1e-3);
        for (const std::int64_t keys : {1, 2, 9, 100, 700}) {
            for (int i = 0; i < 20; ++i) {
                const auto q = random_matrix(random, 1, 64, dtype);
                const auto k = random_matrix(random, keys, 64, dtype);
                const auto v = random_matrix(random, keys, 16, dtype);
                const auto answer = [&](double scale) {
                    return stored(product(softmax(stored(scaled(product(q, k.transposed()), scale))), v));
                };
                const auto right = answer(0.125);
                const auto other = answer(wrong);
                const auto kernel = in_f32(q, k, v, dtype);
                double caught = 0;
                for (std::size_t c = 0; c < kernel.size(); ++c) {
                    const double allowed = bound(right, static_cast<std::int64_t>(c));
                    REQUIRE(std::abs(static_cast<double>(kernel[c]) - right.value[c]) <= allowed);
                    caught = std::max(caught, std::abs(other.value[c] - right.value[c]) / allowed);
                }
                CAPTURE(to_string(dtype), keys, i);
                if (keys > 2) REQUIRE(caught > 1);
            }
        }
    }
}
