// Masks that a variant makes itself, on every backend, against pairs looked at one by one.
#include <cmath>
#include <random>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/attend_cost.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/storage.hpp"
#include "tests/backend/window_mask.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

/// Blocks of numbers[0] queries see the block of keys of the same number alone.
Keys blocks(const Mask::Numbers& numbers, std::int64_t row, std::int64_t /*q_len*/, std::int64_t /*kv_len*/) {
    const std::int64_t block = row / numbers[0];
    return {.first = block * numbers[0], .last = (block + 1) * numbers[0]};
}
/// Rows out of order: first later keys, then earlier ones, every third row none.
Keys scattered(const Mask::Numbers& numbers, std::int64_t row, std::int64_t /*q_len*/, std::int64_t kv_len) {
    if (row % 3 == 2) return {};
    const std::int64_t first = (numbers[0] * (row + 1) + 5 * (row % 4)) % kv_len;
    return {.first = first, .last = first + 1 + row % 7, .sink = row % 2};
}
Keys causal_by_rule(const Mask::Numbers& /*numbers*/, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
    return {.first = 0, .last = kv_len - q_len + row + 1};
}
Keys all_by_rule(const Mask::Numbers& /*numbers*/, std::int64_t /*row*/, std::int64_t /*q_len*/, std::int64_t kv_len) {
    return {.first = 0, .last = kv_len};
}

std::vector<Mask> own_masks(std::int64_t size) {
    return {window_mask(size, 0),
            window_mask(size, 2),
            {.rule = blocks, .numbers = {size}},
            {.rule = scattered, .numbers = {size}}};
}

class Random {
public:
    explicit Random(unsigned seed) : random_(seed) {}
    std::int64_t pick(int n) { return static_cast<std::int64_t>(1 + random_() % static_cast<unsigned>(n)); }
    template <class T>
    Tensor take(DType dtype, std::array<std::int64_t, 5> extent, std::vector<T>& memory) {
        const Tensor t = dense(nullptr, dtype, extent);
        memory.resize(static_cast<std::size_t>(t.elements()));
        for (T& x : memory) x = stored<T>(normal_(random_));
        return dense(memory.data(), dtype, extent);
    }

private:
    std::mt19937 random_;
    std::normal_distribution<double> normal_;
};

template <class T>
double element(const Tensor& t, std::int64_t b, std::int64_t n, std::int64_t g, std::int64_t row, std::int64_t col) {
    return value_of(*t.at<T>(b, n, g, row, col));
}

/// softmax(scale * q k^T) v over the pairs that the mask shows, one by one, in double precision.
template <class T>
double expected(const Tensor& q, const Tensor& k, const Tensor& v, const Mask& mask, double scale,
                std::array<std::int64_t, 5> at) {
    const auto [b, n, g, i, c] = at;
    double sum = 0, total = 0, peak = -INFINITY;
    std::vector<std::pair<double, std::int64_t>> scores;
    for (std::int64_t j = 0; j < k.rows(); ++j) {
        if (!mask.keys(i, q.rows(), k.rows()).sees(j)) continue;
        double score = 0;
        for (std::int64_t d = 0; d < q.cols(); ++d)
            score += element<T>(q, b, n, g, i, d) * element<T>(k, b, n, 0, j, d);
        scores.emplace_back(scale * score, j);
        peak = std::max(peak, scale * score);
    }
    for (const auto& [score, j] : scores) {
        const double weight = std::exp(score - peak);
        total += weight;
        sum += weight * element<T>(v, b, n, 0, j, c);
    }
    return scores.empty() ? 0 : sum / total;
}

template <class F>
void for_each_real_backend(F f) {
    for (const auto& [name, info] : all_backends()) {
        if (!info.missing.empty()) continue;
        for (const int threads : {1, 3}) {
            const auto backend = info.make({.num_threads = threads});
            if (!backend->executes()) continue;
            INFO(name << " with " << threads << " threads");
            f(*backend);
        }
    }
}

template <class T>
double worst_of(const Tensor& out, const Tensor& q, const Tensor& k, const Tensor& v, const Mask& mask, double scale) {
    double worst = 0;
    for_each_matrix(out, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        for (std::int64_t i = 0; i < out.rows(); ++i) {
            for (std::int64_t c = 0; c < out.cols(); ++c) {
                const double difference =
                    std::abs(value_of(*out.at<T>(b, n, g, i, c)) - expected<T>(q, k, v, mask, scale, {b, n, g, i, c}));
                worst = std::isfinite(difference) ? std::max(worst, difference) : INFINITY;
            }
        }
    });
    return worst;
}

}  // namespace

