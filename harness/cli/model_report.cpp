#include "harness/cli/model_report.hpp"

#include <fmt/format.h>

#include "harness/analysis/show/words.hpp"
#include "harness/analysis/table/table.hpp"
#include "harness/cli/model_numbers.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;
constexpr std::size_t kIndent = 18;

/// "12.5 GiB" or "70.3 MiB".
std::string size_text(std::int64_t bytes) {
    const bool large = bytes >= kGiB;
    return fmt::format("{} {}", to_decimal(Rational(bytes, large ? kGiB : kMiB), 4), large ? "GiB" : "MiB");
}

std::string percent(const Rational& value) { return fmt::format("{:.2f}", static_cast<double>(value)); }
std::string flops(const Rational& value) { return fmt::format("{:.4g}", static_cast<double>(value)); }
std::string length_text(std::int64_t length) {
    if (length % kMiB == 0) return fmt::format("{}M", length / kMiB);
    return length % 1024 == 0 ? fmt::format("{}K", length / 1024) : std::to_string(length);
}

std::string parameters_text(const ModelParameters& p) {
    std::string text = fmt::format("parameters      {:>15}\n", p.total);
    const auto part = [&](std::string_view name, std::int64_t value) {
        text += fmt::format("  {:<14}{:>15} {:>7} %\n", name, value, percent(100 * Rational(value) / p.total));
    };
    part("attention", p.attention);
    part("feed-forward", p.feed_forward);
    part("embeddings", p.embeddings);
    part("norms", p.norms);
    return text + fmt::format("active          {:>15}  one token is multiplied with these\n", p.active);
}

std::string published_text(const std::vector<PublishedResult>& published) {
    std::string text;
    for (const PublishedResult& one : published) {
        text += fmt::format("published       {:>15}  {}: ours, {}, {}\n", one.number.printed, one.number.quantity,
                            to_text(one.ours), one.rounds_to_it ? "rounds to it" : "does not round to it");
        text += wrapped(one.number.source, kIndent);
        if (!one.number.finding.empty()) text += wrapped(one.number.finding, kIndent);
    }
    return text;
}

std::string work_text(std::string_view phase, const TokenWork& work) {
    return fmt::format("{:<16}{:>15} FLOP a token; attention {} %, its core {} %\n", phase,
                       to_decimal(work.total(), 15), percent(attention_percent(work)), percent(core_percent(work)));
}

std::string at_text(const ModelReport& report) {
    const ModelFigures& own = report.own;
    std::string text = fmt::format("context {}{}, batch {}\n", own.length,
                                   own.length > report.longest ? ", longer than the source names" : "", report.batch);
    text += work_text("reading", own.reading);
    if (!own.writing) return text + "an encoder: it writes no token and keeps no cache\n";
    text += work_text("writing", *own.writing);
    text += fmt::format("cache           {:>15} bytes for the first token, {} for one more\n", own.cache_bytes_of_first,
                        own.cache_bytes_of_next);
    text += fmt::format("                {:>15} bytes in all, {}\n", own.cache_bytes, size_text(own.cache_bytes));
    text += fmt::format("weights         {:>15} bytes at {} bits, {}\n", report.weight_bytes, report.weight_bits,
                        size_text(report.weight_bytes));
    if (report.memory_bytes > 0) {
        const std::string memory = size_text(report.memory_bytes);
        if (report.weight_bytes > report.memory_bytes) return text + "the weights alone exceed " + memory + "\n";
        text += fmt::format("{} hold the weights and a context of {}{} tokens (batch {})\n", memory,
                            report.fits == ModelCost::kMostTokens ? "at least " : "", report.fits, report.batch);
    }
    return text;
}

Table table_of(const std::vector<std::string>& columns) {
    Table table{.columns = {}, .rows = {}};
    for (const std::string& name : columns) {
        table.columns.push_back({.name = name, .align = name == "kept" ? Align::left : Align::right});
    }
    return table;
}

std::string lengths_text(const ModelReport& report) {
    std::vector<std::string> columns{"length", "reading", "attention %", "core %"};
    if (report.own.writing) columns.insert(columns.end(), {"writing", "attention %", "core %", "cache"});
    Table table = table_of(columns);
    for (const ModelFigures& at : report.lengths) {
        std::vector<std::string> row{length_text(at.length) + (at.length > report.longest ? "*" : ""),
                                     flops(at.reading.total()), percent(attention_percent(at.reading)),
                                     percent(core_percent(at.reading))};
        if (at.writing) {
            row.insert(row.end(), {flops(at.writing->total()), percent(attention_percent(*at.writing)),
                                   percent(core_percent(*at.writing)), size_text(at.cache_bytes)});
        }
        table.rows.push_back(std::move(row));
    }
    return to_terminal(table);
}

/// "9.2e+09 (0.97)": how much, and how many times the model's own.
std::string beside(const std::string& text, const Rational& value, const Rational& own) {
    return own == 0 ? text : fmt::format("{} ({})", text, to_decimal(value / own, 3));
}

std::string heads_text(const ModelReport& report) {
    std::vector<std::string> columns{"heads", "kept", "of keys", "head_dim", "parameters", "reading", "attention %"};
    if (report.own.writing) columns.insert(columns.end(), {"writing", "cache"});
    Table table = table_of(columns);
    std::string missing;
    for (const HeadsRow& row : report.heads) {
        if (!row.figures) {
            missing += fmt::format("{} heads, {} kept: {}\n", row.num_heads, row.keep, row.why_not);
            continue;
        }
        const ModelFigures &at = *row.figures, &own = report.own;
        std::vector<std::string> cells{std::to_string(at.heads.num_heads),
                                       row.keep,
                                       std::to_string(at.heads.num_kv_heads),
                                       std::to_string(at.heads.head_dim),
                                       beside(flops(at.parameters.total), at.parameters.total, own.parameters.total),
                                       beside(flops(at.reading.total()), at.reading.total(), own.reading.total()),
                                       percent(attention_percent(at.reading))};
        if (at.writing) {
            cells.push_back(beside(flops(at.writing->total()), at.writing->total(), own.writing->total()));
            cells.push_back(beside(size_text(at.cache_bytes), at.cache_bytes, own.cache_bytes));
        }
        table.rows.push_back(std::move(cells));
    }
    return to_terminal(table) + missing;
}

}  // namespace

std::string model_as_text(const ModelReport& report) {
    std::string text = fmt::format("{}: {}\n", report.model, printable(report.source));
    text += fmt::format(
        "A multiply with its add is 2 FLOP; matrix products of the forward pass alone. Numbers are {}; 1 GiB is 2^30 "
        "bytes.\nReading: the mean over the tokens of a prompt. Writing: one token behind a cache.\n\n",
        report.dtype);
    text += parameters_text(report.own.parameters) + published_text(report.published) + "\n" + at_text(report);
    text += "\nattention's share, by length (FLOP a token; * longer than the source names)\n" + lengths_text(report);
    text +=
        fmt::format("\nother numbers of heads, context {} (in brackets: times the model's own)\n", report.own.length);
    text += heads_text(report) + "\ncounted:\n";
    for (const std::string& point : report.points) text += "  " + point + "\n";
    return text;
}

}  // namespace headcount
