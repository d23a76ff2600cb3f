// What latent and grouped_latent compute, said without their forward passes.
#pragma once

#include <cmath>
#include <cstdint>

#include "harness/judge/rotated.hpp"
#include "harness/judge/steps.hpp"
#include "variants/latent.hpp"

namespace headcount::latent {

// The paper's equation, keys and values made of the latent, is the function of both forms; PyTorch is asked for it
// alone, and a test compares the forms in float64. But the definition follows `form` for where W^UK and W^UV stand,
// because that is what the option chooses: it moves required products (from keys and values to queries and contexts,
// and inner products from width head_dim to the rank), and with them where rounding happens, which the bound follows.
inline constexpr auto kDefined = [](const auto& given, judge::Row row, const Latent& chosen) {
    const Problem& p = given.problem();
    const std::int64_t all_heads = p.num_heads, groups = chosen.latent_groups, turning = chosen.rope_dim;
    const std::int64_t position = p.kv_len - p.q_len + row.index;
    const std::int64_t seen = p.causal ? (position < 0 ? 0 : position + 1) : p.kv_len;
    const double scale = std::pow(static_cast<double>(p.head_dim + turning), -0.5);
    const decltype(given.bias("bo")) no_bias{};

    // Queries, [rotary | content] of every head.
    const auto queries = [&] {
        if (chosen.q_rank == 0) return projected(given.x_q(row), given.weight("wq"), given.bias("bq"));
        return projected(projected(given.x_q(row), given.weight("wdq"), given.bias("bdq")), given.weight("wuq"),
                         no_bias);
    }();
    const auto c = given.once(
        "c", row.batch, [&] { return projected(given.x_kv(row.batch), given.weight("wdkv"), given.bias("bdkv")); });
    const auto wuk = given.weight("wuk"), wuv = given.weight("wuv");
    const auto latent_of = [&](std::int64_t h) { return c.head(h / (all_heads / groups), groups).row_range(0, seen); };
    // W of every head times its group's part of the latent: keys or values.
    const auto made = [&](const char* name, const auto& w) {
        return given.once(name, row.batch, [&] {
            return judge::concat(all_heads, [&](std::int64_t h) {
                return projected(c.head(h / (all_heads / groups), groups), w.head(h, all_heads), no_bias);
            });
        });
    };
    const auto content = [&](std::int64_t h) {
        const auto q = queries.head(h, all_heads).columns(turning, p.head_dim);
        if (chosen.is_absorbed()) {
            return product(stored(product(q, wuk.head(h, all_heads).transposed())), latent_of(h).transposed());
        }
        return product(q, made("keys", wuk).row_range(0, seen).head(h, all_heads).transposed());
    };
    const auto scores = [&](std::int64_t h) {
        if (turning == 0) return scaled(content(h), scale);
        const auto keys = given.once("rotary keys", row.batch, [&] {
            return stored(rotated(projected(given.x_kv(row.batch), given.weight("wkr"), given.bias("bkr")), 0));
        });
        const auto q = stored(rotated(queries.head(h, all_heads).columns(0, turning), position));
        return scaled(sum(product(q, keys.row_range(0, seen).transposed()), content(h)), scale);
    };
    return given.output(judge::concat(all_heads, [&](std::int64_t h) {
        const auto weights = softmax(given.scores(scores(h)));
        if (chosen.is_absorbed()) {
            return stored(product(stored(product(weights, latent_of(h))), wuv.head(h, all_heads)));
        }
        return stored(product(weights, made("values", wuv).row_range(0, seen).head(h, all_heads)));
    }));
};

}  // namespace headcount::latent
