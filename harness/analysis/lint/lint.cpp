// A result against twelve rules: what there is to judge, and the rules over all of it.
#include "harness/analysis/lint/lint.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/json.hpp"

namespace headcount {
namespace {

bool selected(const ClaimSpec& spec, const Entry& entry) {
    return std::ranges::all_of(spec.where, [&](const auto& wanted) {
        return std::ranges::find(wanted.second, get_field(entry.point, wanted.first)) != wanted.second.end();
    });
}

ClaimView view_of(const RecordSet& records, const ClaimSpec& spec) {
    ClaimView view{.spec = &spec,
                   .metric = &find_metric(spec.metric),
                   .verdicts = verify(records, {.claims = {spec.id}}),
                   .entries = {}};
    for (const std::size_t i : records.part(spec.part).entries) {
        const Entry& entry = records.entries()[i];
        if (!entry.resolved || selected(spec, entry)) view.entries.push_back(i);
    }
    return view;
}

}  // namespace

std::string_view to_string(Compliance compliance) {
    switch (compliance) {
        case Compliance::satisfied: return "satisfied";
        case Compliance::not_satisfied: return "not satisfied";
        case Compliance::not_applicable: return "does not apply";
    }
    return "";
}

bool Display::shows(std::string_view quantity) const {
    return std::ranges::find(quantities, quantity) != quantities.end();
}

bool Display::measured() const { return shows("time") || shows("ratio") || shows("rate") || !single.empty(); }

RuleFinding satisfied(std::string subject, std::string reason) {
    return {.subject = std::move(subject), .compliance = Compliance::satisfied, .reason = std::move(reason)};
}

RuleFinding violated(std::string subject, std::string reason, std::string remedy) {
    return {.subject = std::move(subject),
            .compliance = Compliance::not_satisfied,
            .reason = std::move(reason),
            .remedy = std::move(remedy)};
}

RuleFinding not_applicable(std::string subject, std::string reason) {
    return {.subject = std::move(subject), .reason = std::move(reason)};
}

std::string some_of(const std::vector<std::string>& names, std::size_t shown) {
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, names.size()); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
    return text;
}

PairedRounds rounds_beside_base(const LintInput& input, std::size_t entry) {
    const std::optional<std::size_t>& base = input.summaries[entry].base;
    if (!base || *base == entry) return {};
    return paired_rounds(input.records.entries()[entry], input.records.entries()[*base]);
}

std::size_t Lint::count(Compliance compliance) const {
    std::size_t found = 0;
    for (const Row& row : rows) {
        found += static_cast<std::size_t>(std::ranges::count(row.findings, compliance, &RuleFinding::compliance));
    }
    return found;
}

Lint lint(const Journal& journal, const std::vector<Display>& displays) {
    const RecordSet records(journal);
    LintInput input{.journal = journal,
                    .records = records,
                    .summaries = summarise(records),
                    .claims = {},
                    .displays = displays,
                    .timed = {}};
    for (const ClaimSpec& spec : records.run().claims) input.claims.push_back(view_of(records, spec));
    for (std::size_t i = 0; i < records.entries().size(); ++i) {
        if (!records.entries()[i].samples.empty()) input.timed.push_back(i);
    }
    Lint result;
    result.subjects.emplace_back("result");
    for (const Display& display : input.displays) result.subjects.push_back(display.name);
    for (const ClaimView& claim : input.claims) result.subjects.push_back(claim.subject());
    for (const auto& [name, rule] : all_rules()) {
        Lint::Row row{.rule = rule.number, .name = name, .says = rule.says, .findings = {}};
        const std::vector<RuleFinding> found = rule.check(input);
        for (const std::string& subject : result.subjects) {
            const auto mine = std::ranges::find(found, subject, &RuleFinding::subject);
            row.findings.push_back(mine != found.end() ? *mine : not_applicable(subject, rule.elsewhere));
        }
        result.rows.push_back(std::move(row));
    }
    std::ranges::sort(result.rows, {}, &Lint::Row::rule);
    return result;
}

Display display_from_json(const std::string& name, const std::string& text) {
    Display display{.name = "figure " + name};
    try {
        const nlohmann::json json = nlohmann::json::parse(text);
        display.of = json.at("of").get<std::string>();
        display.quantities = json.at("quantities").get<std::vector<std::string>>();
        display.intervals = json.at("bars").get<std::string>() == "95 % intervals";
        display.summary = json.at("summary").get<std::string>();
        display.single = json.at("single").get<std::string>();
        display.assumes = json.at("assumes").get<std::string>();
        display.base = json.at("base").get<std::string>();
        display.lines_over = json.at("lines_over").get<std::string>();
        display.bound = json.at("bound").get<std::string>();
        display.left_out = json.at("left_out").get<std::string>();
        display.left_out_because = json.at("left_out_because").get<std::string>();
        display.modes = !json.at("spread").get<std::string>().empty();
        display.of_trainings = json.at("needs").get<std::string>() == "trainings";
    } catch (const nlohmann::json::exception& error) {
        throw Error(fmt::format("plots/{}.py --describe: {}; it prints what plots/frame.py's SHOWS documents", name,
                                error.what()));
    }
    return display;
}

}  // namespace headcount
