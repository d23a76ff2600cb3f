#include "harness/analysis/published/convention_result.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {
namespace {

/// A number that cannot be had for this point: a blank cell, and no mistake of a file.
struct Unsaid {
    std::string why;
};

constexpr std::string_view kForward = "forward.";
constexpr std::string_view kBackward = "backward.";

/// The cells that a formula may read, by name.
using Above = std::map<std::string, ConventionCell, std::less<>>;

/// Made of sizes, and not of counts or of the cells above alone.
bool speaks_of_shapes(std::string_view formula) {
    const std::vector<std::string> names = names_in(formula);
    const auto is_cell = [](const std::string& name) { return name == "forward" || name == "backward"; };
    const auto is_count = [](const std::string& name) { return name.find('.') != std::string::npos; };
    return std::ranges::none_of(names, is_count) && !std::ranges::all_of(names, is_cell);
}

/// The names that expressions read, of one point; counts are made when they are first read.
class Numbers {
public:
    Numbers(const Point& point, Ledger ledger, const CountFunction& count)
        : point_(point), ledger_(ledger), count_(count) {
        const Problem& p = point.problem;
        for (const BaseField& base : base_fields()) {
            if (const auto number = number_of(point, base.field.name)) shape_.emplace(base.field.name, *number);
        }
        shape_.emplace("dtype_bytes", size_in_bytes(p.dtype));
        shape_.emplace("pairs", p.mask().pairs(p.q_len, p.kv_len));
    }

    /// Throws Unsaid, with the reason of a cell above that is blank; UsageError for a mistake in the expression.
    Rational compute(std::string_view expression, const Above& above = {}) {
        Values values;
        for (const std::string& name : names_in(expression)) {
            const auto cell = above.find(name);
            if (cell != above.end() && !cell->second.value) throw Unsaid{cell->second.silent};
            values.emplace(name, cell != above.end() ? *cell->second.value : value(name));
        }
        return evaluate(expression, values);
    }

    /// "", or why a formula of standard attention does not speak of this variant.
    std::string why_not_standard(ConventionPart part) {
        const std::string exps = point_.problem.scope == Scope::projections ? "0" : "batch * num_heads * pairs";
        if (counted(PassKind::forward, "softmax.exps", Ledger::required) != compute(exps)) {
            return fmt::format("variant {} has a mask of its own, which its formula does not know", point_.variant);
        }
        if (part == ConventionPart::core) return "";
        const Rational standard = compute(
            "embed_dim * (num_heads + num_kv_heads) * (head_dim + value_head_dim)"
            " + bias * (num_heads * head_dim + num_kv_heads * (head_dim + value_head_dim) + embed_dim)");
        if (counted(PassKind::forward, "parameters", Ledger::required) == standard) return "";
        return fmt::format("variant {} has weights of its own, which its formula does not know", point_.variant);
    }

private:
    Rational value(const std::string& name) {
        if (name == "fused") return counted(PassKind::forward, "score_bytes", ledger_) == 0 ? 1 : 0;
        if (name.starts_with(kForward)) return counted(PassKind::forward, name.substr(kForward.size()), ledger_);
        if (name.starts_with(kBackward)) return counted(PassKind::backward, name.substr(kBackward.size()), ledger_);
        if (const auto found = shape_.find(name); found != shape_.end()) return found->second;
        std::vector<std::string> known{"fused", "forward.METRIC", "backward.METRIC"};
        for (const auto& [field, number] : shape_) known.push_back(field);
        throw UsageError(unknown_name("name", name, std::move(known)));
    }

    Rational counted(PassKind pass, const std::string& metric, Ledger ledger) const {
        (void)find_metric(metric);  // a misspelt name is a mistake of the file, not of the point
        Point point = point_;
        point.problem.pass = pass;
        try {
            return count_(point, metric, ledger);
        } catch (const Error& error) {
            throw Unsaid{error.what()};
        }
    }

    Point point_;
    Ledger ledger_;
    const CountFunction& count_;
    Values shape_;
};

class Evaluation {
public:
    Evaluation(const Convention& convention, Numbers& numbers) : convention_(convention), numbers_(numbers) {}

    ConventionRow row(ConventionPart part) {
        const ConventionFormulas& formulas = part == ConventionPart::core ? convention_.core : convention_.projections;
        ConventionRow row{.part = part, .forward = {}, .backward = {}, .both = {}};
        if (formulas.empty()) {
            for (ConventionCell* cell : {&row.forward, &row.backward, &row.both}) {
                cell->silent = convention_.silence.projections;
            }
            return row;
        }
        Above above;
        const std::string why = why_silent(part);
        row.forward = cell(part, formulas.forward, convention_.silence.forward, why, above);
        above.emplace("forward", row.forward);
        row.backward = cell(part, formulas.backward, convention_.silence.backward, why, above);
        above.emplace("backward", row.backward);
        const bool sums = formulas.both.empty() && !formulas.forward.empty() && !formulas.backward.empty();
        const std::string formula = sums ? "forward + backward" : formulas.both;
        row.both = cell(part, formula, convention_.silence.both, why, above);
        return row;
    }

