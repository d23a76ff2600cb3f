// A compared table as text for a terminal, Markdown, CSV or LaTeX.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/analysis/published/table_result.hpp"
#include "harness/analysis/table/footnotes.hpp"
#include "harness/analysis/table/table.hpp"

namespace headcount {
namespace {

std::string escape(std::string_view text, const std::map<char, std::string_view>& escapes) {
    std::string out;
    for (const char c : text) {
        const auto found = escapes.find(c);
        if (found == escapes.end())
            out += c;
        else
            out += found->second;
    }
    return out;
}

std::string markdown_text(std::string_view text) {
    return escape(text, {{'|', "\\|"}, {'*', "\\*"}, {'_', "\\_"}, {'`', "'"}, {'<', "&lt;"}, {'\n', " "}});
}

// Code points rather than bytes, so that a column with a non-ASCII letter still lines up.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// One column of the paper's table as rows of text: row, printed, ours, exact value, status, evidence.
struct Section {
    const TableColumn* column;
    std::vector<std::vector<std::string>> lines;
};

const std::vector<std::string> kHeader{"row", "printed", "ours", "ours, unrounded", "status", "evidence"};

std::string status_text(const CellResult& cell, Footnotes& notes) {
    std::string text(to_string(cell.status));
    if (!cell.as_expected) text += " (unexpected)";
    for (const std::string& note : {cell.finding, cell.note, cell.not_attempted}) {
        if (!note.empty()) text += fmt::format(" [{}]", notes.index_of(note) + 1);
    }
    return text;
}

std::string evidence_text(const CellResult& cell, const TableColumn& column) {
    if (cell.status == CellStatus::not_attempted) return "";
    std::set<std::string> metrics;  // the points are in the CSV; here the metric names are enough
    for (const std::string& what : cell.counted) metrics.insert(what.substr(0, what.find(' ')));
    std::string text = cell.counted.empty() ? "formula" : fmt::format("counted {}", fmt::join(metrics, ", "));
    if (cell.computation != column.computation) text += ": " + cell.computation;
    return text;
}

std::vector<Section> sections_of(const TableResult& result, Footnotes& notes) {
    std::vector<Section> sections;
    for (const TableColumn& column : result.table.columns) {
        Section section{.column = &column, .lines = {}};
        for (const RowResult& row : result.rows) {
            const CellResult* cell = result.find(row.name, column.name);
            if (cell == nullptr) continue;
            const bool computed = cell->status != CellStatus::not_attempted;
            section.lines.push_back({row.name, cell->printed.value_or("-"), cell->ours_rounded,
                                     computed ? to_decimal(cell->ours, 9) : "", status_text(*cell, notes),
                                     evidence_text(*cell, column)});
        }
        if (!section.lines.empty()) sections.push_back(std::move(section));
    }
    return sections;
}

std::string summary(const TableResult& result) {
    return fmt::format("{} reproduced, {} within tolerance, {} not reproduced, {} ours only, {} not attempted; {}",
                       result.count(CellStatus::reproduced), result.count(CellStatus::within_tolerance),
                       result.count(CellStatus::does_not_reproduce), result.count(CellStatus::ours_only),
                       result.count(CellStatus::not_attempted),
                       result.as_expected() ? "every status is as the table's file expects"
                                            : "SOME STATUS IS NOT AS THE TABLE'S FILE EXPECTS");
}

/// The values behind a section's expression, as written in the first row: names the expression leads to.
/// Each is said once a table: `seen` goes from section to section.
std::vector<std::string> definitions(const TableResult& result, std::string_view computation,
                                     std::set<std::string>& seen) {
    std::vector<std::string> lines;
    std::vector<std::string> open = computation.empty() ? std::vector<std::string>{} : names_in(computation);
    std::erase_if(open, [&](const std::string& name) { return !seen.insert(name).second; });
    const auto& values = result.table.rows.front().values;
    for (std::size_t i = 0; i < open.size(); ++i) {
        const auto found = values.find(open[i]);
        if (found == values.end()) continue;
        // A row may override a value; then its text is not one text, and the CSV shows the numbers instead.
        const bool varies = std::any_of(result.table.rows.begin(), result.table.rows.end(), [&](const TableRow& row) {
            return row.values.at(found->first) != found->second;
        });
        lines.push_back(fmt::format("{} = {}", found->first, varies ? "of the row" : found->second));
        for (const std::string& name : names_in(found->second)) {
            if (seen.insert(name).second) open.push_back(name);
        }
    }
    return lines;
}

std::string heading(const TableColumn& column) {
    return column.unit.empty() ? column.name : fmt::format("{} [{}]", column.name, column.unit);
}

constexpr std::size_t kTerminalWidth = 110;  // prose only; numbers are not broken

std::string wrapped(std::string_view text, std::string_view indent) {
    std::string out;
    std::size_t width = 0;
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
        if (width > 0 && width + 1 + word.size() > kTerminalWidth) {
            out += fmt::format("\n{}{}", indent, word);
            width = indent.size() + word.size();
        } else {
            out += fmt::format("{}{}", width > 0 ? " " : "", word);
            width += (width > 0 ? 1 : 0) + word.size();
        }
    }
    return out;
}

std::string terminal(const TableResult& result) {
    Footnotes notes;
    std::set<std::string> defined;
    const PublishedTable& table = result.table;
    std::string out = fmt::format("{}\n{}{}\n{}\n", table.title, table.source,
                                  table.url.empty() ? "" : " (" + table.url + ")", wrapped(table.says, ""));
    for (const Section& section : sections_of(result, notes)) {
        const TableColumn& column = *section.column;
        out += fmt::format("\n{}: {}\n", heading(column), column.says);
        if (!column.computation.empty()) out += fmt::format("  = {}\n", column.computation);
        for (const std::string& line : definitions(result, column.computation, defined))
            out += fmt::format("    {}\n", line);
        std::vector<std::size_t> widths;
        for (std::size_t i = 0; i < kHeader.size(); ++i) {
            widths.push_back(width_of(kHeader[i]));
            for (const auto& line : section.lines) widths[i] = std::max(widths[i], width_of(line[i]));
        }
        const auto add = [&](const std::vector<std::string>& line) {
            std::string text = " ";
            for (std::size_t i = 0; i < line.size(); ++i) {
                const std::string pad(widths[i] - width_of(line[i]), ' ');
                const bool number = i >= 1 && i <= 3;
                text += " " + (number ? pad + line[i] : line[i] + pad) + " ";
            }
            text.erase(text.find_last_not_of(' ') + 1);
            out += text + "\n";
        };
        add(kHeader);
        for (const auto& line : section.lines) add(line);
    }
    if (!notes.texts().empty()) out += '\n';
    for (std::size_t i = 0; i < notes.texts().size(); ++i) {
        out += wrapped(fmt::format("[{}] {}", i + 1, notes.texts()[i]), "    ") + "\n";
    }
    return out + "\n" + summary(result) + "\n";
}

std::string markdown(const TableResult& result) {
    Footnotes notes;
    std::set<std::string> defined;
    const PublishedTable& table = result.table;
    std::string out = fmt::format("# {}\n\n{}{}\n\n{}\n", markdown_text(table.title), markdown_text(table.source),
                                  table.url.empty() ? "" : " <" + table.url + ">", markdown_text(table.says));
    for (const Section& section : sections_of(result, notes)) {
        const TableColumn& column = *section.column;
        out += fmt::format("\n## {}\n\n{}", markdown_text(heading(column)), markdown_text(column.says));
        if (!column.computation.empty()) out += fmt::format(": `{}`", column.computation);
        for (const std::string& line : definitions(result, column.computation, defined))
            out += fmt::format("; `{}`", line);
        out += fmt::format("\n\n| {} |\n|---|---:|---:|---:|---|---|\n", fmt::join(kHeader, " | "));
        for (std::vector<std::string> line : section.lines) {
            for (std::string& cell : line) cell = markdown_text(cell);
            out += fmt::format("| {} |\n", fmt::join(line, " | "));
        }
    }
    if (!notes.texts().empty()) out += '\n';
    for (std::size_t i = 0; i < notes.texts().size(); ++i) {
        out += fmt::format("{}. {}\n", i + 1, markdown_text(notes.texts()[i]));
    }
    return out + "\n" + summary(result) + "\n";
}

/// For programs: a row a cell.
Table cells_of(const TableResult& result) {
    Table table{.columns = {}, .rows = {}};
    for (const char* name : {"table", "row", "column", "unit", "printed", "ours", "ours_exact", "status", "as_expected",
                             "computation", "counted", "finding", "note", "not_attempted"}) {
        table.columns.push_back({.name = name});
    }
    for (const RowResult& row : result.rows) {
        for (const CellResult& cell : row.cells) {
            const auto column = std::find_if(result.table.columns.begin(), result.table.columns.end(),
                                             [&](const TableColumn& c) { return c.name == cell.column; });
            table.rows.push_back({result.table.name, row.name, cell.column, column->unit, cell.printed.value_or(""),
                                  cell.ours_rounded, cell.status == CellStatus::not_attempted ? "" : to_text(cell.ours),
                                  std::string(to_string(cell.status)), cell.as_expected ? "true" : "false",
                                  cell.computation, fmt::format("{}", fmt::join(cell.counted, "; ")), cell.finding,
                                  cell.note, cell.not_attempted});
        }
    }
    return table;
}

std::string latex(const TableResult& result) {
    Footnotes notes;
    const PublishedTable& table = result.table;
    const std::vector<Section> sections = sections_of(result, notes);
    std::size_t lines = 0;
    std::string body;
    const auto across = [&](const char* face, const std::string& text) {
        body += fmt::format("\\multicolumn{{4}}{{p{{0.9\\linewidth}}}}{{{}{{{}}}}} \\\\\n", face, latex_text(text));
        ++lines;
    };
    for (const Section& section : sections) {
        body += "\\midrule\n";
        across("\\emph", heading(*section.column));
        if (!section.column->computation.empty()) across("\\texttt", section.column->computation);
        for (const auto& line : section.lines) {
            body += fmt::format("{} & {} & {} & {} \\\\\n", latex_text(line[0]), latex_text(line[1]),
                                latex_text(line[2]), latex_text(line[4]));
        }
        lines += section.lines.size();
    }
    const bool is_long = lines > kLongestFloat;
    const std::string caption = fmt::format("\\caption{{{}. {} {}}}\n\\label{{tab:{}}}", latex_text(table.title),
                                            latex_text(table.source), latex_text(table.says), table.name);
    const std::string head = "\\toprule\nrow & printed & ours & status \\\\\n";
    std::string out =
        is_long ? fmt::format(
                      "% \\usepackage{{booktabs,longtable}}\n{{\\small\n\\begin{{longtable}}{{lrrl}}\n{} \\\\\n{}"
                      "\\endfirsthead\n{}\\endhead\n{}\\bottomrule\n\\end{{longtable}}\n",
                      caption, head, head, body)
                : fmt::format(
                      "% \\usepackage{{booktabs}}\n\\begin{{table}}\n\\centering\n\\small\n{}\n"
                      "\\begin{{tabular}}{{lrrl}}\n{}{}\\bottomrule\n\\end{{tabular}}\n",
                      caption, head, body);
    for (std::size_t i = 0; i < notes.texts().size(); ++i) {
        out += fmt::format("\n\\par\\footnotesize [{}] {}\n", i + 1, latex_text(notes.texts()[i]));
    }
    return out + (is_long ? "}\n" : "\\end{table}\n");
}

}  // namespace

std::string render(const TableResult& result, std::string_view format) {
    if (format == "terminal") return terminal(result);
    if (format == "markdown") return markdown(result);
    if (format == "latex") return latex(result);
    return render(cells_of(result), format);
}

}  // namespace headcount
