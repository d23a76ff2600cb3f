#include "harness/measure/point/reference.hpp"

#include <string_view>

#include "harness/core/storage.hpp"

namespace headcount {
namespace {

/// The harness's own inputs and weights are dense, so their elements lie one after another.
std::vector<double> values_of(const Tensor& t) {
    if (t.data == nullptr) return {};
    std::vector<double> values(static_cast<std::size_t>(t.elements()));
    with_storage(t.dtype, [&](auto storage) {
        const auto* const data = static_cast<const decltype(storage)*>(t.data);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = value_of(data[i]);
    });
    return values;
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
