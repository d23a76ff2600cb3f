// A table printed in a paper, and the computation that stands behind each of its cells. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// How the paper shortened what it computed: to the last printed digit, half away from zero, or cut off.
enum class Rounding : std::uint8_t { nearest, down };

/// What a column says in every row, unless a cell says otherwise.
struct TableColumn {
    std::string name;
    std::string says;             ///< what the column holds, in words
    std::string unit;             ///< "" for pure numbers
    std::string computation;      ///< an expression; see PublishedTable
    std::string not_attempted{};  ///< as of a cell, for all cells that do not say otherwise
};

struct TableCell {
    std::string column;
    std::optional<std::string> printed;  ///< the decimal number as printed (65, 1.47e11); absent: ours alone
    std::string computation;
    Rounding rounding = Rounding::nearest;
    std::string tolerance;  ///< relative to the printed value, decimal; "" for none
    std::string finding;    ///< name of the finding that expects this cell not to be reproduced; "" when it should be
    std::string note;       ///< name of a finding that is only shown beside the cell
    std::optional<std::string> ours{};  ///< what ours is, to these digits, where the printed number does not say it
    /// Name of a finding that says why nothing is computed here, and what that would need; "" when it is. Then
    /// `printed` may be any text, and there is no computation.
    std::string not_attempted{};
    std::string location;  ///< "configs/tables/x.yaml:7:15"
};

struct TableRow {
    std::string name;
    std::map<std::string, std::string> values;  ///< name -> expression, the table's with the row's own over them
    std::map<std::string, Point> points;
    std::vector<TableCell> cells;
    std::string location;
};

/// Expressions read: the row's `values` (in any order, no cycles); `printed.COLUMN`, the row's printed number;
/// `POINT.FIELD`, a number of the point's problem (`core.embed_dim`, `core.dtype_bytes`); and `POINT.METRIC`, an
/// exact metric of the point under the table's ledger (`core.score_bytes`).
struct PublishedTable {
    std::string name;  ///< the file's name without directory and extension
    std::string title;
    std::string source;  ///< authors, year, which table
    std::string url;
    std::string says;  ///< what is compared, and what is left out, in words
    std::string path;
    Ledger ledger = Ledger::required;
    std::vector<TableColumn> columns;
    std::vector<TableRow> rows;
    std::map<std::string, std::string> findings;
};

}  // namespace headcount
