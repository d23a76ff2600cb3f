// Multi-head latent attention: keys and values of all heads are made of one narrow latent, which is all that is kept.
#include "variants/latent.hpp"

#include "harness/judge/defined_by.hpp"
#include "variants/latent_definition.hpp"

namespace headcount::variants {
namespace {

const Options<Latent>& own() {
    static const Options<Latent> options{latent::kv_rank(), latent::q_rank(), latent::rope_dim(), latent::form()};
    return options;
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    return latent::kDefined(given, row, given.own(own()));
};

}  // namespace

Variant latent() {
    return {
        .summary = "keys and values of all heads from one latent of kv_rank, a rotary key for all (MLA)",
        .source = "DeepSeek-AI 2024, DeepSeek-V2, section 2.1, equations 9 to 19, without norms",
        .equation =
            "C = x W_DKV;  K_h = [rotate(x W_KR), C W_UK_h], V_h = C W_UV_h;  Q_h = [rotate(x W_QR_h), x W_Q_h]\n"
            "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim + rope_dim)) V_h ) W_O",
        .own = own().fields(),
        .definition = judge::defined_by(kDefinition),
        .unsupported =
            [](const Point& point) { return latent::why_unsupported("latent", point.problem, own().read(point.own)); },
        .weights = [](const Point& point) { return latent::weights_of(point.problem, own().read(point.own)); },
        .forward = [](Pass& pass) { latent::forward(pass, pass.own(own())); },
        .stores_scores = false};
}

}  // namespace headcount::variants
