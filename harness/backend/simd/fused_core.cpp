#include "harness/backend/simd/fused_core.hpp"

#include <algorithm>
#include <numbers>
#include <optional>

#include "harness/backend/shared_rows.hpp"
#include "harness/backend/simd/cost.hpp"
#include "harness/backend/simd/decode.hpp"
#include "harness/backend/simd/kernels.hpp"
#include "harness/backend/simd/views.hpp"
#include "harness/core/bfloat16.hpp"

namespace headcount::simd {
namespace {

/// Rows [first, first + rows) of one head.
struct BlockPlace {
    std::int64_t b, n, g, first, rows;
};
template <class S>
View<const S> queries_at(const Tensor& q, const BlockPlace& at) {
    return readable(rows_from(view_at<S>(q, at.b, at.n, at.g), at.first));
}

/// The heads of batch entry b from key head n on.
template <class T>
HeadsView<T> heads_at(const Tensor& t, std::int64_t b, std::int64_t n) {
    return {t.at<T>(b, n, 0, 0), t.stride[1], t.stride[2], t.stride[3], t.stride[4]};
}

/// Where the rows of a block keep one of their statistics; null where nobody wants them.
float* statistic_of(const Attend& verb, const BlockPlace& at, std::int64_t which) {
    return verb.statistics ? verb.statistics->at<float>(at.b, at.n, at.g, which, at.first) : nullptr;
}

/// The keys of a single query, where its mask says more than how many: without the others it needs no mask.
std::optional<Keys> keys_of_one_query(const AttendShape& shape, const Mask& mask) {
    if (shape.q_len != 1 || mask.sees_prefix()) return std::nullopt;
    const Keys keys = mask.keys(0, 1, shape.kv_len);
    if (keys.sink > 0 || keys.count() == 0) return std::nullopt;
    return keys;
}
AttendShape of_keys(AttendShape shape, const Keys& keys) {
    shape.kv_len = keys.count();
    return shape;
}
Attend of_keys(const Attend& verb, const Keys& keys) {
    Attend narrow = verb;
    narrow.mask = {};
    narrow.k = verb.k.row_range(keys.first, keys.count());
    narrow.v = verb.v.row_range(keys.first, keys.count());
    return narrow;
}

/// Terms that one product of the streaming kernel takes at a time.
std::int64_t step_of(const AttendShape& shape) { return shape.dtype == DType::bf16 ? bf16_step() : 1; }

}  // namespace

AttendPlan FusedCore::plan(const AttendShape& shape, const Mask& mask) const {
    if (const auto keys = keys_of_one_query(shape, mask)) return plan(of_keys(shape, *keys), Mask{});
    if (decodes(shape) && mask.sees_prefix()) {
        return {.query_block = shape.q_len,
                .key_block = std::min(kDecodeKeys, shape.kv_len),
                .scratch_elements = pool_.num_threads() * decode_scratch(shape).all()};
    }
    return {.query_block = query_block(shape),
            .key_block = std::min(tiles_.key_block, shape.kv_len),
            .scratch_elements = pool_.num_threads() * stream_scratch(shape)};
}

Parts FusedCore::executed(const Attend& verb) const {
    const AttendShape shape = verb.shape();
    if (const auto keys = keys_of_one_query(shape, verb.mask)) return executed(of_keys(verb, *keys));
    if (decodes(shape) && verb.mask.sees_prefix())
        return parts_of(decode_cost(shape, verb.mask, lanes(), decode_plan(shape)));
    AttendParts cost = stream_cost(shape, verb.mask, lanes(), verb.plan.query_block, tiles_.key_block, step_of(shape));
    if (verb.statistics) cost.weights.bytes_written += verb.statistics->bytes();
    return parts_of(cost);
}

void FusedCore::run(const Attend& verb) {
    if (const auto keys = keys_of_one_query(verb.shape(), verb.mask)) {
        run(of_keys(verb, *keys));
    } else if (verb.q.dtype == DType::bf16) {
        attend_in<BFloat16>(verb);
    } else {
        attend_in<float>(verb);
    }
}

std::int64_t FusedCore::query_block(const AttendShape& shape) const {
    const std::int64_t width = lanes();
    const std::int64_t heads = shape.batch * shape.heads();
    const std::int64_t blocks = (pool_.num_threads() + heads - 1) / heads;
    const std::int64_t vectors = std::clamp<std::int64_t>(shape.q_len / blocks / width, 1, kMostVectors);
    return std::min(vectors * width, shape.q_len);
}
std::int64_t FusedCore::stream_scratch(const AttendShape& shape) const {
    const std::int64_t step = step_of(shape), width = lanes();
    const std::int64_t each =
        stream_scratch_elements(width, steps_of(shape.head_dim, step), shape.value_head_dim, tiles_.key_block);
    if (shape.dtype != DType::bf16) return each;
    return each + packed_scratch_elements(width, shape.head_dim, shape.value_head_dim, tiles_.key_block, step);
}
template <class S>
void FusedCore::attend_in(const Attend& verb) {
    const AttendShape shape = verb.shape();
    if (decodes(shape) && verb.mask.sees_prefix()) {
        decode<S>(verb);
        return;
    }
    const std::int64_t rows = verb.plan.query_block;
    const std::int64_t blocks = (shape.q_len + rows - 1) / rows;
    auto* const scratch = static_cast<float*>(verb.scratch.data);
    const std::int64_t scratch_each = verb.plan.scratch_elements / pool_.num_threads();
    const std::int64_t tasks = shape.batch * shape.heads() * blocks;
    const auto place_of = [&](std::int64_t index) {
        const std::int64_t head = index / blocks;
        // The largest blocks of a causal mask come first, so that no thread is left with one at the end.
        const std::int64_t block_of_head = verb.mask.causal ? blocks - 1 - index % blocks : index % blocks;
        return BlockPlace{.b = head / shape.heads(),
                          .n = head % shape.heads() / shape.group,
                          .g = head % shape.group,
                          .first = block_of_head * rows,
                          .rows = std::min(rows, shape.q_len - block_of_head * rows)};
    };
    pool_.run(tasks, [&](std::int64_t index, int thread) {
        const BlockPlace at = place_of(index);
        const BlockPlace next = place_of(std::min(index + 1, tasks - 1));
        stream_rows(StreamBlock<float, S>{.q = queries_at<S>(verb.q, at),
                                          .k = readable(view_at<S>(verb.k, at.b, at.n, at.g)),
                                          .v = readable(view_at<S>(verb.v, at.b, at.n, at.g)),
                                          .out = rows_from(view_at<S>(verb.out, at.b, at.n, at.g), at.first),
                                          .next_q = queries_at<S>(verb.q, next),
                                          .rows = at.rows,
                                          .kv_len = shape.kv_len,
                                          .head_dim = shape.head_dim,
                                          .value_head_dim = shape.value_head_dim,
                                          .next_rows = next.rows,
                                          .factor = static_cast<float>(verb.scale * std::numbers::log2e),
                                          .mask = verb.mask,
                                          .first_row = at.first,
                                          .q_len = shape.q_len,
                                          .key_block = tiles_.key_block,
                                          .scratch = scratch + thread * scratch_each,
                                          .peaks = statistic_of(verb, at, 0),
                                          .reciprocals = statistic_of(verb, at, 1)});
    });
}

DecodePlan FusedCore::decode_plan(const AttendShape& shape) const {
    return DecodePlan::of(shape, pool_.num_threads(), kSmallestSharedElements);
}
FusedCore::DecodeScratch FusedCore::decode_scratch(const AttendShape& shape) const {
    const std::int64_t width = lanes();
    const std::int64_t rows = decode_plan(shape).run_heads * shape.group * shape.q_len;
    return {decode_state_elements(width, rows, shape.head_dim, shape.value_head_dim),
            decode_score_elements(width, rows)};
}

template <class S>
void FusedCore::decode(const Attend& verb) {
    const AttendShape shape = verb.shape();
    auto* const scratch = static_cast<float*>(verb.scratch.data);
    const DecodePlan plan = decode_plan(shape);
    const DecodeScratch sizes = decode_scratch(shape);
    const auto part = [&](std::int64_t piece, std::int64_t run, std::int64_t first, std::int64_t last) {
        const std::int64_t b = run / plan.runs_of_batch, n = run % plan.runs_of_batch * plan.run_heads;
        float* const own = scratch + piece * sizes.all();
        return DecodePart<float, S>{.q = heads_at<const S>(verb.q, b, n),
                                    .k = heads_at<const S>(verb.k, b, n),
                                    .v = heads_at<const S>(verb.v, b, n),
                                    .out = heads_at<S>(verb.out, b, n),
                                    .heads = plan.heads_of(run, shape.kv_heads),
                                    .group = shape.group,
                                    .q_len = shape.q_len,
                                    .kv_len = shape.kv_len,
                                    .head_dim = shape.head_dim,
                                    .value_head_dim = shape.value_head_dim,
                                    .first_key = first * kDecodeKeys,
                                    .last_key = std::min(last * kDecodeKeys, shape.kv_len),
                                    .factor = static_cast<float>(verb.scale * std::numbers::log2e),
                                    .visible = verb.mask.causal ? shape.kv_len - shape.q_len + 1 : shape.kv_len,
                                    .visible_step = verb.mask.causal ? 1 : 0,
                                    .state = first == 0 ? own : own + sizes.state,
                                    .scores = own + 2 * sizes.state};
    };
    pool_.run(plan.pieces, [&](std::int64_t piece, int /*thread*/) {
        plan.each_run(piece, [&](std::int64_t run, std::int64_t first, std::int64_t last) {
            const DecodePart<float, S> keys = part(piece, run, first, last);
            decode_keys(keys);
            if (first == 0 && last == plan.run_blocks) decode_write(keys);
        });
    });
    std::int64_t beginner = 0;  // the piece with the first keys of the run that is being merged
    for (std::int64_t piece = 0; piece < plan.pieces; ++piece) {
        plan.each_run(piece, [&](std::int64_t run, std::int64_t first, std::int64_t last) {
            if (first == 0) {
                beginner = piece;
                return;
            }
            const DecodePart<float, S> begun = part(beginner, run, 0, first);
            decode_merge(begun, part(piece, run, first, last));
            if (last == plan.run_blocks) decode_write(begun);
        });
    }
}

}  // namespace headcount::simd
