#include "harness/analysis/published/table_result.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {
namespace {

constexpr std::size_t kLongestChain =
    64;  // values defined by values: more would eat the stack, and no reader follows it

std::optional<Rational> field_value(const Point& point, std::string_view field) {
    if (field == "dtype_bytes") return Rational(size_in_bytes(point.problem.dtype));
    if (const auto number = number_of(point, field)) return Rational(*number);
    return std::nullopt;
}

/// A printed number in parts: "1.47e11" has two decimals and exponent 11.
struct Printed {
    int decimals = 0;
    int exponent = 0;
    bool scientific = false;
};

Printed parts_of(const std::string& printed) {
    const std::size_t e = printed.find('e');
    const std::size_t dot = printed.find('.');
    const std::size_t end = std::min(e, printed.size());
    return {.decimals = dot == std::string::npos ? 0 : static_cast<int>(end - dot - 1),
            .exponent = e == std::string::npos ? 0 : std::stoi(printed.substr(e + 1)),
            .scientific = e != std::string::npos};
}

/// The names of one row, each evaluated when first read.
class RowValues {
public:
    RowValues(const TableRow& row, const CountFunction& count, Ledger ledger)
        : row_(row), count_(count), ledger_(ledger) {}

    /// Adds to `counted` what had to be counted for it.
    Rational compute(std::string_view expression, std::set<std::string>& counted) {
        Values values;
        for (const std::string& name : names_in(expression)) values.emplace(name, value(name, counted));
        return evaluate(expression, values);
    }

    std::map<std::string, Rational> used;

private:
    Rational value(const std::string& name, std::set<std::string>& counted) {
        const std::size_t dot = name.find('.');
        if (dot != std::string::npos) return of_point_or_print(name, dot, counted);
        const auto found = row_.values.find(name);
        if (found == row_.values.end()) {
            std::vector<std::string> known;
            for (const auto& [key, text] : row_.values) known.push_back(key);
            for (const auto& [key, point] : row_.points) known.push_back(key + ".METRIC");
            throw UsageError(unknown_name("value", name, std::move(known)));
        }
        if (open_.size() >= kLongestChain) throw UsageError(fmt::format("values are defined {} deep", kLongestChain));
        if (!open_.insert(name).second) throw UsageError(fmt::format("value '{}' is defined by itself", name));
        Rational result = compute(found->second, counted);
        open_.erase(name);
        used.insert_or_assign(name, result);
        return result;
    }

    Rational of_point_or_print(const std::string& name, std::size_t dot, std::set<std::string>& counted) const {
        const std::string head = name.substr(0, dot);
        const std::string tail = name.substr(dot + 1);
        if (head == "printed") {
            for (const TableCell& cell : row_.cells) {
                const bool is_number = cell.printed && cell.not_attempted.empty();
                if (cell.column == tail && is_number) return evaluate(*cell.printed, {});
            }
            throw UsageError(fmt::format("row '{}' prints no '{}'", row_.name, tail));
        }
        const auto point = row_.points.find(head);
        if (point == row_.points.end()) {
            std::vector<std::string> known{"printed"};
            for (const auto& [key, unused] : row_.points) known.push_back(key);
            throw UsageError(unknown_name("point", head, std::move(known)));
        }
        if (const auto field = field_value(point->second, tail)) return *field;
        counted.insert(fmt::format("{} of {}", tail, point->second.id()));
        return count_(point->second, tail, ledger_);
    }

