// A table for people: terminal and Markdown. And which renderings there are.
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

std::string wrapped_lines(std::string_view text, std::size_t width) {
    std::string lines;
    for (const std::string& line : wrapped(text, width)) lines += line + "\n";
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

std::vector<std::string> header_of(const Table& table) {
    std::vector<std::string> names;
    for (const Column& column : table.columns) names.push_back(column.name);
    return names;
}

}  // namespace

std::string to_markdown(const Table& table) {
    std::string text;
    if (!table.conditions.empty()) text = markdown_cell(table.conditions) + "\n\n";
    text += "| " + joined(header_of(table), " | ", markdown_cell) + " |\n|";
    for (const Column& column : table.columns) text += column.align == Align::left ? " --- |" : " ---: |";
    text += '\n';
    for (const auto& row : table.rows) text += "| " + joined(row, " | ", markdown_cell) + " |\n";
    for (const std::string& note : table.notes) {
        if (!note.empty()) text += "\n" + markdown_cell(note) + "\n";
    }
    return text;
}

std::string to_terminal(const Table& table, std::size_t width) {
    const std::vector<std::size_t> widths = column_widths(table, width);
    std::string text = terminal_row(table, header_of(table), widths);
    std::vector<std::string> rule;
    rule.reserve(widths.size());
    for (std::size_t column : widths) rule.emplace_back(column, '-');
    text += terminal_row(table, rule, widths);
    for (const auto& row : table.rows) text += terminal_row(table, row, widths);
    if (!table.conditions.empty()) text += wrapped_lines(table.conditions, width);
    for (const std::string& note : table.notes) {
        if (!note.empty()) text += printable(note) + "\n";
    }
    return text;
}

const std::vector<std::string>& table_formats() {
    static const std::vector<std::string> formats{"terminal", "markdown", "csv", "tsv", "json", "latex"};
    return formats;
}

Audience audience_of(std::string_view format) {
    if (format == "csv" || format == "tsv" || format == "json") return Audience::programs;
    return format == "latex" ? Audience::paper : Audience::people;
}

std::string render(const Table& table, std::string_view format) {
    if (format == "terminal") return to_terminal(table);
    if (format == "markdown") return to_markdown(table);
    if (format == "csv") return to_csv(table);
    if (format == "tsv") return to_tsv(table);
    if (format == "json") return to_json(table);
    if (format == "latex") return to_latex(table);
    throw UsageError(unknown_name("table format", format, table_formats()));
}

}  // namespace headcount
