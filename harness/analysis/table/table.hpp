// A table of text cells and its renderings: terminal, Markdown, CSV, LaTeX. Cells may come from untrusted files: all
// of them go through printable().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

enum class Align : std::uint8_t { left, right };

struct Column {
    std::string name;
    Align align = Align::left;
    bool wraps = false;  ///< its cells may be broken over several lines on a terminal
};

struct Table {
    std::vector<Column> columns;
    std::vector<std::vector<std::string>> rows;  ///< as many cells as columns
    std::string caption{};
    std::vector<std::string> notes{};  ///< footnotes, below it in every format but CSV; "" is none
};

/// RFC 4180: a cell with comma, quote or line break is quoted, quotes are doubled; lines end in "\n". Text that a
/// spreadsheet would run as a formula (it begins with = + - @ and is no number) gets a ' in front.
std::string to_csv(const Table& table);
/// GitHub's pipes; '|', '<', links and line breaks in cells are escaped.
std::string to_markdown(const Table& table);
/// A booktabs tabular in a table environment; the ten special characters are escaped.
std::string to_latex(const Table& table);
/// Aligned with spaces, at most `width` columns: cells of wrapping columns are broken at spaces (or anywhere,
/// when a word is longer than its column).
std::string to_terminal(const Table& table, std::size_t width = 120);

/// "terminal", "markdown", "csv" or "latex". Throws UsageError naming these.
std::string render(const Table& table, std::string_view format);

std::string csv_cell(std::string_view text);
std::string latex_text(std::string_view text);

}  // namespace headcount