    const TableRow& row_;
    const CountFunction& count_;
    Ledger ledger_;
    std::set<std::string> open_;  ///< values being computed, to find cycles
};

/// To a multiple of 10^-decimals, which is more than 1 when `decimals` is negative.
Rational rounded(const Rational& value, int decimals, Rounding rounding) {
    const Values names{{"x", value}, {"decimals", decimals}};
    if (rounding == Rounding::nearest) return evaluate("round(x * 10^decimals) / 10^decimals", names);
    // Cutting digits off goes towards zero, on both sides of it.
    return evaluate(value < 0 ? "ceil(x * 10^decimals) / 10^decimals" : "floor(x * 10^decimals) / 10^decimals", names);
}

/// A rounded value in the notation of the printed one.
std::string as_printed(const Rational& value, const Printed& like) {
    constexpr int kDigits = 60;  // more than a printed number may have
    if (!like.scientific) return to_decimal(value, kDigits);
    const Rational mantissa = evaluate("x / 10^exponent", {{"x", value}, {"exponent", like.exponent}});
    return fmt::format("{}e{}", to_decimal(mantissa, kDigits), like.exponent);
}

bool is_as_stated(const Rational& value, const std::string& stated) {
    const Printed parts = parts_of(stated);
    return rounded(value, parts.decimals - parts.exponent, Rounding::nearest) == evaluate(stated, {});
}

CellResult evaluate_cell(const TableCell& cell, RowValues& values, const PublishedTable& table) {
    CellResult result{.column = cell.column,
                      .printed = cell.printed,
                      .ours = 0,
                      .ours_rounded = {},
                      .computation = cell.computation,
                      .counted = {},
                      .stated = cell.ours.value_or(""),
                      .finding = cell.finding.empty() ? "" : table.findings.at(cell.finding),
                      .note = cell.note.empty() ? "" : table.findings.at(cell.note),
                      .not_attempted = cell.not_attempted.empty() ? "" : table.findings.at(cell.not_attempted),
                      .location = cell.location};
    if (!cell.not_attempted.empty()) {
        result.status = CellStatus::not_attempted;
        return result;
    }
    std::set<std::string> counted;
    result.ours = values.compute(cell.computation, counted);
    result.counted.assign(counted.begin(), counted.end());
    result.as_expected = !cell.ours || is_as_stated(result.ours, *cell.ours);
    if (!cell.printed) {
        result.ours_rounded = to_decimal(result.ours);
        return result;
    }
    const Rational printed = evaluate(*cell.printed, {});
    const Printed parts = parts_of(*cell.printed);
    const Rational ours = rounded(result.ours, parts.decimals - parts.exponent, cell.rounding);
    result.ours_rounded = as_printed(ours, parts);
    const Rational miss = result.ours > printed ? result.ours - printed : printed - result.ours;
    const Rational scale = printed < 0 ? Rational(-printed) : printed;
    if (ours == printed) {
        result.status = CellStatus::reproduced;
    } else if (!cell.tolerance.empty() && miss <= evaluate(cell.tolerance, {}) * scale) {
        result.status = CellStatus::within_tolerance;
    } else {
        result.status = CellStatus::does_not_reproduce;
    }
    result.as_expected &= (result.status == CellStatus::does_not_reproduce) == !cell.finding.empty();
    return result;
}

}  // namespace

std::string_view to_string(CellStatus status) {
    switch (status) {
        case CellStatus::reproduced: return "reproduced";
        case CellStatus::within_tolerance: return "within tolerance";
        case CellStatus::does_not_reproduce: return "does not reproduce";
        case CellStatus::ours_only: return "ours";
        case CellStatus::not_attempted: return "not attempted";
    }
    return "";
}

const CellResult* TableResult::find(std::string_view row, std::string_view column) const {
    for (const RowResult& r : rows) {
        for (const CellResult& cell : r.cells) {
            if (r.name == row && cell.column == column) return &cell;
        }
    }
    return nullptr;
}

std::size_t TableResult::count(CellStatus status) const {
    std::size_t n = 0;
    for (const RowResult& row : rows) {
        for (const CellResult& cell : row.cells) n += cell.status == status ? 1 : 0;
    }
    return n;
}

bool TableResult::as_expected() const {
    return std::all_of(rows.begin(), rows.end(), [](const RowResult& row) {
        return std::all_of(row.cells.begin(), row.cells.end(), [](const CellResult& c) { return c.as_expected; });
    });
}

TableResult evaluate_table(const PublishedTable& table, const CountFunction& count) {
    TableResult result{.table = table, .rows = {}};
    for (const TableRow& row : table.rows) {
        RowValues values(row, count, table.ledger);
        RowResult row_result{.name = row.name, .values = {}, .cells = {}};
        for (const TableCell& cell : row.cells) {
            try {
                row_result.cells.push_back(evaluate_cell(cell, values, table));
            } catch (const UsageError& error) {
                throw UsageError(
                    fmt::format("{}: row '{}', column '{}': {}", cell.location, row.name, cell.column, error.what()));
            }
        }
        row_result.values.assign(values.used.begin(), values.used.end());
        result.rows.push_back(std::move(row_result));
    }
    return result;
}

}  // namespace headcount
