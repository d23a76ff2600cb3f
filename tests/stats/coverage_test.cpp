// Do the intervals cover what they promise? Simulated experiments with fixed seeds.
#include <cmath>
#include <functional>
#include <random>

#include "harness/stats/decision.hpp"
#include "harness/stats/paired.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

constexpr int kExperiments = 2000;    // standard error of a coverage of 95 %: 0.5 %
constexpr double kTolerance = 0.015;  // three of them

/// Times of two points in `rounds` rounds whose true ratio is `ratio`.
struct Pair {
    std::vector<double> value, base;
};
using Random = std::mt19937_64;
using Noise = std::function<std::vector<double>(std::size_t, Random&)>;  // log noise of one point

std::vector<double> normal(std::size_t n, Random& random) {
    std::normal_distribution<double> draw(0, 0.05);
    std::vector<double> noise(n);
    for (double& x : noise) x = draw(random);
    return noise;
}

std::vector<double> spikes(std::size_t n, Random& random) {
    std::vector<double> noise = normal(n, random);
    std::bernoulli_distribution spike(0.1);
    std::exponential_distribution<double> height(2);
    for (double& x : noise) x += spike(random) ? height(random) : 0;
    return noise;
}

std::vector<double> bimodal(std::size_t n, Random& random) {
    std::vector<double> noise = normal(n, random);
    std::bernoulli_distribution slow(0.3);
    for (double& x : noise) x += slow(random) ? 0.4 : 0;
    return noise;
}

Noise autoregressive(double phi) {
    return [phi](std::size_t n, Random& random) {
        std::normal_distribution<double> draw(0, 0.05);
        std::vector<double> noise(n);
        double state = draw(random) / std::sqrt(1 - phi * phi);
        for (double& x : noise) {
            x = state;
            state = phi * state + draw(random);
        }
        return noise;
    };
}

Pair experiment(const Noise& noise, double drift, double ratio, std::size_t rounds, Random& random) {
    Pair pair{.value = noise(rounds, random), .base = noise(rounds, random)};
    for (std::size_t i = 0; i < rounds; ++i) {
        const double machine = drift * static_cast<double>(i) / static_cast<double>(rounds);
        pair.value[i] = 1e-3 * ratio * std::exp(pair.value[i] + machine);
        pair.base[i] = 1e-3 * std::exp(pair.base[i] + machine);
    }
    return pair;
}

double share(const std::function<bool(Random&)>& event, unsigned seed) {
    Random random(seed);
    int count = 0;
    for (int i = 0; i < kExperiments; ++i) count += event(random) ? 1 : 0;
    return static_cast<double>(count) / kExperiments;
}

double coverage(const Noise& noise, double drift, std::size_t rounds) {
    return share(
        [&](Random& random) {
            const Pair pair = experiment(noise, drift, 1.3, rounds, random);
            return PairedRatio(pair.value, pair.base).interval().contains(1.3);
        },
        static_cast<unsigned>(rounds));
}

}  // namespace

TEST_CASE("paired intervals of independent rounds cover 95 %, whatever the noise") {
    for (std::size_t rounds : {10U, 20U, 40U}) {
        INFO(rounds << " rounds");
        for (const auto& [name, noise, drift] : {std::tuple<const char*, Noise, double>{"normal", normal, 0.0},
                                                 {"drift", normal, 0.5},
                                                 {"spikes", spikes, 0.0},
                                                 {"bimodal", bimodal, 0.0}}) {
            INFO(name);
            const double covered = coverage(noise, drift, rounds);
            CHECK(covered >= 0.95 - kTolerance);
            CHECK(covered <= (rounds >= 20 ? 0.97 : 0.98) + 0.005);
        }
    }
}

TEST_CASE("paired intervals of autocorrelated rounds cover 90 % from 20 rounds on") {
    for (std::size_t rounds : {20U, 40U}) {
        for (double phi : {0.3, 0.5}) {
            INFO(rounds << " rounds, phi " << phi);
            CHECK(coverage(autoregressive(phi), 0, rounds) >= 0.90 - 0.007);
        }
    }
}

TEST_CASE("the median of skewed samples is covered by its rank interval") {
    for (std::size_t n : {10U, 20U, 40U}) {
        INFO(n << " samples");
        const double covered = share(
            [&](Random& random) {
                std::lognormal_distribution<double> draw(0, 1);
                std::vector<double> samples(n);
                for (double& x : samples) x = draw(random);
                return median_interval(samples).contains(1);
            },
            static_cast<unsigned>(n));
        CHECK(covered >= 0.95 - kTolerance);
        CHECK(covered <= 0.99);
    }
}

TEST_CASE("looking at 10, 20 and 40 rounds and stopping at a width keeps the coverage") {
    for (const auto& model : {std::pair<const char*, Noise>{"normal", normal}, {"spikes", spikes}}) {
        INFO(model.first);
        const Noise& noise = model.second;
        const double covered = share(
            [&](Random& random) {
                const Pair pair = experiment(noise, 0, 1.3, 40, random);
                for (std::size_t rounds : {10U, 20U, 40U}) {
                    const PairedRatio ratio(std::span(pair.value).first(rounds), std::span(pair.base).first(rounds));
                    if (rounds == 40 || relative_ci_width(ratio.interval()) < 0.06) {
                        return ratio.interval().contains(1.3);
                    }
                }
                return false;
            },
            99);
        CHECK(covered >= 0.93 - 0.006);
    }
}

TEST_CASE("equivalence at the margin itself is granted in at most 5 % of experiments") {
    for (const auto& model : {std::tuple<const char*, Noise, double>{"normal", normal, 0.05},
                              {"spikes", spikes, 0.05},
                              {"autocorrelated", autoregressive(0.5), 0.07}}) {
        INFO(std::get<0>(model));
        const Noise& noise = std::get<1>(model);
        const double granted = share(
            [&](Random& random) {
                const Pair pair = experiment(noise, 0, 1.05, 40, random);
                return equivalence(PairedRatio(pair.value, pair.base).interval(), 0.95, 1.05) == Status::supported;
            },
            5);
        CHECK(granted <= std::get<2>(model));
    }
}

TEST_CASE("two runs of the same thing are called different in at most 5 % of experiments") {
    const auto different = [](const Noise& noise) {
        return share(
            [&](Random& random) {
                const Pair pair = experiment(noise, 0, 1, 20, random);
                return !PairedRatio(pair.value, pair.base).interval().contains(1);
            },
            17);
    };
    CHECK(different(normal) <= 0.055);
    CHECK(different(bimodal) <= 0.055);
    CHECK(different(autoregressive(0.3)) <= 0.08);
}
