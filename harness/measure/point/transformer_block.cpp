#include "harness/measure/point/transformer_block.hpp"

#include <string>

#include "harness/backend/naive_backend.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {
namespace {

OpPart part(std::string_view op, std::string_view role, const OpCost& cost) {
    return {.op = std::string(op), .role = std::string(role), .required = cost, .executed = cost};
}

/// Mean, variance, normalisation, gain and offset of `rows` rows of `n` elements; the square root is counted
/// as one divide (it is the reciprocal root that is needed).
OpCost layer_norm_cost(std::int64_t rows, std::int64_t n, std::int64_t element_bytes) {
    const OpCost a_row{.multiplies = n + n + n,                // squares, normalisation, gain
                       .adds = (n - 1) + n + (n - 1) + 1 + n,  // sum, centring, sum, epsilon, offset
                       .compares = 0,
                       .divides = 3};  // mean, variance, root
    return {.multiplies = rows * a_row.multiplies,
            .adds = rows * a_row.adds,
            .compares = 0,
            .divides = rows * a_row.divides,
            .exps = 0,
            .bytes_read = element_bytes * (rows * n + 2 * n),
            .bytes_written = element_bytes * rows * n};
}

/// relu: max(x, 0). gelu: x/2 (1 + erf(x / sqrt 2)), the erf counted as one exp.
OpCost activation_cost(Activation activation, std::int64_t elements, std::int64_t element_bytes) {
    OpCost cost{.bytes_read = element_bytes * elements, .bytes_written = element_bytes * elements};
    if (activation == Activation::relu) {
        cost.compares = elements;
    } else {
        cost.multiplies = 3 * elements;
        cost.adds = elements;
        cost.exps = elements;
    }
    return cost;
}

OpCost residual_cost(std::int64_t elements, std::int64_t element_bytes) {
    return {.adds = elements, .bytes_read = 2 * element_bytes * elements, .bytes_written = element_bytes * elements};
}

std::int64_t product_multiplies(const std::vector<OpPart>& parts, Ledger ledger) {
    std::int64_t sum = 0;
    for (const OpPart& p : parts) {
        if (p.op == "matmul") sum += (ledger == Ledger::required ? p.required : p.executed).multiplies;
    }
    return sum;
}

}  // namespace

Activation activation_from(std::string_view name) {
    if (name == "relu") return Activation::relu;
    if (name == "gelu") return Activation::gelu;
    throw UsageError(unknown_name("activation", name, {"relu", "gelu"}));
}

TransformerBlock count_transformer_block(const Point& attention, std::int64_t ffn_dim, Activation activation) {
    const Problem& p = attention.problem;
    if (p.scope != Scope::layer) throw UsageError("a block holds a whole attention layer; use scope=layer");
    if (ffn_dim < 1) throw UsageError("a block needs ffn_dim of at least 1");
    TransformerBlock block;
    block.attention = count_point(attention);

    // The feed-forward products run dry over the same verbs as attention.
    NaiveBackend backend;
    backend.stay_dry();
    OpLog log;
    backend.listen(&log);
    Workspace ws = Workspace::dry();
    const Tensor x = ws.take("x", p.dtype, {p.batch, 1, 1, p.q_len, p.embed_dim});
    const Tensor hidden = ws.take("hidden", p.dtype, {p.batch, 1, 1, p.q_len, ffn_dim});
    const Tensor up = ws.take("up", p.dtype, {1, 1, 1, p.embed_dim, ffn_dim});
    const Tensor down = ws.take("down", p.dtype, {1, 1, 1, ffn_dim, p.embed_dim});
    const Tensor up_bias = ws.take("up_bias", p.dtype, {1, 1, 1, 1, ffn_dim});
    const Tensor down_bias = ws.take("down_bias", p.dtype, {1, 1, 1, 1, p.embed_dim});
    MatmulOptions options;
    options.bias = &up_bias;
    backend.matmul("ffn_up", x, up, hidden, options);
    options.bias = &down_bias;
    backend.matmul("ffn_down", hidden, down, x, options);
    block.rest = sum_parts(log.spans);

    const std::int64_t tokens = p.batch * p.q_len;
    const std::int64_t element = size_in_bytes(p.dtype);
    block.rest.push_back(part("activation", "ffn", activation_cost(activation, tokens * ffn_dim, element)));
    for (const std::string_view role : {"norm_1", "norm_2"}) {
        block.rest.push_back(part("layer_norm", role, layer_norm_cost(tokens, p.embed_dim, element)));
    }
    for (const std::string_view role : {"residual_1", "residual_2"}) {
        block.rest.push_back(part("residual", role, residual_cost(tokens * p.embed_dim, element)));
    }
    constexpr std::int64_t kNorms = 2;
    block.parameters = block.attention.parameters + up.elements() + down.elements() + up_bias.elements() +
                       down_bias.elements() + kNorms * 2 * p.embed_dim;
    return block;
}

OpCost TransformerBlock::total(Ledger ledger) const { return attention.total(ledger) + headcount::total(rest, ledger); }

double TransformerBlock::attention_share(Ledger ledger) const {
    return static_cast<double>(attention.total(ledger).flops()) / static_cast<double>(total(ledger).flops());
}

double TransformerBlock::attention_share_of_products(Ledger ledger) const {
    const std::int64_t own = product_multiplies(attention.ops, ledger);
    return static_cast<double>(own) / static_cast<double>(own + product_multiplies(rest, ledger));
}

}  // namespace headcount
