// A table of text cells and its renderings: terminal, Markdown, CSV, TSV, JSON, LaTeX. Cells may come from untrusted
// files: all of them go through printable().
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
    std::string caption{};                       ///< what it shows, in LaTeX alone
    std::string conditions{};          ///< what holds for all of its rows, in every format for people and in JSON
    std::string label{};               ///< "equal_complexity": what a paper refers to it by
    std::string blank{};               ///< why a cell is blank, where some are
    std::vector<std::string> notes{};  ///< footnotes, below it in every format but CSV; "" is none
};

/// RFC 4180: a cell with comma, quote or line break is quoted, quotes are doubled; lines end in "\n". Text that a
/// spreadsheet would run as a formula (it begins with = + - @ and is no number) gets a ' in front.
std::string to_csv(const Table& table);
/// GitHub's pipes; '|', '<', links and line breaks in cells are escaped.
std::string to_markdown(const Table& table);
/// Floats of a booktabs tabular no wider than the line, of kLongestFloat rows at most, with label and the packages that
/// they need; the ten special characters are escaped, a blank cell is a dash.
std::string to_latex(const Table& table);
inline constexpr std::size_t kLongestFloat = 45;  ///< rows that fit on one page
/// Cells apart by tabs, lines by "\n"; what is either inside a cell becomes a space.
std::string to_tsv(const Table& table);
/// {"columns": [...], "rows": [{...}], "notes": [...]}: cells that are numbers or truths as such, blank ones as null.
std::string to_json(const Table& table);
/// Aligned with spaces, at most `width` columns: cells of wrapping columns are broken at spaces (or anywhere,
/// when a word is longer than its column).
std::string to_terminal(const Table& table, std::size_t width = 120);

/// What render() takes, for the choices of a flag.
const std::vector<std::string>& table_formats();
/// For whom a format is.
enum class Audience : std::uint8_t {
    people,    ///< terminal, Markdown: rounded, with units and notes
    paper,     ///< LaTeX: the same, narrow enough for a page
    programs,  ///< csv, tsv, json: every number in full, one a cell, with its unit in the name
};
Audience audience_of(std::string_view format);
inline bool is_for_programs(std::string_view format) { return audience_of(format) == Audience::programs; }
/// Throws UsageError naming the formats that there are.
std::string render(const Table& table, std::string_view format);

std::string csv_cell(std::string_view text);
std::string latex_text(std::string_view text);

}  // namespace headcount
