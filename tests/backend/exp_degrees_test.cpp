// Why the exponential is a polynomial of degree 5: error and speed of its neighbours, fitted and evaluated alike.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

// The kernel's own source, for one instruction set (why AVX3_DL: harness/backend/targets.hpp).
#define HWY_WANT_AVX3_DL
// clang-format off
#include <hwy/highway.h>
#include "harness/backend/simd/lanes-inl.hpp"
#include "harness/backend/simd/tile-inl.hpp"
// clang-format on

#include "tests/catch.hpp"

namespace {

constexpr int kMostDegree = 7;

/// c[k] r^k, c[0] = 1.
using Coefficients = std::array<double, kMostDegree + 1>;

/// Solves the n by n system a x = b by elimination with pivots; a and b are overwritten.
void solve(std::vector<std::vector<double>>& a, std::vector<double>& b) {
    const std::size_t n = b.size();
    for (std::size_t col = 0; col < n; ++col) {
        std::size_t pivot = col;
        for (std::size_t i = col + 1; i < n; ++i) {
            if (std::abs(a[i][col]) > std::abs(a[pivot][col])) pivot = i;
        }
        std::swap(a[col], a[pivot]);
        std::swap(b[col], b[pivot]);
        for (std::size_t i = col + 1; i < n; ++i) {
            const double factor = a[i][col] / a[col][col];
            for (std::size_t j = col; j < n; ++j) a[i][j] -= factor * a[col][j];
            b[i] -= factor * b[col];
        }
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t j = i + 1; j < n; ++j) b[i] -= a[i][j] * b[j];
        b[i] /= a[i][i];
    }
}

/// The polynomial with p(0) = 1 whose largest relative distance to 2^r on [from, from + 1] is least: weighted least
/// squares whose weights follow the error (Lawson 1961).
Coefficients minimax(int degree, double from) {
    constexpr int kPoints = 401, kIterations = 300;
    const auto n = static_cast<std::size_t>(degree);
    std::vector<double> nodes, weights(kPoints, 1.0 / kPoints);
    for (int i = 0; i < kPoints; ++i)
        nodes.push_back(from + 0.5 + 0.5 * std::cos(3.141592653589793 * (i + 0.5) / kPoints));
    std::vector<double> fit;
    for (int iteration = 0; iteration < kIterations; ++iteration) {
        std::vector<std::vector<double>> a(n, std::vector<double>(n));
        fit.assign(n, 0);
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const double exact = std::exp2(nodes[i]);
            std::vector<double> powers(n, nodes[i]);
            for (std::size_t k = 1; k < n; ++k) powers[k] = powers[k - 1] * nodes[i];
            for (std::size_t row = 0; row < n; ++row) {
                const double factor = weights[i] / (exact * exact) * powers[row];
                for (std::size_t col = 0; col < n; ++col) a[row][col] += factor * powers[col];
                fit[row] += factor * (exact - 1);
            }
        }
        solve(a, fit);
        double sum = 0;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            double p = 0;
            for (std::size_t k = n; k-- > 0;) p = (p + fit[k]) * nodes[i];
            weights[i] *= std::abs((1 + p) / std::exp2(nodes[i]) - 1);
            sum += weights[i];
        }
        for (double& weight : weights) weight /= sum;
    }
    Coefficients c{1};
    for (std::size_t k = 0; k < n; ++k) c[k + 1] = fit[k];
    return c;
}

/// Largest error, in ulp of the exact result, of Horner's scheme with fused multiply-adds in f32.
double worst_ulp(int degree, double from, const Coefficients& c, int steps) {
    double worst = 0;
    for (int i = 0; i < steps; ++i) {
        const float r = static_cast<float>(i) / static_cast<float>(steps) + static_cast<float>(from);
        auto p = static_cast<float>(c[static_cast<std::size_t>(degree)]);
        for (int k = degree - 1; k >= 0; --k) p = std::fma(p, r, static_cast<float>(c[static_cast<std::size_t>(k)]));
        const double exact = std::exp2(static_cast<double>(r));
        worst = std::max(worst, std::abs(static_cast<double>(p) - exact) / (exact < 1 ? 0x1p-24 : 0x1p-23));
    }
    return worst;
}

}  // namespace

HWY_BEFORE_NAMESPACE();
namespace headcount::simd::HWY_NAMESPACE {

/// Exponentials a second of the kernel's exp2 with a polynomial of this degree: best of many passes over 16 KiB.
template <int kDegree>
double rate(const Coefficients& c) {
    using L = FloatLanes;
    constexpr std::int64_t kCount = 4096, kAtOnce = 4;
    std::array<L::V, kDegree + 1> k{};
    for (int i = 0; i <= kDegree; ++i)
        k[static_cast<std::size_t>(i)] = L::set(static_cast<float>(c[static_cast<std::size_t>(i)]));
    std::vector<float> x(kCount), y(kCount);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = -0.01F * static_cast<float>(i);
    double best = 1e9;
    for (int pass = 0; pass < 4000; ++pass) {
        const auto start = std::chrono::steady_clock::now();
        for (std::int64_t i = 0; i < kCount; i += kAtOnce * L::kLanes) {
            unrolled<kAtOnce>([&](auto j) HEADCOUNT_INLINED {
                const L::V result = L::exp2_by(L::load(x.data() + i + j * L::kLanes), [&](L::V r) HEADCOUNT_INLINED {
                    L::V p = k[kDegree];
                    unrolled<kDegree>([&](auto step) HEADCOUNT_INLINED { p = L::fma(p, r, k[kDegree - 1 - step]); });
                    return p;
                });
                L::store(result, y.data() + i + j * L::kLanes);
            });
        }
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return static_cast<double>(kCount) / best;
}

}  // namespace headcount::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

namespace kernels = headcount::simd::HWY_NAMESPACE;

TEST_CASE("degree 5 is the least whose error stays within 4 ulp, and its coefficients are the kernel's") {
    constexpr int kSteps = 1 << 20;
    for (const double from : {-0.5, 0.0}) {
        REQUIRE(worst_ulp(4, from, minimax(4, from), kSteps) > 4);
        REQUIRE(worst_ulp(5, from, minimax(5, from), kSteps) < 2.5);
    }
    const Coefficients five = minimax(5, static_cast<double>(kernels::kExp2From));
    for (std::size_t k = 1; k <= 5; ++k) {
        CAPTURE(k);
        REQUIRE(five[k] == Approx(static_cast<double>(kernels::kExp2[k])).epsilon(2e-5));
    }
}

TEST_CASE("the table of docs/performance.md: degrees of the exponential", "[.degrees]") {
    std::printf("on [%g, %g]\n| degree | largest error, ulp | Gexp/s |\n|---|---|---|\n",
                static_cast<double>(kernels::kExp2From), static_cast<double>(kernels::kExp2From) + 1);
    const auto row = [](int degree, double (*rate)(const Coefficients&)) {
        const auto from = static_cast<double>(kernels::kExp2From);
        const Coefficients c = minimax(degree, from);
        std::printf("| %d | %.3g | %.1f |\n", degree, worst_ulp(degree, from, c, 1 << 25), 1e-9 * rate(c));
    };
    row(3, kernels::rate<3>);
    row(4, kernels::rate<4>);
    row(5, kernels::rate<5>);
    row(6, kernels::rate<6>);
    row(7, kernels::rate<7>);
}
