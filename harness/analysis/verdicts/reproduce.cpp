// The commands that reproduce a verdict, quoted for a shell.
#include "harness/analysis/verdicts/reproduce.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/core/shell_words.hpp"

namespace headcount {

std::string verify_command(const std::string& result_path, const ClaimSpec& spec) {
    return shell_words({"headcount", "verify", result_path, "--claim", spec.id});
}

std::string run_command(const RunRecord& run, const ClaimScope& claim, const Entry& entry) {
    std::vector<std::string> command{"headcount", "run", run.config_path};
    if (!run.profile.empty()) command.insert(command.end(), {"--profile", run.profile});
    const auto filter = [&](std::string_view field, std::string_view values) {
        command.insert(command.end(), {"--filter", fmt::format("{}={}", field, values)});
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
    return shell_words(command);
}

}  // namespace headcount
