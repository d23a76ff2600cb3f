// Rotary position embedding: queries and keys are turned by their positions before they meet.
#include <cstdint>
#include <string>

#include "harness/backend/verbs/rotate.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/judge/rotated.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Rotary {
    std::int64_t rotary_base = 10000, rotary_dim = 0;

    /// Columns of a head that are turned. They turn in pairs, so an odd head's last column stays when all are to turn.
    std::int64_t turning(const Problem& p) const { return rotary_dim == 0 ? p.head_dim / 2 * 2 : rotary_dim; }
};
const Options<Rotary>& own() {
    static const Options<Rotary> options{
        {"rotary_base", &Rotary::rotary_base, 1, kLargestExtent,
         "the pair of columns 2i, 2i + 1 turns by rotary_base^(-2i / rotary_dim) from one position to the next"},
        {"rotary_dim", &Rotary::rotary_dim, 0, kLargestExtent,
         "first columns of each head that are turned, an even number; 0: all of them"}};
    return options;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Rotary chosen = pass.own(own());
    const Qkv qkv = project_qkv(pass);
    const auto turn = [&](std::string_view role, const Tensor& heads, std::int64_t first) {
        if (chosen.turning(p) == 0) return;
        pass.backend.run(role, Rotate{.x = heads.columns(0, chosen.turning(p)),
                                      .first = first,
                                      .base = static_cast<double>(chosen.rotary_base)});
    };
    turn("query", query_heads(qkv.q, p), p.kv_len - p.q_len);
    turn("key", key_heads(pass.fresh(qkv.k), p), pass.first_fresh());
    attend_fused(pass, p, p.mask(), qkv);
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const Rotary chosen = given.own(own());
    const double base = static_cast<double>(chosen.rotary_base);
    const std::int64_t turning = chosen.turning(p), still = p.head_dim - turning;
    const std::int64_t position = p.kv_len - p.q_len + row.index;
    std::int64_t seen = p.kv_len;
    if (p.causal) seen = position < 0 ? 0 : position + 1;
    const auto q = given.q(row);
    const auto k = given.k(row.batch), v = given.v(row.batch).row_range(0, seen);
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t g = h / (p.num_heads / p.num_kv_heads);
        const auto q_h = q.head(h, p.num_heads);
        const auto product_of_still = [&] {
            return product(q_h.columns(turning, still),
                           k.row_range(0, seen).head(g, p.num_kv_heads).columns(turning, still).transposed());
        };
        const auto similar = [&] {
            if (turning == 0) return product_of_still();
            const auto keys = given.once("turned keys", row.batch, [&] {
                return judge::concat(p.num_kv_heads, [&](std::int64_t of) {
                    return stored(rotated(k.head(of, p.num_kv_heads).columns(0, turning), 0, base));
                });
            });
            const auto turned = product(stored(rotated(q_h.columns(0, turning), position, base)),
                                        keys.row_range(0, seen).head(g, p.num_kv_heads).transposed());
            return still == 0 ? turned : sum(turned, product_of_still());
        }();
        return stored(product(softmax(given.scores(scaled(similar, given.scale()))), v.head(g, p.num_kv_heads)));
    }));
};

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
    const std::int64_t chosen = own().read(point.own).rotary_dim;
    if (p.scope == Scope::core) {
        return "rotary turns queries and keys where they are made, and in core scope they are given; set scope to "
               "layer";
    }
    if (chosen % 2 != 0) {
        return "columns are turned in pairs; set rotary_dim to an even number instead of " + std::to_string(chosen);
    }
    if (chosen > p.head_dim) {
        return "rotary turns columns of a head, which has " + std::to_string(p.head_dim) +
               "; set rotary_dim to no more than that instead of " + std::to_string(chosen);
    }
    return "";
}

}  // namespace

Variant rotary() {
    return {
        .summary = "queries and keys turned by their positions (rotary_base, rotary_dim), fused core (RoPE)",
        .source = "Su et al. 2021, section 3.2.2; a part of each head: Black et al. 2022, GPT-NeoX-20B, section 2.1",
        .equation =
            "R_p turns the columns 2i, 2i + 1 of a head by p rotary_base^(-2i / rotary_dim), i < rotary_dim / 2\n"
            "score_hij = (R_i Q_hi) (R_j K_hj)^T / sqrt(head_dim)\n"
            "out = concat_h( softmax(score_h) V_h ) W_O",
        .own = own().fields(),
        .definition = judge::defined_by(kDefinition),
        .unsupported = unsupported,
        .forward = forward,
        .stores_scores = false};
}

}  // namespace headcount::variants
