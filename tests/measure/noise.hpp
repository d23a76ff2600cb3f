// Simulated machines: noise of known kind on points whose true times are known, behind the Sampler interface.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/measure/worker/sampler.hpp"

namespace headcount::testing {

using Random = std::mt19937_64;

/// What disturbs the time of a visit. Logarithms: 0.05 is 5 %.
struct Noise {
    std::string name;
    bool autocorrelated = false;
    /// Its tails are heavy or its modes far apart, so that samples of symmetric ratios often look skewed.
    bool may_look_skewed = false;
    /// One point's own noise, round by round.
    std::function<std::vector<double>(std::size_t rounds, Random& random)> own;
    /// What the machine does to every visit: the argument runs from 0 to 1 over the experiment.
    std::function<double(double)> shared = [](double) { return 0.0; };
};

inline std::vector<double> normal_noise(std::size_t rounds, Random& random) {
    std::normal_distribution<double> draw(0, 0.05);
    std::vector<double> noise(rounds);
    for (double& x : noise) x = draw(random);
    return noise;
}

inline Noise no_noise_but_normal() { return {.name = "none", .own = normal_noise}; }

/// The machine slows down by half over the experiment, and wavers on the way.
inline Noise drift() {
    return {.name = "drift", .own = normal_noise, .shared = [](double t) { return 0.4 * t + 0.1 * std::sin(25 * t); }};
}

/// One visit in ten is preempted: half as long again on average.
inline Noise spikes() {
    return {.name = "spikes", .may_look_skewed = true, .own = [](std::size_t rounds, Random& random) {
                std::vector<double> noise = normal_noise(rounds, random);
                std::bernoulli_distribution spike(0.1);
                std::exponential_distribution<double> height(2);
                for (double& x : noise) x += spike(random) ? height(random) : 0;
                return noise;
            }};
}

/// Two speeds, the slower one in three visits of ten.
inline Noise bimodal() {
    return {.name = "bimodal", .may_look_skewed = true, .own = [](std::size_t rounds, Random& random) {
                std::vector<double> noise = normal_noise(rounds, random);
                std::bernoulli_distribution slow(0.3);
                for (double& x : noise) x += slow(random) ? 0.4 : 0;
                return noise;
            }};
}

/// First-order autoregression: what disturbs one round is in part still there in the next.
inline Noise autoregression(double phi, std::string name) {
    return {.name = std::move(name), .autocorrelated = true, .own = [phi](std::size_t rounds, Random& random) {
                std::normal_distribution<double> draw(0, 0.05);
                std::vector<double> noise(rounds);
                double state = draw(random) / std::sqrt(1 - phi * phi);
                for (double& x : noise) {
                    x = state;
                    state = phi * state + draw(random);
                }
                return noise;
            }};
}

/// Points "base" and "value", the latter `ratio` times as slow.
class NoisySampler final : public Sampler {
public:
    NoisySampler(const Noise& noise, double ratio, std::size_t rounds, Random& random)
        : noise_(&noise), visits_of_all_(2 * static_cast<double>(rounds)) {
        base_.own = noise.own(rounds, random);
        value_.own = noise.own(rounds, random);
        value_.log_seconds = std::log(ratio);
    }

    Sample visit(const std::string& point) override {
        Source& source = point == "base" ? base_ : value_;
        const double log_seconds =
            source.log_seconds + source.own[source.visits++] + noise_->shared(visits_++ / visits_of_all_);
        Sample sample;
        sample.wall_s = 1e-3 * std::exp(log_seconds);
        sample.cpu_s = sample.wall_s;
        return sample;
    }

private:
    struct Source {
        std::vector<double> own{};
        std::size_t visits = 0;
        double log_seconds = 0;
    };

    const Noise* noise_;
    Source base_, value_;
    double visits_of_all_;
    double visits_ = 0;
};

/// Those in which a point has one median: with a drift the machine's is estimated.
inline std::vector<Noise> steady_noises() {
    return {no_noise_but_normal(),
            spikes(),
            bimodal(),
            autoregression(0.3, "autocorrelated 0.3"),
            autoregression(0.5, "autocorrelated 0.5"),
            autoregression(0.7, "autocorrelated 0.7")};
}

}  // namespace headcount::testing
