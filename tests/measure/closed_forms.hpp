// What every variant costs, as closed forms of docs/flops.md: written without a look at how the harness counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/op_cost.hpp"
#include "harness/core/problem.hpp"
#include "tests/mechanism.hpp"

namespace headcount::testing {

using Key = std::pair<std::string, std::string>;  // op, role
struct Ledgers {
    OpCost required, executed;
};
using Expected = std::map<Key, Ledgers>;

/// The problem in the letters of docs/flops.md.
struct Letters {
    explicit Letters(const Problem& p)
        : B(p.batch),
          Lq(p.q_len),
          Lk(p.kv_len),
          Ln(p.cached ? p.q_len : p.kv_len),
          E(p.embed_dim),
          H(p.num_heads),
          G(p.num_kv_heads),
          d(p.head_dim),
          dv(p.value_head_dim),
          s(p.dtype == DType::f32 ? 4 : 8),
          bias(p.bias),
          projected(p.scope != Scope::core),
          attended(p.scope != Scope::projections) {
        for (std::int64_t i = 0; i < Lq; ++i) {
            const std::int64_t seen = p.causal ? std::max<std::int64_t>(0, Lk - (Lq - 1 - i)) : Lk;
            P += seen;
            R += seen > 0 ? 1 : 0;
        }
    }
    std::int64_t B, Lq, Lk, Ln, E, H, G, d, dv, s;
    bool bias, projected, attended;
    std::int64_t P = 0, R = 0;  ///< visible pairs, rows that see a key; Ln: tokens whose keys are made
};

inline void projection(Expected& e, const char* role, std::int64_t rows, std::int64_t in, std::int64_t out,
                       std::int64_t weights, std::int64_t reads_of_x, const Letters& x) {
    const OpCost product{.multiplies = rows * in * out,
                         .adds = rows * (in - 1) * out,
                         .bytes_read = x.s * (reads_of_x * rows * x.E + weights),
                         .bytes_written = x.s * rows * out};
    e[{"matmul", role}] = {product, product};
    if (!x.bias) return;
    const OpCost added{.adds = rows * out, .bytes_read = x.s * out};
    e[{"bias", role}] = {added, added};
}

inline void unfused_core(Expected& e, const Letters& x, std::int64_t key_reads) {
    const std::int64_t bh = x.B * x.H;
    const std::int64_t q = bh * x.Lq * x.d, k = key_reads * x.B * x.Lk * x.d, v = key_reads * x.B * x.Lk * x.dv;
    const std::int64_t scores = bh * x.Lq * x.Lk, context = bh * x.Lq * x.dv;
    const auto with_bytes = [&](OpCost cost, std::int64_t read, std::int64_t written) {
        cost.bytes_read = x.s * read;
        cost.bytes_written = x.s * written;
        return cost;
    };
    e[{"matmul", "scores"}] = {with_bytes({.multiplies = bh * x.P * x.d, .adds = bh * x.P * (x.d - 1)}, q + k, scores),
                               with_bytes({.multiplies = scores * x.d, .adds = scores * (x.d - 1)}, q + k, scores)};
    e[{"scale", "scores"}] = {{.multiplies = bh * x.P}, {.multiplies = scores}};
    const OpCost softmax = with_bytes({.multiplies = 0,
                                       .adds = bh * (x.P + x.P - x.R),
                                       .compares = bh * (x.P - x.R),
                                       .divides = bh * x.P,
                                       .exps = bh * x.P},
                                      scores, scores);
    e[{"softmax", "weights"}] = {softmax, softmax};
    e[{"matmul", "context"}] = {
        with_bytes({.multiplies = bh * x.P * x.dv, .adds = bh * (x.P - x.R) * x.dv}, scores + v, context),
        with_bytes({.multiplies = scores * x.dv, .adds = bh * x.Lq * (x.Lk - 1) * x.dv}, scores + v, context)};
}

/// The fused core with tiles counted score by score.
inline void fused_core(Expected& e, const Problem& p, const Letters& x, std::int64_t query_block,
                       std::int64_t key_block) {
    std::int64_t tile_scores = 0, key_reads = 0, rescales = 0;
    const auto seen = [&](std::int64_t i) {
        return p.causal ? std::max<std::int64_t>(0, x.Lk - (x.Lq - 1 - i)) : x.Lk;
    };
    for (std::int64_t first = 0; first < x.Lq; first += query_block) {
        const std::int64_t last = std::min(first + query_block, x.Lq) - 1;
        key_reads += seen(last);
        for (std::int64_t i = first; i <= last; ++i) {
            for (std::int64_t j = 0; j < seen(last); ++j) tile_scores += seen(i) > j / key_block * key_block ? 1 : 0;
        }
    }
    for (std::int64_t i = 0; i < x.Lq; ++i) {
        if (seen(i) > 0) rescales += (seen(i) + key_block - 1) / key_block - 1;
    }
    const std::int64_t bh = x.B * x.H;
    e[{"matmul", "scores"}] = {{.multiplies = bh * x.P * x.d,
                                .adds = bh * x.P * (x.d - 1),
                                .bytes_read = x.s * (bh * x.Lq * x.d + x.B * x.G * x.Lk * x.d)},
                               {.multiplies = bh * tile_scores * x.d,
                                .adds = bh * tile_scores * (x.d - 1),
                                .bytes_read = x.s * bh * (x.Lq + key_reads) * x.d}};
    e[{"scale", "scores"}] = {{.multiplies = bh * x.P}, {.multiplies = bh * tile_scores}};
    e[{"softmax", "weights"}] = {
        {.adds = bh * (x.P + x.P - x.R), .compares = bh * (x.P - x.R), .divides = bh * x.P, .exps = bh * x.P},
        {.multiplies = bh * x.R * x.dv,
         .adds = bh * (x.P + x.P - x.R),
         .compares = bh * (x.P - x.R),
         .divides = bh * x.R,
         .exps = bh * x.P}};
    e[{"matmul", "context"}] = {{.multiplies = bh * x.P * x.dv,
                                 .adds = bh * (x.P - x.R) * x.dv,
                                 .bytes_read = x.s * x.B * x.G * x.Lk * x.dv,
                                 .bytes_written = x.s * bh * x.Lq * x.dv},
                                {.multiplies = bh * tile_scores * x.dv,
                                 .adds = bh * (tile_scores - x.R) * x.dv,
                                 .bytes_read = x.s * bh * key_reads * x.dv,
                                 .bytes_written = x.s * bh * x.Lq * x.dv}};
    e[{"rescale", "context"}] = {
        {}, {.multiplies = bh * rescales * (1 + x.dv), .adds = bh * rescales, .exps = bh * rescales}};
}

inline void copies(Expected& e, const Letters& x) {
    const auto copy = [&](const char* role, std::int64_t elements) {
        e[{"copy", role}] = {{}, {.bytes_read = x.s * elements, .bytes_written = x.s * elements}};
    };
    copy("query", x.B * x.H * x.Lq * x.d);
    copy("key", x.B * x.G * x.Ln * x.d);
    copy("value", x.B * x.G * x.Ln * x.dv);
    copy("context", x.B * x.H * x.Lq * x.dv);
}

/// Of plain attention in its layouts and of block_diagonal; what other mechanisms cost has tests of their own.
inline bool has_closed_form(const std::string& variant) {
    return variant == "block_diagonal" || computes_attention(find_named(all_variants(), variant, "variant"));
}

/// The closed forms of docs/flops.md for each variant as naive runs it.
inline Expected closed_form(const std::string& variant, const Problem& p, std::int64_t query_block,
                            std::int64_t key_block) {
    const Letters x(p);
    Expected e;
    if (x.projected) {
        const std::int64_t q_rows = x.B * x.Lq, k_rows = x.B * x.Ln;
        if (variant == "packed_qkv") {
            const std::int64_t width = x.H * x.d + x.G * (x.d + x.dv);
            projection(e, "qkv", q_rows, x.E, width, x.E * width, 1, x);
            projection(e, "output", q_rows, x.H * x.dv, x.E, x.H * x.dv * x.E, 1, x);
            e[{"matmul", "output"}].required.bytes_read = x.s * (q_rows * x.H * x.dv + x.H * x.dv * x.E);
        } else if (variant == "block_diagonal") {
            projection(e, "query", q_rows, x.E / x.H, x.H * x.d, x.E * x.d, 1, x);
            projection(e, "key", k_rows, x.E / x.G, x.G * x.d, x.E * x.d, 1, x);
            projection(e, "value", k_rows, x.E / x.G, x.G * x.dv, x.E * x.dv, 1, x);
            projection(e, "output", q_rows, x.dv, x.E, x.dv * x.E, 1, x);
            e[{"matmul", "output"}].required.bytes_read = x.s * (q_rows * x.H * x.dv + x.dv * x.E);
        } else {
            const bool looped = variant == "multi_head_looped";
            projection(e, "query", q_rows, x.E, x.H * x.d, x.E * x.H * x.d, looped ? x.H : 1, x);
            projection(e, "key", k_rows, x.E, x.G * x.d, x.E * x.G * x.d, looped ? x.G : 1, x);
            projection(e, "value", k_rows, x.E, x.G * x.dv, x.E * x.G * x.dv, looped ? x.G : 1, x);
            projection(e, "output", q_rows, x.H * x.dv, x.E, x.H * x.dv * x.E, 1, x);
            e[{"matmul", "output"}].required.bytes_read = x.s * (q_rows * x.H * x.dv + x.H * x.dv * x.E);
        }
        e[{"matmul", "output"}].executed = e[{"matmul", "output"}].required;
    }
    if (!x.attended) return e;
    if (!find_named(all_variants(), variant, "variant").stores_scores) {
        fused_core(e, p, x, query_block, key_block);
    } else {
        unfused_core(e, x, variant == "multi_head_looped" ? x.H : x.G);
    }
    if (variant == "multi_head_split") copies(e, x);
    return e;
}

inline std::string text(const OpCost& c) {
    std::ostringstream out;
    out << c.multiplies << " mul " << c.adds << " add " << c.compares << " cmp " << c.divides << " div " << c.exps
        << " exp " << c.bytes_read << " read " << c.bytes_written << " written";
    return out.str();
}

/// Empty when every part agrees under both ledgers.
inline std::string difference(const Expected& expected, const std::vector<OpPart>& ops) {
    if (ops.size() != expected.size()) {
        return std::to_string(ops.size()) + " parts counted, " + std::to_string(expected.size()) + " expected";
    }
    for (const OpPart& part : ops) {
        const auto it = expected.find({part.op, part.role});
        if (it == expected.end()) return "unexpected part " + part.op + " " + part.role;
        if (part.required != it->second.required) {
            return part.op + " " + part.role + " required: " + text(part.required) + " counted, " +
                   text(it->second.required) + " expected";
        }
        if (part.executed != it->second.executed) {
            return part.op + " " + part.role + " executed: " + text(part.executed) + " counted, " +
                   text(it->second.executed) + " expected";
        }
    }
    return "";
}

}  // namespace headcount::testing
