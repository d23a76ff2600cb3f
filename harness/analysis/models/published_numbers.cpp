#include <fmt/format.h>

#include "harness/analysis/exact/expression.hpp"
#include "harness/analysis/models/model_cost.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

/// The place of the last digit of "8.03e9", as an expression: 10^7.
std::string last_place(const std::string& printed) {
    const std::size_t e = printed.find('e');
    const std::string digits = printed.substr(0, e);
    const std::size_t point = digits.find('.');
    const std::size_t decimals = point == std::string::npos ? 0 : digits.size() - point - 1;
    return fmt::format("10^({} - {})", e == std::string::npos ? "0" : printed.substr(e + 1), decimals);
}

bool rounds_to(const Rational& ours, const std::string& printed) {
    const std::string place = last_place(printed);
    return evaluate(fmt::format("round(ours / {0}) * {0}", place), {{"ours", ours}}) == evaluate(printed, {});
}

Rational ours_of(const ModelCost& cost, const PublishedNumber& number) {
    if (number.quantity == "parameters") return cost.parameters().total;
    if (number.quantity == "active parameters") return cost.parameters().active;
    // The first token's: a window is not full then, so all layers keep it.
    if (number.quantity == "cache bytes a token") return cost.cache_bytes(1);
    throw UsageError(fmt::format("{}: published '{}' is neither parameters, active parameters nor cache bytes a token",
                                 cost.model().name, number.quantity));
}

}  // namespace

std::vector<PublishedResult> compare_with_published(const ModelCost& cost) {
    std::vector<PublishedResult> results;
    for (const PublishedNumber& number : cost.model().published) {
        const Rational ours = ours_of(cost, number);
        results.push_back({.number = number, .ours = ours, .rounds_to_it = rounds_to(ours, number.printed)});
    }
    return results;
}

}  // namespace headcount
