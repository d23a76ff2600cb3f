// simd: packed register-blocked products in f32 and a fused core in f32 or bf16, for the instruction set found at run
// time.
#include <algorithm>
#include <string>
#include <vector>

#include "harness/backend/backend.hpp"
#include "harness/backend/batch_as_rows.hpp"
#include "harness/backend/cost.hpp"
#include "harness/backend/naive_kernels.hpp"
#include "harness/backend/shared_rows.hpp"
#include "harness/backend/simd/cost.hpp"
#include "harness/backend/simd/kernels.hpp"
#include "harness/backend/simd/tiles.hpp"
#include "harness/core/bfloat16.hpp"
#include "harness/core/error.hpp"

namespace headcount::backends {
namespace {

constexpr double kLog2E = 1.4426950408889634;

/// Tasks a thread that even out what they differ in.
constexpr std::int64_t kTasksPerThread = 4;
/// Rows that make it worth to pack a panel again.
constexpr std::int64_t kFewestRows = 64;

template <class S = float>
simd::View<S> view_at(const Tensor& t, std::int64_t b, std::int64_t n, std::int64_t g) {
    const Matrix<S> m = matrix_at<S>(t, b, n, g);
    return {m.data, m.row_stride, m.col_stride};
}
template <class S>
simd::View<const S> readable(const simd::View<S>& v) {
    return {v.data, v.row_stride, v.col_stride};
}

void require_f32(const Tensor& t, const char* verb) {
    if (t.dtype == DType::f32) return;
    throw Error(std::string(verb) + " on simd computes f32, not " + std::string(to_string(t.dtype)));
}

template <class S>
simd::View<S> rows_from(const simd::View<S>& v, std::int64_t row) {
    return {v.data + row * v.row_stride, v.row_stride, v.col_stride};
}

/// Rows [first, first + rows) of one head.
struct BlockPlace {
    std::int64_t b, n, g, first, rows;
};
template <class S>
simd::View<const S> queries_at(const Tensor& q, const BlockPlace& at) {
    return readable(rows_from(view_at<S>(q, at.b, at.n, at.g), at.first));
}

/// The heads of batch entry b from key head n on.
template <class T>
simd::HeadsView<T> heads_at(const Tensor& t, std::int64_t b, std::int64_t n) {
    return {t.at<T>(b, n, 0, 0), t.stride[1], t.stride[2], t.stride[3], t.stride[4]};
}

class SimdBackend final : public Backend {
public:
    explicit SimdBackend(const Execution& execution)
        : pool_(execution.num_threads),
          tiles_(simd::tiles_for(simd::cache_sizes(), simd::lanes())),
          panels_(static_cast<std::size_t>(execution.num_threads * panel_elements())) {
        if (execution.key_block > 0) tiles_.key_block = execution.key_block;
    }

    int num_threads() const override { return pool_.num_threads(); }

