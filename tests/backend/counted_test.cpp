// The cost of every verb against kernels whose scalar counts what they do.
#include "harness/core/counted.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/tiled_attend.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

OpCost arithmetic(OpCost cost) {
    cost.bytes_read = 0;
    cost.bytes_written = 0;
    return cost;
}

/// Compares each verb's executed ledger with what the counting scalar saw since the last verb.
class Auditor final : public OpSink {
public:
    Auditor() { Counted::tally() = {}; }
    void on_span(OpSpan span) override {
        OpCost claimed;
        OpCost rescale;
        for (const OpPart& part : span.parts) (part.op == "rescale" ? rescale : claimed) += part.executed;
        const OpCost seen = Counted::tally();
        if (seen == arithmetic(claimed + rescale)) {
            ++equal;
        } else {
            const OpCost beyond{.multiplies = seen.multiplies - claimed.multiplies,
                                .adds = seen.adds - claimed.adds,
                                .compares = seen.compares - claimed.compares,
                                .divides = seen.divides - claimed.divides,
                                .exps = seen.exps - claimed.exps};
            // A rescale is one add, one exp and a fixed number of multiplies; fewer than the bound may happen.
            const bool whole = rescale.exps > 0 && beyond.exps >= 0 && beyond.exps <= rescale.exps &&
                               beyond.adds == beyond.exps && beyond.compares == 0 && beyond.divides == 0 &&
                               beyond.multiplies * rescale.exps == beyond.exps * rescale.multiplies;
            ++(whole ? within_bound : wrong);
        }
        Counted::tally() = {};
    }
    int equal = 0, within_bound = 0, wrong = 0;
};

/// Owns counted tensors.
class Store {
public:
    Tensor take(std::array<std::int64_t, 5> extent, double first, double step) {
        Tensor t = dense(nullptr, DType::counted, extent);
        std::vector<Counted>& block = blocks_.emplace_back(static_cast<std::size_t>(t.elements()));
        for (std::size_t i = 0; i < block.size(); ++i) block[i] = Counted(first + step * static_cast<double>(i));
        t.data = block.data();
        return t;
    }
    Tensor random(std::array<std::int64_t, 5> extent, std::mt19937& random) {
        const Tensor t = take(extent, 0, 0);
        std::normal_distribution<double> normal;
        for (std::int64_t i = 0; i < t.elements(); ++i) static_cast<Counted*>(t.data)[i] = Counted(normal(random));
        return t;
    }

private:
    std::vector<std::vector<Counted>> blocks_;
};

/// Small blocks, so that small problems have many.
class SmallBlocks : public NaiveBackend {
public:
    SmallBlocks(std::int64_t query, std::int64_t key) : query_(query), key_(key) {}
    AttendPlan attend_plan(const AttendShape& shape, const Mask& /*mask*/) const override {
        const std::int64_t query = std::min(query_, shape.q_len), key = std::min(key_, shape.kv_len);
        return {.query_block = query, .key_block = key, .scratch_elements = tile_scratch_elements(query, key)};
    }

private:
    std::int64_t query_, key_;
};

/// A cost model that is wrong by one operation of one kind, in one verb.
class Perturbed final : public SmallBlocks {
public:
    Perturbed(std::string verb, std::int64_t OpCost::*kind) : SmallBlocks(3, 4), verb_(std::move(verb)), kind_(kind) {}
    Parts executed(const Verb& verb) const override {
        Parts parts = NaiveBackend::executed(verb);
        const std::size_t weights = verb.name() == "attend" ? 2 : 0;
        if (verb.name() == verb_) ++(parts[weights].cost.*kind_);
        return parts;
    }

private:
    std::string verb_;
    std::int64_t OpCost::*kind_;
};

}  // namespace

TEST_CASE("a counting scalar counts each operation once") {
    Counted::tally() = {};
    const Counted a(3.0);
    const Counted b(4.0);
    const Counted c = a * b + exp(a - b) / b;
    REQUIRE(c.value() == Approx(12 + std::exp(-1.0) / 4));
    REQUIRE(a < b);
    REQUIRE(Counted::tally() == OpCost{.multiplies = 1, .adds = 2, .compares = 1, .divides = 1, .exps = 1});
}

TEST_CASE("products, scale, bias, softmax and copies cost what the loops do") {
    std::mt19937 random(11);
    const auto pick = [&](int n) { return static_cast<std::int64_t>(1 + random() % static_cast<unsigned>(n)); };
    for (int i = 0; i < 200; ++i) {
        Store store;
        NaiveBackend backend;
        Auditor auditor;
        backend.listen(&auditor);
        const std::int64_t b = pick(2), n = pick(3), g = pick(2), m = pick(9), k = pick(6), cols = pick(9);
        const Tensor left = store.random({b, n, g, m, k}, random);
        const Tensor right = store.random({b, n, 1, cols, k}, random);
        const Tensor c = store.take({b, n, g, m, cols}, 0, 0);
        const Tensor bias = store.random({1, 1, 1, 1, cols}, random);
        const Mask mask{.causal = random() % 2 == 0};
        MatmulOptions options{.scale = {}, .bias = nullptr, .mask = mask, .masked = Masked::output};
        if (random() % 2 == 0) options.scale = 0.25;
        if (random() % 2 == 0) options.bias = &bias;
        Counted::tally() = {};
        backend.matmul("scores", left, right.transposed(), c, options);
        backend.softmax_rows("weights", mask, c);
        backend.copy("context", left, store.take(left.extent, 0, 0));
        REQUIRE(auditor.equal == 3);
    }
}

