// Verbs as data: one that no backend knows runs on all of them, products add up, and their derivative is a derivative.
#include <cmath>
#include <random>
#include <vector>

#include "harness/backend/all.hpp"
#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/add.hpp"
#include "harness/backend/verbs/copy.hpp"
#include "harness/backend/verbs/verb_type.hpp"
#include "harness/core/counted.hpp"
#include "harness/core/storage.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

/// x = x * x: a verb that this file adds, and no other file knows.
struct Square {
    static constexpr std::string_view kName = "square";
    Tensor x;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.x, Access::update);
    }
    bool fits() const { return x.cols() > 0; }
    Parts required() const {
        return {{.op = "square",
                 .role = "",
                 .cost = {.multiplies = x.elements(), .bytes_read = x.bytes(), .bytes_written = x.bytes()}}};
    }
    template <class T>
    void naive() const {
        for_each_matrix(x, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
            const Matrix<T> m = matrix_at<T>(x, b, n, g);
            for (std::int64_t i = 0; i < m.rows; ++i) {
                for (std::int64_t j = 0; j < m.cols; ++j) m(i, j) = m(i, j) * m(i, j);
            }
        });
    }
};

/// Owns tensors of T, filled with normal numbers.
template <class T>
class Store {
public:
    explicit Store(DType dtype) : dtype_(dtype) {}
    Tensor take(std::array<std::int64_t, 5> extent) {
        Tensor t = dense(nullptr, dtype_, extent);
        std::vector<T>& block = blocks_.emplace_back(static_cast<std::size_t>(t.elements()));
        for (T& x : block) x = stored<T>(normal_(random_));
        t.data = block.data();
        return t;
    }

private:
    DType dtype_;
    std::mt19937 random_{17};
    std::normal_distribution<double> normal_;
    std::vector<std::vector<T>> blocks_;
};

template <class T>
std::vector<double> values(const Tensor& t) {
    std::vector<double> all;
    for (std::int64_t i = 0; i < t.elements(); ++i) all.push_back(value_of(static_cast<const T*>(t.data)[i]));
    return all;
}

template <class F>
void for_each_real_backend(F f) {
    for (const auto& [name, info] : all_backends()) {
        if (!info.missing.empty()) continue;
        const auto backend = info.make({});
        if (!backend->executes()) continue;
        INFO(name);
        f(*backend);
    }
}

/// sum over c of weight * (scale * a @ b), the scalar whose derivative vjp() gives where dc is `weight`.
double weighted_sum(Backend& backend, const Matmul& verb, const Tensor& weight) {
    std::vector<double> memory(static_cast<std::size_t>(verb.c.elements()));
    Matmul fresh = verb;
    fresh.c = dense(memory.data(), DType::f64, verb.c.extent);
    backend.run("x", fresh);
    double sum = 0;
    for (std::size_t i = 0; i < memory.size(); ++i) sum += memory[i] * static_cast<const double*>(weight.data)[i];
    return sum;
}

}  // namespace

TEST_CASE("a verb that a backend does not know runs by its own loop, traced and counted like any other") {
    for_each_real_backend([](Backend& backend) {
        Store<float> store(DType::f32);
        const Tensor x = store.take({2, 3, 1, 4, 5});
        const std::vector<double> before = values<float>(x);
        OpLog log;
        backend.listen(&log);
        backend.run("activation", Square{.x = x});
        for (std::size_t i = 0; i < before.size(); ++i) {
            REQUIRE(values<float>(x)[i] == Approx(before[i] * before[i]));
        }
        REQUIRE(log.spans.size() == 1);
        REQUIRE(log.spans[0].verb == "square");
        REQUIRE(log.spans[0].parts.at(0).role == "activation");
        REQUIRE(log.spans[0].parts.at(0).executed.multiplies == 2 * 3 * 4 * 5);
    });
}

