// Grouped latent attention: each group of heads has a latent of its own, which another device could keep.
#include "harness/judge/defined_by.hpp"
#include "variants/latent.hpp"
#include "variants/latent_definition.hpp"

namespace headcount::variants {
namespace {

const Options<Latent>& own() {
    static const Options<Latent> options{latent::kv_rank(),
                                         latent::q_rank(),
                                         latent::rope_dim(),
                                         latent::form(),
                                         {"latent_groups", &Latent::latent_groups, 1, latent::kWidest,
                                          "equal parts of the latent, each for as many heads"}};
    return options;
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    return latent::kDefined(given, row, given.own(own()));
};

}  // namespace

Variant grouped_latent() {
    return {.summary = "latent attention whose kv_rank is cut into latent_groups, each for a group of heads (GLA)",
            .source = "Zadouri et al. 2025, Hardware-Efficient Attention for Fast Decoding, grouped latent attention",
            .equation =
                "C = x W_DKV;  K_h = [rotate(x W_KR), C_g(h) W_UK_h], V_h = C_g(h) W_UV_h, C_g a part of C's columns\n"
                "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim + rope_dim)) V_h ) W_O",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported =
                [](const Point& point) {
                    return latent::why_unsupported("grouped_latent", point.problem, own().read(point.own));
                },
            .weights = [](const Point& point) { return latent::weights_of(point.problem, own().read(point.own)); },
            .forward = [](Pass& pass) { latent::forward(pass, pass.own(own())); },
            .stores_scores = false};
}

}  // namespace headcount::variants
