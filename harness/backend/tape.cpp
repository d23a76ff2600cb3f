#include "harness/backend/tape.hpp"

#include <algorithm>
#include <cstddef>

#include "harness/backend/backend.hpp"
#include "harness/core/error.hpp"

namespace headcount {

void Tape::add(std::string_view role, const Verb& verb) {
    const VerbType& type = verb.type();
    if (type.vjp == nullptr) {
        throw Error("verb " + std::string(type.name) + " ('" + std::string(role) +
                    "') has no derivative: write its vjp(), or run this variant with pass=forward");
    }
    type.each_operand(verb.operands(), [&](const Tensor& t, Access access) {
        if (access == Access::read) return;
        if (std::ranges::any_of(read_, [&](const Tensor& earlier) { return overlap(earlier, t); })) {
            throw Error("verb " + std::string(type.name) + " ('" + std::string(role) +
                        "') overwrites what an earlier verb read, and the derivative of that one needs it");
        }
    });
    type.each_operand(verb.operands(), [&](const Tensor& t, Access access) {
        const bool known = std::ranges::any_of(read_, [&](const Tensor& earlier) { return same_window(earlier, t); });
        if (access == Access::read && !known) read_.push_back(t);
    });
    steps_.push_back({.role = std::string(role), .operands = type.copy(verb.operands()), .type = &type});
}

void Tape::walk_back(Backend& backend, Workspace& scratch, Adjoints& derivatives) const {
    for (std::size_t i = steps_.size(); i-- > 0;) {
        const Step& step = steps_[i];
        step.type->vjp(step.operands.get(), backend, step.role, scratch, derivatives);
    }
}

}  // namespace headcount
