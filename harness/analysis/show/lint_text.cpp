#include "harness/analysis/show/lint_text.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/analysis/table/table.hpp"
#include "harness/journal/json.hpp"

namespace headcount {
namespace {

std::string_view cell(Compliance compliance) {
    switch (compliance) {
        case Compliance::satisfied: return "yes";
        case Compliance::not_satisfied: return "NO";
        case Compliance::not_applicable: return "-";
    }
    return "";
}

/// Subjects in their order; claims that all rules judge alike share a row.
std::vector<std::vector<std::size_t>> alike(const Lint& lint) {
    std::vector<std::vector<std::size_t>> rows;
    std::map<std::string, std::size_t> known;
    for (std::size_t i = 0; i < lint.subjects.size(); ++i) {
        const bool is_claim = lint.subjects[i].starts_with("claim ");
        std::string pattern;
        for (const Lint::Row& row : lint.rows) pattern += cell(row.findings[i].compliance);
        const auto found = known.find(pattern);
        if (is_claim && found != known.end()) {
            rows[found->second].push_back(i);
            continue;
        }
        if (is_claim) known.emplace(pattern, rows.size());
        rows.push_back({i});
    }
    return rows;
}

std::string names_of(const Lint& lint, const std::vector<std::size_t>& members, std::size_t shown) {
    constexpr std::string_view kClaim = "claim ";
    std::vector<std::string> names;
    bool after_claim = false;
    for (const std::size_t i : members) {
        const std::string& subject = lint.subjects[i];
        const bool is_claim = subject.starts_with(kClaim);
        names.push_back(is_claim && after_claim ? subject.substr(kClaim.size()) : subject);
        after_claim = is_claim;
    }
    return some_of(names, shown);
}

Table matrix(const Lint& lint) {
    Table table;
    table.columns = {{.name = "subject", .wraps = true}};
    for (const Lint::Row& row : lint.rows) table.columns.push_back({.name = fmt::format("{}", row.rule)});
    for (const std::vector<std::size_t>& members : alike(lint)) {
        std::vector<std::string> cells{names_of(lint, members, 4)};
        for (const Lint::Row& row : lint.rows) cells.emplace_back(cell(row.findings[members.front()].compliance));
        table.rows.push_back(std::move(cells));
    }
    return table;
}

std::string wrapped(const std::string& text, std::size_t indent) {
    constexpr std::size_t kWidth = 118;
    std::string lines(indent, ' ');
    std::size_t column = indent;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        if (column > indent && column + 1 + end - at > kWidth) {
            lines += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            lines += ' ';
            ++column;
        }
        lines += text.substr(at, end - at);
        column += end - at;
        at = end + 1;
    }
    return lines + "\n";
}

/// Subjects with the same answer for the same reason are said once.
std::string reasons(const Lint& lint, const Lint::Row& row) {
    std::string text;
    for (const Compliance compliance : {Compliance::not_satisfied, Compliance::satisfied, Compliance::not_applicable}) {
        std::vector<std::pair<const RuleFinding*, std::vector<std::size_t>>> groups;
        for (std::size_t i = 0; i < row.findings.size(); ++i) {
            const RuleFinding& finding = row.findings[i];
            if (finding.compliance != compliance) continue;
            const auto same = std::ranges::find_if(groups, [&](const auto& group) {
                return group.first->reason == finding.reason && group.first->remedy == finding.remedy;
            });
            if (same != groups.end()) {
                same->second.push_back(i);
            } else {
                groups.push_back({&finding, {i}});
            }
        }
        for (const auto& [finding, members] : groups) {
            const std::size_t shown = compliance == Compliance::not_satisfied ? members.size() : 4;
            text += wrapped(
                fmt::format("{}: {}: {}", to_string(compliance), names_of(lint, members, shown), finding->reason), 4);
            if (!finding->remedy.empty()) text += wrapped("do: " + finding->remedy, 6);
        }
    }
    return text;
}

}  // namespace

std::string lint_text(const Lint& lint) {
    std::string text = to_terminal(matrix(lint)) + "\nyes: satisfied, NO: not satisfied, -: does not apply\n";
    for (const Lint::Row& row : lint.rows) {
        text += fmt::format("\n{}\n{}", wrapped(fmt::format("Rule {}: {}", row.rule, row.says), 0), reasons(lint, row));
    }
    return text + fmt::format("\n{} satisfied, {} not satisfied, {} do not apply\n", lint.count(Compliance::satisfied),
                              lint.count(Compliance::not_satisfied), lint.count(Compliance::not_applicable));
}

std::string lint_json(const Lint& lint) {
    nlohmann::ordered_json json;
    json["satisfied"] = lint.satisfied();
    for (const Compliance compliance : {Compliance::satisfied, Compliance::not_satisfied, Compliance::not_applicable}) {
        json["counts"][std::string(to_string(compliance))] = lint.count(compliance);
    }
    json["rules"] = nlohmann::ordered_json::array();
    for (const Lint::Row& row : lint.rows) {
        nlohmann::ordered_json rule{{"rule", row.rule}, {"name", row.name}, {"says", row.says}};
        for (const RuleFinding& finding : row.findings) {
            rule["findings"].push_back({{"subject", finding.subject},
                                        {"status", to_string(finding.compliance)},
                                        {"reason", finding.reason},
                                        {"remedy", finding.remedy}});
        }
        json["rules"].push_back(std::move(rule));
    }
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace headcount