TEST_CASE(
    "a new verb's naive loop computes in f32 where tensors are bf16, counts on a counting scalar, and stays dry") {
    NaiveBackend backend;
    Store<BFloat16> narrow(DType::bf16);
    const Tensor x = narrow.take({1, 1, 1, 3, 7});
    const std::vector<double> before = values<BFloat16>(x);
    backend.run("x", Square{.x = x});
    for (std::size_t i = 0; i < before.size(); ++i) {
        REQUIRE(values<BFloat16>(x)[i] == value_of(BFloat16(static_cast<float>(before[i] * before[i]))));
    }
    Store<Counted> counted(DType::counted);
    const Tensor y = counted.take({1, 1, 1, 3, 7});
    Counted::tally() = {};
    backend.run("x", Square{.x = y});
    REQUIRE(Counted::tally() == OpCost{.multiplies = 21});
    const auto counting = find_named(all_backends(), "counting", "backend").make({});
    OpLog log;
    counting->listen(&log);
    counting->run("x", Square{.x = dense(nullptr, DType::f32, {1, 1, 1, 3, 7})});
    REQUIRE(log.spans.at(0).seconds == 0);
    REQUIRE(log.spans.at(0).parts.at(0).required.multiplies == 21);
}

TEST_CASE("a verb is recognised as what it is and as nothing else") {
    const Square square{};
    const Copy copy{};
    REQUIRE(Verb(square).as<Square>() == &square);
    REQUIRE(Verb(square).as<Copy>() == nullptr);
    REQUIRE(Verb(copy).as<Square>() == nullptr);
    REQUIRE(Verb(copy).name() == "copy");
}

TEST_CASE("a backend whose ledger names other parts than the verb is an error, not a wrong count") {
    class Confused final : public Backend {
        Parts executed(const Verb& /*verb*/) const override { return {{.op = "scale", .role = "", .cost = {}}}; }
    };
    Confused backend;
    OpLog log;
    backend.stay_dry();
    backend.listen(&log);
    REQUIRE_THROWS_AS(backend.run("x", Square{}), Error);
}

TEST_CASE("add adds, on every backend, and counts what it does") {
    for_each_real_backend([](Backend& backend) {
        Store<float> store(DType::f32);
        const Tensor from = store.take({1, 1, 1, 6, 5}), to = store.take({3, 1, 1, 6, 5});
        const std::vector<double> a = values<float>(from), before = values<float>(to);
        OpLog log;
        backend.listen(&log);
        backend.run("residual", Add{.from = from, .to = to});
        for (std::size_t i = 0; i < before.size(); ++i) {
            REQUIRE(values<float>(to)[i] == Approx(before[i] + a[i % a.size()]));
        }
        REQUIRE(log.spans.at(0).parts.at(0).executed.adds == 90);
        REQUIRE_THROWS_AS(backend.run("residual", Add{.from = to, .to = from}), Error);
    });
}

TEST_CASE("an accumulating product adds to what is there, with and without a scale, for every depth and mask") {
    for_each_real_backend([](Backend& backend) {
        Store<float> store(DType::f32);
        // The deepest does not fit one panel of simd.
        for (const std::int64_t depth : {1, 7, 64, 2500}) {
            for (const auto& [rows, cols] : {std::pair{1, 1}, {5, 48}, {33, 50}}) {
                for (const bool scaled : {false, true}) {
                    for (const Masked masked : {Masked::nothing, Masked::output}) {
                        const Tensor a = store.take({2, 1, 1, rows, depth}), b = store.take({1, 1, 1, depth, cols});
                        const Tensor c = store.take({2, 1, 1, rows, cols});
                        const std::vector<double> left = values<float>(a), right = values<float>(b);
                        const std::vector<double> before = values<float>(c);
                        const Mask causal{.causal = true};
                        MatmulOptions options{
                            .scale = {}, .bias = nullptr, .mask = causal, .masked = masked, .accumulate = true};
                        if (scaled) options.scale = -0.5;
                        backend.matmul("x", a, b, c, options);
                        const std::vector<double> after = values<float>(c);
                        CAPTURE(depth, rows, cols, scaled, masked == Masked::output);
                        for (std::int64_t i = 0; i < 2 * rows; ++i) {
                            for (std::int64_t j = 0; j < cols; ++j) {
                                if (masked == Masked::output && j >= causal.visible(i % rows, rows, cols)) continue;
                                double sum = 0;
                                for (std::int64_t k = 0; k < depth; ++k) {
                                    sum += left[static_cast<std::size_t>(i * depth + k)] *
                                           right[static_cast<std::size_t>(k * cols + j)];
                                }
                                const auto at = static_cast<std::size_t>(i * cols + j);
                                const double expected = before[at] + (scaled ? -0.5 : 1) * sum;
                                // A sum of `depth` terms of order one in f32.
                                REQUIRE(std::abs(after[at] - expected) < 1e-5 * static_cast<double>(depth + 10));
                            }
                        }
                    }
                }
            }
        }
    });
}

