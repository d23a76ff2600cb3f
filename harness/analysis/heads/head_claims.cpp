#include "harness/analysis/heads/head_claims.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "harness/stats/bootstrap.hpp"

namespace headcount {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

/// Resamples of questions that all come out alike have no width, so the bootstrap alone would be sure too soon: a loss
/// of the margin must also seldom show as few lost questions as this.
bool surely_cheap(const HeadEffect& effect, std::int64_t questions) {
    constexpr double kSeldom = 0.025;
    if (effect.loss.high < 0) return true;
    const std::int64_t lost = std::max<std::int64_t>(0, effect.lost - effect.won);
    return effect.loss.high < kRemovableLoss && chance_of_at_most(lost, questions, kRemovableLoss) < kSeldom;
}

HeadVerdict removable(const HeadFindings& findings) {
    std::int64_t cheap = 0, dear = 0;
    for (const HeadEffect& effect : findings.masked) {
        cheap += surely_cheap(effect, findings.record.pairs) ? 1 : 0;
        dear += effect.loss.low > kRemovableLoss ? 1 : 0;
    }
    const auto all = static_cast<std::int64_t>(findings.masked.size());
    HeadVerdict verdict{.id = "R14.removable",
                        .says = "at least half of the heads can be masked, one at a time, at a cost below one point",
                        .found = fmt::format("{} of {} heads surely cost less, {} surely more", cheap, all, dear)};
    if (2 * cheap >= all) verdict.status = Status::supported;
    if (2 * dear > all) verdict.status = Status::refuted;
    return verdict;
}

/// Of one interval a layer, which should lie above `least`.
HeadVerdict in_every_layer(std::string id, std::string says, const std::vector<LayerAlikeness>& layers,
                           Interval LayerAlikeness::*interval, double least) {
    std::vector<Status> statuses;
    std::size_t lowest = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        statuses.push_back(equivalence(layers[i].*interval, least, kUnbounded));
        if ((layers[i].*interval).estimate < (layers[lowest].*interval).estimate) lowest = i;
    }
    const Interval& worst = layers[lowest].*interval;
    const auto holds = std::ranges::count(statuses, Status::supported);
    return {.id = std::move(id),
            .says = std::move(says),
            .found = fmt::format("{} of {} layers; lowest {:.2f} [{:.2f}, {:.2f}] in layer {}", holds, layers.size(),
                                 worst.estimate, worst.low, worst.high, layers[lowest].layer),
            .status = combine(statuses)};
}

}  // namespace

std::vector<HeadVerdict> judge_heads(const HeadFindings& findings) {
    std::vector<HeadVerdict> verdicts;
    const auto heads = static_cast<double>(findings.record.num_heads);
    if (!findings.masked.empty() &&
        static_cast<std::int64_t>(findings.masked.size()) == findings.record.layers * findings.record.num_heads) {
        verdicts.push_back(removable(findings));
    }
    if (!findings.alike.empty()) {
        verdicts.push_back(in_every_layer("R14.different",
                                          "in every layer the heads' attention differs more than before training",
                                          findings.alike, &LayerAlikeness::js_ratio, 1));
        verdicts.push_back(in_every_layer(
            "R14.effective",
            fmt::format("in every layer the outputs of {} heads differ like those of {} unlike ones at least", heads,
                        heads / 2),
            findings.alike, &LayerAlikeness::trained_effective, heads / 2));
    }
    return verdicts;
}

}  // namespace headcount
