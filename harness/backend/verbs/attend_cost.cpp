#include "harness/backend/verbs/attend_cost.hpp"

#include <algorithm>
#include <vector>

#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/backend/verbs/tiled_attend.hpp"

namespace headcount {
namespace {

// Fast memory that one thread may fill, a choice of the model and no cache of this machine (core/machine.hpp): a
// quarter to a half of the second-level cache of current server cores (512 KiB to 2 MiB), because keys and values
// stream through the same cache. The same on every machine: naive's ledger is the model that counts everywhere.
constexpr std::int64_t kFastMemoryBytes = std::int64_t{256} * 1024;

// Narrower tiles leave the products too little work; wider ones crowd the query rows out of fast memory.
constexpr std::int64_t kSmallestKeyBlock = 64;
constexpr std::int64_t kLargestKeyBlock = 512;

/// What one head's tiles do.
struct TileSums {
    std::int64_t scores = 0;     ///< scores computed, masked ones of partly masked tiles included
    std::int64_t key_reads = 0;  ///< keys streamed past, summed over blocks of query rows
    std::int64_t begun = 0;      ///< rows whose first product is stored and not added
    std::int64_t rescales = 0;   ///< tiles that a row sees beyond its first: each may raise the row's maximum once
};

/// Sum over v = 1 .. n of ceil(v / block).
std::int64_t sum_of_ceilings(std::int64_t n, std::int64_t block) {
    const std::int64_t whole = n / block;
    return block * whole * (whole + 1) / 2 + n % block * (whole + 1);
}

std::int64_t blocks_of(std::int64_t n, std::int64_t block) { return (n + block - 1) / block; }

TileSums sum_without_mask(const AttendShape& shape, std::int64_t query_block, std::int64_t key_block) {
    return {.scores = shape.q_len * shape.kv_len,
            .key_reads = blocks_of(shape.q_len, query_block) * shape.kv_len,
            .begun = shape.q_len,
            .rescales = shape.q_len * (blocks_of(shape.kv_len, key_block) - 1)};
}

/// In closed form within a block of rows, because lengths are long and points many.
TileSums sum_causal(const AttendShape& shape, const Mask& mask, std::int64_t query_block, std::int64_t key_block) {
    TileSums sums;
    const std::int64_t all_live = mask.live_rows(shape.q_len, shape.kv_len);
    sums.begun = all_live;
    // Live rows see kv_len - live + 1, ..., kv_len keys.
    sums.rescales =
        sum_of_ceilings(shape.kv_len, key_block) - sum_of_ceilings(shape.kv_len - all_live, key_block) - all_live;
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

/// Keys that no row of a block sees, between the sink and the first window. Passing over them at once makes the cost of
/// counting a window linear in the length.
struct Gap {
    std::int64_t from = 0, to = 0;
};
Gap gap_of(const RowBlock& block) {
    Gap gap{.from = 0, .to = block.last_key()};
    for (std::int64_t row = 0; row < block.rows(); ++row) {
        const Keys seen = block.keys(row);
        if (seen.count() == 0) continue;
        gap.from = std::max(gap.from, seen.sink);
        gap.to = std::min(gap.to, seen.first);
    }
    return gap;
}

/// Tile by tile, for a mask of which only its keys are known.
TileSums sum_any(const AttendShape& shape, const Mask& mask, std::int64_t query_block, std::int64_t key_block) {
    TileSums sums;
    for (std::int64_t first = 0; first < shape.q_len; first += query_block) {
        const RowBlock block(mask, first, std::min(query_block, shape.q_len - first), shape.q_len, shape.kv_len);
        const Gap gap = gap_of(block);
        for (std::int64_t key = 0; key < block.last_key(); key += key_block) {
            if (key >= gap.from && key < gap.to) key = std::max(key, gap.to / key_block * key_block);
            const std::int64_t width = std::min(key_block, block.last_key() - key);
            const RowBlock::Span span = block.span(key, width);
            if (span.rows == 0) continue;
            sums.scores += span.rows * width;
            sums.key_reads += width;
            if (!span.any_begun) sums.begun += span.rows;
            for (std::int64_t row = span.first; row < span.first + span.rows; ++row) {
                if (block.begun(row, key) && block.seen(row, key, width).count() > 0) ++sums.rescales;
            }
        }
    }
    return sums;
}

TileSums sum_tiles(const AttendShape& shape, const Mask& mask, std::int64_t query_block, std::int64_t key_block) {
    if (!mask.sees_prefix()) return sum_any(shape, mask, query_block, key_block);
    return mask.causal ? sum_causal(shape, mask, query_block, key_block)
                       : sum_without_mask(shape, query_block, key_block);
}

}  // namespace

AttendParts required_attend(const AttendShape& shape, const Mask& mask) {
    const std::int64_t matrices = shape.batch * shape.heads();
    const std::int64_t element = size_in_bytes(shape.dtype);
    const std::int64_t pairs = matrices * mask.pairs(shape.q_len, shape.kv_len);
    const std::int64_t live_rows = matrices * mask.live_rows(shape.q_len, shape.kv_len);
    const std::int64_t q_elements = matrices * shape.q_len * shape.head_dim;
    const std::int64_t k_elements = shape.batch * shape.kv_heads * shape.kv_len * shape.head_dim;
    const std::int64_t v_elements = shape.batch * shape.kv_heads * shape.kv_len * shape.value_head_dim;
    const std::int64_t out_elements = matrices * shape.q_len * shape.value_head_dim;
    return {.scores = {.multiplies = pairs * shape.head_dim,
                       .adds = pairs * (shape.head_dim - 1),
                       .bytes_read = element * (q_elements + k_elements)},
            .scale = {.multiplies = pairs},
            .weights = SoftmaxRows::cost_of(pairs, live_rows),
            .context = {.multiplies = pairs * shape.value_head_dim,
                        .adds = (pairs - live_rows) * shape.value_head_dim,
                        .bytes_read = element * v_elements,
                        .bytes_written = element * out_elements},
            .rescale = {}};
}

AttendParts tiled_attend_cost(const AttendShape& shape, const Mask& mask, std::int64_t query_block,
                              std::int64_t key_block) {
    const std::int64_t matrices = shape.batch * shape.heads();
    const std::int64_t element = size_in_bytes(shape.dtype);
    const std::int64_t live_rows = matrices * mask.live_rows(shape.q_len, shape.kv_len);
    const TileSums tiles = sum_tiles(shape, mask, query_block, key_block);
    const std::int64_t rescales = matrices * tiles.rescales;
    OpCost weights = SoftmaxRows::cost_of(matrices * mask.pairs(shape.q_len, shape.kv_len), live_rows);
    // One reciprocal a row and a multiply an output element stand for one division a weight.
    weights.divides = live_rows;
    weights.multiplies = live_rows * shape.value_head_dim;
    return {.scores = {.multiplies = matrices * tiles.scores * shape.head_dim,
                       .adds = matrices * tiles.scores * (shape.head_dim - 1),
                       .bytes_read = element * matrices * (shape.q_len + tiles.key_reads) * shape.head_dim},
            .scale = {.multiplies = matrices * tiles.scores},
            .weights = weights,
            .context = {.multiplies = matrices * tiles.scores * shape.value_head_dim,
                        .adds = matrices * (tiles.scores - tiles.begun) * shape.value_head_dim,
                        .bytes_read = element * matrices * tiles.key_reads * shape.value_head_dim,
                        .bytes_written = element * matrices * shape.q_len * shape.value_head_dim},
            .rescale = {.multiplies = rescales * (1 + shape.value_head_dim), .adds = rescales, .exps = rescales}};
}

AttendPlan tiled_plan(const AttendShape& shape) {
    // Half of fast memory for the query rows and their outputs, half for the tile of scores.
    const std::int64_t row_bytes = size_in_bytes(accumulator_of(shape.dtype)) * (shape.head_dim + shape.value_head_dim);
    const std::int64_t keys = std::clamp(shape.head_dim + shape.value_head_dim, kSmallestKeyBlock, kLargestKeyBlock);
    AttendPlan plan{.query_block = std::clamp<std::int64_t>(kFastMemoryBytes / 2 / row_bytes, 1, shape.q_len),
                    .key_block = std::min(keys, shape.kv_len)};
    plan.scratch_elements = tile_scratch_elements(plan.query_block, plan.key_block);
    return plan;
}

Parts parts_of(const AttendParts& costs) {
    return {{.op = "matmul", .role = "scores", .cost = costs.scores},
            {.op = "scale", .role = "scores", .cost = costs.scale},
            {.op = "softmax", .role = "weights", .cost = costs.weights},
            {.op = "matmul", .role = "context", .cost = costs.context},
            {.op = "rescale", .role = "context", .cost = costs.rescale}};
}

}  // namespace headcount
