#include "harness/cli/variant_report.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/count_formulas.hpp"
#include "harness/core/engine.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/measure/point/looks.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kDrawn = 16, kMostDrawn = 64;
constexpr std::int64_t kWidth = 8;  // columns of a head: enough to cut in two and to rotate in pairs
constexpr std::int64_t kHeads = 8;
constexpr std::int64_t kMostHeads = 32;  // a pass for each pair of heads: with 64 it would take most of a minute

std::string values_of(const Field& field) {
    if (field.type == FieldType::choice) return fmt::format("{}", fmt::join(field.choices, " or "));
    if (field.type == FieldType::boolean) return "true or false";
    const bool has_end = field.max < (std::int64_t{1} << 20);
    return has_end ? fmt::format("{} to {}", field.min, field.max) : fmt::format("from {}", field.min);
}

std::string options_text(const Variant& variant) {
    std::string text;
    for (const Field& field : variant.own) {
        text += fmt::format("  {} ({}; default {}): {}\n", field.name, values_of(field), field.otherwise, field.doc);
    }
    return text.empty() ? text : "options\n" + text + "\n";
}

/// What is given, at small sizes.
PointSpec small_spec(const PointSpec& given, std::int64_t heads, std::optional<std::int64_t> kv_heads) {
    const auto length = [](const std::optional<std::int64_t>& one, const std::optional<std::int64_t>& other) {
        const std::int64_t wanted = one ? *one : other.value_or(kDrawn);
        return wanted <= kMostDrawn ? wanted : kDrawn;
    };
    PointSpec small;
    small.variant = given.variant;
    small.backend = "naive";
    small.own = given.own;
    small.problem.q_len = length(given.problem.q_len, given.problem.kv_len);
    small.problem.kv_len = length(given.problem.kv_len, given.problem.q_len);
    small.problem.num_heads = heads;
    small.problem.num_kv_heads = kv_heads;
    small.problem.embed_dim = heads * kWidth;
    small.problem.causal = given.problem.causal;
    return small;
}

std::optional<Point> that_runs(const PointSpec& spec) {
    try {
        Point point = resolve(spec, known_fields());
        return why_unsupported(point).empty() ? std::optional(std::move(point)) : std::nullopt;
    } catch (const UsageError&) {
        return std::nullopt;
    }
}

/// At these heads; options shrink so that what they do fits on the picture, and the mask is causal where it has to be.
std::optional<Point> small_point(const PointSpec& given, std::int64_t heads, std::optional<std::int64_t> kv_heads) {
    const PointSpec plain = small_spec(given, heads, kv_heads);
    for (const bool causal : {false, true}) {
        for (const bool shrinks : {true, false}) {
            PointSpec spec = plain;
            if (causal && spec.problem.causal) break;
            if (causal) spec.problem.causal = true;
            const std::int64_t most = std::max<std::int64_t>(*spec.problem.kv_len / 4, 1);
            for (const Field& option : find_named(all_variants(), *given.variant, "variant").own) {
                const bool is_long = option.type == FieldType::integer && std::stoll(option.otherwise) > most;
                if (shrinks && is_long && option.min <= most) spec.own.try_emplace(option.name, std::to_string(most));
            }
            if (std::optional<Point> point = that_runs(spec)) return point;
        }
    }
    return std::nullopt;
}

/// The reason that a small point gives.
std::string why_not(const PointSpec& given) {
    try {
        return why_unsupported(resolve(small_spec(given, given.problem.num_heads.value_or(1), {}), known_fields()));
    } catch (const UsageError& error) {
        return error.what();
    }
}

std::string mask_text(const Point& point) {
    const Looks seen = seen_keys(point);
    const auto all = [](const std::vector<bool>& row) { return std::ranges::count(row, false) == 0; };
    if (std::ranges::all_of(seen, all)) return fmt::format("every query sees every key (run: {})\n\n", point.id());
    std::string text =
        fmt::format("keys that a query sees: rows are queries, columns keys, # seen (run: {})\n", point.id());
    for (const std::vector<bool>& row : seen) {
        text += "  ";
        for (const bool sees : row) text += sees ? '#' : '.';
        text += '\n';
    }
    return text + "\n";
}

/// "3", "0 1", "0-7": the heads that are read.
std::string heads_text(const std::vector<bool>& reads) {
    std::string text;
    for (std::size_t head = 0; head < reads.size(); ++head) {
        if (!reads[head]) continue;
        std::size_t last = head;
        while (last + 1 < reads.size() && reads[last + 1]) ++last;
        if (!text.empty()) text += ' ';
        text += last == head ? std::to_string(head) : fmt::format("{}-{}", head, last);
        head = last;
    }
    return text.empty() ? "-" : text;
}

/// A line for each number of heads of keys and values that the variant runs with.
std::string heads_text(const PointSpec& given) {
    const std::int64_t heads = std::min(given.problem.num_heads.value_or(kHeads), kMostHeads);
    std::set<std::int64_t, std::greater<>> numbers{heads, 2, 1};
    if (given.problem.num_kv_heads) numbers = {*given.problem.num_kv_heads};
    std::string text;
    for (const std::int64_t kv_heads : numbers) {
        const std::optional<Point> point = small_point(given, heads, kv_heads);
        if (!point) continue;
        const Looks reads = read_heads(*point);
        if (reads.empty()) return "";
        text += fmt::format("  num_kv_heads = {:<2} ", kv_heads);
        for (const std::vector<bool>& head : reads) text += " " + heads_text(head);
        text += '\n';
    }
    if (text.empty()) return "";
    return fmt::format("head of values that each query head reads, num_heads = {}\n{}\n", heads, text);
}

std::optional<Point> point_to_draw(const PointSpec& given) {
    const std::optional<std::int64_t> one_kv_head = 1;
    for (const std::int64_t heads : {given.problem.num_heads.value_or(2), given.problem.num_heads.value_or(1)}) {
        for (const auto& kv_heads : {given.problem.num_kv_heads, one_kv_head}) {
            if (std::optional<Point> point = small_point(given, std::min(heads, kMostHeads), kv_heads)) return point;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string variant_as_text(const PointSpec& given) {
    const std::string name = given.variant.value_or("");
    const Variant& variant = find_named(all_variants(), name, "variant");
    PointSpec counted = given;
    counted.backend = "counting";
    if (const std::string why = known_fields().why_not_its_own(counted); !why.empty()) throw UsageError(why);
    std::string text = fmt::format("{}: {}\nsource: {}\n\n", name, variant.summary, variant.source);
    std::string equation = variant.equation;
    for (std::size_t at = 0; (at = equation.find('\n', at)) != std::string::npos; at += 3)
        equation.insert(at + 1, "  ");
    text += fmt::format("  {}\n\n{}", equation, options_text(variant));
    if (name == kExternal) return text + "headcount list engines says which programs compute it here\n";
    const std::optional<Point> drawn = point_to_draw(given);
    if (drawn) text += mask_text(*drawn) + heads_text(given);
    const CountFormulas formulas = count_formulas(counted);
    if (formulas.formulas.empty()) {
        throw UsageError(fmt::format("{} runs with no sizes beside these fields; leave some of them out{}", name,
                                     drawn ? "" : " (" + why_not(given) + ")"));
    }
    return text + formulas_as_text(formulas);
}

}  // namespace headcount
