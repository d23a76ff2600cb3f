#include "harness/analysis/show/published_overview.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace headcount {
namespace {

std::string yes_or_no(bool yes) { return yes ? "yes" : "NO"; }

std::string heading(CellStatus status, bool brief) {
    if (brief && status == CellStatus::within_tolerance) return "tolerated";
    if (brief && status == CellStatus::does_not_reproduce) return "differs";
    return std::string(to_string(status));
}

}  // namespace

Table published_overview(const std::vector<TableResult>& results, bool brief) {
    Table table{.columns = {{.name = "table"}, {.name = "source"}}, .rows = {}};
    for (const CellStatus status : kCellStatuses) {
        table.columns.push_back({.name = heading(status, brief), .align = Align::right});
    }
    table.columns.push_back({.name = brief ? "expected" : "as expected"});
    std::vector<std::size_t> totals(kCellStatuses.size(), 0);
    for (const TableResult& result : results) {
        const std::string& source = result.table.source;
        std::vector<std::string> row{result.table.name, brief ? source.substr(0, source.find(',')) : source};
        for (std::size_t i = 0; i < kCellStatuses.size(); ++i) {
            const std::size_t cells = result.count(kCellStatuses[i]);
            totals[i] += cells;
            row.push_back(std::to_string(cells));
        }
        row.push_back(yes_or_no(result.as_expected()));
        table.rows.push_back(std::move(row));
    }
    const bool all = std::ranges::all_of(results, [](const TableResult& result) { return result.as_expected(); });
    std::vector<std::string> last{"total", fmt::format("{} tables", results.size())};
    for (const std::size_t cells : totals) last.push_back(std::to_string(cells));
    last.push_back(yes_or_no(all));
    table.rows.push_back(std::move(last));
    return table;
}

std::string unexpected_text(const std::vector<TableResult>& results) {
    std::string text;
    for (const TableResult& result : results) {
        for (const RowResult& row : result.rows) {
            for (const CellResult& cell : row.cells) {
                if (cell.as_expected) continue;
                text += fmt::format(
                    "{}: row '{}', column '{}': printed {}, ours {}: {}, which the file does not expect{}\n",
                    cell.location, row.name, cell.column, cell.printed.value_or("-"), cell.ours_rounded,
                    to_string(cell.status), cell.stated.empty() ? "" : "; it says that ours is " + cell.stated);
            }
        }
    }
    return text.empty() ? "Every status is as its table's file expects.\n" : text;
}

}  // namespace headcount
