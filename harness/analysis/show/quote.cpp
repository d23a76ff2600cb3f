#include "harness/analysis/show/quote.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/claims/claim_scope.hpp"
#include "harness/analysis/records/libraries.hpp"
#include "harness/analysis/records/oversubscription.hpp"
#include "harness/analysis/show/answer.hpp"
#include "harness/analysis/show/point_choice.hpp"
#include "harness/analysis/show/words.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

using Entries = std::vector<std::size_t>;

/// Entries that the claim compares; of one combination where one is named.
Entries entries_of(const RecordSet& records, const ClaimScope& claim, const std::string& combination) {
    Entries entries;
    for (const std::size_t i : claim.part.entries) {
        const Entry& entry = records.entries()[i];
        if (!entry.resolved || !claim.speaks_of(entry)) continue;
        const std::string its = claim.combination_of(entry);
        if (combination.empty() || (its.empty() ? "all" : its) == combination) entries.push_back(i);
    }
    return entries;
}

/// "variant multi_head, batch 1, ...": what the points share.
std::string shape(const RecordSet& records, const Entries& entries) {
    return fmt::format("{}", fmt::join(shared_fields(records, entries).constant, ", "));
}

/// "on AMD EPYC with blas: OpenBLAS 0.3.21 (Haswell kernels)"; says so where threads of one of the points took turns.
std::string place(const RecordSet& records, const Entries& entries) {
    const bool crowded =
        std::ranges::any_of(entries, [&](std::size_t i) { return !oversubscription(records.entries()[i]).empty(); });
    return fmt::format("on {}{} with {}", processors_text(records.run()),
                       crowded ? ", with more threads than processors," : "", libraries_text(records, entries));
}

std::string worst_case(const Verdict& v, const RecordSet& records, const ClaimScope& claim) {
    const WorstCase& worst = *v.worst;
    const Entries entries = entries_of(records, claim, worst.combination);
    const std::string interval = worst.ratio.bounded()
                                     ? fmt::format("95 % interval {:.4g} to {:.4g}", worst.ratio.low, worst.ratio.high)
                                     : "too few rounds for an interval";
    const std::string ratio = fmt::format("{:.4g} times", worst.ratio.estimate);
    const std::string compared =
        v.metric == "time"
            ? fmt::format("{} took {} as long as {}", case_name(worst.label), ratio, case_name(worst.base))
            : fmt::format("{} of {} was {} that of {}", v.metric, case_name(worst.label), ratio, case_name(worst.base));
    const std::string rank = worst.cases > 1 ? fmt::format("{} of {} cases, ", worst.rank(), worst.cases) : "";
    return fmt::format("{}{} ({}, n = {} {}; {}) {}", rank, compared, interval, worst.rounds,
                       claim.metric.of_training ? "paired seeds" : "paired rounds", shape(records, entries),
                       place(records, entries));
}

std::string measured(const Verdict& v, const RecordSet& records, const ClaimScope& claim) {
    if (v.worst) return worst_case(v, records, claim);
    if (v.observed.empty()) return v.reason;
    const std::string interval = v.interval.bounded() ? ", 95 % interval " + v.interval_text() : "";
    return fmt::format("{}: {}{} {}", v.metric, v.observed, interval, place(records, entries_of(records, claim, "")));
}

std::string exact(const Verdict& v, const RecordSet& records, const ClaimScope& claim) {
    if (v.told.empty()) return v.reason;
    const std::string first = v.combinations > 1 ? fmt::format("one of {} combinations: ", v.combinations) : "";
    return fmt::format("by exact count {} {} ({}{})", v.metric, v.told, first,
                       shape(records, entries_of(records, claim, v.speaker)));
}

std::string capitalised(std::string text) {
    if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

}  // namespace

std::string quoted_sentence(const RecordSet& records, const std::vector<Verdict>& verdicts, const std::string& id) {
    const RunRecord& run = records.run();
    const auto claim = std::ranges::find(run.claims, id, &ClaimSpec::id);
    if (claim == run.claims.end()) {
        std::vector<std::string> known;
        for (const ClaimSpec& one : run.claims) known.push_back(one.id);
        throw UsageError(unknown_name("claim", id, known));
    }
    const auto found = std::ranges::find_if(verdicts, [&](const Verdict& v) { return v.summary && v.claim == id; });
    const Verdict& v = *found;
    const ClaimScope scope = understand(records, *claim);
    const std::string came = v.exact ? exact(v, records, scope) : measured(v, records, scope);
    return printable(fmt::format("{}; the claim {} (\"{}\": {} {}) is {} [headcount {}, {}, {}].", capitalised(came),
                                 v.claim, v.says, v.metric, v.limit, tallied(verdicts, v),
                                 version_text(run.environment), commit_text(run), day_of(run)));
}

std::string quoted_in_latex(const std::string& sentence, const std::string& source) {
    std::string text;
    bool open = false;
    for (const char c : latex_text(sentence)) {
        if (c == '"') {
            open = !open;
            text += open ? "``" : "''";
        } else {
            text += c;
        }
    }
    if (text.ends_with('.')) text.pop_back();
    return fmt::format("{}~\\cite{{headcount{}{}}}.\n", text, source.empty() ? "" : ",", source);
}

std::string bibtex_entry(const std::filesystem::path& file, std::string_view key) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream && text.empty()) throw Error(fmt::format("{}: cannot be read", file.string()));
    std::vector<std::string> known;
    for (std::size_t at = text.find("\n@"); at != std::string::npos; at = text.find("\n@", at + 1)) {
        const std::size_t brace = text.find('{', at), comma = text.find(',', at), end = text.find("\n}", at);
        if (brace == std::string::npos || comma < brace || end == std::string::npos) break;
        known.push_back(text.substr(brace + 1, comma - brace - 1));
        if (known.back() == key) return text.substr(at + 1, end + 2 - at - 1) + "\n";
    }
    throw UsageError(file.string() + ": " + unknown_name("source", key, known));
}

std::string bibtex_of_program(const RunRecord& run) {
    const auto version = run.environment.find("version");
    return fmt::format(
        "@software{{headcount,\n  title = {{headcount: what attention heads cost, and what they buy}},\n"
        "  author = {{{{The headcount authors}}}},\n  version = {{{}}},\n  year = {{{}}},\n  note = {{{}, config "
        "{}}}\n}}\n",
        version == run.environment.end() ? "unknown" : version->second, run.started.substr(0, 4),
        capitalised(commit_text(run)), run.name);
}

std::string source_of(const ClaimSpec& claim) {
    constexpr int kReadings = 12;
    if (!claim.source.empty()) return claim.source;
    if (!claim.id.starts_with('R')) return "";
    int reading = 0;
    std::from_chars(claim.id.data() + 1, claim.id.data() + claim.id.size(), reading);
    return reading >= 1 && reading <= kReadings ? "vaswani2017" : "";
}

}  // namespace headcount
