// Nothing is allocated where time is taken: every new of this executable is counted.
#include <atomic>
#include <cstdlib>
#include <new>
#include <tuple>

#include "harness/backend/all.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/inputs.hpp"
#include "tests/catch.hpp"
#include "variants/all.hpp"

namespace {
std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment = 0) {
    ++allocations;
    if (size == 0) size = 1;
    if (alignment == 0) return std::malloc(size);
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
void* counted_or_throw(std::size_t size, std::size_t alignment = 0) {
    if (void* p = counted(size, alignment)) return p;
    throw std::bad_alloc();
}
std::size_t of(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }
}  // namespace

// Every form, because a sanitizer brings its own of whatever is left out and then sees one's new meet the other's
// delete.
void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept { return counted(size); }
void* operator new(std::size_t size, std::align_val_t a) { return counted_or_throw(size, of(a)); }
void* operator new[](std::size_t size, std::align_val_t a) { return counted_or_throw(size, of(a)); }
void* operator new(std::size_t size, std::align_val_t a, const std::nothrow_t& /*tag*/) noexcept {
    return counted(size, of(a));
}
void* operator new[](std::size_t size, std::align_val_t a, const std::nothrow_t& /*tag*/) noexcept {
    return counted(size, of(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t /*size*/) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t /*size*/) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t& /*tag*/) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t& /*tag*/) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t /*a*/) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t /*a*/) noexcept { std::free(p); }
void operator delete(void* p, std::size_t /*size*/, std::align_val_t /*a*/) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t /*size*/, std::align_val_t /*a*/) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t /*a*/, const std::nothrow_t& /*tag*/) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t /*a*/, const std::nothrow_t& /*tag*/) noexcept { std::free(p); }

using namespace headcount;

TEST_CASE("after a first pass a pass, forward, behind a cache or backward, allocates nothing") {
    ProblemSpec spec;
    spec.batch = 2;
    spec.q_len = 130;
    spec.embed_dim = 48;
    spec.num_heads = 6;
    spec.causal = true;
    const Problem problem = resolve(spec);
    for (const auto& variant : all_variants()) {
        for (const auto& backend : all_backends()) {
            for (const auto& [threads, pass, cached] : {std::tuple{1, PassKind::forward, false},
                                                        {2, PassKind::forward, false},
                                                        {2, PassKind::forward, true},
                                                        {1, PassKind::backward, false},
                                                        {2, PassKind::both, false}}) {
                Point point{
                    .variant = variant.name, .backend = backend.name, .problem = problem, .num_threads = threads};
                point.problem.pass = pass;
                point.problem.cached = cached;
                if (cached) point.problem.q_len = 3;
                if (!why_unsupported(point).empty()) continue;
                PointData data = make_point_data(point);
                if (!data.backend->executes()) continue;
                run_pass(data);
                const long before = allocations;
                run_pass(data);
                const long after = allocations;
                run_pass(data);
                // oneDNN itself makes a table of arguments in each call; nothing of it may grow.
                const long own = backend.name == "onednn" ? allocations - after : 0;
                INFO(point.id());
                REQUIRE(after - before == own);
            }
        }
    }
}
