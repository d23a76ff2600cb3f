// What latent, grouped-latent and grouped-tied attention cost by the papers' equations, what was published of it, and
// where one form of a latent becomes cheaper than the other.
#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/latents.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

/// Multiplies that are required of (op, role), without those that are 0.
std::map<std::string, std::int64_t> multiplies(const Count& count) {
    std::map<std::string, std::int64_t> found;
    for (const OpPart& part : count.ops) {
        if (part.required.multiplies > 0) found[part.op + " " + part.role] += part.required.multiplies;
    }
    return found;
}

std::int64_t pairs_of(const Problem& p) {
    std::int64_t pairs = 0;
    for (std::int64_t i = 0; i < p.q_len; ++i) {
        pairs += p.causal ? std::max<std::int64_t>(0, p.kv_len - (p.q_len - 1 - i)) : p.kv_len;
    }
    return pairs;
}

/// Drops what is not computed, as a width of 0 makes it.
std::map<std::string, std::int64_t> without_zeros(std::map<std::string, std::int64_t> products) {
    std::erase_if(products, [](const auto& entry) { return entry.second == 0; });
    return products;
}

struct Costs {
    std::map<std::string, std::int64_t> multiplies;
    std::int64_t parameters = 0, cached = 0;  ///< numbers
};

/// Formulas of the paper's equations. r is the rank that a head reads, that of its group.
Costs latent_costs(const Problem& p, std::int64_t kv_rank, std::int64_t q_rank, std::int64_t rope, std::int64_t groups,
                   bool absorbed) {
    const std::int64_t B = p.batch, Lq = p.q_len, Lk = p.kv_len, E = p.embed_dim, H = p.num_heads;
    const std::int64_t d = p.head_dim, v = p.value_head_dim, r = kv_rank / groups, P = pairs_of(p);
    const std::int64_t queries = H * (rope + d);
    Costs e;
    auto& m = e.multiplies;
    if (q_rank == 0) {
        m["matmul query"] = B * Lq * E * queries;
        e.parameters += E * queries;
    } else {
        m["matmul latent_query"] = B * Lq * E * q_rank;
        m["matmul query"] = B * Lq * q_rank * queries;
        e.parameters += E * q_rank + q_rank * queries;
    }
    m["matmul latent"] = B * Lk * E * kv_rank;
    m["matmul rotary_key"] = B * Lk * E * rope;
    m["rotate query"] = 2 * B * Lq * H * rope;
    m["rotate rotary_key"] = 2 * B * Lk * rope;
    // W_UK and W_UV meet every key, or every query.
    m["matmul key"] = B * (absorbed ? Lq : Lk) * r * H * d;
    m["matmul value"] = B * (absorbed ? Lq : Lk) * r * H * v;
    m["matmul scores"] = B * H * P * ((absorbed ? r : d) + rope);
    m["scale scores"] = B * H * P;
    m["matmul context"] = B * H * P * (absorbed ? r : v);
    m["matmul output"] = B * Lq * H * v * E;
    m = without_zeros(m);
    e.parameters += E * (kv_rank + rope) + r * H * (d + v) + H * v * E;
    if (p.bias) e.parameters += (q_rank == 0 ? queries : q_rank) + kv_rank + rope + E;
    e.cached = B * Lk * (kv_rank + rope);
    return e;
}

void compare_costs(const Point& point, const Costs& expected) {
    INFO(point.id());
    const Count count = count_point(point);
    CHECK(multiplies(count) == expected.multiplies);
    CHECK(count.parameters == expected.parameters);
    CHECK(count.kv_cache_bytes == 8 * expected.cached);
}

std::int64_t total_multiplies(const Point& point) { return count_point(point).total(Ledger::required).multiplies; }

}  // namespace

TEST_CASE("latents cost what the paper's equations say, in both forms") {
    std::mt19937_64 random(70);
    for (int i = 0; i < 200; ++i) {
        const Problem p = random_layer(random, false);
        for (const char* form : {"materialised", "absorbed"}) {
            for (const char* variant : {"latent", "grouped_latent"}) {
                const Chosen chosen = random_latent(random, p, form, std::string(variant) == "grouped_latent");
                compare_costs(
                    point_with(variant, p, chosen),
                    latent_costs(p, option(chosen, "kv_rank"), option(chosen, "q_rank"), option(chosen, "rope_dim"),
                                 option(chosen, "latent_groups"), std::string(form) == "absorbed"));
            }
        }
    }
}

