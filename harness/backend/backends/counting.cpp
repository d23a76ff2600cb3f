// counting: runs a variant for its trace, computes nothing and needs no memory; naive's cost model.
#include "harness/backend/naive_backend.hpp"

namespace headcount::backends {

BackendInfo counting() {
    return {.summary = "no arithmetic, no memory: counts what naive would do",
            .missing = "",
            .unsupported = [](const Point& point) -> std::string {
                return point.key_block == 0 ? "" : "counting counts what naive does, whose key_block is fixed";
            },
            .make = [](const Execution& /*execution*/) -> std::unique_ptr<Backend> {
                return dry(std::make_unique<NaiveBackend>());
            },
            .facts = nullptr};
}

}  // namespace headcount::backends
