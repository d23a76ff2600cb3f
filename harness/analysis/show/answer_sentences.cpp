// Sentences made from verdicts: nothing here knows a config, only what kinds of claim say.
#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/show/answer.hpp"
#include "harness/analysis/show/words.hpp"

namespace headcount {
namespace {

/// What all exact claims of one metric along one axis say for the same variants.
struct Statement {
    const Verdict* claim = nullptr;
    Trend trend = Trend::none;
    bool contradicted = false;  ///< claims of other points or another ledger say something else
    bool exception = false;     ///< another statement on the metric speaks for more variants and says otherwise
    bool narrow = false;        ///< all that is said of the metric is said of one variant, where there are several
};

/// How much a trend says: an exact law more than "it grows", that more than "it changes".
int strength(Trend trend) {
    switch (trend) {
        case Trend::none: return 0;
        case Trend::changes: return 1;
        case Trend::does_not_grow: return 2;
        case Trend::grows:
        case Trend::falls: return 3;
        case Trend::same: return 4;
        case Trend::proportional:
        case Trend::inverse: return 5;
    }
    return 0;
}

/// "It changes" and "it grows" may both be so; "it stays" and either may not.
bool contradict(Trend a, Trend b) {
    if (a == b) return false;
    if (a == Trend::same || b == Trend::same) return true;
    return a != Trend::changes && b != Trend::changes && strength(a) == strength(b);
}

std::vector<Statement> statements_of(const std::vector<Verdict>& verdicts) {
    std::vector<Statement> all;
    for (const Verdict& v : verdicts) {
        if (!v.summary || v.trend == Trend::none || v.across.size() != 1) continue;
        const auto known = std::ranges::find_if(all, [&](const Statement& s) {
            return s.claim->metric == v.metric && s.claim->across == v.across && s.claim->variants == v.variants;
        });
        if (known == all.end()) {
            all.push_back({.claim = &v, .trend = v.trend});
            continue;
        }
        known->contradicted = known->contradicted || contradict(known->trend, v.trend);
        if (strength(v.trend) > strength(known->trend)) {
            known->claim = &v;
            known->trend = v.trend;
        }
    }
    std::erase_if(all, &Statement::contradicted);
    // The widest statement on a metric is the rule; one on a single variant of several is not worth a sentence.
    std::size_t widest = 0;
    for (const Statement& s : all) widest = std::max(widest, s.claim->variants.size());
    for (Statement& s : all) {
        const Statement* rule = &s;
        for (const Statement& other : all) {
            if (other.claim->metric != s.claim->metric || other.claim->across != s.claim->across) continue;
            if (other.claim->variants.size() > rule->claim->variants.size()) rule = &other;
        }
        s.exception = s.trend != rule->trend;
        s.narrow = rule->claim->variants.size() == 1 && widest > 1;
    }
    return all;
}

/// "multiplies (projections, core) and parameters": metrics with one noun together.
std::string nouns(const std::vector<const Verdict*>& claims) {
    std::vector<std::string> order;
    std::map<std::string, std::vector<std::string>> parts;
    for (const Verdict* v : claims) {
        if (!parts.contains(v->noun)) order.push_back(v->noun);
        std::vector<std::string>& of = parts[v->noun];
        if (!v->of.empty() && std::ranges::find(of, v->of) == of.end()) of.push_back(v->of);
    }
    std::vector<std::string> items;
    for (const std::string& noun : order) {
        const std::vector<std::string>& of = parts[noun];
        std::string inner;
        for (const std::string& part : of) inner += (inner.empty() ? "" : ", ") + part;
        items.push_back(of.empty() ? noun : fmt::format("{} ({})", noun, inner));
    }
    return listed(items);
}

std::string sentence(std::string text) {
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
        text.front() = static_cast<char>(text.front() - 32);
    return text + ".";
}

std::string predicate(const Statement& s) {
    const std::string& field = s.claim->across.front();
    const std::string axis = axis_name(field);
    switch (s.trend) {
        case Trend::same: return "do not depend on " + axis;
        case Trend::proportional:
            return s.claim->margin == field ? "grow exactly in proportion to " + axis
                                            : "grow exactly in proportion to " + s.claim->margin;
        case Trend::inverse: return "fall exactly in proportion to 1 / " + s.claim->margin;
        case Trend::grows: return "grow with " + axis;
        case Trend::falls: return "fall with " + axis;
        case Trend::does_not_grow: return "do not grow with " + axis;
        case Trend::changes: return "change with " + axis;
        case Trend::none: break;
    }
    return {};
}

/// Those that hold for most variants, the strongest statements first, then where they do not hold.
void add_trends(std::vector<std::string>& sentences, const std::vector<Verdict>& verdicts) {
    std::vector<Statement> all = statements_of(verdicts);
    std::vector<std::string> order;
    std::map<std::string, std::vector<const Verdict*>> told;
    std::ranges::stable_sort(all, {},
                             [](const Statement& s) { return s.trend == Trend::same ? 0 : 6 - strength(s.trend); });
    for (const Statement& s : all) {
        if (s.exception || s.narrow) continue;
        const std::string what = predicate(s);
        if (!told.contains(what)) order.push_back(what);
        told[what].push_back(s.claim);
    }
    constexpr std::size_t kSentences = 2;  // what is left has its line below
    std::vector<std::string> metrics;
    for (std::size_t i = 0; i < std::min(kSentences, order.size()); ++i) {
        sentences.push_back(sentence(nouns(told[order[i]]) + " " + order[i]));
        for (const Verdict* claim : told[order[i]]) metrics.push_back(claim->metric);
    }
    std::vector<std::string> places;
    std::map<std::string, std::vector<const Verdict*>> exceptions;
    for (const Statement& s : all) {
        if (!s.exception || std::ranges::find(metrics, s.claim->metric) == metrics.end()) continue;
        const std::string place = listed(s.claim->variants);
        if (!exceptions.contains(place)) places.push_back(place);
        exceptions[place].push_back(s.claim);
    }
    std::string text;
    for (const std::string& place : places) {
        text += fmt::format("{}in {}: {}", text.empty() ? "" : "; ", place, nouns(exceptions[place]));
    }
    if (!text.empty()) sentences.push_back("Not so " + text + ".");
}

/// Measured claims that compare the same things: the ratios of each case over all combinations.
struct MeasuredGroup {
    const Verdict* claim = nullptr;
    std::string base;
    std::vector<std::string> labels{};
    std::map<std::string, std::pair<double, double>> range{};
    std::size_t ratios = 0;
    bool decided = false;
};

std::string key_of(const Verdict& v) {
    const std::string variants = v.variants.size() == 1 ? v.variants.front() : "";
    return fmt::format("{}|{}|{}|{}|{}", v.metric, fmt::join(v.across, ","), fmt::join(v.subjects, ","), variants,
                       v.kind == "exponent" ? v.kind : "");
}

std::vector<MeasuredGroup> measured_groups(const std::vector<Verdict>& verdicts) {
    std::vector<MeasuredGroup> groups;
    std::map<std::string, std::size_t> index;
    const Verdict* summary = nullptr;
    for (const Verdict& v : verdicts) {
        if (v.summary) summary = &v;
        if (v.exact || v.summary || summary == nullptr) continue;
        const std::string key = key_of(*summary) + "|" + v.base;
        for (const MeasuredCase& c : v.measured) {
            if (!c.ratio.bounded()) continue;
            if (!index.contains(key)) {
                index[key] = groups.size();
                groups.push_back({.claim = summary, .base = v.base});
            }
            MeasuredGroup& group = groups[index[key]];
            const auto [place, fresh] = group.range.try_emplace(c.label, c.ratio.estimate, c.ratio.estimate);
            if (fresh) group.labels.push_back(c.label);
            place->second.first = std::min(place->second.first, c.ratio.estimate);
            place->second.second = std::max(place->second.second, c.ratio.estimate);
            ++group.ratios;
            group.decided = group.decided || v.status != Status::inconclusive;
        }
    }
    std::ranges::stable_sort(groups, std::greater<>(), &MeasuredGroup::ratios);  // what is known best first
    return groups;
}

/// What was measured, as "8 heads took 2 to 9 % longer than 1 head, 32 heads 10 to 43 %".
std::string measured_text(const MeasuredGroup& group) {
    const Verdict& v = *group.claim;
    std::string place = listed(v.subjects);
    if (v.variants.size() == 1 && std::ranges::find(v.across, "variant") == v.across.end()) {
        place += " (" + v.variants.front() + ")";
    }
    if (v.kind == "exponent") {
        std::pair<double, double> all = group.range.begin()->second;
        for (const auto& [label, r] : group.range) {
            all = {std::min(all.first, r.first), std::max(all.second, r.second)};
        }
        return fmt::format("{}, {} grew with {} to the power {:.2f} to {:.2f}", place, v.noun,
                           axis_name(v.across.front()), all.first, all.second);
    }
    const auto amount = [&](double low, double high, bool verb = true) {
        if (v.metric == "time") return (verb ? "took " : "") + longer(low, high);
        const std::string smallest = fmt::format("{:.3g}", low), largest = fmt::format("{:.3g}", high);
        return fmt::format("had {}{} times the {}", smallest, smallest == largest ? "" : " to " + largest, v.noun);
    };
    const std::string than = (v.metric == "time" ? " than " : " of ") + case_name(group.base);
    constexpr std::size_t kFew = 2;
    std::vector<std::string> labels = group.labels;
    if (labels.size() > kFew && v.across.size() == 1 && v.across.front().starts_with("num_")) {
        labels = {labels[labels.size() / 2], labels.back()};
    }
    std::string text = place + ", ";
    if (labels.size() > kFew) {
        std::pair<double, double> all = group.range.begin()->second;
        for (const auto& [label, r] : group.range) {
            all = {std::min(all.first, r.first), std::max(all.second, r.second)};
        }
        return text + fmt::format("{} others {}, compared with {}", labels.size(), amount(all.first, all.second),
                                  case_name(group.base));
    }
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto& [low, high] = group.range.at(labels[i]);
        text += fmt::format("{}{} {}", i == 0 ? "" : ", ", case_name(labels[i]), amount(low, high, i == 0));
    }
    const bool times = !text.ends_with("longer") && !text.ends_with("less time");
    return text + (times ? ", compared with " + case_name(group.base) : than);
}

void add_measured(std::vector<std::string>& sentences, const std::vector<Verdict>& verdicts) {
    bool first = true;
    for (const MeasuredGroup& group : measured_groups(verdicts)) {
        const std::string text = measured_text(group) + (group.decided ? "" : " (undecided)");
        const bool of_machine = group.claim->metric == "time";  // which other numbers need not depend on
        sentences.push_back(first && of_machine ? "On the machine of this run, " + text + "." : sentence(text));
        first = first && !of_machine;
    }
}

std::string ids_text(const std::vector<Verdict>& verdicts, bool (*holds)(const Verdict&)) {
    std::vector<std::string> ids;
    for (const Verdict& v : verdicts) {
        if (v.summary && holds(v)) ids.push_back(v.claim);
    }
    constexpr std::size_t kNamed = 5;
    if (ids.size() <= kNamed) return listed(ids);
    const std::size_t more = ids.size() - kNamed;
    ids.resize(kNamed);
    ids.push_back(fmt::format("{} more", more));
    return listed(ids);
}

}  // namespace

