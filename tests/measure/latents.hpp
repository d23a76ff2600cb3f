// Problems and options of latents, drawn, and those of DeepSeek-V2.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/problem.hpp"
#include "tests/measure/random_problem.hpp"

namespace headcount::testing {

using Chosen = std::vector<std::pair<std::string, std::string>>;

/// A problem of a layer in f64. With `grouped`, heads that share keys may be among its heads.
inline Problem random_layer(std::mt19937_64& random, bool grouped) {
    Problem p = random_problem(random, 12);
    p.scope = Scope::layer;
    p.dtype = DType::f64;
    if (!grouped) p.num_kv_heads = p.num_heads;
    return p;
}

inline std::int64_t up_to(std::mt19937_64& random, std::int64_t most) {
    return 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
}

inline std::string text(std::int64_t number) { return std::to_string(number); }

/// Options of latent and grouped_latent; rank and heads divide into the groups.
inline Chosen random_latent(std::mt19937_64& random, const Problem& p, const char* form, bool grouped) {
    const std::int64_t wanted = grouped ? up_to(random, 4) : 1;
    const std::int64_t groups = p.num_heads % wanted == 0 ? wanted : 1;
    Chosen chosen{{"kv_rank", text(groups * up_to(random, 6))},
                  {"q_rank", text(up_to(random, 6) - 1)},
                  {"rope_dim", text(2 * (up_to(random, 4) - 1))},
                  {"form", form}};
    if (grouped) chosen.emplace_back("latent_groups", text(groups));
    return chosen;
}

inline std::int64_t option(const Chosen& chosen, const std::string& name) {
    for (const auto& [its_name, value] : chosen) {
        if (its_name == name) return std::stoll(value);
    }
    return 1;
}

inline Chosen in_form(Chosen chosen, const char* form) {
    for (auto& [name, value] : chosen) {
        if (name == "form") value = form;
    }
    return chosen;
}

/// One layer of DeepSeek-V2 (section 3.1.2).
inline Problem deepseek_v2(std::int64_t q_len, std::int64_t kv_len, bool causal) {
    ProblemSpec spec;
    spec.q_len = q_len;
    spec.kv_len = kv_len;
    spec.embed_dim = 5120;
    spec.num_heads = 128;
    spec.head_dim = 128;
    spec.causal = causal;
    return resolve(spec);
}

}  // namespace headcount::testing
