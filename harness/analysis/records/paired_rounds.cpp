// Pairing by round: the one place that says which samples of several points may be put side by side.
#include "harness/analysis/records/paired_rounds.hpp"

#include <cmath>
#include <map>
#include <string>
#include <utility>

namespace headcount {
namespace {

std::vector<RoundValue> seconds_of(const Entry& entry) {
    return entry.record.outcome == Outcome::failed ? std::vector<RoundValue>() : by_round(entry);
}

}  // namespace

std::vector<RoundValue> by_round(const Entry& entry, double Sample::*number) {
    std::vector<RoundValue> values;
    values.reserve(entry.samples.size());
    for (const RoundSample& round : entry.samples) values.push_back({.key = round.key, .value = round.sample.*number});
    return values;
}

std::vector<RoundValue> result_by_round(const Entry& entry, std::string_view name) {
    std::vector<RoundValue> values;
    for (const RoundSample& round : entry.samples) {
        const auto found = round.sample.results.find(std::string(name));
        if (found == round.sample.results.end() || !std::isfinite(found->second)) continue;
        values.push_back({.key = round.key, .value = found->second});
    }
    return values;
}

SharedRounds shared_rounds(const std::vector<std::vector<RoundValue>>& points) {
    std::map<RoundKey, std::vector<double>> rounds;
    for (std::size_t i = 0; i < points.size(); ++i) {
        for (const RoundValue& round : points[i]) {
            std::vector<double>& values = rounds[round.key];
            if (values.size() == i) values.push_back(round.value);
        }
    }
    SharedRounds shared;
    for (auto& [key, values] : rounds) {
        if (values.size() == points.size()) {
            shared.complete.push_back(std::move(values));
        } else {
            ++shared.partial;
        }
    }
    return shared;
}

SharedRounds shared_rounds(const std::vector<const Entry*>& points) {
    std::vector<std::vector<RoundValue>> seconds;
    seconds.reserve(points.size());
    for (const Entry* entry : points) seconds.push_back(seconds_of(*entry));
    return shared_rounds(seconds);
}

PairedRounds paired_rounds(const std::vector<RoundValue>& value, const std::vector<RoundValue>& base) {
    PairedRounds pairs;
    for (const std::vector<double>& round : shared_rounds({value, base}).complete) {
        pairs.value.push_back(round[0]);
        pairs.base.push_back(round[1]);
    }
    return pairs;
}

PairedRounds paired_rounds(const Entry& value, const Entry& base) {
    return paired_rounds(seconds_of(value), seconds_of(base));
}

}  // namespace headcount
