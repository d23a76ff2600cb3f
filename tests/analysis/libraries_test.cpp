// What computed the points, in the words of captions.
#include "harness/analysis/records/libraries.hpp"

#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

TEST_CASE("a backend's library is named as everybody names it, with its version") {
    const std::map<std::string, std::string> environment{{"blas.openblas.version", " OpenBLAS 0.3.21 "},
                                                         {"blas.openblas.core", "Haswell"},
                                                         {"blis.version", "0.9.0"},
                                                         {"onednn.version", "2.7"},
                                                         {"simd.simd.instruction_set", "AVX3_DL"},
                                                         {"engine.torch", "PyTorch 2.13; threads 1"},
                                                         {"engine.gone", "unavailable: it fell"},
                                                         {"version", "0.1.0"}};
    for (const auto& [backend, library] :
         {std::pair{"blas", "OpenBLAS 0.3.21 (Haswell kernels)"}, std::pair{"blis", "BLIS 0.9.0"},
          std::pair{"onednn", "oneDNN 2.7"}, std::pair{"simd", "headcount 0.1.0, AVX-512 (Ice Lake)"},
          std::pair{"torch", "PyTorch 2.13"}, std::pair{"naive", "headcount 0.1.0"},
          std::pair{"gone", "an engine that did not say its name"}}) {
        CHECK(library_of(backend, environment) == library);
    }
    CHECK(library_of("naive", {}) == "headcount of unknown version");
}

TEST_CASE("machine and commit: what is not known is said, and local changes are") {
    RunRecord run;
    CHECK(processors_text(run) == "unknown processor");
    CHECK(commit_text(run) == "an unknown commit");
    run.environment = {{"cpu.model", "Example"},
                       {"cpu.family", "25"},
                       {"cpu.model_number", "1"},
                       {"commit", "0123456789abcdef"},
                       {"dirty", "yes"}};
    CHECK(processors_text(run) == "Example (family 25, model 1)");
    CHECK(commit_text(run) == "commit 0123456789ab, with local changes");
    run.sources.resize(2);
    run.sources[0].environment = {{"cpu.model", "B"}};
    run.sources[1].environment = {{"cpu.model", "A"}};
    CHECK(processors_text(run) == "A; B");
}

TEST_CASE("libraries of the points that are shown, by name of their backend") {
    JournalBuilder builder({"backend", "num_heads"});
    for (const char* backend : {"naive", "blas"}) builder.add(point({{"backend", backend}}), 1);
    builder.journal.run.environment = {{"version", "0.1.0"}, {"blas.openblas.version", "OpenBLAS 0.3.21"}};
    const RecordSet records(builder.journal);
    CHECK(libraries_text(records, {0, 1}) == "blas: OpenBLAS 0.3.21; naive: headcount 0.1.0");
    CHECK(libraries_text(records, {0}) == "naive: headcount 0.1.0");
}
