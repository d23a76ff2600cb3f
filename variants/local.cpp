// Attention within a window of neighbours, and to the first keys of the sequence where one wants a sink.
#include <algorithm>

#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Window {
    std::int64_t window = 256;
    std::int64_t sink = 0;
};
const Options<Window>& own() {
    static const Options<Window> options{
        {"window", &Window::window, 1, kLargestExtent,
         "keys that a query sees: its own and those before it, without a causal mask as many behind it, too"},
        {"sink_keys", &Window::sink, 0, kLargestExtent, "first keys of the sequence that every query sees, too"}};
    return options;
}

/// A query stands where its own key stands, lengths aligned at the end.
Mask mask_of(const Problem& p, const Window& chosen) {
    Mask mask;
    mask.numbers = {chosen.window, chosen.sink, p.causal ? 1 : 0};
    mask.rule = [](const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
        const auto [window, sink, causal, unused] = numbers;
        const std::int64_t behind_own = kv_len - q_len + row + 1;
        const std::int64_t first = behind_own - window;
        if (causal == 0) return Keys{.first = first, .last = behind_own + window - 1, .sink = sink};
        return Keys{.first = first, .last = behind_own, .sink = std::min(sink, behind_own)};
    };
    return mask;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Window chosen = pass.own(own());
    const Qkv qkv = project_kept(pass, p);
    // No later query sees more than the newest window and the sink: a cache need not grow beyond them.
    const std::int64_t kept = p.causal ? std::min(p.kv_len, chosen.window + chosen.sink) : p.kv_len;
    pass.cached(qkv.k.row_range(0, kept));
    pass.cached(qkv.v.row_range(0, kept));
    attend_fused(pass, p, mask_of(p, chosen), qkv);
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const Window chosen = given.own(own());
    const std::int64_t place = row.index + p.kv_len - p.q_len;
    std::vector<std::int64_t> seen;
    for (std::int64_t key = 0; key < p.kv_len; ++key) {
        const bool is_later = key > place;
        const std::int64_t distance = is_later ? key - place : place - key;
        if (is_later && p.causal) continue;
        if (key < chosen.sink || distance < chosen.window) seen.push_back(key);
    }
    const auto q = given.q(row);
    const auto k = picked(given.k(row.batch), seen);
    const auto v = picked(given.v(row.batch), seen);
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t g = h * p.num_kv_heads / p.num_heads;
        const auto similar = product(q.head(h, p.num_heads), k.head(g, p.num_kv_heads).transposed());
        return stored(product(softmax(given.scores(scaled(similar, given.scale()))), v.head(g, p.num_kv_heads)));
    }));
};

}  // namespace

Variant local() {
    return {.summary = "a window of neighbouring keys (window), the first keys as a sink (sink_keys), fused core",
            .source = "Beltagy et al. 2020, section 3.1; the sink: Xiao et al. 2023",
            .equation = "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim), window) V_h ) W_O",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