    OpCost executed_matmul(const Tensor& a, const Tensor& b, const Tensor& c,
                           const MatmulOptions& options) const override {
        return skip_of(options) == simd::Skip::nothing ? dense_matmul(a, b, c) : masked(a, b, c, options).product;
    }
    OpCost executed_scale(const Tensor& a, const Tensor& b, const Tensor& c,
                          const MatmulOptions& options) const override {
        return skip_of(options) == simd::Skip::output ? OpCost{.multiplies = masked(a, b, c, options).computed}
                                                      : dense_scale(c);
    }
    OpCost executed_softmax(Mask mask, const Tensor& scores) const override { return reciprocal_softmax(mask, scores); }
    AttendParts executed_attend(const AttendShape& shape, Mask mask) const override {
        if (simd::decodes(shape)) return simd::decode_cost(shape, mask, simd::lanes(), decode_plan(shape));
        return simd::stream_cost(shape, mask, simd::lanes(), query_block(shape), tiles_.key_block, step_of(shape));
    }
    /// Whole vectors of queries, as many as leave every thread a block; all where they are few.
    std::int64_t query_block(const AttendShape& shape) const override {
        if (simd::decodes(shape)) return shape.q_len;
        const std::int64_t lanes = simd::lanes();
        const std::int64_t heads = shape.batch * shape.heads();
        const std::int64_t blocks = (num_threads() + heads - 1) / heads;
        const std::int64_t vectors = std::clamp<std::int64_t>(shape.q_len / blocks / lanes, 1, simd::kMostVectors);
        return std::min(vectors * lanes, shape.q_len);
    }
    std::int64_t key_block(const AttendShape& shape) const override {
        return std::min(simd::decodes(shape) ? simd::kDecodeKeys : tiles_.key_block, shape.kv_len);
    }
    std::int64_t attend_scratch_elements(const AttendShape& shape) const override {
        if (simd::decodes(shape)) return num_threads() * decode_scratch(shape).all();
        const std::int64_t step = step_of(shape), lanes = simd::lanes();
        std::int64_t each = simd::stream_scratch_elements(lanes, simd::steps_of(shape.head_dim, step),
                                                          shape.value_head_dim, tiles_.key_block);
        if (shape.dtype == DType::bf16) {
            each += simd::packed_scratch_elements(lanes, shape.head_dim, shape.value_head_dim, tiles_.key_block, step);
        }
        return num_threads() * each;
    }

private:
    static simd::Skip skip_of(const MatmulOptions& options) {
        if (!options.mask.causal || options.masked == Masked::nothing) return simd::Skip::nothing;
        return options.masked == Masked::output ? simd::Skip::output : simd::Skip::depth;
    }
    static std::int64_t panel_cols() { return simd::kMostVectors * simd::lanes(); }
    /// Pieces that the rows of c are cut into, so that every thread has something to do.
    std::int64_t strips(const Tensor& c) const {
        if (num_threads() == 1) return 1;
        const std::int64_t panels = (c.cols() + panel_cols() - 1) / panel_cols();
        const std::int64_t matrices = c.batch() * c.kv_heads() * c.group();
        const std::int64_t wanted = (kTasksPerThread * num_threads() + matrices * panels - 1) / (matrices * panels);
        return std::clamp<std::int64_t>(c.rows() / kFewestRows, 1, wanted);
    }
    simd::MaskedProduct masked(const Tensor& a, const Tensor& b, const Tensor& c, const MatmulOptions& options) const {
        return simd::masked_product_cost(
            a, b, c, options.masked == Masked::output, options.mask,
            {.strips = strips(c), .tile_rows = simd::tile_rows(), .panel_cols = panel_cols()});
    }
    /// Terms that one product of the streaming kernel takes at a time.
    static std::int64_t step_of(const AttendShape& shape) { return shape.dtype == DType::bf16 ? simd::bf16_step() : 1; }

    void do_matmul(const Tensor& left, const Tensor& b, const Tensor& product, const MatmulOptions& options) override {
        require_f32(product, "matmul");
        const LeftAndProduct flat = flattened(left, b, product, options.masked);
        const Tensor& a = flat.left;
        const Tensor& c = flat.product;
        const std::int64_t width = panel_cols();
        const std::int64_t panels = (c.cols() + width - 1) / width;
        const std::int64_t matrices = c.batch() * c.kv_heads() * c.group();
        const std::int64_t strips_each = strips(c);
        const std::int64_t keys = options.masked == Masked::output ? c.cols() : a.cols();
        pool_.run(matrices * panels * strips_each, [&](std::int64_t index, int thread) {
            const std::int64_t panel = index / strips_each % panels;
            const std::int64_t matrix = index / strips_each / panels;
            const std::int64_t heads = c.kv_heads() * c.group();
            const std::int64_t i = matrix / heads, n = matrix % heads / c.group(), g = matrix % c.group();
            const std::int64_t first = c.rows() * (index % strips_each) / strips_each;
            const std::int64_t last = c.rows() * (index % strips_each + 1) / strips_each;
            simd::Product<float> part{.a = readable(view_at(a, i, n, g)),
                                      .b = readable(view_at(b, i, n, g)),
                                      .c = view_at(c, i, n, g),
                                      .rows = last - first,
                                      .depth = a.cols(),
                                      .scaled = options.scale.has_value(),
                                      .scale = static_cast<float>(options.scale.value_or(1.0)),
                                      .bias = options.bias == nullptr ? nullptr : options.bias->at<float>(0, 0, 0),
                                      .bias_stride = options.bias == nullptr ? 0 : options.bias->stride[4],
                                      .panel_depth = tiles_.panel_depth,
                                      .panel = panel_of(thread),
                                      .skip = skip_of(options),
                                      .visible = keys - c.rows() + first + 1};
            part.a.data += first * part.a.row_stride;
            part.c.data += first * part.c.row_stride;
            simd::multiply_panel(part, panel * width, std::min(width, c.cols() - panel * width));
        });
    }

