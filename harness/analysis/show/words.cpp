#include "harness/analysis/show/words.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/core/printable.hpp"

namespace headcount {
namespace {

/// "heads" of "num_heads"; "" for fields that are no number of things.
std::string counted(std::string_view field) {
    constexpr std::string_view kNumber = "num_";
    if (!field.starts_with(kNumber)) return {};
    std::string things(field.substr(kNumber.size()));
    std::ranges::replace(things, '_', ' ');
    return things;
}

std::string range(const std::string& low, const std::string& high) {
    return low == high ? low : fmt::format("{} to {}", low, high);
}

}  // namespace

std::string wrapped(std::string_view raw, std::size_t indent) {
    const std::string safe = printable(raw);
    std::string_view text = safe;
    const std::size_t room = kLineWidth - indent;
    std::string lines;
    while (!text.empty()) {
        std::size_t end = text.size();
        if (end > room) {
            end = text.rfind(' ', room);
            if (end == std::string_view::npos || end == 0) end = std::min(text.find(' '), text.size());
        }
        lines += fmt::format("{:{}}{}\n", "", indent, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string listed(const std::vector<std::string>& items) {
    std::string text;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
        text += items[i];
    }
    return text;
}

std::string axis_name(std::string_view field) {
    const std::string things = counted(field);
    return things.empty() ? std::string(field) : "the number of " + things;
}

std::string case_name(std::string_view label) {
    const std::size_t equals = label.find('=');
    if (equals == std::string_view::npos || label.find('=', equals + 1) != std::string_view::npos) {
        return std::string(label);
    }
    std::string things = counted(label.substr(0, equals));
    const std::string_view number = label.substr(equals + 1);
    if (things.empty()) return std::string(label);
    if (number == "1" && things.ends_with('s')) things.pop_back();
    return fmt::format("{} {}", number, things);
}

std::string longer(double low, double high) {
    constexpr double kTimes = 2;  // beyond it factors read better than per cents
    const auto percent = [](double ratio) { return std::lround(100 * (ratio - 1)); };
    const auto text = [](long number) { return fmt::format("{}", number); };
    const long from = percent(low), to = percent(high);
    if (high > kTimes) return range(fmt::format("{:.2g}", low), fmt::format("{:.2g}", high)) + " times as long";
    if (from == 0 && to == 0) return "as long within 1 %";
    if (from >= 0) return range(text(from), text(to)) + " % longer";
    if (to <= 0) return range(text(-to), text(-from)) + " % less time";
    return fmt::format("from {} % less time to {} % more", -from, to);
}

}  // namespace headcount
