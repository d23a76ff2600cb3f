// blis: products by BLIS through its CBLAS interface.
#include "harness/backend/attend_options.hpp"
#include "harness/backend/libraries/cblas.hpp"

namespace headcount::backends {
namespace {

const CblasLibrary& library() {
    static const CblasLibrary loaded(HEADCOUNT_BLIS_FILE);
    return loaded;
}

/// What BLIS answers to a question without arguments; -1 when it has no such function.
std::int64_t number_of(const char* name) {
    auto* const ask = library().symbols().function<std::int64_t()>(name);
    return ask == nullptr ? -1 : ask();
}

std::string version() {
    auto* const ask = library().symbols().function<const char*()>("bli_info_get_version_str");
    return ask == nullptr ? "not told" : ask();
}

/// The kernels it chose ("zen3").
std::string architecture() {
    auto* const query = library().symbols().function<int()>("bli_arch_query_id");
    auto* const name = library().symbols().function<const char*(int)>("bli_arch_string");
    return query == nullptr || name == nullptr ? "not told" : name(query());
}

std::string threading() {
    if (number_of("bli_info_get_enable_openmp") == 1) return "openmp";
    if (number_of("bli_info_get_enable_pthreads") == 1) return "pthread";
    return "sequential";
}

std::string missing() {
    if (std::string(HEADCOUNT_BLIS_FILE).empty()) {
        return "BLIS was not found at configure time; install " HEADCOUNT_PACKAGES " and configure again";
    }
    if (!library().missing().empty()) return library().missing();
    if (number_of("bli_info_get_blas_int_type_size") != 32) {
        return library().file() + " does not take 32-bit integers, with which the backend calls; " HEADCOUNT_PACKAGES
                                  " has them";
    }
    return "";
}

}  // namespace

BackendInfo blis() {
    const std::string reason = missing();
    if (!reason.empty())
        return {.summary = "BLIS products, vectorised softmax", .own = attend_options().fields(), .missing = reason};
    return {
        .summary = "BLIS products, vectorised softmax, threads across heads or inside products",
        .own = attend_options().fields(),
        .missing = "",
        .unsupported = [](const Point& point) -> std::string {
            if (point.num_threads > 1 && threading() == "sequential") {
                return "this BLIS was built without threads; set num_threads to 1";
            }
            return cblas_unsupported("blis", point);
        },
        .make = [](const Execution& execution) { return make_cblas_backend(library(), execution); },
        .facts = []() -> std::vector<std::pair<std::string, std::string>> {
            auto facts = cblas_facts(library());
            facts.insert(facts.end(), {{"version", version()}, {"kernels", architecture()}, {"parallel", threading()}});
            return facts;
        }};
}

}  // namespace headcount::backends
