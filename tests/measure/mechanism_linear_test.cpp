// Mechanisms whose cost is linear in the length: what they are equal to, and what they cost by the papers' formulas.
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/judge/compare.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/random_problem.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

using Own = std::vector<std::pair<std::string, std::string>>;

Problem shaped(std::int64_t q_len, std::int64_t kv_len, std::int64_t num_heads, std::int64_t num_kv_heads, bool causal,
               Scope scope = Scope::layer) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = q_len;
    spec.kv_len = kv_len;
    spec.num_heads = num_heads;
    spec.num_kv_heads = num_kv_heads;
    spec.embed_dim = 12;
    spec.head_dim = 5;
    spec.value_head_dim = 3;
    spec.causal = causal;
    spec.scope = scope;
    spec.dtype = DType::f64;
    return resolve(spec);
}

std::vector<double> output(const char* variant, const Problem& p, const Own& own) {
    return Ran(point_with(variant, p, own)).output();
}

Count counted(const char* variant, const Problem& p, const Own& own) {
    Point point = point_with(variant, p, own);
    point.backend = "counting";
    return count_point(point);
}

/// Required multiplies of matrix products, those of the four projections left out.
std::int64_t core_multiplies(const Count& count) {
    std::int64_t sum = 0;
    for (const OpPart& part : count.ops) {
        const bool projects = part.role == "query" || part.role == "key" || part.role == "value" ||
                              part.role == "output" || part.role == "gate";
        if (part.op == "matmul" && !projects) sum += part.required.multiplies;
    }
    return sum;
}

std::int64_t four_projections(const Problem& p) {
    return p.embed_dim * (p.query_width() + p.key_width() + p.value_width() + p.context_width());
}

/// Random causal problems, cross-attention of both kinds among them.
template <class F>
void for_each_causal_problem(const F& f) {
    std::mt19937_64 random(61);
    for (int i = 0; i < 40; ++i) {
        Problem p = with_core(random_problem(random, 24));
        p.causal = true;
        p.dtype = DType::f64;
        f(p);
    }
}

/// How far the output of `point` is from its definition's on numbers that `change` has made wrong, in units of the
/// bound.
template <class Change>
double error_of(const Point& point, const Change& change) {
    PointData data = make_point_data(point);
    const judge::ReferenceRows right =
        data.variant->definition.answer(question_of(data), judge::rows_to_check(point.problem, point.seed));
    change(data);
    run_forward(data);
    const judge::Difference found = judge::difference(data.layout.out, right);
    return found.error / found.bound;
}

/// Keys of two heads change places.
void swap_heads(PointData& data) {
    const Tensor& k = data.layout.inputs.k;
    const std::int64_t width = data.point.problem.head_dim;
    for (std::int64_t i = 0; i < k.rows(); ++i) {
        for (std::int64_t j = 0; j < width; ++j)
            std::swap(*k.at<double>(0, 0, 0, i, j), *k.at<double>(0, 0, 0, i, width + j));
    }
}

/// All keys and values stand one place later, as a mask that is off by one would have it.
void one_key_later(PointData& data) {
    for (const Tensor* t : {&data.layout.inputs.k, &data.layout.inputs.v}) {
        for (std::int64_t i = t->rows(); --i > 0;) {
            for (std::int64_t j = 0; j < t->cols(); ++j)
                *t->at<double>(0, 0, 0, i, j) = *t->at<double>(0, 0, 0, i - 1, j);
        }
    }
}

}  // namespace

TEST_CASE("linear attention: recurrent, masked and chunked forms are one function") {
    for_each_causal_problem([](const Problem& p) {
        const std::vector<double> right = output("linear", p, {{"form", "recurrent"}});
        INFO(point_with("linear", p).id());
        CHECK(apart(output("linear", p, {{"form", "masked"}}), right) < 1e-12);
        for (const char* chunk : {"1", "2", "7", "64"})
            CHECK(apart(output("linear", p, {{"form", "chunked"}, {"chunk", chunk}}), right) < 1e-12);
    });
}

