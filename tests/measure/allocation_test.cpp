// Nothing is allocated where time is taken: every new of this executable is counted.
#include <atomic>
#include <cstdlib>
#include <new>

#include "harness/backend/all.hpp"
#include "harness/measure/inputs.hpp"
#include "tests/catch.hpp"
#include "variants/all.hpp"

namespace {
std::atomic<long> allocations{0};
}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t /*size*/) noexcept { std::free(p); }

using namespace headcount;

TEST_CASE("after a first pass a forward pass allocates nothing") {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = 130;
    spec.embed_dim = 48;
    spec.num_heads = 6;
    spec.causal = true;
    const Problem problem = resolve(spec);
    for (const auto& variant : all_variants()) {
        for (const auto& backend : all_backends()) {
            for (const int threads : {1, 2}) {
                const Point point{
                    .variant = variant.name, .backend = backend.name, .problem = problem, .num_threads = threads};
                if (!why_unsupported(point).empty()) continue;
                PointData data = make_point_data(point);
                run_forward(data);
                const long before = allocations;
                run_forward(data);
                const long after = allocations;
                INFO(point.id());
                REQUIRE(after == before);
            }
        }
    }
}
