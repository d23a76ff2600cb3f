// Rule 12: figures show what is needed to read them, and lines only where there is a trend.
#include <algorithm>

#include <fmt/format.h>

#include "harness/analysis/lint/lint.hpp"

namespace headcount::rules {

namespace {

/// A line promises that what lies between two markers can be guessed: only an ordered number has a between.
RuleFinding judge(const Display& display, const FieldTable& fields) {
    if (display.lines_over.empty()) return satisfied(display.name, "markers or bars, no connecting lines");
    const Field* field = fields.find(display.lines_over);
    if (field == nullptr || field->type != FieldType::integer) {
        return violated(display.name,
                        fmt::format("connects values along {}, which is no ordered number", display.lines_over),
                        "draw markers or bars");
    }
    return satisfied(
        display.name,
        fmt::format("lines along {}, an ordered number, between marked measurements: a trend", display.lines_over));
}

std::vector<RuleFinding> check(const LintInput& input) {
    std::vector<RuleFinding> findings;
    for (const Display& display : input.displays) {
        if (display.figure) findings.push_back(judge(display, input.records.fields()));
    }
    return findings;
}

}  // namespace

Rule graphs() {
    return {.number = 12,
            .says = "plot what is needed to interpret; connect by lines only where interpolation is valid",
            .elsewhere = "no figure",
            .check = check};
}

}  // namespace headcount::rules