TEST_CASE("linear attention without a mask is the last row of its causal form, for every query alone") {
    for (const std::int64_t kv_len : {1, 9, 20}) {
        const Problem one = shaped(1, kv_len, 4, 2, true);
        Problem all = one;
        all.causal = false;
        CHECK(apart(output("linear", one, {}), output("linear", all, {})) < 1e-12);
    }
}

TEST_CASE("linear attention costs B H L d v for the state and as much for the queries, in pairs when masked") {
    for (const std::int64_t len : {8, 40, 200}) {
        for (const std::int64_t kv_heads : {4, 2}) {
            const Problem p = shaped(len, len, 4, kv_heads, true);
            const std::int64_t state = 2 * kv_heads * len * 5 * 3, read = 2 * 4 * len * 5 * 3;
            CHECK(core_multiplies(counted("linear", p, {{"form", "recurrent"}})) == state + read);
            const std::int64_t pairs = len * (len + 1) / 2;
            CHECK(core_multiplies(counted("linear", p, {{"form", "masked"}})) == 2 * 4 * pairs * (5 + 3));
            // Blocks of 8: pairs inside, the state behind all blocks but the last, read in all but the first.
            const std::int64_t inside = len / 8 * (8 * 9 / 2) * (5 + 3) * 2 * 4;
            CHECK(core_multiplies(counted("linear", p, {{"form", "chunked"}, {"chunk", "8"}})) ==
                  inside + state / len * (len - 8) + read / len * (len - 8));
            Problem all = p;
            all.causal = false;
            CHECK(core_multiplies(counted("linear", all, {})) == state + read);
            for (const char* form : {"recurrent", "masked", "chunked"}) {
                const Count count = counted("linear", p, {{"form", form}});
                CHECK(count.kv_cache_bytes == 8 * 2 * kv_heads * 5 * (3 + 1));
                CHECK(count.parameters == four_projections(p));
            }
        }
    }
}

TEST_CASE("linear attention that reads the keys of another head, or sees one key less, is caught") {
    for (const char* form : {"recurrent", "masked", "chunked"}) {
        const Point point = point_with("linear", shaped(40, 40, 4, 4, true, Scope::core), {{"form", form}});
        CHECK(error_of(point, [](PointData&) {}) <= 1);
        CHECK(error_of(point, swap_heads) > 1e3);
        CHECK(error_of(point, one_key_later) > 1e3);
    }
}

TEST_CASE("linformer with E and F the identity is attention") {
    std::mt19937_64 random(62);
    for (int i = 0; i < 30; ++i) {
        Problem p = with_core(random_problem(random, 20));
        p.causal = false;
        p.dtype = DType::f64;
        Ran linformer(point_with("linformer", p, {{"projected_len", std::to_string(p.kv_len)}}));
        for (const char* name : {"we", "wf"})
            linformer.set(name, [](std::int64_t row, std::int64_t col) { return row == col ? 1.0 : 0.0; });
        CHECK(apart(linformer.output(), output("multi_head", p, {})) < 1e-12);
    }
}

TEST_CASE("linformer costs B k L (d + v) a key head for the projections and B L k (d + v) a head behind them") {
    for (const std::int64_t len : {8, 50}) {
        for (const std::int64_t k : {1, 4, 16}) {
            const Problem p = shaped(len, len + 3, 4, 2, false);
            const Count count = counted("linformer", p, {{"projected_len", std::to_string(k)}});
            CHECK(core_multiplies(count) == 2 * 2 * k * (len + 3) * (5 + 3) + 2 * 4 * len * k * (5 + 3));
            CHECK(count.parameters == four_projections(p) + 2 * k * (len + 3));
            CHECK(count.kv_cache_bytes == 8 * 2 * 2 * k * (5 + 3));
        }
    }
}

