#include "harness/backend/simd/fused_vjp.hpp"

#include <algorithm>
#include <numbers>
#include <numeric>

#include "harness/backend/simd/decode.hpp"
#include "harness/backend/simd/kernels.hpp"
#include "harness/backend/simd/views.hpp"
#include "harness/backend/simd/vjp_cost.hpp"
#include "harness/backend/verbs/attend_cost.hpp"

namespace headcount::simd {
namespace {

// More keys at a time no longer shorten the sums of derivatives by queries.
constexpr std::int64_t kMostPanels = 4;

std::int64_t panels_of(const AttendShape& shape) {
    const std::int64_t width = kMostVectors * lanes();
    return (shape.kv_len + width - 1) / width;
}

/// What one piece of a head contributes to derivatives by queries.
std::int64_t piece_elements(const AttendShape& shape) {
    constexpr std::int64_t kLine = 16;
    return whole_vectors(shape.q_len * whole_vectors(shape.head_dim, lanes()), kLine);
}

/// to = [to +] the sum of `pieces`, for rows [first, last).
void sum_pieces(const float* from, std::int64_t row_stride, std::int64_t pieces, std::int64_t piece_stride,
                const Matrix<float>& to, std::int64_t first, std::int64_t last, bool add) {
    for (std::int64_t row = first; row < last; ++row) {
        for (std::int64_t piece = 0; piece < pieces; ++piece) {
            const float* const x = from + piece * piece_stride + row * row_stride;
            const bool begun = add || piece > 0;
            for (std::int64_t c = 0; c < to.cols; ++c) to(row, c) = begun ? to(row, c) + x[c] : x[c];
        }
    }
}

}  // namespace

bool FusedVjp::takes(const AttendShape& shape, const Mask& mask) {
    return shape.dtype == DType::f32 && mask.sees_prefix() && !decodes(shape);
}

std::int64_t FusedVjp::pieces(const AttendShape& shape) const {
    const std::int64_t threads = pool_.num_threads();
    return std::min(threads / std::gcd(shape.batch * shape.kv_heads, threads), panels_of(shape));
}

VjpCut FusedVjp::cut(const AttendShape& shape) const {
    // Of a panel of keys there are three matrices of head_dim rows and two of value_head_dim: together no more than one
    // panel of a product, a quarter of the second-level cache.
    const std::int64_t fitting = tiles_.panel_depth / (3 * shape.head_dim + 2 * shape.value_head_dim);
    const std::int64_t each = (panels_of(shape) + pieces(shape) - 1) / pieces(shape);
    return {.query_block = std::min(tiles_.key_block, shape.q_len),
            .key_panels = std::min(std::clamp<std::int64_t>(fitting, 1, kMostPanels), each)};
}

VjpScratch FusedVjp::scratch_of(const AttendShape& shape) const {
    return VjpScratch::of(cut(shape), lanes(), shape.q_len, shape.head_dim, shape.value_head_dim);
}

std::int64_t FusedVjp::scratch_elements(const AttendShape& shape) const {
    const std::int64_t count = pieces(shape), threads = pool_.num_threads();
    const std::int64_t sums = count == 1 ? threads : shape.batch * shape.kv_heads * count;
    return threads * scratch_of(shape).elements + sums * piece_elements(shape);
}

Parts FusedVjp::executed(const FusedAttendVjp& verb) const {
    const AttendShape shape = attend_shape(verb.q, verb.k, verb.v);
    Parts parts = parts_of(vjp_cost(shape, verb.mask,
                                    {.cut = cut(shape),
                                     .lanes = lanes(),
                                     .tile_rows = tile_rows(),
                                     .pieces = pieces(shape),
                                     .add_to_q = verb.add_to_q,
                                     .add_to_k = verb.add_to_k,
                                     .add_to_v = verb.add_to_v}));
    parts.pop_back();  // nothing is rescaled
    return parts;
}

void FusedVjp::run(const FusedAttendVjp& verb) {
    const AttendShape shape = attend_shape(verb.q, verb.k, verb.v);
    const VjpCut blocks = cut(shape);
    const std::int64_t shares = pieces(shape), heads = shape.batch * shape.kv_heads;
    const std::int64_t row_stride = whole_vectors(shape.head_dim, lanes());
    const std::int64_t scratch_each = scratch_of(shape).elements, sums_each = piece_elements(shape);
    auto* const scratch = static_cast<float*>(verb.scratch.data);
    float* const sums = scratch + pool_.num_threads() * scratch_each;
    const bool causal = verb.mask.causal;
    for (std::int64_t g = 0; g < shape.group; ++g) {
        const auto write_rows = [&](std::int64_t head, const float* from, std::int64_t first, std::int64_t last) {
            sum_pieces(from, row_stride, shares, sums_each,
                       matrix_at<float>(verb.dq, head / shape.kv_heads, head % shape.kv_heads, g), first, last,
                       verb.add_to_q);
        };
        pool_.run(heads * shares, [&](std::int64_t task, int thread) {
            const std::int64_t head = task / shares, b = head / shape.kv_heads, n = head % shape.kv_heads;
            float* const dq = sums + (shares == 1 ? thread : task) * sums_each;
            head_vjp({.q = readable(view_at<float>(verb.q, b, n, g)),
                      .k = readable(view_at<float>(verb.k, b, n, 0)),
                      .v = readable(view_at<float>(verb.v, b, n, 0)),
                      .out = readable(view_at<float>(verb.out, b, n, g)),
                      .dout = readable(view_at<float>(verb.dout, b, n, g)),
                      .dk = view_at<float>(verb.dk, b, n, 0),
                      .dv = view_at<float>(verb.dv, b, n, 0),
                      .peaks = verb.statistics.at<float>(b, n, g, 0),
                      .reciprocals = verb.statistics.at<float>(b, n, g, 1),
                      .q_len = shape.q_len,
                      .kv_len = shape.kv_len,
                      .head_dim = shape.head_dim,
                      .value_head_dim = shape.value_head_dim,
                      .factor = static_cast<float>(verb.scale * std::numbers::log2e),
                      .scale = static_cast<float>(verb.scale),
                      .visible = causal ? shape.kv_len - shape.q_len + 1 : shape.kv_len,
                      .visible_step = causal ? 1 : 0,
                      .cut = blocks,
                      .first_block = task % shares,
                      .block_step = shares,
                      .add_to_k = verb.add_to_k || g > 0,
                      .add_to_v = verb.add_to_v || g > 0,
                      .dq = dq,
                      .scratch = scratch + thread * scratch_each});
            if (shares == 1) write_rows(head, dq, 0, shape.q_len);
        });
        if (shares == 1) continue;
        pool_.run(heads * shares, [&](std::int64_t task, int /*thread*/) {
            const std::int64_t head = task / shares, share = task % shares;
            write_rows(head, sums + head * shares * sums_each, shape.q_len * share / shares,
                       shape.q_len * (share + 1) / shares);
        });
    }
}

}  // namespace headcount::simd
