#include "harness/train/model.hpp"

#include <algorithm>

#include "harness/backend/verbs/zero.hpp"
#include "harness/train/attention_model.hpp"
#include "harness/train/decoder.hpp"

namespace headcount {

std::unique_ptr<Model> make_model(const Point& point, const Variant& variant, const ModelShape& shape,
                                  Workspace& learned, Workspace& data) {
    if (shape.layers > 0) return std::make_unique<Decoder>(point, variant, shape, learned, data);
    return std::make_unique<AttentionModel>(point, variant, shape, learned, data);
}

std::int64_t attention_layers(const ModelShape& shape) { return std::max<std::int64_t>(1, shape.layers); }

Point layer_point(const Point& point, const ModelShape& shape, std::int64_t layer) {
    Point here = point;
    if (!shape.heads.empty()) {
        here.problem.num_heads = here.problem.num_kv_heads = shape.heads.at(static_cast<std::size_t>(layer));
    }
    return here;
}

std::vector<WeightShape> attention_weights(const Point& point, const Variant& variant) {
    if (point.problem.num_heads == 0) {
        const std::int64_t e = point.problem.embed_dim;
        if (!point.problem.bias) return {};
        return {{.name = "bo", .rows = 1, .cols = e, .is_bias = true}};
    }
    return variant.weights == nullptr ? canonical_weights(point.problem) : variant.weights(point);
}

namespace {

/// As a product, whose derivative by the bias is written already.
void attend_to_nothing(const Weights& weights, const Tensor& out, Backend& backend, Workspace& temporaries) {
    const Tensor context = temporaries.take("context", out.dtype, {out.batch(), 1, 1, out.rows(), 1});
    const Tensor wo = temporaries.take("wo", out.dtype, {1, 1, 1, 1, out.cols()});
    backend.run("context", Zero{.to = context});
    backend.run("output", Zero{.to = wo});
    MatmulOptions options;
    options.bias = weights.find("bo");
    backend.matmul("output", context, wo, out, options);
}

}  // namespace

std::int64_t attend_with(const Point& point, const Variant& variant, const Weights& weights, const Tensor& x_q,
                         const Tensor& x_kv, const Tensor& out, Backend& backend, Workspace& temporaries) {
    if (point.problem.num_heads == 0) {
        attend_to_nothing(weights, out, backend, temporaries);
        return 0;
    }
    const Inputs inputs{.problem = point.problem, .x_q = x_q, .x_kv = x_kv, .q = {}, .k = {}, .v = {}, .context = {}};
    Weights prepared;
    if (variant.prepare != nullptr) {
        Pass prepare(point, inputs, weights, {}, backend, temporaries);
        prepared = variant.prepare(prepare);
    }
    Pass pass(point, inputs, variant.prepare == nullptr ? weights : prepared, out, backend, temporaries);
    variant.forward(pass);
    return pass.cache_bytes();
}

}  // namespace headcount