TEST_CASE("grouped_tied costs what the paper's equations say") {
    std::mt19937_64 random(71);
    for (int i = 0; i < 200; ++i) {
        Problem p = random_layer(random, true);
        p.value_head_dim = p.head_dim;
        const std::int64_t B = p.batch, Lq = p.q_len, Lk = p.kv_len, E = p.embed_dim, H = p.num_heads;
        const std::int64_t G = p.num_kv_heads, d = p.head_dim, P = pairs_of(p), rotary = d / 4 * 2;
        Costs e;
        e.multiplies = without_zeros({{"matmul query", B * Lq * E * H * d},
                                      {"rotate query", 2 * B * Lq * H * rotary},
                                      {"matmul value", B * Lk * E * G * d},
                                      {"matmul rotary_key", B * Lk * E * rotary},
                                      {"rotate rotary_key", 2 * B * Lk * rotary},
                                      {"matmul scores", B * H * P * d},
                                      {"scale scores", B * H * P},
                                      {"matmul context", B * H * P * d},
                                      {"matmul output", B * Lq * H * d * E}});
        e.parameters = 2 * E * H * d + E * G * d + E * rotary;
        if (p.bias) e.parameters += H * d + G * d + rotary + E;
        e.cached = B * Lk * (G * d + rotary);
        compare_costs(point_with("grouped_tied", p), e);
    }
}

namespace {

Point deepseek_point(const char* form, std::int64_t q_len, std::int64_t kv_len, bool causal = true) {
    return point_with("latent", deepseek_v2(q_len, kv_len, causal),
                      {{"kv_rank", "512"}, {"q_rank", "1536"}, {"rope_dim", "64"}, {"form", form}});
}

bool absorbed_is_cheaper(std::int64_t q_len, std::int64_t kv_len, bool causal = true) {
    return total_multiplies(deepseek_point("absorbed", q_len, kv_len, causal)) <
           total_multiplies(deepseek_point("materialised", q_len, kv_len, causal));
}

}  // namespace

TEST_CASE("the published size of a cache: 576 numbers a token and layer") {
    const auto numbers_a_token = [](const Point& point) { return count_point(point).kv_cache_bytes / 8 / 1000; };
    for (const char* form : {"materialised", "absorbed"}) {
        const std::int64_t numbers = numbers_a_token(deepseek_point(form, 1, 1000));
        // DeepSeek-V2, appendix D: 15.6 and 34.6 thousand numbers a token, which are 27 and 60 layers.
        CHECK(27 * numbers == 15552);
        CHECK(60 * numbers == 34560);
    }
    CHECK(numbers_a_token(point_with("multi_head", deepseek_v2(1, 1000, true))) == 2 * 128 * 128);
}

TEST_CASE("decoding does as many operations a byte of the cache as the paper of grouped latents says") {
    // Zadouri et al. 2025: about twice the number of heads with one latent, that number with two. Bytes of bf16.
    const auto intensity = [](std::int64_t groups) {
        const Point point =
            point_with("grouped_latent", deepseek_v2(1, 4096, true),
                       {{"kv_rank", "512"}, {"rope_dim", "64"}, {"form", "absorbed"}, {"latent_groups", text(groups)}});
        const Count count = count_point(point);
        const auto found = multiplies(count);
        const std::int64_t core = found.at("matmul scores") + found.at("matmul context");
        return 2 * static_cast<double>(core) / (static_cast<double>(count.kv_cache_bytes) / 4);
    };
    CHECK(intensity(1) == Approx(128.0 * (2 * 512 + 64) / (512 + 64)));  // 1.9 times 128
    CHECK(intensity(2) == Approx(128.0));
}

// With N = q_len kv_len pairs, or as many as the mask leaves: materialised - absorbed is, in multiplies a head,
// (kv_len - q_len) kv_rank (d + v) - N (2 kv_rank - d - v).
TEST_CASE("where the absorbed form becomes cheaper") {
    // One query: from the second key on. Here 512 (128 + 128) a key stand against 2 * 512 - 128 - 128.
    CHECK_FALSE(absorbed_is_cheaper(1, 1));
    for (const std::int64_t kv_len : {2, 3, 100, 100000}) CHECK(absorbed_is_cheaper(1, kv_len));
    // A prefill from nothing: never, at any length. Both forms meet W_UK and W_UV as often, and the products of the
    // core are narrower on keys than on the latent.
    for (const std::int64_t len : {1, 2, 100, 100000}) {
        CHECK_FALSE(absorbed_is_cheaper(len, len));
        CHECK_FALSE(absorbed_is_cheaper(len, len, false));
    }
    // A piece of a prompt after a long one: while it is shorter than kv_rank (d + v) / (2 kv_rank - d - v) = 170.7.
    CHECK(absorbed_is_cheaper(170, 100000));
    CHECK_FALSE(absorbed_is_cheaper(171, 100000, false));
    // The formula itself, over shapes and masks.
    std::mt19937_64 random(72);
    for (int i = 0; i < 100; ++i) {
        const Problem p = random_layer(random, false);
        const Chosen chosen = random_latent(random, p, "materialised", false);
        const std::int64_t rank = option(chosen, "kv_rank"), width = p.head_dim + p.value_head_dim;
        const std::int64_t difference = total_multiplies(point_with("latent", p, chosen)) -
                                        total_multiplies(point_with("latent", p, in_form(chosen, "absorbed")));
        CHECK(difference ==
              p.batch * p.num_heads * ((p.kv_len - p.q_len) * rank * width - pairs_of(p) * (2 * rank - width)));
    }
}