    std::vector<std::string> differences() {
        std::vector<std::string> all;
        if (convention_.name == kOurConvention) return all;
        all.emplace_back(convention_.unit == CountedUnit::mac
                             ? "a multiply with its add is one; ours are two"
                             : "a sum of n products is 2 n operations; ours are n multiplies and n - 1 adds");
        for (const ConventionDifference& difference : convention_.differences) {
            if (difference.where.empty() || holds(difference.where)) all.push_back(difference.says);
        }
        return all;
    }

    std::vector<std::pair<std::string, Rational>> apart() {
        std::vector<std::pair<std::string, Rational>> all;
        for (const ConventionApart& kept : convention_.apart) {
            try {
                all.emplace_back(kept.noun, compute(kept.computation));
            } catch (const Unsaid&) {
                // The cells of the pass, which is counted for both, say why.
            }
        }
        return all;
    }

private:
    Rational compute(const std::string& expression, const Above& above = {}) {
        try {
            return numbers_.compute(expression, above);
        } catch (const UsageError& error) {
            throw UsageError(fmt::format("{}: '{}': {}", convention_.path, expression, error.what()));
        }
    }

    bool holds(const std::string& expression) {
        try {
            return compute(expression) != 0;
        } catch (const Unsaid&) {
            return true;  // what may be so is better said
        }
    }

    std::string why_silent(ConventionPart part) {
        try {
            for (const ConventionNeed& need : convention_.needs) {
                const bool concerned = part == ConventionPart::core || !need.core_only;
                if (concerned && compute(need.zero) != 0) return need.otherwise;
            }
        } catch (const Unsaid& unsaid) {
            return unsaid.why;
        }
        return "";
    }

    ConventionCell cell(ConventionPart part, const std::string& formula, const std::string& without_formula,
                        const std::string& why_silent, const Above& above) {
        ConventionCell cell{.value = {}, .formula = formula, .silent = {}, .of_ours = {}};
        if (formula.empty()) {
            cell.silent = without_formula;
            return cell;
        }
        cell.silent = why_silent;
        if (!cell.silent.empty()) return cell;
        try {
            if (speaks_of_shapes(formula)) cell.silent = numbers_.why_not_standard(part);
            if (cell.silent.empty()) cell.value = compute(formula, above);
        } catch (const Unsaid& unsaid) {
            cell.silent = unsaid.why;
        }
        return cell;
    }

    const Convention& convention_;
    Numbers& numbers_;
};

constexpr std::array kCells{&ConventionRow::forward, &ConventionRow::backward, &ConventionRow::both};

/// Core and projections together, which is what a layer takes.
ConventionRow sum(const ConventionRow& core, const ConventionRow& projections) {
    ConventionRow layer{.part = ConventionPart::layer, .forward = {}, .backward = {}, .both = {}};
    for (const auto member : kCells) {
        const ConventionCell& a = core.*member;
        const ConventionCell& b = projections.*member;
        ConventionCell& cell = layer.*member;
        if (a.value && b.value) {
            cell.value = *a.value + *b.value;
            cell.formula = "core + projections";
        } else {
            cell.silent = a.value ? b.silent : a.silent;
        }
    }
    return layer;
}

void compare(ConventionResult& result, const ConventionResult& ours) {
    for (ConventionRow& row : result.rows) {
        const ConventionRow* our_row = ours.find(row.part);
        if (our_row == nullptr) continue;
        for (const auto member : kCells) {
            ConventionCell& cell = row.*member;
            const ConventionCell& ours_here = our_row->*member;
            if (cell.value && ours_here.value && *ours_here.value != 0) cell.of_ours = *cell.value / *ours_here.value;
        }
    }
}

}  // namespace

std::string_view to_string(ConventionPart part) {
    switch (part) {
        case ConventionPart::core: return "core";
        case ConventionPart::projections: return "projections";
        case ConventionPart::layer: return "layer";
    }
    return "";
}

const ConventionRow* ConventionResult::find(ConventionPart part) const {
    const auto found = std::ranges::find(rows, part, &ConventionRow::part);
    return found == rows.end() ? nullptr : &*found;
}

std::vector<ConventionResult> evaluate_conventions(const std::vector<Convention>& conventions, const Point& point,
                                                   Ledger ledger, const CountFunction& count) {
    Numbers numbers(point, ledger, count);
    std::vector<ConventionResult> results;
    for (const Convention& convention : conventions) {
        Evaluation evaluation(convention, numbers);
        const Scope scope = point.problem.scope;
        ConventionResult result{.convention = convention, .rows = {}};
        if (scope != Scope::projections) result.rows.push_back(evaluation.row(ConventionPart::core));
        if (scope != Scope::core) result.rows.push_back(evaluation.row(ConventionPart::projections));
        if (scope == Scope::layer) result.rows.push_back(sum(result.rows[0], result.rows[1]));
        result.differences = evaluation.differences();
        result.apart = evaluation.apart();
        results.push_back(std::move(result));
    }
    const auto ours = std::ranges::find(results, kOurConvention, [](const auto& r) { return r.convention.name; });
    if (ours != results.end()) {
        for (ConventionResult& result : results) compare(result, *ours);
    }
    return results;
}

}  // namespace headcount
