#include "harness/backend/simd/cost.hpp"

#include <algorithm>

#include "harness/backend/simd/product.hpp"
#include "harness/backend/simd/stream.hpp"

namespace headcount::simd {
namespace {

/// Keys of a span in tiles of `key_block`.
class Tiles {
public:
    Tiles(const KeySpan& span, std::int64_t key_block) : span_(span), key_block_(key_block) {}

    /// In those that end at `key` or before.
    std::int64_t ended(std::int64_t key) const {
        if (key >= span_.to) return span_.count();
        return std::max<std::int64_t>(key - span_.from, 0) / key_block_ * key_block_;
    }
    /// In those that begin before `key`.
    std::int64_t begun(std::int64_t key) const {
        const std::int64_t before = whole_vectors(std::max<std::int64_t>(key - span_.from, 0), key_block_);
        return std::min(before, span_.count());
    }

private:
    KeySpan span_;
    std::int64_t key_block_;
};

/// How often a query of the block asks which keys of a tile it sees: for the first, for the last, for the sink, where
/// its rows differ in that.
std::int64_t asked_of(const BlockKeys& block, std::int64_t key_block) {
    std::int64_t asked = 0;
    for (const KeySpan& span : {block.sink, block.main}) {
        const Tiles tiles(span, key_block);
        const std::int64_t in_all_sinks = tiles.ended(block.least_sink);  // nobody asks there
        asked += tiles.begun(block.of_all.from) - in_all_sinks;
        asked += tiles.begun(block.largest_sink) - in_all_sinks;
        asked += span.count() - tiles.ended(block.of_all.to);
        asked -= in_all_sinks - tiles.ended(std::min(block.least_sink, block.of_all.to));
    }
    return asked;
}

}  // namespace

AttendParts stream_cost(const AttendShape& shape, const Mask& mask, std::int64_t lanes, std::int64_t query_block,
                        std::int64_t key_block, std::int64_t step) {
    const std::int64_t element = size_in_bytes(shape.dtype);
    const std::int64_t heads = shape.batch * shape.heads();
    const std::int64_t depth = whole_vectors(shape.head_dim, step);
    AttendParts cost{};
    for (std::int64_t first = 0; first < shape.q_len; first += query_block) {
        const std::int64_t rows = std::min(query_block, shape.q_len - first);
        const std::int64_t width = block_vectors(rows, lanes) * lanes;
        const BlockKeys block =
            BlockKeys::of(rows, [&](std::int64_t row) { return mask.keys(first + row, shape.q_len, shape.kv_len); });
        const std::int64_t keys = block.count();
        const std::int64_t tiles = whole_vectors(block.sink.count(), key_block) / key_block +
                                   whole_vectors(block.main.count(), key_block) / key_block;
        const std::int64_t scores = heads * width * keys;
        const std::int64_t risings = heads * width * std::max<std::int64_t>(tiles - 1, 0);

        std::int64_t terms = 0;  // of the second product: each tile's keys
        for (const KeySpan& span : {block.sink, block.main}) {
            terms += span.count() / key_block * whole_vectors(key_block, step);
            terms += whole_vectors(span.count() % key_block, step);
        }

        cost.scale.multiplies += shape.dtype == DType::bf16 ? scores : heads * width * shape.head_dim;
        cost.scores.multiplies += scores * depth;
        cost.scores.adds += scores * depth;
        cost.scores.bytes_read += element * heads * (rows + keys) * shape.head_dim;

        // Every score is compared with the maximum, every later tile's maximum with the one before, the sum with
        // zero; a tile that some row sees only partly asks twice for each score whether it is visible.
        cost.weights.compares += scores + risings + heads * width;
        cost.weights.compares += 2 * heads * width * asked_of(block, key_block);
        cost.weights.adds += 2 * scores;
        cost.weights.exps += scores;
        cost.weights.divides += heads * width;
        cost.weights.multiplies += heads * width * shape.value_head_dim;

        cost.context.multiplies += heads * width * terms * shape.value_head_dim;
        cost.context.adds += heads * width * terms * shape.value_head_dim;
        cost.context.bytes_read += element * heads * keys * shape.value_head_dim;
        cost.context.bytes_written += element * heads * rows * shape.value_head_dim;

        cost.rescale.exps += risings;
        cost.rescale.adds += risings;
        cost.rescale.multiplies += risings * (1 + shape.value_head_dim);
    }
    return cost;
}

AttendParts decode_cost(const AttendShape& shape, const Mask& mask, std::int64_t lanes, const DecodePlan& plan) {
    const std::int64_t element = size_in_bytes(shape.dtype);
    const std::int64_t query_width = whole_vectors(shape.head_dim, lanes);
    const std::int64_t value_width = whole_vectors(shape.value_head_dim, lanes);
    AttendParts cost{};
    const auto take_part = [&](std::int64_t run, std::int64_t first_block, std::int64_t last_block) {
        const std::int64_t heads = plan.heads_of(run, shape.kv_heads);
        const std::int64_t rows = heads * shape.group * shape.q_len;
        const std::int64_t all_rows = whole_vectors(rows, lanes);
        const std::int64_t first_key = first_block * kDecodeKeys;
        const std::int64_t last_key = std::min(last_block * kDecodeKeys, shape.kv_len);
        const std::int64_t scores = rows * whole_vectors(last_key - first_key, kTileKeys);

        cost.scale.multiplies += rows * shape.head_dim;
        cost.scores.multiplies += scores * query_width;
        cost.scores.adds += scores * (query_width + lanes - 1);
        cost.scores.bytes_read += element * (rows + heads * (last_key - first_key)) * shape.head_dim;
        cost.context.multiplies += rows * (last_key - first_key) * value_width;
        cost.context.adds += rows * (last_key - first_key) * value_width;
        cost.context.bytes_read += element * heads * (last_key - first_key) * shape.value_head_dim;

        for (std::int64_t key = first_key; key < last_key; key += kDecodeKeys) {
            const std::int64_t count = std::min(kDecodeKeys, last_key - key);
            const auto seen = [&](std::int64_t row) {
                return std::clamp<std::int64_t>(mask.visible(row % shape.q_len, shape.q_len, shape.kv_len) - key, 0,
                                                count);
            };
            // Maxima over lanes, then rows in lanes: with the maximum before, and whether it rises.
            cost.weights.compares += rows * (lanes - 1) + all_rows;
            if (key > first_key) cost.weights.compares += all_rows;
            for (std::int64_t row = 0; row < rows; ++row) {
                const std::int64_t weights = whole_vectors(seen(row), lanes);
                cost.weights.compares += weights;
                cost.weights.exps += weights;
                cost.weights.adds += 2 * weights;
            }
            for (std::int64_t row = 0; row < rows && key > first_key; row += lanes) {
                const std::int64_t live = std::min(lanes, rows - row);
                bool rises = false;
                for (std::int64_t i = 0; i < live; ++i) rises |= seen(row + i) > 0;
                if (!rises) continue;
                cost.rescale.exps += lanes;
                cost.rescale.adds += lanes;
                cost.rescale.multiplies += live * (value_width + lanes);
            }
        }
        if (first_block > 0) {  // merged into the part before
            cost.weights.compares += all_rows;
            cost.rescale.exps += 2 * all_rows;
            cost.rescale.adds += 2 * all_rows + rows * (value_width + lanes);
            cost.rescale.multiplies += 2 * rows * (value_width + lanes);
        }
        if (last_block == plan.run_blocks) {
            cost.weights.adds += rows * (lanes - 1);
            cost.weights.compares += all_rows;
            cost.weights.divides += all_rows;
            cost.weights.multiplies += rows * shape.value_head_dim;
            cost.context.bytes_written += element * rows * shape.value_head_dim;
        }
    };
    for (std::int64_t piece = 0; piece < plan.pieces; ++piece) plan.each_run(piece, take_part);
    return cost;
}

MaskedProduct masked_product_cost(const Tensor& a, const Tensor& b, const Tensor& c, bool scores, const Mask& mask,
                                  const ProductCut& cut) {
    const std::int64_t matrices = c.batch() * c.kv_heads() * c.group();
    const std::int64_t keys = scores ? c.cols() : a.cols();
    std::int64_t computed = 0, sums = 0, multiplies = 0, read = 0;  // of one matrix
    for (std::int64_t strip = 0; strip < cut.strips; ++strip) {
        const std::int64_t last = c.rows() * (strip + 1) / cut.strips;
        std::int64_t rows = 0;
        for (std::int64_t row = c.rows() * strip / cut.strips; row < last; row += rows) {
            rows = rows_of_tile(last - row, cut.tile_rows);
            const std::int64_t seen = mask.visible(row + rows - 1, c.rows(), keys);
            if (scores) {
                const std::int64_t panels = (seen + cut.panel_cols - 1) / cut.panel_cols;
                const std::int64_t cols = std::min(panels * cut.panel_cols, c.cols());
                computed += rows * cols;
                sums += rows * cols;
                multiplies += rows * cols * a.cols();
                read += seen > 0 ? rows * a.cols() : 0;
            } else {
                computed += rows * c.cols();
                sums += seen > 0 ? rows * c.cols() : 0;
                multiplies += rows * seen * c.cols();
                read += rows * seen;
            }
        }
    }
    const std::int64_t element = size_in_bytes(c.dtype);
    return {.product = {.multiplies = matrices * multiplies,
                        .adds = matrices * (multiplies - sums),
                        .bytes_read = element * matrices * read + b.bytes(),
                        .bytes_written = element * matrices * computed},
            .computed = matrices * computed,
            .sums = matrices * sums};
}

}  // namespace headcount::simd
