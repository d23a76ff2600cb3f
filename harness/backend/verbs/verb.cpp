#include "harness/backend/verbs/verb.hpp"

#include "harness/core/error.hpp"

namespace headcount {
namespace {

/// "[1, 1, 1, 4, 5] f32"
std::string shape_text(const Tensor& t) {
    std::string text = "[";
    for (std::size_t i = 0; i < t.extent.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(t.extent[i]);
    return text + "] " + std::string(to_string(t.dtype));
}

}  // namespace

void refuse_shapes(std::string_view verb, std::string_view role, const std::vector<Tensor>& operands) {
    std::string text = std::string(verb) + " '" + std::string(role) + "': shapes do not fit:";
    for (const Tensor& t : operands) text += " " + shape_text(t);
    throw Error(text + "; a fault of the variant that calls it");
}

}  // namespace headcount
