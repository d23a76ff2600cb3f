#include "harness/train/attention_model.hpp"

#include <algorithm>

#include "harness/backend/verbs/gelu.hpp"
#include "harness/backend/verbs/mean_square.hpp"
#include "harness/backend/verbs/relu.hpp"
#include "harness/core/storage.hpp"

namespace headcount {
namespace {

/// Of a map called `name` from rows of one width to rows of another.
std::vector<WeightShape> weights_of(const std::string& name, Map map, std::int64_t from, std::int64_t hidden,
                                    std::int64_t to) {
    const auto layer = [&](const char* which, std::int64_t rows, std::int64_t cols) {
        const std::string prefix = name + ".";
        return std::vector<WeightShape>{{prefix + "w" + which, rows, cols},
                                        {.name = prefix + "b" + which, .rows = 1, .cols = cols, .is_bias = true}};
    };
    if (map == Map::none) return {};
    if (map == Map::linear) return layer("2", from, to);
    std::vector<WeightShape> both = layer("1", from, hidden);
    for (WeightShape& second : layer("2", hidden, to)) both.push_back(std::move(second));
    return both;
}

}  // namespace

std::vector<LearnedMatrix> AttentionModel::matrices(const Point& point, const Variant& variant,
                                                    const ModelShape& shape) {
    const std::int64_t e = point.problem.embed_dim;
    std::vector<LearnedMatrix> all;
    const auto add = [&](const std::vector<WeightShape>& weights) {
        for (const WeightShape& weight : weights) all.push_back(learned(weight));
    };
    add(weights_of("keys", shape.encoder, shape.key_width, shape.hidden, e));
    if (shape.query_width == 0) {
        add({{"query", 1, e}});
    } else {
        add(weights_of("queries", shape.encoder, shape.query_width, shape.hidden, e));
    }
    add(attention_weights(layer_point(point, shape, 0), variant));
    add(weights_of("readout", shape.readout, e, shape.hidden, shape.target_width));
    return all;
}

void AttentionModel::find_weights(RowMap& map) const {
    const std::string prefix = std::string(map.name) + ".";
    if (map.map == Map::mlp) {
        map.w1 = parameters().at(prefix + "w1");
        map.b1 = parameters().at(prefix + "b1");
    }
    if (map.map == Map::none) return;
    map.w2 = parameters().at(prefix + "w2");
    map.b2 = parameters().at(prefix + "b2");
}

AttentionModel::AttentionModel(const Point& point, const Variant& variant, const ModelShape& shape, Workspace& learned,
                               Workspace& data)
    : Model(Parameters(matrices(point, variant, shape), point.problem.dtype, learned)),
      point_(point),
      variant_(&variant),
      shape_(shape) {
    const Problem& p = point_.problem;
    keys_map_.map = queries_map_.map = shape.encoder;
    readout_.map = shape.readout;
    readout_.activation = Activation::gelu;
    Weights& weights = attention_.emplace_back();
    for (const WeightShape& weight : attention_weights(layer_point(point, shape, 0), variant)) {
        weights.set(weight.name, parameters().at(weight.name));
    }
    find_weights(keys_map_);
    find_weights(readout_);
    if (shape.query_width > 0) {
        find_weights(queries_map_);
    } else {
        query_ = parameters().at("query");
    }
    keys_ = data.take("keys", p.dtype, {p.batch, 1, 1, p.kv_len, shape.key_width});
    targets_ = data.take("targets", p.dtype, {1, 1, 1, p.batch * p.q_len, shape.target_width});
    if (shape.query_width > 0) {
        queries_ = data.take("queries", p.dtype, {p.batch, 1, 1, p.q_len, shape.query_width});
    } else {
        ones_ = data.take("ones", p.dtype, {1, 1, 1, p.batch * p.q_len, 1});
    }
}

void AttentionModel::begin(std::uint64_t seed, std::int64_t run) const {
    parameters().begin(seed, run);
    if (ones_.data == nullptr) return;
    with_storage(ones_.dtype, [&](auto storage) {
        using T = decltype(storage);
        std::fill_n(static_cast<T*>(ones_.data), ones_.elements(), stored<T>(1));
    });
}

Tensor AttentionModel::take(Workspace& temporaries, std::string_view name, std::int64_t rows, std::int64_t cols) const {
    return temporaries.take(name, point_.problem.dtype, {1, 1, 1, rows, cols});
}

Tensor AttentionModel::apply(const RowMap& map, const Tensor& rows, Backend& backend, Workspace& temporaries) const {
    if (map.map == Map::none) return rows;
    const auto product = [&](const Tensor& from, const Tensor& weights, const Tensor& bias) {
        const Tensor to = take(temporaries, map.name, rows.rows(), weights.cols());
        MatmulOptions options;
        options.bias = &bias;
        backend.matmul(map.name, from, weights, to, options);
        return to;
    };
    if (map.map == Map::linear) return product(rows, map.w2, map.b2);
    const Tensor inner = product(rows, map.w1, map.b1);
    const Tensor active = take(temporaries, map.name, inner.rows(), inner.cols());
    if (map.activation == Activation::relu) {
        backend.run(map.name, Relu{.from = inner, .to = active});
    } else {
        backend.run(map.name, Gelu{.from = inner, .to = active});
    }
    return product(active, map.w2, map.b2);
}

Tensor AttentionModel::as_batch(const Tensor& rows, std::int64_t len) const {
    return dense(rows.data, rows.dtype, {point_.problem.batch, 1, 1, len, rows.cols()});
}

Tensor AttentionModel::encoded_queries(Backend& backend, Workspace& temporaries) const {
    const Problem& p = point_.problem;
    if (shape_.query_width > 0) {
        return apply(queries_map_, *batch_as_rows(queries_), backend, temporaries);
    }
    // A product with ones hands the one learned row to every example, and its derivative adds them up.
    const Tensor rows = take(temporaries, "queries", p.batch * p.q_len, p.embed_dim);
    backend.matmul("queries", ones_, query_, rows);
    return rows;
}

Forwarded AttentionModel::forward(Backend& backend, Workspace& temporaries) const {
    const Problem& p = point_.problem;
    const Point here = layer_point(point_, shape_, 0);
    // Encoded is what a head looks at: a derivative that nobody writes cannot be walked on with.
    Tensor queries, keys;
    if (here.problem.num_heads > 0) {
        keys = as_batch(apply(keys_map_, *batch_as_rows(keys_), backend, temporaries), p.kv_len);
        queries = as_batch(encoded_queries(backend, temporaries), p.q_len);
    }
    const Tensor context = take(temporaries, "attention", p.batch * p.q_len, p.embed_dim);
    const std::int64_t cache_bytes = attend_with(here, *variant_, attention_.front(), queries, keys,
                                                 as_batch(context, p.q_len), backend, temporaries);
    const Tensor predictions = apply(readout_, context, backend, temporaries);
    const Forwarded made{.loss = take(temporaries, "loss", 1, 1), .cache_bytes = cache_bytes};
    backend.run("loss", MeanSquare{.prediction = predictions, .target = targets_, .loss = made.loss});
    return made;
}

}  // namespace headcount
