// cblas: products by any library with the CBLAS interface and 32-bit integers (LP64), named at configure time.
#include "harness/backend/libraries/cblas.hpp"

#include "harness/backend/attend_options.hpp"

namespace headcount::backends {
namespace {

const CblasLibrary& library() {
    static const CblasLibrary loaded(HEADCOUNT_CBLAS_FILE);
    return loaded;
}

std::string missing() {
    if (std::string(HEADCOUNT_CBLAS_FILE).empty()) {
        return "no library was named; configure with -DHEADCOUNT_CBLAS=/path/to/lib.so (any CBLAS with 32-bit "
               "integers)";
    }
    return library().missing();
}

}  // namespace

BackendInfo cblas() {
    const std::string reason = missing();
    if (!reason.empty())
        return {.summary = "products of the CBLAS named by -DHEADCOUNT_CBLAS",
                .own = attend_options().fields(),
                .missing = reason};
    return {.summary = "products of " + library().file() + ", vectorised softmax",
            .own = attend_options().fields(),
            .missing = "",
            .unsupported = [](const Point& point) { return cblas_unsupported("cblas", point); },
            .make = [](const Execution& execution) { return make_cblas_backend(library(), execution); },
            .facts = [] { return cblas_facts(library()); }};
}

}  // namespace headcount::backends
