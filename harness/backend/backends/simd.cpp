// simd: packed register-blocked products in f32 and a fused core in f32 or bf16, for the instruction set found at run
// time.
#include <algorithm>
#include <string>
#include <vector>

#include "harness/backend/attend_options.hpp"
#include "harness/backend/backend.hpp"
#include "harness/backend/batch_as_rows.hpp"
#include "harness/backend/shared_rows.hpp"
#include "harness/backend/simd/cost.hpp"
#include "harness/backend/simd/fused_core.hpp"
#include "harness/backend/simd/fused_vjp.hpp"
#include "harness/backend/simd/kernels.hpp"
#include "harness/backend/simd/tiles.hpp"
#include "harness/backend/simd/views.hpp"
#include "harness/backend/verbs/attend.hpp"
#include "harness/backend/verbs/fused_attend_vjp.hpp"
#include "harness/backend/verbs/softmax_rows.hpp"
#include "harness/core/error.hpp"
#include "harness/core/workspace.hpp"

namespace headcount::backends {
namespace {

/// Tasks a thread that even out what they differ in.
constexpr std::int64_t kTasksPerThread = 4;
/// Rows that make it worth to pack a panel again.
constexpr std::int64_t kFewestRows = 64;

void require_f32(const Matmul& verb) {
    if (verb.c.dtype == DType::f32) return;
    throw Error("matmul on simd computes f32, not " + std::string(to_string(verb.c.dtype)));
}

simd::Tiles tiles_of(const Execution& execution) {
    simd::Tiles tiles = simd::tiles_for(simd::cache_sizes(), simd::lanes());
    const std::int64_t key_block = attend_options().read(execution.own).key_block;
    if (key_block > 0) tiles.key_block = key_block;
    return tiles;
}

class SimdBackend final : public Backend {
public:
    explicit SimdBackend(const Execution& execution)
        : pool_(execution.num_threads),
          tiles_(tiles_of(execution)),
          core_(pool_, tiles_),
          vjp_(pool_, tiles_),
          panels_(Workspace::reserve(execution.num_threads * panel_elements() * size_in_bytes(DType::f32))) {}

    int num_threads() const override { return pool_.num_threads(); }

