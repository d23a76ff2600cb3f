#include "harness/cli/exact_json.hpp"

#include <string>

namespace headcount {
namespace {

constexpr std::size_t kLongestInteger = 18;  // digits that surely fit into 64 bits

}  // namespace

nlohmann::ordered_json exact_json(const Rational& value) {
    const std::string text = to_text(value);
    if (value.is_integer() && text.size() <= kLongestInteger) return std::stoll(text);
    return static_cast<double>(value);
}

}  // namespace headcount
