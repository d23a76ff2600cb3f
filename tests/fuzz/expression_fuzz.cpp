// Any bytes as an expression: an exact value, the same twice, or a UsageError; bounded in time and memory.
#include <cstdint>
#include <string_view>

#include "harness/analysis/exact/expression.hpp"
#include "harness/core/error.hpp"
#include "tests/fuzz/require.hpp"

using namespace headcount;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Values names{{"num_heads", 8}, {"embed_dim", 512}, {"causal", 0}, {"base", Rational(1, 3)}, {"q_len", 33}};
    Rational value;
    try {
        value = evaluate(text, names);
    } catch (const UsageError&) {
        return 0;
    }
    for (const std::string& name : names_in(text)) require(names.contains(name), "only known names have values");
    require(evaluate(text, names) == value, "an expression has one value");
    require(!to_text(value).empty() && !to_decimal(value).empty(), "a value can be written");
    return 0;
}