TEST_CASE("the fused loop costs what it says, rescales up to their bound") {
    std::mt19937 random(5);
    const auto pick = [&](int n) { return static_cast<std::int64_t>(1 + random() % static_cast<unsigned>(n)); };
    int below_bound = 0;
    for (int i = 0; i < 300; ++i) {
        Store store;
        SmallBlocks backend(pick(6), pick(6));
        Auditor auditor;
        backend.listen(&auditor);
        const std::int64_t b = pick(2), n = pick(2), g = pick(2), q_len = pick(17), kv_len = pick(17), d = pick(4);
        const std::int64_t dv = pick(4);
        const Tensor q = store.random({b, n, g, q_len, d}, random);
        const Tensor k = store.random({b, n, 1, kv_len, d}, random);
        const Tensor v = store.random({b, n, 1, kv_len, dv}, random);
        Workspace ws = Workspace::reserve(1 << 16);
        Counted::tally() = {};
        backend.attend("core", 0.5, {.causal = i % 2 == 0}, q, k, v, store.take({b, n, g, q_len, dv}, 0, 0), ws);
        CAPTURE(b, n, g, q_len, kv_len, d, dv);
        REQUIRE(auditor.wrong == 0);
        below_bound += auditor.within_bound;
    }
    REQUIRE(below_bound > 0);  // random maxima do not rise in every tile
}

TEST_CASE("rising scores reach the bound on rescales") {
    for (const bool causal : {false, true}) {
        for (std::int64_t q_len = 1; q_len <= 12; ++q_len) {
            for (std::int64_t kv_len = 1; kv_len <= 12; ++kv_len) {
                for (const std::int64_t block : {1, 2, 3, 5, 12}) {
                    Store store;
                    SmallBlocks backend(1 + q_len / 2, block);
                    Auditor auditor;
                    backend.listen(&auditor);
                    const Tensor q = store.take({1, 1, 1, q_len, 2}, 1, 0);
                    const Tensor k = store.take({1, 1, 1, kv_len, 2}, 0, 0.5);
                    const Tensor v = store.take({1, 1, 1, kv_len, 3}, 1, -0.1);
                    Workspace ws = Workspace::reserve(1 << 14);
                    Counted::tally() = {};
                    backend.attend("core", 1.0, {.causal = causal}, q, k, v, store.take({1, 1, 1, q_len, 3}, 0, 0), ws);
                    CAPTURE(causal, q_len, kv_len, block);
                    REQUIRE(auditor.equal == 1);
                }
            }
        }
    }
}

TEST_CASE("falling scores need no rescale at all") {
    Store store;
    SmallBlocks backend(4, 2);
    OpLog log;
    backend.listen(&log);
    const Tensor q = store.take({1, 1, 1, 8, 2}, 1, 0);
    const Tensor k = store.take({1, 1, 1, 8, 2}, 9, -0.5);
    Workspace ws = Workspace::reserve(1 << 14);
    Counted::tally() = {};
    backend.attend("core", 1.0, {}, q, k, k, store.take({1, 1, 1, 8, 2}, 0, 0), ws);
    REQUIRE(Counted::tally().exps == 8 * 8);
}

TEST_CASE("a cost that is wrong by one operation is noticed") {
    for (const auto kind : {&OpCost::multiplies, &OpCost::adds, &OpCost::compares, &OpCost::divides, &OpCost::exps}) {
        for (const char* verb : {"matmul", "softmax_rows", "attend"}) {
            INFO(verb);
            Perturbed backend(verb, kind);
            Store store;
            std::mt19937 random(3);
            Auditor auditor;
            const Tensor a = store.random({1, 1, 1, 5, 5}, random);
            const Tensor c = store.random({1, 1, 1, 5, 5}, random);
            Workspace ws = Workspace::reserve(1 << 14);
            backend.listen(&auditor);
            Counted::tally() = {};
            if (std::string_view(verb) == "matmul") backend.matmul("scores", a, a, c);
            if (std::string_view(verb) == "softmax_rows") backend.softmax_rows("weights", {.causal = true}, c);
            if (std::string_view(verb) == "attend") backend.attend("core", 1, {.causal = true}, a, a, a, c, ws);
            REQUIRE(auditor.wrong == 1);
            REQUIRE(auditor.equal + auditor.within_bound == 0);
        }
    }
}
