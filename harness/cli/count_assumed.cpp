#include "harness/cli/count_assumed.hpp"

#include <array>

#include <fmt/format.h>

#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/known_fields.hpp"

namespace headcount {
namespace {

std::int64_t flops_of(const Count& count, Ledger ledger) {
    std::int64_t flops = 0;
    for (const OpPart& part : count.ops) flops += (ledger == Ledger::required ? part.required : part.executed).flops();
    return flops;
}

Point with_cache(Point point) {
    point.problem.cached = true;
    return point;
}

}  // namespace

std::string resolved_problem(const Point& point) {
    const Problem& p = point.problem;
    std::string text = fmt::format("problem: batch {}, q_len {}, kv_len {}, embed_dim {}, num_heads {}", p.batch,
                                   p.q_len, p.kv_len, p.embed_dim, p.num_heads);
    text += fmt::format(", num_kv_heads {}, head_dim {}{}", p.num_kv_heads, p.head_dim,
                        p.head_dim * p.num_heads == p.embed_dim ? " (embed_dim / num_heads)" : " (given)");
    if (p.value_head_dim != p.head_dim) text += fmt::format(", value_head_dim {}", p.value_head_dim);
    text += fmt::format(", {}, {} scope, {} pass{}{}", to_string(p.dtype), to_string(p.scope), to_string(p.pass),
                        p.causal ? ", causal" : ", every query sees every key", p.bias ? ", with biases" : "");
    if (p.cached) text += ", cached";
    for (const Field& field : known_fields().all()) {
        if (known_fields().is_own(field.name) && point.own.find(field.name) != nullptr) {
            text += fmt::format(", {} {}", field.name, get_field(point, field.name));
        }
    }
    return text;
}

std::optional<std::int64_t> flops_with_cache(const Point& point, Ledger ledger) {
    const Problem& p = point.problem;
    if (p.scope != Scope::layer || p.kv_len <= p.q_len || p.pass != PassKind::forward) return std::nullopt;
    const Point step = with_cache(point);
    if (!why_unsupported(step).empty()) return std::nullopt;
    return flops_of(count_point(step), ledger);
}

std::string cache_line(const Point& point, Ledger ledger, std::int64_t flops) {
    const Problem& p = point.problem;
    if (p.scope == Scope::core) {
        return p.kv_len > p.q_len ? "cache: Q, K and V are given, so no projection is counted\n" : "";
    }
    if (p.scope == Scope::projections) return {};
    if (p.cached) {
        return fmt::format("cache: kept. What the layer keeps of the first {} tokens is there, that of {} is new\n",
                           p.kept_len(), p.q_len);
    }
    if (p.kv_len <= p.q_len) return {};
    std::string text =
        fmt::format("cache: none. Keys and values of all {} tokens are projected in this pass", p.kv_len);
    if (const auto kept = flops_with_cache(point, ledger)) {
        text += fmt::format(
            "; with those of the first {} kept, as when decoding (--cached), it is {} ({} FLOPs, {:.4g} times less)",
            p.kv_len - p.q_len, flops_text(static_cast<double>(*kept)), *kept,
            static_cast<double>(flops) / static_cast<double>(*kept));
    } else if (const std::string why = why_unsupported(with_cache(point)); !why.empty()) {
        text += fmt::format(". --cached, as when decoding, cannot be counted: {}", why);
    }
    return text + "\n";
}

std::string flops_text(double flops) {
    constexpr std::array kUnits{"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"};
    std::size_t unit = 0;
    for (; flops >= 1000 && unit + 1 < kUnits.size(); ++unit) flops /= 1000;
    return fmt::format("{:.4g} {}", flops, kUnits.at(unit));
}

std::string bytes_text(std::int64_t bytes) {
    if (bytes < 0) return "unknown";
    constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    auto size = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
    return unit == 0 ? fmt::format("{} bytes", bytes)
                     : fmt::format("{} bytes, {:.4g} {}", bytes, size, kUnits.at(unit));
}

}  // namespace headcount
