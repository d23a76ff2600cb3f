#include "harness/measure/point/reference.hpp"

#include <string_view>

#include "harness/backend/counted.hpp"
#include "harness/core/bfloat16.hpp"
#include "harness/core/error.hpp"

namespace headcount {
namespace {

double to_double(float x) { return x; }
double to_double(double x) { return x; }
double to_double(BFloat16 x) { return static_cast<float>(x); }
double to_double(Counted x) { return x.value(); }

template <class T>
std::vector<double> convert(const Tensor& t) {
    std::vector<double> values(static_cast<std::size_t>(t.elements()));
    const T* const data = static_cast<const T*>(t.data);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = to_double(data[i]);
    return values;
}

/// The harness's own inputs and weights are dense, so their elements lie one after another.
std::vector<double> values_of(const Tensor& t) {
    if (t.data == nullptr) return {};
    switch (t.dtype) {
        case DType::f32: return convert<float>(t);
        case DType::f64: return convert<double>(t);
        case DType::counted: return convert<Counted>(t);
        case DType::bf16: return convert<BFloat16>(t);
    }
    throw Error("reference: unknown dtype");
}

}  // namespace

ReferenceData<double> reference_data(const Inputs& inputs, const Weights& canonical, Function function) {
    const auto weight = [&](std::string_view name) {
        const Tensor* const found = canonical.find(name);
        return found == nullptr ? std::vector<double>{} : values_of(*found);
    };
    return {.problem = inputs.problem,
            .function = function,
            .x_q = values_of(inputs.x_q),
            .x_kv = values_of(inputs.x_kv),
            .wq = weight("wq"),
            .wk = weight("wk"),
            .wv = weight("wv"),
            .wo = weight("wo"),
            .bq = weight("bq"),
            .bk = weight("bk"),
            .bv = weight("bv"),
            .bo = weight("bo"),
            .q = values_of(inputs.q),
            .k = values_of(inputs.k),
            .v = values_of(inputs.v)};
}

}  // namespace headcount
