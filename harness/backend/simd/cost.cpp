#include "harness/backend/simd/cost.hpp"

#include <algorithm>

#include "harness/backend/simd/stream.hpp"

namespace headcount::simd {

AttendParts stream_cost(const AttendShape& shape, Mask mask, std::int64_t lanes, std::int64_t query_block) {
    const std::int64_t element = size_in_bytes(shape.dtype);
    const std::int64_t heads = shape.batch * shape.heads();
    AttendParts cost{};
    for (std::int64_t first = 0; first < shape.q_len; first += query_block) {
        const std::int64_t rows = std::min(query_block, shape.q_len - first);
        const std::int64_t width = block_vectors(rows, lanes) * lanes;
        const std::int64_t seen_by_all = mask.visible(first, shape.q_len, shape.kv_len);
        const std::int64_t keys = mask.visible(first + rows - 1, shape.q_len, shape.kv_len);
        const std::int64_t tiles = (keys + kKeyBlock - 1) / kKeyBlock;
        const std::int64_t masked_keys = keys - seen_by_all / kKeyBlock * kKeyBlock;
        const std::int64_t scores = heads * width * keys;
        const std::int64_t risings = heads * width * std::max<std::int64_t>(tiles - 1, 0);

        cost.scale.multiplies += heads * width * shape.head_dim;
        cost.scores.multiplies += scores * shape.head_dim;
        cost.scores.adds += scores * shape.head_dim;
        cost.scores.bytes_read += element * heads * (rows + keys) * shape.head_dim;

        // Every score is compared with the maximum, every later tile's maximum with the one before, the sum with
        // zero; a tile that some row sees only partly asks twice for each score whether it is visible.
        cost.weights.compares += scores + risings + heads * width;
        if (seen_by_all < keys) cost.weights.compares += 2 * heads * width * masked_keys;
        cost.weights.adds += 2 * scores;
        cost.weights.exps += scores;
        cost.weights.divides += heads * width;
        cost.weights.multiplies += heads * width * shape.value_head_dim;

        cost.context.multiplies += scores * shape.value_head_dim;
        cost.context.adds += scores * shape.value_head_dim;
        cost.context.bytes_read += element * heads * keys * shape.value_head_dim;
        cost.context.bytes_written += element * heads * rows * shape.value_head_dim;

        cost.rescale.exps += risings;
        cost.rescale.adds += risings;
        cost.rescale.multiplies += risings * (1 + shape.value_head_dim);
    }
    return cost;
}

}  // namespace headcount::simd