TEST_CASE("the fused core and the three steps see what a mask of one's own shows, and nothing else") {
    for_each_real_backend([](Backend& backend) {
        Random random(21);
        for (int round = 0; round < 40; ++round) {
            const std::int64_t b = random.pick(2), n = random.pick(2), g = random.pick(2), d = random.pick(9);
            const bool large = round % 10 == 0;
            const std::int64_t q_len = random.pick(large ? 150 : 30), kv_len = random.pick(large ? 150 : 30);
            std::vector<float> m[5];
            const Tensor q = random.take(DType::f32, {b, n, g, q_len, d}, m[0]);
            const Tensor k = random.take(DType::f32, {b, n, 1, kv_len, d}, m[1]);
            const Tensor v = random.take(DType::f32, {b, n, 1, kv_len, d}, m[2]);
            for (const Mask& mask : own_masks(random.pick(12))) {
                CAPTURE(b, n, g, q_len, kv_len, d, mask.numbers);
                const Tensor out = random.take(DType::f32, {b, n, g, q_len, d}, m[3]);
                Workspace ws =
                    Workspace::reserve(4 * backend.attend_plan(attend_shape(q, k, v), mask).scratch_elements + 64);
                backend.attend("core", 0.4, mask, q, k, v, out, ws);
                REQUIRE(worst_of<float>(out, q, k, v, mask, 0.4) < 1e-5);

                const Tensor again = random.take(DType::f32, {b, n, g, q_len, d}, m[3]);
                const Tensor scores = random.take(DType::f32, {b, n, g, q_len, kv_len}, m[4]);
                backend.matmul("scores", q, k.transposed(), scores,
                               {.scale = 0.4, .bias = nullptr, .mask = mask, .masked = Masked::output});
                backend.softmax_rows("weights", mask, scores);
                backend.matmul("context", scores, v, again,
                               {.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::left});
                REQUIRE(worst_of<float>(again, q, k, v, mask, 0.4) < 1e-5);
            }
        }
    });
}

TEST_CASE("the fused core in bf16 takes a mask of one's own, on naive and on simd") {
    for (const char* name : {"naive", "simd"}) {
        const auto backend = find_named(all_backends(), name, "backend").make({});
        Random random(5);
        std::vector<BFloat16> m[4];
        const Tensor q = random.take(DType::bf16, {1, 2, 2, 70, 9}, m[0]);
        const Tensor k = random.take(DType::bf16, {1, 2, 1, 80, 9}, m[1]),
                     v = random.take(DType::bf16, {1, 2, 1, 80, 9}, m[2]);
        for (const Mask& mask : own_masks(11)) {
            const Tensor out = random.take(DType::bf16, {1, 2, 2, 70, 9}, m[3]);
            Workspace ws =
                Workspace::reserve(4 * backend->attend_plan(attend_shape(q, k, v), mask).scratch_elements + 64);
            backend->attend("core", 0.4, mask, q, k, v, out, ws);
            REQUIRE(worst_of<BFloat16>(out, q, k, v, mask, 0.4) < 0x1p-8 * 5);  // one rounding of numbers below five
        }
    }
}

