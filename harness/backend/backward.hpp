// What a backward pass needs beside the forward one: the tape of verbs, and where derivatives lie.
#pragma once

#include <cstdint>

#include "harness/backend/tape.hpp"
#include "harness/backend/verbs/adjoints.hpp"
#include "harness/core/workspace.hpp"

namespace headcount {

class Backend;

/// Derivatives of one forward pass by its inputs, its weights and all that it made on the way.
struct Backward {
    Tape prepare;  ///< of Variant::prepare
    Tape forward;
    /// Derivatives of inputs, weights and output, and of temporaries: each as far from the begin of its memory as what
    /// it belongs to.
    Workspace store = Workspace::dry(), temporaries = Workspace::dry();
    std::int64_t kept_bytes = 0;           ///< of temporaries, without padding; as much again are their derivatives
    std::int64_t kept_reserved_bytes = 0;  ///< with padding
    Adjoints derivatives;

    /// `its_store` and `its_temporaries` have, over what `values_store` and `values_temporaries` have taken by now, the
    /// derivatives of it.
    void lay_over(const Workspace& values_store, const Workspace& values_temporaries, Workspace its_store,
                  Workspace its_temporaries);
    /// From the derivatives by the output to those by inputs and weights as forward() read them. `scratch` lends
    /// memory.
    void walk(Backend& backend, Workspace& scratch);
    /// Goes on, after walk(), to those by the weights as prepare() read them.
    void walk_to_canonical(Backend& backend, Workspace& scratch);
};

}  // namespace headcount
