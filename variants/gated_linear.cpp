// Gated linear attention: a state that forgets, each of its rows by a gate that the token itself sets.
#include <cmath>

#include "harness/backend/verbs/decay.hpp"
#include "harness/backend/verbs/decayed_scores.hpp"
#include "harness/backend/verbs/log_gate.hpp"
#include "harness/judge/decay.hpp"
#include "harness/judge/defined_by.hpp"
#include "harness/judge/linear.hpp"
#include "variants/linear_forms.hpp"

namespace headcount::variants {
namespace {

struct Gated {
    std::int64_t chunk = 16, tau = 16;
};
const Options<Gated>& own() {
    static const Options<Gated> options{
        {"chunk", &Gated::chunk, 1, std::int64_t{1} << 40, "keys of a block; 1 is the recurrence token by token"},
        {"tau", &Gated::tau, 1, std::int64_t{1} << 40, "a gate is sigmoid(x W_a) to the power of 1 / tau"}};
    return options;
}

/// One gate for each column of a key. The paper makes W_a of two thin matrices and adds a bias; here it is one matrix.
std::vector<WeightShape> weights(const Point& point) {
    std::vector<WeightShape> shapes = canonical_weights(point.problem);
    shapes.push_back({.name = "wa", .rows = point.problem.embed_dim, .cols = point.problem.key_width()});
    return shapes;
}

/// log(alpha) of all key heads.
Tensor log_gates(Pass& pass, std::int64_t tau) {
    const Problem& p = pass.problem;
    const Tensor raw = pass.take("gate", {p.batch, 1, 1, p.kv_len, p.key_width()});
    const Tensor logs = pass.take("log_gate", raw.extent);
    project(pass, "gate", pass.in.x_kv, pass.weights.at("wa"), nullptr, raw);
    pass.backend.run("gate", LogGate{.from = raw, .to = logs, .f = {.tau = static_cast<double>(tau)}});
    return key_heads(logs, p);
}

/// out = what the rows of a block see in it, each key decayed by the gates between.
void inside(Pass& pass, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& sums, const Tensor& out) {
    const Tensor scores = pass.take("scores", {q.batch(), q.kv_heads(), q.group(), q.rows(), k.rows()});
    pass.backend.run("scores", DecayedScores{.block = {.q = q, .k = k, .sums = sums}, .scores = scores});
    pass.backend.matmul("context", scores, v, out,
                        {.scale = {}, .bias = nullptr, .mask = {.causal = true}, .masked = Masked::left});
}

/// The state behind a block, from that before it (null: none) and the block's keys, each decayed up to its end.
void carry_on(Pass& pass, const Tensor& k, const Tensor& v, const Tensor& sums, const Tensor* before,
              const Tensor& after) {
    const Tensor total = pass.take("total_decay", {k.batch(), k.kv_heads(), 1, 1, k.cols()});
    const Tensor decayed = pass.take("decayed_key", k.extent);
    pass.backend.copy("state", sums.row_range(sums.rows() - 1, 1), total);
    pass.backend.run("state", Decay{.by = {.upto = total, .since = sums}, .from = k, .to = decayed});
    MatmulOptions options;
    if (before != nullptr) {
        options.accumulate = true;
        pass.backend.run(
            "state", Decay{.by = {.upto = total, .since = {}}, .from = before->transposed(), .to = after.transposed()});
    }
    pass.backend.matmul("state", decayed.transposed(), v, after, options);
}

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Gated chosen = pass.own(own());
    const Qkv all = project_uncached(pass);
    const Tensor logs = log_gates(pass, chosen.tau);
    const Tensor context = take_context(pass);
    const Tensor q = query_heads(all.q, p), k = key_heads(all.k, p), v = key_heads(all.v, p);
    const Tensor heads = query_heads(context, p);
    keep_state(pass, p.head_dim, p.value_head_dim);
    const States states(pass, (p.kv_len - 1) / chosen.chunk,
                        {p.batch, p.num_kv_heads, 1, p.head_dim, p.value_head_dim});
    const std::int64_t ahead = p.kv_len - p.q_len;  // keys before the first query
    for (std::int64_t first = 0, i = 0; first < p.kv_len; first += chosen.chunk, ++i) {
        const Workspace::Frame block(pass.workspace);
        const std::int64_t count = std::min(chosen.chunk, p.kv_len - first);
        const Tensor keys = k.row_range(first, count), values = v.row_range(first, count);
        const Tensor sums = pass.take("decay", keys.extent);
        pass.backend.run("gate", RunningSum{.from = logs.row_range(first, count), .to = sums});
        const std::int64_t first_row = std::max<std::int64_t>(first - ahead, 0);
        const std::int64_t rows = first + count - ahead - first_row;
        if (rows > 0) {
            const Tensor queries = q.row_range(first_row, rows), out = heads.row_range(first_row, rows);
            inside(pass, queries, keys, values, sums, out);
            if (i > 0) {
                const Tensor decayed = pass.take("decayed_query", queries.extent);
                const Tensor since_begin = sums.row_range(count - rows, rows);
                pass.backend.run("context",
                                 Decay{.by = {.upto = since_begin, .since = {}}, .from = queries, .to = decayed});
                MatmulOptions add;
                add.accumulate = true;
                pass.backend.matmul("context", decayed, states.at(i - 1), out, add);
            }
        }
        if (first + count == p.kv_len) break;  // no row sees what comes behind the last key
        const Tensor before = i > 0 ? states.at(i - 1) : Tensor{};
        carry_on(pass, keys, values, sums, i > 0 ? &before : nullptr, states.at(i));
    }
    project_output(pass, context);
}

constexpr auto kLogSigmoid = [](const auto& x) {
    using std::exp;
    using std::log;
    using T = std::decay_t<decltype(x)>;
    const auto minus_x = T{} - x;
    const bool negative = x < T{};
    const auto tail = log(T{exp(negative ? x : minus_x)} + static_cast<T>(1));
    return negative ? x - tail : T{} - tail;
};

/// What a block of keys leaves behind, and what is read of it and of the state before it.
constexpr auto kGatedHeads = [](const auto& q, const auto& k, const auto& v, const auto& logs, std::int64_t sharing,
                                std::int64_t block) {
    const std::int64_t ahead = k.rows - q.rows;
    auto state = zeros(v, k.cols, v.cols);
    std::int64_t held = -1;  // the first key of the block that `sums` speaks of
    auto sums = zeros(v, 1, k.cols);
    return judge::stacked(q.rows, [&](std::int64_t i) {
        const std::int64_t own_key = i + ahead, first = own_key / block * block;
        while (held < first) {
            if (held >= 0) {
                const auto keys = k.row_range(held, block), values = v.row_range(held, block);
                const auto total = sums.view().row(block - 1);
                const auto left = stored(decayed(keys, total, sums.view()));
                if (held == 0) {
                    state = stored(product(left.transposed(), values));
                } else {
                    auto faded = stored(times(state, exponentials(total.transposed())));
                    state = stored(accumulated(std::move(faded), left.transposed(), values));
                }
            }
            held = held < 0 ? 0 : held + block;
            const std::int64_t count = std::min(block, k.rows - held);
            sums = stored(running_sums(logs.row_range(held, count)));
        }
        const std::int64_t seen = own_key - held + 1;
        const auto here = sums.view().row(seen - 1);
        const auto keys = decayed(k.row_range(held, seen), here, sums.view().row_range(0, seen));
        // What all heads that share these keys multiply their query by.
        auto factors = zeros(v, 1, k.cols);
        if (held > 0) factors = exponentials(here);
        return judge::concat(sharing, [&](std::int64_t g) {
            const auto query = q.row(i).head(g, sharing);
            const auto scores = stored(product(query, keys.transposed()));
            auto sum = stored(product(scores, v.row_range(held, seen)));
            if (held == 0) return sum;
            const auto faded = stored(times(query, factors));
            return stored(accumulated(std::move(sum), faded, state.view()));
        });
    });
};

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const Gated chosen = given.own(own());
    const std::int64_t heads = p.num_heads, kv_heads = p.num_kv_heads;
    const auto all = given.once("heads", row.batch, [&] {
        const auto raw = stored(product(given.x_kv(row.batch), given.weight("wa")));
        const auto logs = stored(scaled(applied(raw, kLogSigmoid, 16), 1 / static_cast<double>(chosen.tau)));
        const auto q =
            judge::stacked(p.q_len, [&](std::int64_t i) { return given.q({.batch = row.batch, .index = i}); });
        const auto k = given.k(row.batch), v = given.v(row.batch);
        return judge::concat(kv_heads, [&](std::int64_t n) {
            return kGatedHeads(q.head(n, kv_heads), k.head(n, kv_heads), v.head(n, kv_heads), logs.head(n, kv_heads),
                               heads / kv_heads, chosen.chunk);
        });
    });
    return given.output(picked(all, {row.index}));
};

std::string unsupported(const Point& point) {
    const Problem& p = point.problem;
    if (p.scope == Scope::core) return "gated_linear makes its gates of x_kv, which core scope does not have";
    if (!p.causal) return "gated_linear forgets along the length, which is causal; set causal to true";
    if (p.q_len > p.kv_len) return "gated_linear has no state before the first key; set kv_len no smaller than q_len";
    return "";
}

}  // namespace

Variant gated_linear() {
    return {.summary = "linear attention whose state decays by gates of each token, in blocks",
            .source = "Yang et al. 2023, equation 3 and section 4.3",
            .equation =
                "S_t = diag(alpha_t) S_(t-1) + k_t^T v_t, head_t = q_t S_t, alpha_t = sigmoid(x_t W_a)^(1 / tau)\n"
                "out = concat_h( head ) W_O",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .weights = weights,
            .forward = forward};
}

}  // namespace headcount::variants