    void do_softmax_rows(Mask mask, const Tensor& scores) override {
        require_f32(scores, "softmax_rows");
        if (scores.stride[4] != 1 && scores.cols() != 1) {
            naive_softmax<float>(mask, scores);
            return;
        }
        share_rows(pool_, scores, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
            vector_softmax(scores.at<float>(b, n, g, row), mask.visible(row, scores.rows(), scores.cols()),
                           scores.cols());
        });
    }

    void do_copy(const Tensor& from, const Tensor& to) override {
        require_f32(to, "copy");
        share_rows(pool_, to, [&](std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row) {
            copy_row(from.at<float>(b, n, g, row), from.stride[4], to.at<float>(b, n, g, row), to.stride[4], to.cols());
        });
    }

    void do_attend(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                   const Tensor& scratch) override {
        auto* const memory = static_cast<float*>(scratch.data);
        if (q.dtype == DType::bf16) {
            attend_in<BFloat16>(scale, mask, q, k, v, out, memory);
        } else {
            attend_in<float>(scale, mask, q, k, v, out, memory);
        }
    }

    /// Tensors of S.
    template <class S>
    void attend_in(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                   float* scratch) {
        const AttendShape shape = attend_shape(q, k, v);
        if (simd::decodes(shape)) {
            decode<S>(scale, mask, q, k, v, out, scratch);
            return;
        }
        const std::int64_t rows = query_block(shape);
        const std::int64_t blocks = (shape.q_len + rows - 1) / rows;
        const std::int64_t scratch_each = attend_scratch_elements(shape) / num_threads();
        const std::int64_t tasks = shape.batch * shape.heads() * blocks;
        const auto place_of = [&](std::int64_t index) {
            const std::int64_t head = index / blocks;
            // The largest blocks come first, so that no thread is left with one at the end.
            const std::int64_t block_of_head = mask.causal ? blocks - 1 - index % blocks : index % blocks;
            return BlockPlace{.b = head / shape.heads(),
                              .n = head % shape.heads() / shape.group,
                              .g = head % shape.group,
                              .first = block_of_head * rows,
                              .rows = std::min(rows, shape.q_len - block_of_head * rows)};
        };
        pool_.run(tasks, [&](std::int64_t index, int thread) {
            const BlockPlace at = place_of(index);
            const BlockPlace next = place_of(std::min(index + 1, tasks - 1));
            simd::stream_rows(simd::StreamBlock<float, S>{
                .q = queries_at<S>(q, at),
                .k = readable(view_at<S>(k, at.b, at.n, at.g)),
                .v = readable(view_at<S>(v, at.b, at.n, at.g)),
                .out = rows_from(view_at<S>(out, at.b, at.n, at.g), at.first),
                .next_q = queries_at<S>(q, next),
                .rows = at.rows,
                .kv_len = shape.kv_len,
                .head_dim = shape.head_dim,
                .value_head_dim = shape.value_head_dim,
                .next_rows = next.rows,
                .factor = static_cast<float>(scale * kLog2E),
                .visible = mask.causal ? shape.kv_len - shape.q_len + at.first + 1 : shape.kv_len,
                .visible_step = mask.causal ? 1 : 0,
                .key_block = tiles_.key_block,
                .scratch = scratch + thread * scratch_each});
        });
    }

    /// What a thread needs: a run that an earlier one began, a run of its own, the scores of one block.
    struct DecodeScratch {
        std::int64_t state, scores;
        std::int64_t all() const { return 2 * state + scores; }
    };
    simd::DecodePlan decode_plan(const AttendShape& shape) const {
        return simd::DecodePlan::of(shape, num_threads(), kSmallestSharedElements);
    }
    DecodeScratch decode_scratch(const AttendShape& shape) const {
        const std::int64_t lanes = simd::lanes();
        const std::int64_t rows = decode_plan(shape).run_heads * shape.group * shape.q_len;
        return {simd::decode_state_elements(lanes, rows, shape.head_dim, shape.value_head_dim),
                simd::decode_score_elements(lanes, rows)};
    }

