#include "harness/analysis/models/model_cost.hpp"

#include <utility>

#include <fmt/format.h>

#include "harness/analysis/models/products.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kBitsPerByte = 8;
constexpr double kMostParameters = 1e17;  // times 64 bits of a weight that is below 2^63

/// No less than the parameters beside attention, in numbers that do not overflow.
double most_beside_attention(const WholeModel& model) {
    const auto width = static_cast<double>(model.embed_dim), layers = static_cast<double>(model.num_layers());
    const auto network = [width](std::int64_t ffn_dim) {
        return (3 * width + 2) * static_cast<double>(ffn_dim) + width;
    };
    double of_layer = network(model.ffn.ffn_dim) + static_cast<double>(model.more_in_attention) +
                      static_cast<double>(model.layer_norms) * width;
    if (model.experts) {
        const auto experts = static_cast<double>(model.experts->count) + static_cast<double>(model.experts->shared);
        of_layer += experts * (network(model.experts->ffn_dim) + width + 1);
    }
    const double vectors = 2 * static_cast<double>(model.vocabulary) + static_cast<double>(model.model_norms);
    return layers * of_layer + vectors * width;
}

}  // namespace

ModelCost::ModelCost(WholeModel model, const FieldTable& fields, CountOf count, DType dtype)
    : model_(std::move(model)), fields_(fields), count_(std::move(count)), dtype_(dtype) {
    problem_ = point(model_.attention.front().reading, 1, 1).problem;
    double most = most_beside_attention(model_);
    for (const AttentionLayers& kind : model_.attention) {
        const std::int64_t of_layer = count_(point(kind.reading, 1, 1)).parameters;
        most += static_cast<double>(kind.layers) * static_cast<double>(of_layer);
    }
    if (most > kMostParameters) {
        throw UsageError(
            fmt::format("{}: about {:.2g} parameters are too many to count; choose smaller sizes", model_.name, most));
    }
}

Point ModelCost::point(const PointSpec& layer, std::int64_t q_len, std::int64_t kv_len, std::int64_t batch) const {
    PointSpec spec = layer;
    spec.problem.q_len = q_len;
    spec.problem.kv_len = kv_len;
    spec.problem.batch = batch;
    spec.problem.dtype = dtype_;
    return fields_.resolve(spec);
}

ModelParameters ModelCost::parameters() const {
    const std::int64_t width = model_.embed_dim, layers = model_.num_layers(), dense = model_.dense_layers();
    ModelParameters all;
    for (const AttentionLayers& kind : model_.attention) {
        all.attention += kind.layers * (count_(point(kind.reading, 1, 1)).parameters + model_.more_in_attention);
    }
    all.feed_forward = dense * model_.ffn.parameters(width);
    std::int64_t asleep = 0;
    if (model_.experts) {
        const Experts& experts = *model_.experts;
        const std::int64_t one = FeedForward{experts.ffn_dim, model_.ffn.gated, model_.ffn.bias}.parameters(width);
        const std::int64_t router = experts.count * (width + (experts.router_bias ? 1 : 0));
        all.feed_forward += (layers - dense) * ((experts.count + experts.shared) * one + router);
        asleep = (layers - dense) * (experts.count - experts.active) * one;
    }
    const std::int64_t table = model_.vocabulary * width;
    const bool two_tables = model_.predicts && !model_.tied_embeddings;
    all.embeddings = two_tables ? 2 * table : table;
    all.norms = (layers * model_.layer_norms + model_.model_norms) * width;
    all.total = all.attention + all.feed_forward + all.embeddings + all.norms;
    const std::int64_t looked_up = two_tables || !model_.predicts ? table : 0;
    all.active = all.total - asleep - looked_up;
    return all;
}

void ModelCost::add_rest(TokenWork& work) const {
    const std::int64_t width = model_.embed_dim, dense = model_.dense_layers();
    std::int64_t multiplies = dense * model_.ffn.weights(width);
    if (model_.experts) {
        const Experts& experts = *model_.experts;
        const std::int64_t one = FeedForward{experts.ffn_dim, model_.ffn.gated}.weights(width);
        multiplies += (model_.num_layers() - dense) * ((experts.active + experts.shared) * one + experts.count * width);
    }
    work.feed_forward = 2 * Rational(multiplies);
    if (model_.predicts) work.prediction = 2 * Rational(model_.vocabulary * width);
}

TokenWork ModelCost::reading(std::int64_t length) const {
    TokenWork work;
    for (const AttentionLayers& kind : model_.attention) {
        const Products products = products_of(count_(point(kind.reading, length, length)));
        work.projections += 2 * kind.layers * Rational(products.projections) / length;
        work.core += 2 * kind.layers * Rational(products.core) / length;
    }
    add_rest(work);
    return work;
}

// What one token is projected to is counted on a sequence of it alone; what it does with the cache, on all of it.
TokenWork ModelCost::writing(std::int64_t length) const {
    TokenWork work;
    for (const AttentionLayers& kind : model_.attention) {
        work.projections += 2 * kind.layers * Rational(products_of(count_(point(kind.writing, 1, 1))).projections);
        work.core += 2 * kind.layers * Rational(products_of(count_(point(kind.writing, 1, length))).core);
    }
    add_rest(work);
    return work;
}

std::int64_t ModelCost::cache_bytes(std::int64_t length, std::int64_t batch) const {
    if (!writes()) return 0;
    std::int64_t bytes = 0;
    for (const AttentionLayers& kind : model_.attention) {
        bytes += kind.layers * count_(point(kind.writing, 1, length, batch)).kv_cache_bytes;
    }
    return bytes;
}

std::int64_t ModelCost::weight_bytes(std::int64_t bits_per_weight) const {
    return (parameters().total * bits_per_weight + kBitsPerByte - 1) / kBitsPerByte;
}

std::int64_t ModelCost::longest_within(std::int64_t bytes, std::int64_t batch, std::int64_t bits_per_weight) const {
    const std::int64_t left = bytes - weight_bytes(bits_per_weight);
    if (left < 0) return 0;
    // A cache does not shrink with the length, so it can be halved.
    std::int64_t fits = 0, too_long = kMostTokens + 1;
    while (too_long - fits > 1) {
        const std::int64_t middle = fits + (too_long - fits) / 2;
        (cache_bytes(middle, batch) <= left ? fits : too_long) = middle;
    }
    return fits;
}

ModelFigures figures_at(const ModelCost& cost, std::int64_t length, std::int64_t batch) {
    ModelFigures figures{.length = length,
                         .heads = cost.problem(),
                         .parameters = cost.parameters(),
                         .reading = cost.reading(length),
                         .writing = std::nullopt,
                         .cache_bytes_of_first = cost.cache_bytes(1),
                         .cache_bytes_of_next = cost.cache_bytes(length + 1) - cost.cache_bytes(length),
                         .cache_bytes = cost.cache_bytes(length, batch)};
    if (cost.writes()) figures.writing = cost.writing(length);
    return figures;
}

std::vector<std::string> ModelCost::points(std::int64_t length) const {
    std::vector<std::string> ids;
    for (const AttentionLayers& kind : model_.attention) {
        ids.push_back(fmt::format("{} x {}", kind.layers, point(kind.reading, length, length).id()));
        if (writes()) ids.push_back(fmt::format("{} x {}", kind.layers, point(kind.writing, 1, length).id()));
    }
    return ids;
}

}  // namespace headcount
