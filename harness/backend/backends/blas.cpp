// blas: products by OpenBLAS.
#include "harness/backend/attend_options.hpp"
#include "harness/backend/libraries/cblas.hpp"

namespace headcount::backends {
namespace {

const CblasLibrary& openblas() {
    static const CblasLibrary library(HEADCOUNT_OPENBLAS_FILE);
    return library;
}

std::string text_of(const char* name) {
    auto* const ask = openblas().symbols().function<char*()>(name);
    return ask == nullptr ? "not told" : ask();
}

/// "OpenBLAS 0.3.21" of "OpenBLAS 0.3.21 NO_LAPACKE ...".
std::string version_of(const std::string& config) { return config.substr(0, config.find(' ', config.find(' ') + 1)); }

// The numbers of openblas_get_parallel().
enum class Parallel : int { sequential = 0, pthread = 1, openmp = 2, unknown };

Parallel parallel_model() {
    auto* const ask = openblas().symbols().function<int()>("openblas_get_parallel");
    return ask == nullptr ? Parallel::unknown : static_cast<Parallel>(ask());
}

std::string to_string(Parallel model) {
    switch (model) {
        case Parallel::sequential: return "sequential";
        case Parallel::pthread: return "pthread";
        case Parallel::openmp: return "openmp";
        default: return "unknown";
    }
}

std::string missing() {
    if (std::string(HEADCOUNT_OPENBLAS_FILE).empty()) {
        return "OpenBLAS was not found at configure time; install " HEADCOUNT_PACKAGES " and configure again";
    }
    if (!openblas().missing().empty()) return openblas().missing();
    if (text_of("openblas_get_config").find("USE64BITINT") != std::string::npos) {
        return openblas().file() + " takes 64-bit integers; the backend calls with 32-bit ones: " HEADCOUNT_PACKAGES
                                   " has them";
    }
    return "";
}

}  // namespace

BackendInfo blas() {
    const std::string reason = missing();
    if (!reason.empty())
        return {
            .summary = "OpenBLAS products, vectorised softmax", .own = attend_options().fields(), .missing = reason};
    return {.summary = "OpenBLAS products, vectorised softmax, threads across heads or inside products",
            .own = attend_options().fields(),
            .missing = "",
            .unsupported = [](const Point& point) -> std::string {
                if (point.num_threads > 1 && parallel_model() == Parallel::sequential) {
                    return "this OpenBLAS was built without threads; set num_threads to 1";
                }
                return cblas_unsupported("blas", point);
            },
            .make = [](const Execution& execution) { return make_cblas_backend(openblas(), execution); },
            .facts = []() -> std::vector<std::pair<std::string, std::string>> {
                const std::string config = text_of("openblas_get_config");
                auto facts = cblas_facts(openblas());
                facts.insert(facts.end(), {{"openblas.config", config},
                                           {"openblas.core", text_of("openblas_get_corename")},
                                           {"openblas.version", version_of(config)},
                                           {"openblas.parallel", to_string(parallel_model())}});
                return facts;
            }};
}

}  // namespace headcount::backends