    Parts executed(const Verb& verb) const override {
        if (const auto* const product = verb.as<Matmul>()) return executed_product(*product);
        if (const auto* const softmax = verb.as<SoftmaxRows>()) return softmax->reciprocals();
        if (const auto* const core = verb.as<Attend>()) return core_.executed(*core);
        if (const auto* const derivative = verb.as<FusedAttendVjp>()) return vjp_.executed(*derivative);
        return Backend::executed(verb);
    }
    AttendPlan attend_plan(const AttendShape& shape, const Mask& mask) const override {
        AttendPlan plan = core_.plan(shape, mask);
        if (simd::FusedVjp::takes(shape, mask)) plan.vjp_scratch_elements = vjp_.scratch_elements(shape);
        return plan;
    }

private:
    static simd::Skip skip_of(const Matmul& verb) {
        if (!verb.mask.sees_prefix() || !verb.mask.causal) return simd::Skip::nothing;
        if (verb.masked == Masked::output) return simd::Skip::output;
        return verb.masked == Masked::left ? simd::Skip::depth : simd::Skip::nothing;
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
    Parts executed_product(const Matmul& verb) const {
        const simd::ProductCut cut{
            .strips = strips(verb.c), .tile_rows = simd::tile_rows(), .panel_cols = panel_cols()};
        // A factor of a product that is added up is applied to the packed panels.
        const std::int64_t packed = verb.c.elements() / verb.c.rows() * verb.a.cols() * cut.strips;
        if (skip_of(verb) == simd::Skip::nothing) {
            return verb.parts(verb.dense(), {.multiplies = verb.accumulate ? packed : verb.c.elements()});
        }
        const bool only_computed = verb.masked == Masked::output;
        const simd::MaskedProduct masked =
            simd::masked_product_cost(verb.a, verb.b, verb.c, only_computed, verb.mask, cut);
        OpCost product = masked.product;
        if (verb.accumulate)
            product.adds += masked.sums, product.bytes_read += size_in_bytes(verb.c.dtype) * masked.computed;
        const std::int64_t scaled = only_computed ? masked.computed : verb.c.elements();
        return verb.parts(product, {.multiplies = verb.accumulate ? packed : scaled});
    }
    void compute(const Verb& verb) override {
        if (const auto* const product = verb.as<Matmul>()) {
            multiply(*product);
        } else if (const auto* const core = verb.as<Attend>()) {
            core_.run(*core);
        } else if (const auto* const derivative = verb.as<FusedAttendVjp>()) {
            vjp_.run(*derivative);
        } else if (!share_verb_of_rows(pool_, verb)) {
            Backend::compute(verb);
        }
    }

    void multiply(const Matmul& verb) {
        require_f32(verb);
        const LeftAndProduct flat = flattened(verb.a, verb.b, verb.c, verb.masked);
        const Tensor& a = flat.left;
        const Tensor& c = flat.product;
        const std::int64_t width = panel_cols();
        const std::int64_t panels = (c.cols() + width - 1) / width;
        const std::int64_t matrices = c.batch() * c.kv_heads() * c.group();
        const std::int64_t strips_each = strips(c);
        const std::int64_t keys = verb.masked == Masked::output ? c.cols() : a.cols();
        pool_.run(matrices * panels * strips_each, [&](std::int64_t index, int thread) {
            const std::int64_t panel = index / strips_each % panels;
            const std::int64_t matrix = index / strips_each / panels;
            const std::int64_t heads = c.kv_heads() * c.group();
            const std::int64_t i = matrix / heads, n = matrix % heads / c.group(), g = matrix % c.group();
            const std::int64_t first = c.rows() * (index % strips_each) / strips_each;
            const std::int64_t last = c.rows() * (index % strips_each + 1) / strips_each;
            simd::Product<float> part{.a = readable(simd::view_at<float>(a, i, n, g)),
                                      .b = readable(simd::view_at<float>(verb.b, i, n, g)),
                                      .c = simd::view_at<float>(c, i, n, g),
                                      .rows = last - first,
                                      .depth = a.cols(),
                                      .scaled = verb.scale.has_value() && !verb.accumulate,
                                      .scale = static_cast<float>(verb.scale.value_or(1.0)),
                                      .bias = verb.bias ? verb.bias->at<float>(0, 0, 0) : nullptr,
                                      .bias_stride = verb.bias ? verb.bias->stride[4] : 0,
                                      .panel_depth = tiles_.panel_depth,
                                      .panel = panel_of(thread),
                                      .skip = skip_of(verb),
                                      .visible = keys - c.rows() + first + 1,
                                      .accumulate = verb.accumulate,
                                      .panel_scaled = verb.scale.has_value() && verb.accumulate};
            part.a.data += first * part.a.row_stride;
            part.c.data += first * part.c.row_stride;
            simd::multiply_panel(part, panel * width, std::min(width, c.cols() - panel * width));
        });
    }

    std::int64_t panel_elements() const { return simd::product_scratch_elements(simd::lanes(), tiles_.panel_depth); }
    float* panel_of(int thread) { return static_cast<float*>(panels_.base()) + thread * panel_elements(); }

    ThreadPool pool_;
    const simd::Tiles tiles_;
    simd::FusedCore core_;
    simd::FusedVjp vjp_;
    /// Panels of one product, a piece a thread. They begin at a cache line: where the heap put them 16 bytes beyond
    /// one, every load took two lines, and a product of scores with 8 to 32 heads 3 to 13 % longer, by luck of the
    /// heap.
    Workspace panels_;
};

}  // namespace

BackendInfo simd() {
    return {.summary = "own f32 kernels: packed products, fused core (bf16, too); vectors chosen at run time",
            .own = attend_options().fields(),
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