std::vector<std::string> answer_sentences(const std::vector<Verdict>& verdicts) {
    std::vector<std::string> sentences;
    const std::string wrong = ids_text(verdicts, [](const Verdict& v) { return v.exact && !v.as_expected(); });
    if (!wrong.empty()) sentences.push_back("NOT as the config declares: " + wrong + ".");
    const std::string open = ids_text(verdicts, [](const Verdict& v) { return v.open(); });
    if (!open.empty()) sentences.push_back("The run is not finished; without an answer yet: " + open + ".");
    const std::size_t before = sentences.size();
    add_trends(sentences, verdicts);
    add_measured(sentences, verdicts);
    const std::string undecided = ids_text(
        verdicts, [](const Verdict& v) { return v.status == Status::inconclusive && !v.open() && v.as_expected(); });
    if (!undecided.empty()) sentences.push_back("The run could not decide " + undecided + ".");
    if (sentences.size() > before) return sentences;
    const auto count = std::ranges::count_if(verdicts, &Verdict::summary);
    if (count == 0) {
        sentences.emplace_back("The config makes no claim, so there is nothing to judge.");
    } else {
        const auto held = std::ranges::count_if(
            verdicts, [](const Verdict& v) { return v.summary && v.status == Status::supported; });
        sentences.push_back(fmt::format("{} of {} claims are supported.", held, count));
    }
    return sentences;
}

}  // namespace headcount
