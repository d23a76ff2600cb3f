// A function of one's own is one file: a variant with a mask of its own and one step more, and wrong forms of it.
#include <algorithm>
#include <vector>

#include "harness/backend/verbs/add.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/measure/point/check.hpp"
#include "tests/catch.hpp"
#include "variants/steps.hpp"

using namespace headcount;

namespace {

// Of this variant everything stands here. Row i sees the first key and the kWindow newest of those up to its own, and
// its query is added to what it has gathered: out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h + Q_h ) W_O.
constexpr std::int64_t kWindow = 5;

Mask window(std::int64_t length) {
    Mask mask;
    mask.numbers = {length};
    mask.rule = [](const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
        const std::int64_t last = kv_len - q_len + row + 1;
        return Keys{.first = last - numbers[0], .last = last, .sink = last > 0 ? 1 : 0};
    };
    return mask;
}

enum class Fault : std::uint8_t { none, longer_window, no_step };
Fault fault = Fault::none;  // a forward pass is a plain function

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Mask mask = window(fault == Fault::longer_window ? kWindow + 1 : kWindow);
    const auto [q, k, v] = project_qkv(pass);
    const Tensor scores = take_scores(pass);
    const Tensor context = take_context(pass);
    attend_unfused(pass, mask, query_heads(q, p), key_heads(k, p), key_heads(v, p), scores, query_heads(context, p));
    if (fault != Fault::no_step) pass.backend.run("context", Add{.from = q, .to = context});
    project_output(pass, context);
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t own = row.index + p.kv_len - p.q_len;
    std::vector<std::int64_t> seen;
    for (std::int64_t key = 0; key <= own; ++key) {
        if (key == 0 || own - key < kWindow) seen.push_back(key);
    }
    const auto q = given.q(row);
    const auto k = picked(given.k(row.batch), seen);
    const auto v = picked(given.v(row.batch), seen);
    const auto context = judge::concat(p.num_heads, [&](std::int64_t h) {
        const auto scores = scaled(product(q.head(h, p.num_heads), k.head(h, p.num_heads).transposed()), given.scale());
        return stored(product(softmax(given.scores(scores)), v.head(h, p.num_heads)));
    });
    return given.output(stored(sum(context, q)));
};

const Variant kWindowed{.summary = "a window, the first key, and the query added",
                        .source = "this test",
                        .definition = judge::defined_by(kDefinition),
                        .forward = forward};

Problem problem(std::int64_t q_len, std::int64_t kv_len, DType dtype, Scope scope) {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = q_len;
    spec.kv_len = kv_len;
    spec.embed_dim = 24;
    spec.num_heads = 3;
    spec.bias = true;
    spec.dtype = dtype;
    spec.scope = scope;
    return resolve(spec);
}

PointData data_of(const Problem& p) {
    // The workspace of multi_head holds the same tensors.
    PointData data = make_point_data({.variant = "multi_head", .backend = "naive", .problem = p});
    data.variant = &kWindowed;
    return data;
}

CheckRecord check_with(Fault which, const Problem& p) {
    fault = which;
    PointData data = data_of(p);
    const CheckRecord check = check_point(data);
    fault = Fault::none;
    return check;
}

class Sum final : public OpSink {
public:
    void on_span(OpSpan span) override {
        for (const OpPart& part : span.parts) required += part.required;
    }
    OpCost required;
};

}  // namespace

TEST_CASE("a variant with a mask and a step of its own is checked against its own definition") {
    for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
        for (const Scope scope : {Scope::layer, Scope::core}) {
            for (const auto& [q_len, kv_len] : {std::pair{1, 1}, {40, 40}, {3, 30}, {30, 3}}) {
                const CheckRecord check = check_with(Fault::none, problem(q_len, kv_len, dtype, scope));
                CAPTURE(q_len, kv_len, to_string(dtype), to_string(scope), check.max_error, check.bound, check.worst);
                REQUIRE(passed(check));
                REQUIRE(check.rows_checked == 2 * q_len);
            }
        }
    }
}

TEST_CASE("a window that is one key too long and a forgotten step are caught, in bf16 too") {
    for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
        for (const Scope scope : {Scope::layer, Scope::core}) {
            for (const Fault which : {Fault::longer_window, Fault::no_step}) {
                const CheckRecord check = check_with(which, problem(40, 40, dtype, scope));
                CAPTURE(static_cast<int>(which), to_string(dtype), to_string(scope), check.max_error, check.bound);
                REQUIRE(check.max_error > (dtype == DType::bf16 ? 2 : 20) * check.bound);
            }
        }
    }
}

TEST_CASE("multi_head's definition does not hold for it") {
    PointData data = data_of(problem(40, 40, DType::f32, Scope::layer));
    Variant wrong = kWindowed;
    wrong.definition = judge::attention();
    data.variant = &wrong;
    REQUIRE_FALSE(passed(check_point(data)));
}

TEST_CASE("what the definition requires, counted, is what its verbs say") {
    for (const Scope scope : {Scope::layer, Scope::core}) {
        for (const auto& [q_len, kv_len] : {std::pair{1, 1}, {40, 40}, {3, 30}, {30, 3}}) {
            PointData data = data_of(problem(q_len, kv_len, DType::f64, scope));
            Sum sum;
            data.backend->listen(&sum);
            run_forward(data);
            sum.required.bytes_read = sum.required.bytes_written = 0;
            REQUIRE(kWindowed.definition.required(question_of(data)) == sum.required);
        }
    }
}

TEST_CASE("the cache of references keeps definitions apart") {
    ReferenceCache cache;
    PointData data = data_of(problem(8, 8, DType::f32, Scope::core));
    const std::vector<double> windowed = cache.of(data).out;
    PointData other = make_point_data({.variant = "multi_head", .backend = "naive", .problem = data.point.problem});
    REQUIRE(cache.of(other).out != windowed);
    REQUIRE(cache.of(data).out == windowed);
}

TEST_CASE("a definition reads the options of its variant, and references of other options are not reused") {
    struct Chosen {
        std::int64_t window = 8;
    };
    static const Options<Chosen> options{{"window", &Chosen::window, 1, 64, "keys that a query sees"}};
    constexpr auto kNewest = [](const auto& given, judge::Row row) {
        const Problem& p = given.problem();
        const std::int64_t newest = row.index + p.kv_len - p.q_len;
        const std::int64_t first = std::max<std::int64_t>(0, newest + 1 - given.own(options).window);
        return given.output(stored(picked(given.v(row.batch), std::vector<std::int64_t>{first})));
    };
    Variant variant = kWindowed;
    variant.own = options.fields();
    variant.definition = judge::defined_by(kNewest);
    PointData data = data_of(problem(8, 8, DType::f32, Scope::core));
    data.variant = &variant;
    ReferenceCache cache;
    const auto answer = [&](const char* name, const char* text) {
        data.point.own = Settings(std::vector<Setting>{{.name = name, .text = text}});
        return cache.of(data).out;
    };
    const std::vector<double> narrow = answer("window", "2");
    REQUIRE(answer("window", "3") != narrow);
    REQUIRE(answer("window", "2") == narrow);
    REQUIRE(answer("key_block", "2") == answer("window", "8"));  // a backend's option changes no answer
}