TEST_CASE("an accumulating product costs what its loop does; a bias beside it is an error") {
    NaiveBackend backend;
    for (const bool scaled : {false, true}) {
        Store<Counted> store(DType::counted);
        const Tensor a = store.take({2, 1, 1, 3, 4}), b = store.take({2, 1, 1, 4, 5}), c = store.take({2, 1, 1, 3, 5});
        OpLog log;
        backend.listen(&log);
        MatmulOptions options;
        options.accumulate = true;
        if (scaled) options.scale = 3;
        Counted::tally() = {};
        backend.matmul("x", a, b, c, options);
        OpCost said;
        for (const OpPart& part : log.spans.at(0).parts) said += part.executed;
        REQUIRE(said.bytes_read == a.bytes() + b.bytes() + c.bytes());
        REQUIRE(Counted::tally().multiplies == said.multiplies);
        REQUIRE(Counted::tally().adds == said.adds);
        REQUIRE(said.adds == 30 * 4);
        const Tensor bias = store.take({1, 1, 1, 1, 5});
        options.bias = &bias;
        REQUIRE_THROWS_AS(backend.matmul("x", a, b, c, options), Error);
    }
}

TEST_CASE("the vector-Jacobian product of a product agrees with finite differences, summed over what broadcasts") {
    NaiveBackend backend;
    for (const std::int64_t b_heads : {2, 1}) {
        for (const bool scaled : {false, true}) {
            Store<double> store(DType::f64);
            Matmul verb{.a = store.take({2, 2, 3, 4, 5}), .b = store.take({1, b_heads, 1, 5, 3}), .c = {}};
            verb.c = store.take({2, 2, 3, 4, 3});
            if (scaled) verb.scale = 0.7;
            const Tensor dc = store.take(verb.c.extent);
            const Matmul::Derivatives into{.a = store.take(verb.a.extent), .b = store.take(verb.b.extent)};
            const std::vector<double> a_before = values<double>(*into.a), b_before = values<double>(into.b);
            verb.vjp(backend, "x", dc, into);
            const auto compare = [&](const Tensor& operand, const Tensor& derivative, const std::vector<double>& was) {
                auto* const x = static_cast<double*>(operand.data);
                for (std::int64_t i = 0; i < operand.elements(); ++i) {
                    const double step = 1e-3, at = x[i];
                    x[i] = at + step;
                    const double above = weighted_sum(backend, verb, dc);
                    x[i] = at - step;
                    const double below = weighted_sum(backend, verb, dc);
                    x[i] = at;
                    const double added =
                        static_cast<const double*>(derivative.data)[i] - was[static_cast<std::size_t>(i)];
                    // The function is linear in each element: a central difference has rounding errors only.
                    REQUIRE(added == Approx((above - below) / (2 * step)).epsilon(1e-8).margin(1e-8));
                }
            };
            compare(verb.a, *into.a, a_before);
            compare(verb.b, into.b, b_before);
        }
    }
}

TEST_CASE("the derivative of masked scores leaves out what the mask hides, as products do") {
    NaiveBackend backend;
    Store<double> store(DType::f64);
    const Matmul scores{.a = store.take({1, 1, 1, 6, 3}),
                        .b = store.take({1, 1, 1, 3, 6}),
                        .c = store.take({1, 1, 1, 6, 6}),
                        .mask = {.causal = true},
                        .masked = Masked::output};
    OpLog log;
    backend.listen(&log);
    scores.vjp(backend, "scores", store.take(scores.c.extent),
               {.a = store.take({1, 1, 1, 6, 3}), .b = store.take({1, 1, 1, 3, 6})});
    REQUIRE(log.spans.size() == 2);
    REQUIRE(log.spans[0].parts[0].required.multiplies == 21 * 3);
    REQUIRE_THROWS_AS(
        (Matmul{.a = scores.a, .b = scores.b, .c = scores.c, .bias = scores.a}.vjp(backend, "x", scores.c, {})), Error);
}
