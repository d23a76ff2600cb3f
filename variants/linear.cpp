// Linear attention: a positive feature map in the place of softmax's exponential, so that the products may be
// reordered.
#include "harness/judge/linear.hpp"

#include "harness/backend/verbs/elu_plus_one.hpp"
#include "harness/judge/defined_by.hpp"
#include "variants/linear_forms.hpp"

namespace headcount::variants {
namespace {

const Options<LinearForm>& own() {
    static const Options<LinearForm> options{{"form", &LinearForm::form, {"recurrent", "masked", "chunked"}, kFormDoc},
                                             {"chunk", &LinearForm::chunk, 1, std::int64_t{1} << 40, kChunkDoc}};
    return options;
}

Tensor features(Pass& pass, std::string_view name, const Tensor& x) {
    const Tensor phi = pass.take(name, x.extent);
    pass.backend.run("features", EluPlusOne{.from = x, .to = phi});
    return phi;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const auto [q, k, v] = project_uncached(pass);
    const Tensor context = take_context(pass);
    const Tensor phi_q = features(pass, "query_features", query_heads(q, p));
    const Tensor phi_k = features(pass, "key_features", key_heads(k, p));
    attend_linearly(pass, pass.own(own()), phi_q, phi_k, key_heads(v, p), query_heads(context, p));
    project_output(pass, context);
}

// max(x, 0) + exp(min(x, 0)): elu(x) + 1 in one line.
constexpr auto kFeature = [](const auto& x) {
    using std::exp;
    using T = std::decay_t<decltype(x)>;
    return x < T{} ? T{} + exp(x) : x + exp(T{});
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const LinearForm chosen = given.own(own());
    const auto phi = [](const auto& x) { return stored(applied(x, kFeature, 8)); };
    return judge::linear_attention(given, row, {.form = chosen.form, .chunk = chosen.chunk}, phi);
};

}  // namespace

Variant linear() {
    return {
        .summary = "features elu(x) + 1 and no softmax: linear in the length",
        .source = "Katharopoulos et al. 2020, equations 5, 7 and 9",
        .equation = "out = concat_h( phi(Q_h) (phi(K_h)^T V_h) / (phi(Q_h) sum phi(K_h)) ) W_O, phi(x) = elu(x) + 1",
        .own = own().fields(),
        .definition = judge::defined_by(kDefinition),
        .forward = forward};
}

}  // namespace headcount::variants
