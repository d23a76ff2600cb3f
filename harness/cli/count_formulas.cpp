#include "harness/cli/count_formulas.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/exact/polynomial.hpp"
#include "harness/analysis/metrics/metric.hpp"
#include "harness/cli/free_fields.hpp"
#include "harness/measure/point/count.hpp"

namespace headcount {
namespace {

constexpr std::array kMetrics{"parameters", "projections.multiplies", "core.multiplies", "total.multiplies",
                              "total.exps", "kv_cache_bytes"};
constexpr std::size_t kChecks = 40;  // points at random that have to agree
constexpr int kTries = 4000;         // to find so many that can run

using Node = std::vector<std::int64_t>;
using Counts = std::vector<Rational>;  ///< of kMetrics

Counts counts_of(const Point& point) {
    const Count count = count_point(point);
    Counts counts;
    for (const char* const metric : kMetrics) {
        counts.push_back(*find_metric(metric).counted(point, count, Ledger::required).exact);
    }
    return counts;
}

/// Counts at places of the grid, each made once.
class Grid {
public:
    explicit Grid(const FreeFields& fields) : fields_(&fields) {}

    /// Null where the point cannot run.
    const Counts* at(const Node& node) {
        if (const auto found = known_.find(node); found != known_.end()) return &found->second;
        const std::optional<Point> point = fields_->at(fields_->place(node));
        return point ? &known_.emplace(node, counts_of(*point)).first->second : nullptr;
    }
    /// The degree along a field, the others at their second place; -1: none.
    int degree(std::size_t metric, std::size_t field) {
        std::vector<Rational> values;
        Node node(fields_->names().size(), 1);
        for (node[field] = 0; node[field] < FreeFields::kNodes; ++node[field]) {
            values.push_back(at(node)->at(metric));  // of() has seen that it runs
        }
        return degree_of(std::move(values));
    }

private:
    const FreeFields* fields_;
    std::map<Node, Counts> known_;
};

/// The node behind this one, the last field running fastest; false behind the last.
bool advance(Node& node, const std::vector<int>& degrees) {
    for (std::size_t i = node.size(); i-- > 0;) {
        if (node[i]++ < degrees[i]) return true;
        node[i] = 0;
    }
    return false;
}

std::optional<Polynomial> fitted(const FreeFields& fields, Grid& grid, std::size_t metric) {
    std::vector<int> degrees;
    std::vector<std::vector<Rational>> places;
    for (std::size_t i = 0; i < fields.names().size(); ++i) {
        degrees.push_back(grid.degree(metric, i));
        if (degrees.back() < 0) return std::nullopt;
        std::vector<Rational>& along = places.emplace_back();
        for (std::int64_t k = 0; k <= degrees.back(); ++k) {
            Node node(fields.names().size(), 1);
            node[i] = k;
            along.emplace_back(fields.place(node).at(fields.names()[i]));
        }
    }
    std::vector<Rational> values;
    Node node(fields.names().size());
    do {
        const Counts* const counts = grid.at(node);
        if (counts == nullptr) return std::nullopt;
        values.push_back(counts->at(metric));
    } while (advance(node, degrees));
    return through_grid(fields.names(), places, std::move(values));
}

/// Points at random and what they count.
struct Checks {
    std::vector<std::vector<Rational>> places;
    std::vector<Counts> counts;

    bool confirm(const Polynomial& polynomial, std::size_t metric) const {
        if (places.size() < kChecks) return false;
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (polynomial.at(places[i]) != counts[i].at(metric)) return false;
        }
        return true;
    }
};

Checks drawn(const FreeFields& fields, const FreeFields::Needs& needs) {
    SplitMix64 random(1);
    Checks checks;
    for (int i = 0; i < kTries && checks.places.size() < kChecks; ++i) {
        const FreeFields::Numbers numbers = fields.draw(random, needs);
        const std::optional<Point> point = fields.at(numbers);
        if (!point) continue;
        checks.counts.push_back(counts_of(*point));
        std::vector<Rational>& place = checks.places.emplace_back();
        for (const std::string& name : fields.names()) place.emplace_back(numbers.at(name));
    }
    return checks;
}

CountFormulas formulas_of(const FreeFields& fields) {
    CountFormulas result{.fields = fields.names(), .suppositions = fields.suppositions()};
    Grid grid(fields);
    // The least that a formula needs is said of it.
    std::vector<std::pair<std::string, Checks>> checks;
    for (const bool by_fours : {false, true}) {
        for (const bool is_long : {false, true}) {
            const FreeFields::Needs needs{.lengths_long = is_long, .head_dim_by_fours = by_fours};
            checks.emplace_back(needs.text(), drawn(fields, needs));
        }
    }
    for (std::size_t metric = 0; metric < kMetrics.size(); ++metric) {
        CountFormula& found = result.formulas.emplace_back(CountFormula{.metric = kMetrics.at(metric)});
        const std::optional<Polynomial> polynomial = fitted(fields, grid, metric);
        if (!polynomial) continue;
        const auto confirms = [&](const auto& check) { return check.second.confirm(*polynomial, metric); };
        const auto where = std::ranges::find_if(checks, confirms);
        if (where == checks.end()) continue;
        found.formula = to_text(*polynomial);
        found.only_where = where->first;
    }
    return result;
}

std::int64_t holes(const CountFormulas& found) {
    return std::ranges::count(found.formulas, std::string(), &CountFormula::formula);
}

}  // namespace

CountFormulas count_formulas(const PointSpec& given) {
    std::optional<CountFormulas> best;
    for (const auto lengths : {FreeFields::Lengths::two, FreeFields::Lengths::one}) {
        const std::optional<FreeFields> fields = FreeFields::of(given, lengths);
        if (!fields) continue;
        CountFormulas found = formulas_of(*fields);
        if (!best || holes(found) < holes(*best)) best = std::move(found);
        if (holes(*best) == 0) break;
    }
    return best ? *best : CountFormulas{};
}

std::string formulas_as_text(const CountFormulas& found) {
    std::string text = fmt::format("required work in {}\n", fmt::join(found.fields, ", "));
    if (!found.suppositions.empty()) text += fmt::format("where {}\n", fmt::join(found.suppositions, ", "));
    for (const CountFormula& one : found.formulas) {
        text += fmt::format("  {:<22} = {}", one.metric, one.formula.empty() ? "no polynomial in these" : one.formula);
        if (!one.only_where.empty()) text += fmt::format("    (where {})", one.only_where);
        text += '\n';
    }
    return text;
}

}  // namespace headcount