    template <class S>
    void decode(double scale, Mask mask, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
                float* scratch) {
        const AttendShape shape = attend_shape(q, k, v);
        const simd::DecodePlan plan = decode_plan(shape);
        const DecodeScratch sizes = decode_scratch(shape);
        const auto part = [&](std::int64_t piece, std::int64_t run, std::int64_t first, std::int64_t last) {
            const std::int64_t b = run / plan.runs_of_batch, n = run % plan.runs_of_batch * plan.run_heads;
            float* const own = scratch + piece * sizes.all();
            return simd::DecodePart<float, S>{.q = heads_at<const S>(q, b, n),
                                              .k = heads_at<const S>(k, b, n),
                                              .v = heads_at<const S>(v, b, n),
                                              .out = heads_at<S>(out, b, n),
                                              .heads = plan.heads_of(run, shape.kv_heads),
                                              .group = shape.group,
                                              .q_len = shape.q_len,
                                              .kv_len = shape.kv_len,
                                              .head_dim = shape.head_dim,
                                              .value_head_dim = shape.value_head_dim,
                                              .first_key = first * simd::kDecodeKeys,
                                              .last_key = std::min(last * simd::kDecodeKeys, shape.kv_len),
                                              .factor = static_cast<float>(scale * kLog2E),
                                              .visible = mask.causal ? shape.kv_len - shape.q_len + 1 : shape.kv_len,
                                              .visible_step = mask.causal ? 1 : 0,
                                              .state = first == 0 ? own : own + sizes.state,
                                              .scores = own + 2 * sizes.state};
        };
        pool_.run(plan.pieces, [&](std::int64_t piece, int /*thread*/) {
            plan.each_run(piece, [&](std::int64_t run, std::int64_t first, std::int64_t last) {
                const simd::DecodePart<float, S> keys = part(piece, run, first, last);
                simd::decode_keys(keys);
                if (first == 0 && last == plan.run_blocks) simd::decode_write(keys);
            });
        });
        std::int64_t beginner = 0;  // the piece with the first keys of the run that is being merged
        for (std::int64_t piece = 0; piece < plan.pieces; ++piece) {
            plan.each_run(piece, [&](std::int64_t run, std::int64_t first, std::int64_t last) {
                if (first == 0) {
                    beginner = piece;
                    return;
                }
                const simd::DecodePart<float, S> begun = part(beginner, run, 0, first);
                simd::decode_merge(begun, part(piece, run, first, last));
                if (last == plan.run_blocks) simd::decode_write(begun);
            });
        }
    }

    std::int64_t panel_elements() const { return simd::product_scratch_elements(simd::lanes(), tiles_.panel_depth); }
    float* panel_of(int thread) { return panels_.data() + thread * panel_elements(); }

    ThreadPool pool_;
    simd::Tiles tiles_;
    std::vector<float> panels_;  ///< of one product, a piece a thread
};

}  // namespace

BackendInfo simd() {
    return {.summary = "own f32 kernels: packed products, fused core (bf16, too); vectors chosen at run time",
            .missing = "",
            .unsupported = [](const Point& point) -> std::string {
                if (point.problem.dtype == DType::f64)
                    return "simd computes f32 and bf16; blas and naive compute f64 too";
                return point.problem.dtype == DType::counted ? "simd computes f32 and bf16; naive counts operations"
                                                             : "";
            },
            .attends_only = [](const Point& point) -> std::string {
                return point.problem.dtype == DType::bf16 ? "in bf16 simd has the fused core only; naive has all verbs"
                                                          : "";
            },
            .make = [](const Execution& execution) -> std::unique_ptr<Backend> {
                return std::make_unique<SimdBackend>(execution);
            },
            .facts = []() -> std::vector<std::pair<std::string, std::string>> {
                const simd::CacheSizes caches = simd::cache_sizes();
                const simd::Tiles tiles = simd::tiles_for(caches, simd::lanes());
                return {{"instruction_set", simd::target_name()},
                        {"bf16", simd::bf16_step() == 2 ? "multiplied in pairs (vdpbf16ps)" : "widened to f32"},
                        {"caches", std::to_string(caches.level1) + " and " + std::to_string(caches.level2) + " bytes"},
                        {"key_block", std::to_string(tiles.key_block)},
                        {"panel_depth", std::to_string(tiles.panel_depth)}};
            }};
}

}  // namespace headcount::backends
