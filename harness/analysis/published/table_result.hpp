// Compares a table printed in a paper with what exact counts say: theirs beside ours, with a status a cell.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/analysis/exact/expression.hpp"
#include "harness/core/published_table.hpp"

namespace headcount {

/// The exact value of a metric ("parameters", "core.multiplies") of one point, from a dry run. The command line
/// supplies it, because analysis never measures. Throws UsageError for an unknown metric or an unsupported point.
using CountFunction = std::function<Rational(const Point& point, std::string_view metric, Ledger ledger)>;

enum class CellStatus : std::uint8_t {
    reproduced,          ///< equal to the printed digits after the paper's rounding
    within_tolerance,    ///< not equal, but within the tolerance that the table's file states
    does_not_reproduce,  ///< neither
    ours_only,           ///< the paper prints nothing here
    not_attempted,       ///< nothing is computed here; the table's file says why, and what it would need
};
inline constexpr std::array kCellStatuses{CellStatus::reproduced, CellStatus::within_tolerance,
                                          CellStatus::does_not_reproduce, CellStatus::ours_only,
                                          CellStatus::not_attempted};
std::string_view to_string(CellStatus status);

struct CellResult {
    std::string column;
    std::optional<std::string> printed;
    Rational ours;
    std::string ours_rounded;  ///< ours with the printed value's number of decimals; "" where nothing is computed
    std::string computation;
    /// What was counted for it: "core.score_bytes of multi_head/counting/...". Empty: a formula alone.
    std::vector<std::string> counted;
    CellStatus status = CellStatus::ours_only;
    /// A cell with a finding must not reproduce, every other printed one must; and what the file says that ours is must
    /// be so, to its digits.
    bool as_expected = true;
    std::string stated;         ///< what the file says that ours is; "" when it says nothing
    std::string finding;        ///< text
    std::string note;           ///< text
    std::string not_attempted;  ///< text
    std::string location;
};

struct RowResult {
    std::string name;
    std::vector<std::pair<std::string, Rational>> values;  ///< those that its cells used, by name
    std::vector<CellResult> cells;
};

struct TableResult {
    PublishedTable table;
    std::vector<RowResult> rows;

    const CellResult* find(std::string_view row, std::string_view column) const;
    std::size_t count(CellStatus status) const;
    bool as_expected() const;  ///< of every cell; the command line exits with 1 when not
};

/// Throws UsageError "file:line:column: ..." for a bad expression, an unknown name, a cycle among values, or
/// whatever `count` throws.
TableResult evaluate_table(const PublishedTable& table, const CountFunction& count);

/// Theirs beside ours, the expression behind each column, findings, and a summary line, in one of table_formats().
std::string render(const TableResult& result, std::string_view format);

}  // namespace headcount
