// The commands that reproduce a verdict, quoted for a shell.
#include "harness/analysis/verdicts/reproduce.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headcount {

namespace {

/// Plain words stay as they are, anything else is quoted for a shell.
std::string quoted(const std::string& word) {
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("_-./=,+:@%").find(c) != std::string_view::npos;
    });
    if (plain) return word;
    std::string text = "'";
    for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

}  // namespace

std::string verify_command(const std::string& result_path, const ClaimSpec& spec) {
    return fmt::format("headcount verify {} --claim {}", quoted(result_path), quoted(spec.id));
}

std::string run_command(const RunRecord& run, const ClaimScope& claim, const Entry& entry) {
    std::string command = "headcount run " + quoted(run.config_path);
    if (!run.profile.empty()) command += " --profile " + quoted(run.profile);
    const auto filter = [&](std::string_view field, std::string_view values) {
        command += " --filter " + quoted(fmt::format("{}={}", field, values));
    };
    if (run.parts.size() > 1) filter("part", claim.part.record.name.empty() ? "main" : claim.part.record.name);
    for (const std::string& field : claim.combination_fields) {
        if (field == "seq_len" && entry.point.problem.q_len != entry.point.problem.kv_len) {
            filter("q_len", get_field(entry.point, "q_len"));
            filter("kv_len", get_field(entry.point, "kv_len"));
        } else {
            filter(field, get_field(entry.point, field));
        }
    }
    for (const auto& [field, values] : claim.spec.where) {
        if (std::ranges::find(claim.own_fields, field) == claim.own_fields.end()) continue;
        filter(field, fmt::format("{}", fmt::join(values, ",")));
    }
    return command;
}

}  // namespace headcount
