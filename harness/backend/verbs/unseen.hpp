// unseen: nothing is done with x, which says of its derivative that it begins at zero.
#pragma once

#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/verb.hpp"
#include "harness/backend/verbs/zero.hpp"
#include "harness/core/workspace.hpp"

namespace headcount {

/// For a tensor of which no other verb may read all: what nobody reads has a derivative of zero, which nobody would
/// write. To be called behind those others, because derivatives are made backwards.
struct Unseen {
    static constexpr std::string_view kName = "unseen";
    static constexpr bool kMoves = true;
    Tensor x;

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.x, Access::read);
    }
    static bool fits() { return true; }
    static Parts required() { return {}; }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        if (derivatives.wants(x) && !derivatives.holds(x)) backend.run(role, Zero{.to = derivatives.of(x)});
    }

    template <class T>
    void naive() const {}
};

}  // namespace headcount