TEST_CASE("with a mask of one's own every verb costs what its loop does, rescales up to their bound") {
    /// Small blocks, so that small problems have many.
    class SmallBlocks final : public Backend {
    public:
        std::int64_t query = 3, key = 4;
        AttendPlan attend_plan(const AttendShape& shape, const Mask& /*mask*/) const override {
            const std::int64_t rows = std::min(query, shape.q_len), keys = std::min(key, shape.kv_len);
            return {.query_block = rows, .key_block = keys, .scratch_elements = rows * (keys + 2)};
        }
    };
    SmallBlocks backend;
    Random random(9);
    int rescaled = 0;
    for (int round = 0; round < 200; ++round) {
        backend.query = random.pick(6), backend.key = random.pick(6);
        const std::int64_t q_len = random.pick(17), kv_len = random.pick(17), d = random.pick(4), dv = random.pick(4);
        std::vector<Counted> m[5];
        const Tensor q = random.take(DType::counted, {2, 1, 2, q_len, d}, m[0]);
        const Tensor k = random.take(DType::counted, {2, 1, 1, kv_len, d}, m[1]);
        const Tensor v = random.take(DType::counted, {2, 1, 1, kv_len, dv}, m[2]);
        const Tensor out = random.take(DType::counted, {2, 1, 2, q_len, dv}, m[3]);
        const Tensor scores = random.take(DType::counted, {2, 1, 2, q_len, kv_len}, m[4]);
        for (const Mask& mask : own_masks(random.pick(6))) {
            OpLog log;
            backend.listen(&log);
            Counted::tally() = {};
            backend.softmax_rows("weights", mask, scores);
            OpCost said = log.spans.at(0).parts.at(0).executed;
            said.bytes_read = said.bytes_written = 0;
            REQUIRE(Counted::tally() == said);

            Workspace ws = Workspace::reserve(1 << 14);
            Counted::tally() = {};
            backend.attend("core", 0.5, mask, q, k, v, out, ws);
            const std::vector<OpPart>& parts = log.spans.at(1).parts;
            OpCost counted = Counted::tally();
            said = {};
            for (std::size_t i = 0; i < 4; ++i) said += parts[i].executed;
            const std::int64_t rescales = counted.exps - said.exps;
            CAPTURE(q_len, kv_len, d, dv, backend.query, backend.key, mask.numbers);
            REQUIRE(rescales >= 0);
            REQUIRE(rescales <= parts[4].executed.exps);
            rescaled += rescales > 0 ? 1 : 0;
            said += {.multiplies = rescales * (1 + dv), .adds = rescales, .exps = rescales};
            said.bytes_read = said.bytes_written = 0;
            REQUIRE(counted == said);
        }
        backend.listen(nullptr);
    }
    REQUIRE(rescaled > 0);
}

TEST_CASE("a mask that is causal by a rule costs what the causal one does: closed forms and tiles agree") {
    for (std::int64_t q_len = 1; q_len <= 14; ++q_len) {
        for (std::int64_t kv_len = 1; kv_len <= 14; ++kv_len) {
            for (const auto& [query_block, key_block] : {std::pair{1, 1}, {3, 2}, {4, 5}, {14, 3}, {20, 20}}) {
                const AttendShape shape{2, 2, 1, q_len, kv_len, 3, 5, DType::f32};
                CAPTURE(q_len, kv_len, query_block, key_block);
                for (const bool causal : {false, true}) {
                    const Mask known{.causal = causal};
                    const Mask by_rule{.rule = causal ? causal_by_rule : all_by_rule};
                    const AttendParts a = tiled_attend_cost(shape, known, query_block, key_block);
                    const AttendParts b = tiled_attend_cost(shape, by_rule, query_block, key_block);
                    REQUIRE(a.scores == b.scores);
                    REQUIRE(a.scale == b.scale);
                    REQUIRE(a.weights == b.weights);
                    REQUIRE(a.context == b.context);
                    REQUIRE(a.rescale == b.rescale);
                    REQUIRE(required_attend(shape, known).scores == required_attend(shape, by_rule).scores);
                    REQUIRE(required_attend(shape, known).weights == required_attend(shape, by_rule).weights);
                    REQUIRE(required_attend(shape, known).context == required_attend(shape, by_rule).context);
                }
            }
        }
    }
}

TEST_CASE("a window's ledger is that of its pairs, however long the sequence") {
    const Mask mask = window_mask(256, 0);
    const AttendShape shape{1, 1, 1, 1 << 14, 1 << 14, 64, 64, DType::f32};
    const std::int64_t pairs = 256 * 257 / 2 + ((1 << 14) - 256) * 256;
    REQUIRE(required_attend(shape, mask).weights.exps == pairs);
    const auto simd = find_named(all_backends(), "simd", "backend").make({});
    const AttendPlan plan = simd->attend_plan(shape, mask);
    const AttendParts done = tiled_attend_cost(shape, mask, plan.query_block, plan.key_block);
    REQUIRE(done.weights.exps == pairs);
    // Whole tiles at the window's edges, not whole rows of the sequence.
    REQUIRE(done.scale.multiplies < 3 * pairs);
}
