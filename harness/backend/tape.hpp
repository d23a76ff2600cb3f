// The verbs of a forward pass in order, from which its derivatives follow backwards.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/backend/verbs/verb.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

class Tape {
public:
    /// Keeps a copy of the operands' windows, not of what they show: that has to stay as the verb left it. Throws Error
    /// when the verb has no derivative, or writes what an earlier one read and whose derivative needs it.
    void add(std::string_view role, const Verb& verb);
    /// The derivative of every verb, the last first. `scratch` lends memory; derivatives of what the pass made, by what
    /// `derivatives` holds of it, are there before.
    void walk_back(Backend& backend, Workspace& scratch, Adjoints& derivatives) const;

    /// f(role, operands) for every verb of type V, in their order.
    template <class V, class F>
    void each(F f) const {
        for (const Step& step : steps_) {
            if (step.type->tag == &kVerbTag<V>) f(step.role, *static_cast<const V*>(step.operands.get()));
        }
    }

private:
    struct Step {
        std::string role;
        std::shared_ptr<const void> operands;
        const VerbType* type;
    };

    std::vector<Step> steps_;
    std::vector<Tensor> read_;
};

}  // namespace headcount
