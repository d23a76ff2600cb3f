#include "harness/pretrained/batches.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>

#include "harness/backend/verbs/sum_rows.hpp"
#include "harness/backend/verbs/tanh.hpp"

namespace headcount {
namespace {

/// Scaled to length 1.
void normalise(float* row, std::int64_t n) {
    double square = 0;
    for (std::int64_t j = 0; j < n; ++j) square += static_cast<double>(row[j]) * static_cast<double>(row[j]);
    const double factor = square > 0 ? 1 / std::sqrt(square) : 0;
    for (std::int64_t j = 0; j < n; ++j) row[j] = static_cast<float>(static_cast<double>(row[j]) * factor);
}

}  // namespace

Batches::Batches(const std::vector<const TokenIds*>& texts, std::int64_t embed_dim, std::int64_t most_tokens)
    : texts_(texts) {
    std::map<std::size_t, std::vector<std::size_t>> by_length;
    for (std::size_t i = 0; i < texts.size(); ++i) by_length[texts[i]->size()].push_back(i);
    for (const auto& [length, all] : by_length) {
        const auto most = std::max<std::size_t>(1, static_cast<std::size_t>(most_tokens) / length);
        for (std::size_t first = 0; first < all.size(); first += most) {
            const std::size_t last = std::min(all.size(), first + most);
            batches_.push_back({.which = {all.begin() + static_cast<std::ptrdiff_t>(first),
                                          all.begin() + static_cast<std::ptrdiff_t>(last)},
                                .rows = {}});
        }
    }
    lay_out(embed_dim);
    store_ = Workspace::reserve(store_.reserved_bytes());
    lay_out(embed_dim);
}

void Batches::lay_out(std::int64_t embed_dim) {
    std::int64_t most_rows = 0;
    for (Batch& batch : batches_) {
        const auto size = static_cast<std::int64_t>(batch.which.size());
        const auto len = static_cast<std::int64_t>(texts_[batch.which.front()]->size());
        batch.rows = store_.take("rows", DType::f32, {size, 1, 1, len, embed_dim});
        most_rows = std::max(most_rows, size * len);
    }
    scratch_ = store_.take("scratch", DType::f32, {1, 1, 1, most_rows, embed_dim});
    sum_ = store_.take("sum", DType::f32, {1, 1, 1, 1, embed_dim});
    results_ = store_.take("results", DType::f32, {1, 1, 1, static_cast<std::int64_t>(texts_.size()), embed_dim});
}

void Batches::embed(EncoderRunner& runner) {
    std::vector<const TokenIds*> texts;
    for (const Batch& batch : batches_) {
        texts.clear();
        for (const std::size_t i : batch.which) texts.push_back(texts_[i]);
        runner.embed(texts, batch.rows);
    }
}

void Batches::advance(EncoderRunner& runner, std::int64_t layer) {
    for (const Batch& batch : batches_) runner.run_layer(layer, batch.rows);
}

void Batches::pool(EncoderRunner& runner, const Tensor& rows, const Tensor& result) const {
    Backend& backend = runner.backend();
    if (!runner.encoder().shape().style.ends_with_tanh) {
        backend.run("pool", SumRows{.from = rows, .to = result});
    } else {
        backend.run("pool", SumRows{.from = rows, .to = sum_});
        MatmulOptions options;
        options.scale = 1 / static_cast<double>(rows.rows());
        options.bias = &runner.encoder().last().bias;
        backend.matmul("pool", sum_, runner.encoder().last().weight, result, options);
        backend.run("pool", Tanh{.from = result, .to = result});
    }
    normalise(static_cast<float*>(result.data), result.cols());
}

std::optional<Tensor> Batches::finish(EncoderRunner& runner, std::int64_t first_layer,
                                      const std::function<bool()>& stop) {
    for (const Batch& batch : batches_) {
        if (stop && stop()) return std::nullopt;
        const Tensor rows = dense(scratch_.data, DType::f32, batch.rows.extent);
        runner.backend().copy("copy", batch.rows, rows);
        for (std::int64_t layer = first_layer; layer < runner.encoder().shape().layers; ++layer) {
            runner.run_layer(layer, rows);
        }
        for (std::size_t i = 0; i < batch.which.size(); ++i) {
            pool(runner, rows.matrix(static_cast<std::int64_t>(i), 0, 0),
                 results_.row_range(static_cast<std::int64_t>(batch.which[i]), 1));
        }
    }
    return results_;
}

}  // namespace headcount
