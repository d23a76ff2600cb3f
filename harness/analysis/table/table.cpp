// A table of text cells and its renderings: terminal, Markdown, CSV, LaTeX.
#include "harness/analysis/table/table.hpp"

#include <algorithm>
#include <numeric>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/printable.hpp"

namespace headcount {

namespace {

constexpr std::size_t kNarrowest = 10;  // a wrapping column below this is unreadable
constexpr std::string_view kGap = "  ";

/// '<' begins no element, '|' no cell and "](" no link or image.
std::string markdown_cell(std::string_view text) {
    std::string cell;
    for (char c : printable_lines(text)) {
        if (c == '|' || (c == '(' && cell.ends_with(']'))) cell += '\\';
        if (c == '\n') {
            cell += "<br>";
        } else if (c == '<') {
            cell += "&lt;";
        } else {
            cell += c;
        }
    }
    return cell;
}

/// Terminal columns of UTF-8 text: its code points (no wide characters are printed here).
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Bytes of the first `columns` code points.
std::size_t bytes_of(std::string_view text, std::size_t columns) {
    std::size_t bytes = 0;
    for (std::size_t seen = 0; bytes < text.size(); ++bytes) {
        if ((static_cast<unsigned char>(text[bytes]) & 0xC0U) != 0x80U && seen++ == columns) break;
    }
    return bytes;
}

std::vector<std::string> wrapped(std::string_view cell, std::size_t width) {
    const std::string safe = printable(cell);
    std::string_view text = safe;
    std::vector<std::string> lines;
    while (width_of(text) > width) {
        const std::size_t room = bytes_of(text, width);
        std::size_t cut = text.rfind(' ', room);
        if (cut == std::string_view::npos || cut == 0) {
            // Inside a word, rather after a separator than anywhere.
            const std::size_t mark = text.substr(0, room).find_last_of("_,/=*");
            cut = mark == std::string_view::npos || mark == 0 ? room : mark + 1;
        }
        lines.emplace_back(text.substr(0, cut));
        text.remove_prefix(cut < text.size() && text[cut] == ' ' ? cut + 1 : cut);
    }
    lines.emplace_back(text);
    return lines;
}

std::string padded(const std::string& text, std::size_t width, Align align) {
    const std::string space(width - std::min(width, width_of(text)), ' ');
    return align == Align::left ? text + space : space + text;
}

/// Natural widths, the widest wrapping columns narrowed until the row fits.
std::vector<std::size_t> column_widths(const Table& table, std::size_t width) {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        std::size_t widest = width_of(table.columns[i].name);
        for (const auto& row : table.rows) widest = std::max(widest, width_of(row[i]));
        widths.push_back(widest);
    }
    const std::size_t gaps = widths.empty() ? 0 : kGap.size() * (widths.size() - 1);
    while (std::accumulate(widths.begin(), widths.end(), gaps) > width) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const bool can = table.columns[i].wraps && widths[i] > kNarrowest;
            if (can && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
        }
        if (widest == widths.size()) break;  // nothing left to narrow: a line too long beats a lost number
        --widths[widest];
    }
    return widths;
}

std::string terminal_row(const Table& table, const std::vector<std::string>& cells,
                         const std::vector<std::size_t>& widths) {
    std::vector<std::vector<std::string>> lines;
    std::size_t height = 1;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        lines.push_back(wrapped(cells[i], widths[i]));
        height = std::max(height, lines.back().size());
    }
    std::string text;
    for (std::size_t y = 0; y < height; ++y) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) line += kGap;
            line += padded(y < lines[i].size() ? lines[i][y] : "", widths[i], table.columns[i].align);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

template <class Cell>
std::string joined(const std::vector<std::string>& cells, std::string_view between, Cell cell) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) text += between;
        text += cell(cells[i]);
    }
    return text;
}

/// Would a spreadsheet run it? Numbers and fractions may begin with a sign.
bool is_formula(std::string_view text) {
    if (text.empty() || std::string_view("=+-@\t\r").find(text.front()) == std::string_view::npos) return false;
    const bool sign = text.front() == '+' || text.front() == '-';
    return !sign || text.find_first_not_of("0123456789.eE+-/") != std::string_view::npos;
}

std::vector<std::string> header_of(const Table& table) {
    std::vector<std::string> names;
    for (const Column& column : table.columns) names.push_back(column.name);
    return names;
}

}  // namespace

std::string csv_cell(std::string_view raw) {
    const std::string text = printable_lines(raw);
    const std::string_view mark = is_formula(text) ? "'" : "";
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(mark) + text;
    std::string cell = "\"";
    cell += mark;
    for (char c : text) {
        if (c == '"') cell += '"';
        cell += c;
    }
    return cell + "\"";
}

std::string latex_text(std::string_view text) {
    std::string out;
    for (char c : printable(text)) {
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

std::string to_csv(const Table& table) {
    std::string text = joined(header_of(table), ",", csv_cell) + "\n";
    for (const auto& row : table.rows) text += joined(row, ",", csv_cell) + "\n";
    return text;
}

std::string to_markdown(const Table& table) {
    std::string text = "| " + joined(header_of(table), " | ", markdown_cell) + " |\n|";
    for (const Column& column : table.columns) text += column.align == Align::left ? " --- |" : " ---: |";
    text += "\n";
    for (const auto& row : table.rows) text += "| " + joined(row, " | ", markdown_cell) + " |\n";
    for (const std::string& note : table.notes) {
        if (!note.empty()) text += "\n" + markdown_cell(note) + "\n";
    }
    return text;
}

std::string to_latex(const Table& table) {
    std::string text = "\\begin{table}\n  \\centering\n";
    if (!table.caption.empty()) text += "  \\caption{" + latex_text(table.caption) + "}\n";
    text += "  \\begin{tabular}{";
    for (const Column& column : table.columns) text += column.align == Align::left ? 'l' : 'r';
    text += "}\n    \\toprule\n    " + joined(header_of(table), " & ", latex_text) + " \\\\\n    \\midrule\n";
    for (const auto& row : table.rows) text += "    " + joined(row, " & ", latex_text) + " \\\\\n";
    text += "    \\bottomrule\n  \\end{tabular}\n";
    for (const std::string& note : table.notes) {
        if (!note.empty()) text += "\n  " + latex_text(note) + "\n";
    }
    return text + "\\end{table}\n";
}

std::string to_terminal(const Table& table, std::size_t width) {
    const std::vector<std::size_t> widths = column_widths(table, width);
    std::string text = terminal_row(table, header_of(table), widths);
    std::vector<std::string> rule;
    rule.reserve(widths.size());
    for (std::size_t column : widths) rule.emplace_back(column, '-');
    text += terminal_row(table, rule, widths);
    for (const auto& row : table.rows) text += terminal_row(table, row, widths);
    for (const std::string& note : table.notes) {
        if (!note.empty()) text += printable(note) + "\n";
    }
    return text;
}

std::string render(const Table& table, std::string_view format) {
    if (format == "terminal") return to_terminal(table);
    if (format == "markdown") return to_markdown(table);
    if (format == "csv") return to_csv(table);
    if (format == "latex") return to_latex(table);
    throw UsageError(unknown_name("table format", format, {"terminal", "markdown", "csv", "latex"}));
}

}  // namespace headcount
