#include "harness/core/problem.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

using std::to_string;

constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;

std::string nearest_divisors(std::int64_t n, std::int64_t wanted) {
    std::int64_t below = 1, above = n;
    for (std::int64_t i = 1; i <= n / i; ++i) {
        if (n % i != 0) continue;
        for (const std::int64_t divisor : {i, n / i}) {
            if (divisor <= wanted) below = std::max(below, divisor);
            if (divisor >= wanted) above = std::min(above, divisor);
        }
    }
    return below == above ? to_string(below) : to_string(below) + " and " + to_string(above);
}

std::int64_t extent(const char* name, std::int64_t value) {
    if (value < 1 || value > kLargestExtent) {
        throw UsageError(std::string(name) + " " + to_string(value) + " is out of range; it must lie in [1, 2^40]");
    }
    return value;
}

// The count of everything a layer does stays below this product; whoever multiplies two of its factors
// stays below it too.
void require_countable(const Problem& p) {
    const auto f = [](std::int64_t n) { return static_cast<long double>(n); };
    const long double width = f(p.num_heads) * (f(p.head_dim) + f(p.value_head_dim));
    const long double longest = f(p.q_len) + f(p.kv_len);
    const long double projections = 4 * f(p.batch) * longest * f(p.embed_dim) * width;
    const long double pairs = f(p.batch) * f(p.num_heads) * f(p.q_len) * f(p.kv_len);
    const long double core = 16 * pairs * (f(p.head_dim) + f(p.value_head_dim) + 8);
    const long double weights = 32 * f(p.embed_dim) * width;
    constexpr long double kLimit = 9.0e18L;  // just below 2^63
    if (projections + core + weights > kLimit) {
        throw UsageError("the counts of this problem do not fit into 63 bits (batch " + to_string(p.batch) +
                         ", q_len " + to_string(p.q_len) + ", kv_len " + to_string(p.kv_len) + ", embed_dim " +
                         to_string(p.embed_dim) + ", num_heads " + to_string(p.num_heads) + "); choose smaller sizes");
    }
}

void require_cache(const Problem& p) {
    if (p.scope == Scope::core) {
        throw UsageError(
            "cached says which keys and values a layer makes, and in core scope they are given; set scope to layer, or "
            "cached to false");
    }
    if (p.scope == Scope::projections) {
        throw UsageError(
            "cached leaves out projections of old tokens, and scope projections is of one sequence, all of it new; set "
            "scope to layer, or cached to false");
    }
    if (p.pass != PassKind::forward) {
        throw UsageError(
            "cached is a forward pass behind tokens that are not computed again, which has no backward pass; set pass "
            "to forward, or cached to false");
    }
    if (p.q_len > p.kv_len) {
        throw UsageError("with cached the q_len tokens are the last of kv_len, and q_len " + to_string(p.q_len) +
                         " is larger than kv_len " + to_string(p.kv_len) +
                         "; set kv_len to all tokens, the new ones "
                         "among them");
    }
}

}  // namespace

double Problem::scale() const { return 1.0 / std::sqrt(static_cast<double>(head_dim)); }

Problem resolve(const ProblemSpec& spec) {
    Problem p;
    p.batch = extent("batch", spec.batch.value_or(1));
    if (!spec.q_len && !spec.kv_len) throw UsageError("a length is missing; give seq_len, or q_len and kv_len");
    p.q_len = extent("q_len", spec.q_len ? *spec.q_len : *spec.kv_len);
    p.kv_len = extent("kv_len", spec.kv_len ? *spec.kv_len : *spec.q_len);
    p.num_heads = extent("num_heads", spec.num_heads.value_or(1));
    p.num_kv_heads = extent("num_kv_heads", spec.num_kv_heads.value_or(p.num_heads));
    if (p.num_heads % p.num_kv_heads != 0) {
        throw UsageError("num_kv_heads " + to_string(p.num_kv_heads) + " does not divide num_heads " +
                         to_string(p.num_heads) +
                         "; nearest divisors: " + nearest_divisors(p.num_heads, p.num_kv_heads));
    }
    if (!spec.embed_dim && !spec.head_dim) throw UsageError("a width is missing; give embed_dim or head_dim");
    if (spec.head_dim) {
        p.head_dim = extent("head_dim", *spec.head_dim);
    } else {
        const std::int64_t embed_dim = extent("embed_dim", *spec.embed_dim);
        if (embed_dim % p.num_heads != 0) {
            throw UsageError("num_heads " + to_string(p.num_heads) + " does not divide embed_dim " +
                             to_string(embed_dim) + "; nearest divisors: " + nearest_divisors(embed_dim, p.num_heads) +
                             "; or give head_dim");
        }
        p.head_dim = embed_dim / p.num_heads;
    }
    p.value_head_dim = extent("value_head_dim", spec.value_head_dim.value_or(p.head_dim));
    if (!spec.embed_dim && p.head_dim > kLargestExtent / p.num_heads) extent("embed_dim", kLargestExtent + 1);
    p.embed_dim = extent("embed_dim", spec.embed_dim.value_or(p.num_heads * p.head_dim));
    p.causal = spec.causal.value_or(false);
    p.bias = spec.bias.value_or(false);
    p.dtype = spec.dtype.value_or(DType::f32);
    p.scope = spec.scope.value_or(Scope::layer);
    p.pass = spec.pass.value_or(PassKind::forward);
    p.cached = spec.cached.value_or(false);
    if (p.cached) require_cache(p);
    if (p.scope == Scope::projections && p.q_len != p.kv_len) {
        throw UsageError("scope projections has a row of Q, K, V and output for each token of one sequence; q_len " +
                         to_string(p.q_len) + " is not kv_len " + to_string(p.kv_len) + ", so give seq_len");
    }
    require_countable(p);
    return p;
}

}  // namespace headcount
