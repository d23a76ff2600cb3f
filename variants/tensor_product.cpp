// Tensor product attention: a token's queries, keys and values are sums of few products of a vector over heads and one
// over columns.
#include "harness/core/swapped.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/judge/reshaped.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Ranks {
    std::int64_t q_rank = 6, k_rank = 2, v_rank = 2;
};
const Options<Ranks>& own() {
    static const Options<Ranks> options{{"q_rank", &Ranks::q_rank, 1, kLargestExtent, "products in a token's queries"},
                                        {"k_rank", &Ranks::k_rank, 1, kLargestExtent, "products in a token's keys"},
                                        {"v_rank", &Ranks::v_rank, 1, kLargestExtent, "products in a token's values"}};
    return options;
}

/// wqa makes the factors of Q over heads, one behind the other; wqb those over columns. So for K and V.
std::vector<WeightShape> weights(const Point& point) {
    const Problem& p = point.problem;
    const Ranks ranks = own().read(point.own);
    std::vector<WeightShape> shapes{{"wqa", p.embed_dim, ranks.q_rank * p.num_heads},
                                    {"wqb", p.embed_dim, ranks.q_rank * p.head_dim},
                                    {"wka", p.embed_dim, ranks.k_rank * p.num_kv_heads},
                                    {"wkb", p.embed_dim, ranks.k_rank * p.head_dim},
                                    {"wva", p.embed_dim, ranks.v_rank * p.num_kv_heads},
                                    {"wvb", p.embed_dim, ranks.v_rank * p.value_head_dim},
                                    {"wo", p.context_width(), p.embed_dim}};
    for (std::size_t i = 0; i < 7 && p.bias; ++i) {
        const WeightShape& matrix = shapes[i];
        shapes.push_back({.name = "b" + matrix.name.substr(1), .rows = 1, .cols = matrix.cols, .is_bias = true});
    }
    return shapes;
}

/// x [batch,1,1,len, parts * width] as one matrix [parts, width] for each token.
Tensor of_tokens(const Tensor& x, std::int64_t parts) { return swapped(split_heads(x, parts, 1), 1, 3); }

struct Factors {
    Tensor a, b;
};

/// `name` is what stands behind the names of the weights: wqa and bqa are "qa" with a letter before.
void project_factor(Pass& pass, std::string_view role, const std::string& name, const Tensor& x, const Tensor& y) {
    project(pass, role, x, pass.weights.at("w" + name), pass.weights.find("b" + name), y);
}
Tensor take_factor(Pass& pass, std::string_view role, const std::string& name) {
    const Problem& p = pass.problem;
    const Tensor y = pass.take(name, {p.batch, 1, 1, p.q_len, pass.weights.at("w" + name).cols()});
    project_factor(pass, role, name, pass.in.x_q, y);
    return y;
}
/// Of keys and values, decoding keeps the factors.
Tensor keep_factor(Pass& pass, std::string_view role, const std::string& name) {
    const Problem& p = pass.problem;
    const Tensor y = pass.cached(pass.take_kept(name, {p.batch, 1, 1, p.kv_len, pass.weights.at("w" + name).cols()}));
    project_factor(pass, role, name, pass.in.x_kv, pass.fresh(y));
    return y;
}

/// For each token 1 / rank sum_r a_r (x) b_r: all heads side by side.
Tensor take_heads(Pass& pass, std::string_view role, const Factors& of, std::int64_t heads, std::int64_t rank) {
    const Tensor y = pass.take(role, {of.b.batch(), 1, 1, of.b.rows(), heads * of.b.cols() / rank});
    pass.backend.matmul(role, of_tokens(of.a, rank).transposed(), of_tokens(of.b, rank), of_tokens(y, heads),
                        {.scale = 1 / static_cast<double>(rank), .bias = nullptr, .mask = {}});
    return y;
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Ranks ranks = pass.own(own());
    const Factors of_q{.a = take_factor(pass, "query_factors", "qa"), .b = take_factor(pass, "query_factors", "qb")};
    const Factors of_k{.a = keep_factor(pass, "key_factors", "ka"), .b = keep_factor(pass, "key_factors", "kb")};
    const Factors of_v{.a = keep_factor(pass, "value_factors", "va"), .b = keep_factor(pass, "value_factors", "vb")};
    const Tensor q = take_heads(pass, "query", of_q, p.num_heads, ranks.q_rank);
    const Tensor k = take_heads(pass, "key", of_k, p.num_kv_heads, ranks.k_rank);
    const Tensor v = take_heads(pass, "value", of_v, p.num_kv_heads, ranks.v_rank);
    attend_fused(pass, p, p.mask(), {.q = q, .k = k, .v = v});
}

/// The heads of one token [1, heads * width] from its factors [1, rank * heads] and [1, rank * width].
constexpr auto kTensorProduct = [](const auto& a, const auto& b, std::int64_t rank) {
    const std::int64_t heads = a.cols / rank, width = b.cols / rank;
    auto over_heads = view_of(a), over_columns = view_of(b);
    over_heads.rows = heads, over_heads.cols = rank, over_heads.row_stride = 1, over_heads.col_stride = heads;
    over_columns.rows = rank, over_columns.cols = width, over_columns.row_stride = width;
    const auto sum = product(over_heads, over_columns);
    return judge::reshaped(stored(scaled(sum, 1.0 / static_cast<double>(rank))), 1, heads * width);
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const Ranks ranks = given.own(own());
    const auto factor = [&](const auto& x, const std::string& name) {
        return projected(x, given.weight("w" + name), given.bias("b" + name));
    };
    const auto of_keys = [&](const std::string& letter, std::int64_t rank) {
        return given.once(letter, row.batch, [&] {
            const auto a = factor(given.x_kv(row.batch), letter + "a"), b = factor(given.x_kv(row.batch), letter + "b");
            const auto tokens = judge::concat(p.kv_len, [&](std::int64_t token) {
                return kTensorProduct(a.row_range(token, 1), b.row_range(token, 1), rank);
            });
            return judge::reshaped(tokens, p.kv_len, tokens.cols / p.kv_len);
        });
    };
    const std::int64_t seen = p.causal ? std::max<std::int64_t>(p.kv_len - p.q_len + row.index + 1, 0) : p.kv_len;
    const auto x = given.x_q(row);
    const auto q = kTensorProduct(factor(x, "qa"), factor(x, "qb"), ranks.q_rank);
    const auto k = of_keys("k", ranks.k_rank).row_range(0, seen);
    const auto v = of_keys("v", ranks.v_rank).row_range(0, seen);
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t pair = h * p.num_kv_heads / p.num_heads;
        const auto alike = product(q.head(h, p.num_heads), k.head(pair, p.num_kv_heads).transposed());
        const auto weights = softmax(given.scores(scaled(alike, given.scale())));
        return stored(product(weights, v.head(pair, p.num_kv_heads)));
    }));
};

std::string unsupported(const Point& point) {
    if (point.problem.scope == Scope::layer) return "";
    return "tensor_product differs only in how Q, K and V are made, and core scope is given them";
}

}  // namespace

Variant tensor_product() {
    return {.summary = "queries, keys and values of low rank over heads and columns; the cache holds their factors",
            .source = "Zhang et al. 2025, Tensor Product Attention Is All You Need, section 3.1; without RoPE",
            .equation =
                "Q = 1/q_rank sum_r a_r(x) (x) b_r(x), so K and V\n"
                "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim)) V_h ) W_O",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward,
            .stores_scores = false};
}

}  // namespace headcount::variants
