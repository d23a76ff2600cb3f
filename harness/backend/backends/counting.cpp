// counting: runs a variant for its trace, computes nothing and needs no memory; naive's cost model.
#include "harness/backend/naive_backend.hpp"

namespace headcount::backends {

BackendInfo counting() {
    return {.summary = "no arithmetic, no memory: counts what naive would do",
            .missing = "",
            .make = [](const Execution& /*execution*/) -> std::unique_ptr<Backend> {
                return dry(std::make_unique<NaiveBackend>());
            },
            .facts = nullptr};
}

}  // namespace headcount::backends