TEST_CASE("performer: recurrent, masked and chunked forms are one function") {
    for_each_causal_problem([](const Problem& p) {
        const std::vector<double> right = output("performer", p, {{"form", "recurrent"}, {"features", "12"}});
        INFO(point_with("performer", p).id());
        CHECK(apart(output("performer", p, {{"form", "masked"}, {"features", "12"}}), right) < 1e-12);
        for (const char* chunk : {"1", "5", "64"}) {
            const Own own{{"form", "chunked"}, {"chunk", chunk}, {"features", "12"}};
            CHECK(apart(output("performer", p, own), right) < 1e-12);
        }
    });
}

TEST_CASE("performer comes close to softmax with many normal directions, the closer the more") {
    const Problem p = shaped(12, 12, 2, 2, false);
    // Short queries and keys: the variance of the estimate grows with the exponential of their lengths' squares.
    const auto shorten = [](Ran& ran) {
        for (const char* name : {"wq", "wk"}) {
            const Tensor w = ran.weight(name);
            ran.set(name, [&](std::int64_t i, std::int64_t j) { return 0.25 * *w.at<double>(0, 0, 0, i, j); });
        }
    };
    Ran softmax(point_with("multi_head", p));
    shorten(softmax);
    const std::vector<double> right = softmax.output();
    const auto error = [&](const char* features) {
        Ran performer(point_with("performer", p, {{"features", features}}));
        shorten(performer);
        std::mt19937_64 random(63);
        std::normal_distribution<double> normal(0, 1 / std::sqrt(5.0));
        performer.set("wr", [&](std::int64_t, std::int64_t) { return normal(random); });
        return apart(performer.output(), right);
    };
    const double few = error("16"), many = error("16384");
    CAPTURE(few, many);
    CHECK(many < 0.05);
    CHECK(many < few / 4);
}

TEST_CASE("performer costs B L m d for the features of a head, and B L m v for the state and for each query") {
    for (const std::int64_t len : {8, 40}) {
        for (const std::int64_t m : {2, 6, 32}) {
            const Problem p = shaped(len, len, 4, 2, true);
            const Count count = counted("performer", p, {{"features", std::to_string(m)}});
            CHECK(core_multiplies(count) == 2 * (4 + 2) * len * m * (5 + 3));
            CHECK(count.parameters == four_projections(p) + 5 * m);
            CHECK(count.kv_cache_bytes == 8 * 2 * 2 * m * (3 + 1));
        }
    }
}

TEST_CASE("performer and linformer that read the keys of another head are caught") {
    for (const char* variant : {"performer", "linformer"}) {
        const Point point = point_with(variant, shaped(40, 40, 4, 4, false, Scope::core));
        CHECK(error_of(point, [](PointData&) {}) <= 1);
        CHECK(error_of(point, swap_heads) > 1e3);
    }
}

TEST_CASE("gated linear attention: blocks of any length are the recurrence token by token") {
    for_each_causal_problem([](Problem p) {
        p.scope = Scope::layer;
        if (p.q_len > p.kv_len) std::swap(p.q_len, p.kv_len);
        for (const char* tau : {"1", "16"}) {
            const std::vector<double> right = output("gated_linear", p, {{"chunk", "1"}, {"tau", tau}});
            for (const char* chunk : {"2", "7", "64"})
                CHECK(apart(output("gated_linear", p, {{"chunk", chunk}, {"tau", tau}}), right) < 1e-12);
        }
    });
}

