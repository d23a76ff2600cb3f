// A table for a paper: LaTeX that compiles as it stands.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/table/table.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

constexpr std::string_view kDash = "--";
constexpr std::size_t kShortHead = 9;  // letters of a column's name that stay on one line
constexpr double kForWraps = 0.6;      // of the line, for all columns whose cells are broken over lines

/// Marks of footnotes stand in a column without a name.
bool is_blank(const Table& table, std::size_t column, const std::string& cell) {
    return cell.empty() && !table.columns[column].name.empty();
}

std::string row_of(const Table& table, const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) text += " & ";
        text += is_blank(table, i, cells[i]) ? std::string(kDash) : latex_text(cells[i]);
    }
    return "    " + text + " \\\\\n";
}

/// A name of several words over two lines, as near to halves as its spaces allow: numbers are narrower than names.
std::string column_head(const Column& column) {
    const std::string& name = column.name;
    std::size_t cut = std::string::npos;
    for (std::size_t space = name.find(' '); space != std::string::npos; space = name.find(' ', space + 1)) {
        const auto unbalanced = [&](std::size_t at) { return std::max(at, name.size() - at); };
        if (cut == std::string::npos || unbalanced(space) < unbalanced(cut)) cut = space;
    }
    if (cut == std::string::npos || name.size() <= kShortHead) return latex_text(name);
    return fmt::format("\\shortstack[{}]{{{}\\\\{}}}", column.align == Align::left ? "l" : "r",
                       latex_text(name.substr(0, cut)), latex_text(name.substr(cut + 1)));
}

std::string header_of(const Table& table) {
    std::string names;
    for (const Column& column : table.columns) names += (names.empty() ? "" : " & ") + column_head(column);
    return "    \\toprule\n    " + names + " \\\\\n    \\midrule\n";
}

bool has_blanks(const Table& table) {
    return std::ranges::any_of(table.rows, [&](const auto& row) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (is_blank(table, i, row[i])) return true;
        }
        return false;
    });
}

std::string caption_of(const Table& table) {
    std::string text = table.caption;
    const auto add = [&](const std::string& sentence) {
        if (sentence.empty()) return;
        if (!text.empty() && !text.ends_with('.')) text += '.';
        text += (text.empty() ? "" : " ") + sentence;
    };
    add(table.conditions);
    if (has_blanks(table)) add(table.blank);
    for (const std::string& note : table.notes) add(note);
    if (!text.empty() && !text.ends_with('.')) text += '.';
    return latex_text(text);
}

std::string labelled(const Table& table) {
    const std::string caption = caption_of(table);
    std::string text = caption.empty() ? "" : fmt::format("  \\caption{{{}}}\n", caption);
    if (!table.label.empty()) text += fmt::format("  \\label{{tab:{}}}\n", table.label);
    return text;
}

}  // namespace

std::string latex_text(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        switch (c) {
            case '\\': out += "\\textbackslash{}"; break;
            case '~': out += "\\textasciitilde{}"; break;
            case '^': out += "\\textasciicircum{}"; break;
            case '&':
            case '%':
            case '$':
            case '#':
            case '_':
            case '{':
            case '}': (out += '\\') += c; break;
            case '<': out += "\\textless{}"; break;
            case '>': out += "\\textgreater{}"; break;
            default: out += c;
        }
    }
    return out;
}

std::string to_latex(const Table& table) {
    std::string columns;
    const auto wrapping = std::ranges::count_if(table.columns, &Column::wraps);
    for (const Column& column : table.columns) {
        columns += column.wraps ? fmt::format("p{{{:.2f}\\linewidth}}", kForWraps / static_cast<double>(wrapping))
                                : std::string(column.align == Align::left ? "l" : "r");
    }
    // Floats of a page each, for what is wider than the line is made smaller, which no longtable can be.
    std::string text = "% \\usepackage{booktabs,graphicx}\n";
    for (std::size_t first = 0; first == 0 || first < table.rows.size(); first += kLongestFloat) {
        std::string body;
        const std::size_t end = std::min(first + kLongestFloat, table.rows.size());
        for (std::size_t i = first; i < end; ++i) body += row_of(table, table.rows[i]);
        text += fmt::format(
            "\\begin{{table}}\n  \\centering\n  \\small\n  \\setlength{{\\tabcolsep}}{{4pt}}\n"
            "  \\setlength{{\\belowcaptionskip}}{{6pt}}\n{}"
            "  \\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{%\n"
            "  \\begin{{tabular}}{{{}}}\n{}{}    \\bottomrule\n  \\end{{tabular}}}}\n\\end{{table}}\n",
            first == 0 ? labelled(table) : "  \\addtocounter{table}{-1}\n  \\caption{(continued)}\n", columns,
            header_of(table), body);
    }
    return text;
}

}  // namespace headcount
