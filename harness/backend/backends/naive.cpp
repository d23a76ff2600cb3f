// naive: readable loops on one thread; the path that counts when its scalar counts.
#include "harness/backend/naive_backend.hpp"

namespace headcount::backends {

BackendInfo naive() {
    return {.summary = "readable loops, one thread, any dtype",
            .missing = "",
            .unsupported = [](const Point& point) -> std::string {
                return point.num_threads == 1 ? "" : "naive runs on one thread; set num_threads to 1";
            },
            .make = [](const Execution& /*execution*/) -> std::unique_ptr<Backend> {
                return std::make_unique<NaiveBackend>();
            },
            .facts = nullptr};
}

}  // namespace headcount::backends