TEST_CASE("gated linear attention with a fixed gate is sum over keys of gate^(i - j) (q_i k_j) v_j") {
    // With W_a = 0 a gate is 2^(-1 / tau): a half, or one within 1e-12: causal attention whose weights are the products
    // of queries and keys themselves, with no scale, no feature map, no softmax and no normaliser.
    constexpr double kOne = 1099511627776;
    for (const double tau : {1.0, kOne}) {
        const Problem p = shaped(9, 12, 4, 2, true);
        const std::string power = std::to_string(static_cast<std::int64_t>(tau));
        Ran gated(point_with("gated_linear", p, {{"tau", power}, {"chunk", "5"}}));
        gated.set("wa", [](std::int64_t, std::int64_t) { return 0.0; });
        PointData given = make_point_data(point_with("multi_head", p));  // the same numbers
        const auto& w = given.layout.canonical;
        const auto projected = [](const Tensor& x, std::int64_t b, std::int64_t row, const Tensor& matrix,
                                  std::int64_t col) {
            double sum = 0;
            for (std::int64_t e = 0; e < x.cols(); ++e)
                sum += *x.at<double>(b, 0, 0, row, e) * *matrix.at<double>(0, 0, 0, e, col);
            return sum;
        };
        const Inputs& in = given.layout.inputs;
        std::vector<double> expected;
        for (std::int64_t b = 0; b < p.batch; ++b) {
            for (std::int64_t i = 0; i < p.q_len; ++i) {
                std::vector<double> heads(static_cast<std::size_t>(p.context_width()));
                for (std::int64_t h = 0; h < p.num_heads; ++h) {
                    for (std::int64_t j = 0; j <= i + 3; ++j) {
                        double weight = 0;
                        for (std::int64_t a = 0; a < 5; ++a)
                            weight += projected(in.x_q, b, i, w.at("wq"), h * 5 + a) *
                                      projected(in.x_kv, b, j, w.at("wk"), h / 2 * 5 + a);
                        if (tau == 1) weight *= std::ldexp(1.0, static_cast<int>(j - i - 3));
                        for (std::int64_t c = 0; c < 3; ++c)
                            heads[static_cast<std::size_t>(h * 3 + c)] +=
                                weight * projected(in.x_kv, b, j, w.at("wv"), h / 2 * 3 + c);
                    }
                }
                for (std::int64_t e = 0; e < p.embed_dim; ++e) {
                    double sum = 0;
                    for (std::int64_t c = 0; c < p.context_width(); ++c)
                        sum += heads[static_cast<std::size_t>(c)] * *w.at("wo").at<double>(0, 0, 0, c, e);
                    expected.push_back(sum);
                }
            }
        }
        CHECK(apart(gated.output(), expected) < (tau == 1 ? 1e-13 : 1e-10));
    }
}

TEST_CASE("gated linear attention costs E d a key head and token for its gates, and keeps a state of d v a key head") {
    for (const std::int64_t len : {8, 40}) {
        for (const std::int64_t chunk : {1, 8}) {
            const Problem p = shaped(len, len, 4, 2, true);
            const Count count = counted("gated_linear", p, {{"chunk", std::to_string(chunk)}});
            const std::int64_t inside = len / chunk * (chunk * (chunk + 1) / 2) * (5 + 3) * 2 * 4;
            const std::int64_t between = (len - chunk) * 5 * 3 * 2 * (2 + 4);
            CHECK(core_multiplies(count) == inside + between);
            for (const OpPart& part : count.ops) {
                if (part.op == "matmul" && part.role == "gate")
                    CHECK(part.required.multiplies == 2 * len * 12 * (2 * 5));
            }
            CHECK(count.parameters == four_projections(p) + 12 * 2 * 5);
            CHECK(count.kv_cache_bytes == 8 * 2 * 2 * 5 * 3);
        }
    }
}

TEST_CASE("gated linear attention whose gates are of another power is caught") {
    Point point = point_with("gated_linear", shaped(40, 40, 4, 4, true), {{"tau", "8"}});
    PointData data = make_point_data(point);
    const judge::ReferenceRows right =
        data.variant->definition.answer(question_of(data), judge::rows_to_check(point.problem, point.seed));
    data.point = point_with("gated_linear", point.problem, {{"tau", "9"}});
    run_forward(data);
    const judge::Difference found = judge::difference(data.layout.out, right);
    CHECK(found.error > 1e3 * found.bound);
}
