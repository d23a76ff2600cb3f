// Runs a test on every instruction set of this processor that simd has kernels for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "harness/backend/all.hpp"
#include "harness/backend/simd/kernels.hpp"
#include "tests/catch.hpp"

namespace headcount::testing {

/// Forces one instruction set for a scope.
class Forced {
public:
    explicit Forced(const std::string& target) { simd::force_target(target); }
    Forced(const Forced&) = delete;
    Forced& operator=(const Forced&) = delete;
    ~Forced() { simd::force_target(""); }
};

template <class F>
void on_every_target(F f) {
    REQUIRE_FALSE(simd::runnable_targets().empty());
    for (const std::string& target : simd::runnable_targets()) {
        const Forced forced(target);
        REQUIRE(simd::target_name() == target);
        INFO("instruction set " << target << ", bf16 " << simd::bf16_step() << " at a time");
        f();
    }
}

inline std::unique_ptr<Backend> make_simd(int threads, std::int64_t key_block = 0) {
    return find_named(all_backends(), "simd", "backend")
        .make({.num_threads = threads,
               .own =
                   Settings({{.name = "key_block", .text = std::to_string(key_block), .is_default = key_block == 0}})});
}

}  // namespace headcount::testing
