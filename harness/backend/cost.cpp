#include "harness/backend/cost.hpp"

#include <algorithm>

namespace headcount {
namespace {

std::int64_t leading(const Tensor& t) { return t.batch() * t.kv_heads() * t.group(); }

/// What follows from the mask alone, for one matrix of scores.
struct Pairs {
    std::int64_t pairs;      ///< visible query-key pairs
    std::int64_t live_rows;  ///< rows that see a key
};

Pairs pairs_of(Mask mask, std::int64_t q_len, std::int64_t kv_len) {
    return {.pairs = mask.pairs(q_len, kv_len), .live_rows = mask.live_rows(q_len, kv_len)};
}

/// Sum over v = 1 .. n of ceil(v / block).
std::int64_t sum_of_ceilings(std::int64_t n, std::int64_t block) {
    const std::int64_t whole = n / block;
    return block * whole * (whole + 1) / 2 + n % block * (whole + 1);
}

/// Over all live rows, the key blocks a row sees beyond its first: each may raise the row's maximum once.
std::int64_t most_rescales(const AttendShape& shape, Mask mask, std::int64_t key_block) {
    const std::int64_t live = mask.live_rows(shape.q_len, shape.kv_len);
    if (!mask.causal) return live * ((shape.kv_len + key_block - 1) / key_block - 1);
    // Live rows see kv_len - live + 1, ..., kv_len keys.
    return sum_of_ceilings(shape.kv_len, key_block) - sum_of_ceilings(shape.kv_len - live, key_block) - live;
}

/// What one head's tiles touch.
struct TileSums {
    std::int64_t scores = 0;     ///< scores computed, masked ones of partly masked tiles included
    std::int64_t key_reads = 0;  ///< keys streamed past, summed over blocks of query rows
};

TileSums sum_tiles(const AttendShape& shape, Mask mask, std::int64_t query_block, std::int64_t key_block) {
    if (!mask.causal) {
        const std::int64_t blocks = (shape.q_len + query_block - 1) / query_block;
        return {.scores = shape.q_len * shape.kv_len, .key_reads = blocks * shape.kv_len};
    }
    TileSums sums;
    for (std::int64_t first = 0; first < shape.q_len; first += query_block) {
        const std::int64_t rows = std::min(query_block, shape.q_len - first);
        const std::int64_t keys = mask.visible(first + rows - 1, shape.q_len, shape.kv_len);
        if (keys == 0) continue;
        sums.key_reads += keys;
        // Of this block the last row sees `keys`, the one above it one less, and so on.
        const std::int64_t live = std::min(rows, keys);
        const std::int64_t tiles_seen_by_all = (keys - live) / key_block + 1;
        const std::int64_t keys_in_these = std::min(tiles_seen_by_all * key_block, keys);
        sums.scores += live * keys_in_these;
        for (std::int64_t key = keys_in_these; key < keys; key += key_block) {
            sums.scores += std::min(live, keys - key) * std::min(key_block, keys - key);
        }
    }
    return sums;
}

OpCost softmax_cost(std::int64_t matrices, Pairs p) {
    return {.multiplies = 0,
            .adds = matrices * (p.pairs + p.pairs - p.live_rows),
            .compares = matrices * (p.pairs - p.live_rows),
            .divides = matrices * p.pairs,
            .exps = matrices * p.pairs,
            .bytes_read = 0,
            .bytes_written = 0};
}

}  // namespace

OpCost dense_matmul(const Tensor& a, const Tensor& b, const Tensor& c) {
    return {.multiplies = c.elements() * a.cols(),
            .adds = c.elements() * (a.cols() - 1),
            .bytes_read = a.bytes() + b.bytes(),
            .bytes_written = c.bytes()};
}

OpCost required_matmul(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) {
    OpCost cost = dense_matmul(a, b, c);
    if (options.masked == Masked::output) {
        const Pairs p = pairs_of(options.mask, c.rows(), c.cols());
        cost.multiplies = leading(c) * p.pairs * a.cols();
        cost.adds = leading(c) * p.pairs * (a.cols() - 1);
    } else if (options.masked == Masked::left) {
        const Pairs p = pairs_of(options.mask, a.rows(), a.cols());
        cost.multiplies = leading(c) * p.pairs * c.cols();
        cost.adds = leading(c) * (p.pairs - p.live_rows) * c.cols();
    }
    return cost;
}

OpCost required_scale(const Tensor& c, const MatmulOptions& options) {
    const bool masked = options.masked == Masked::output;
    return {.multiplies = masked ? leading(c) * options.mask.pairs(c.rows(), c.cols()) : c.elements()};
}

OpCost dense_scale(const Tensor& c) { return {.multiplies = c.elements()}; }

OpCost bias_cost(const Tensor& c, const Tensor& bias) { return {.adds = c.elements(), .bytes_read = bias.bytes()}; }

OpCost required_softmax(Mask mask, const Tensor& scores) {
    OpCost cost = softmax_cost(leading(scores), pairs_of(mask, scores.rows(), scores.cols()));
    cost.bytes_read = scores.bytes();
    cost.bytes_written = scores.bytes();
    return cost;
}

OpCost reciprocal_softmax(Mask mask, const Tensor& scores) {
    OpCost cost = required_softmax(mask, scores);
    cost.multiplies = cost.divides;
    cost.divides = leading(scores) * mask.live_rows(scores.rows(), scores.cols());
    return cost;
}

OpCost copy_cost(const Tensor& from) { return {.bytes_read = from.bytes(), .bytes_written = from.bytes()}; }

AttendParts required_attend(const AttendShape& shape, Mask mask) {
    const std::int64_t matrices = shape.batch * shape.heads();
    const std::int64_t element = size_in_bytes(shape.dtype);
    const Pairs p = pairs_of(mask, shape.q_len, shape.kv_len);
    const std::int64_t q_elements = matrices * shape.q_len * shape.head_dim;
    const std::int64_t k_elements = shape.batch * shape.kv_heads * shape.kv_len * shape.head_dim;
    const std::int64_t v_elements = shape.batch * shape.kv_heads * shape.kv_len * shape.value_head_dim;
    const std::int64_t out_elements = matrices * shape.q_len * shape.value_head_dim;
    return {.scores = {.multiplies = matrices * p.pairs * shape.head_dim,
                       .adds = matrices * p.pairs * (shape.head_dim - 1),
                       .bytes_read = element * (q_elements + k_elements)},
            .scale = {.multiplies = matrices * p.pairs},
            .weights = softmax_cost(matrices, p),
            .context = {.multiplies = matrices * p.pairs * shape.value_head_dim,
                        .adds = matrices * (p.pairs - p.live_rows) * shape.value_head_dim,
                        .bytes_read = element * v_elements,
                        .bytes_written = element * out_elements},
            .rescale = {}};
}

AttendParts tiled_attend_cost(const AttendShape& shape, Mask mask, std::int64_t query_block, std::int64_t key_block) {
    const std::int64_t matrices = shape.batch * shape.heads();
    const std::int64_t element = size_in_bytes(shape.dtype);
    const Pairs p = pairs_of(mask, shape.q_len, shape.kv_len);
    const TileSums tiles = sum_tiles(shape, mask, query_block, key_block);
    const std::int64_t rescales = matrices * most_rescales(shape, mask, key_block);
    OpCost weights = softmax_cost(matrices, p);
    // One reciprocal a row and a multiply an output element stand for one division a weight.
    weights.divides = matrices * p.live_rows;
    weights.multiplies = matrices * p.live_rows * shape.value_head_dim;
    return {.scores = {.multiplies = matrices * tiles.scores * shape.head_dim,
                       .adds = matrices * tiles.scores * (shape.head_dim - 1),
                       .bytes_read = element * matrices * (shape.q_len + tiles.key_reads) * shape.head_dim},
            .scale = {.multiplies = matrices * tiles.scores},
            .weights = weights,
            .context = {.multiplies = matrices * tiles.scores * shape.value_head_dim,
                        .adds = matrices * (tiles.scores - p.live_rows) * shape.value_head_dim,
                        .bytes_read = element * matrices * tiles.key_reads * shape.value_head_dim,
                        .bytes_written = element * matrices * shape.q_len * shape.value_head_dim},
            .rescale = {.multiplies = rescales * (1 + shape.value_head_dim), .adds = rescales, .exps = rescales}};
}

}  // namespace headcount
