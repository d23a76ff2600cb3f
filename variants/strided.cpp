// The strided pattern of sparse transformers: the newest keys, and of those before them every stride-th.
#include <algorithm>

#include "harness/backend/verbs/unseen.hpp"
#include "harness/judge/defined_by.hpp"
#include "variants/steps.hpp"

namespace headcount::variants {
namespace {

struct Pattern {
    std::int64_t stride = 32;
};
const Options<Pattern>& own() {
    static const Options<Pattern> options{
        {"stride", &Pattern::stride, 1, kLargestExtent,
         "newest keys that a query sees, and how far apart the older ones are that it sees, too"}};
    return options;
}

/// Some queries and keys that they see, both `step` apart: a product of windows, in which nothing is copied.
struct Piece {
    std::int64_t step, first_row, rows, first_key, keys;
    std::int64_t first_column;  ///< of the scores, where these keys begin
    Mask mask;                  ///< of these rows and keys

    static Tensor apart(const Tensor& t, std::int64_t first, std::int64_t step, std::int64_t count) {
        Tensor rows = t.row_range(first, (count - 1) * step + 1);
        rows.extent[3] = count;
        if (count > 1) rows.stride[3] *= step;  // a single row has no next one, and its stride may be any number
        return rows;
    }
    Tensor rows_of(const Tensor& t) const { return apart(t, first_row, step, rows); }
    Tensor keys_of(const Tensor& t) const { return apart(t, first_key, step, keys); }
    Tensor scores_of(const Tensor& scores) const { return rows_of(scores).columns(first_column, keys); }
};

/// Cuts the pattern into products that compute few scores which nobody sees. A query stands where its own key stands,
/// lengths aligned at the end, and before the first key it sees none. Near: a block of `stride` neighbours shares its
/// newest keys but for the ends of the window. Far: queries of one residue class modulo `stride` see that class of keys
/// under the causal mask. A row of scores has columns for its far keys and then for its near keys.
class Places {
public:
    Places(const Problem& p, std::int64_t stride)
        : stride_(stride), kv_len_(p.kv_len), first_(p.kv_len - p.q_len), far_width_((p.kv_len - 1) / stride) {}

    /// f(piece): every query is in one of these, also that which sees no key.
    template <class F>
    void each_near(const F& f) const {
        for (std::int64_t place = begin(); place < kv_len_;) {
            const std::int64_t end = std::min((place / stride_ + 1) * stride_, kv_len_);
            const std::int64_t key = std::max<std::int64_t>(place - stride_ + 1, 0);
            const std::int64_t row = place == begin() ? 0 : place - first_;
            f(Piece{.step = 1,
                    .first_row = row,
                    .rows = end - first_ - row,
                    .first_key = key,
                    .keys = end - key,
                    .first_column = far_width_,
                    .mask = end <= stride_ ? Mask{.causal = true} : newest()});
            place = end;
        }
    }
    /// f(piece): every query that has far keys is in one of these.
    template <class F>
    void each_far(const F& f) const {
        const std::int64_t begin = std::max(first_, stride_);
        for (std::int64_t place = begin; place < std::min(begin + stride_, kv_len_); ++place) {
            const std::int64_t rows = (kv_len_ - 1 - place) / stride_ + 1;
            f(Piece{.step = stride_,
                    .first_row = place - first_,
                    .rows = rows,
                    .first_key = place % stride_,
                    .keys = place / stride_ + rows - 1,
                    .first_column = 0,
                    .mask = {.causal = true}});
        }
    }
    /// Fewer queries than classes leave those of the others out that are far from all queries.
    bool some_key_is_unseen() const { return kv_len_ - first_ < stride_ && stride_ <= first_; }
    /// Columns of the scores.
    std::int64_t width() const {
        std::int64_t near_width = 0;
        each_near([&](const Piece& piece) { near_width = std::max(near_width, piece.keys); });
        return far_width_ + near_width;
    }
    /// Which columns a row of the scores sees.
    Mask of_scores() const {
        Mask mask;
        mask.numbers = {stride_, first_, far_width_};
        mask.rule = [](const Mask::Numbers& numbers, std::int64_t row, std::int64_t /*q_len*/, std::int64_t /*cols*/) {
            const auto [stride, first, far_width, unused] = numbers;
            const std::int64_t place = first + row;
            if (place < 0) return Keys{};
            const std::int64_t block = std::max<std::int64_t>({place / stride * stride, first, 0});
            const std::int64_t column_of_key_0 = far_width - std::max<std::int64_t>(block - stride + 1, 0);
            return Keys{.first = column_of_key_0 + std::max<std::int64_t>(place - stride + 1, 0),
                        .last = column_of_key_0 + place + 1,
                        .sink = place / stride};
        };
        return mask;
    }

private:
    std::int64_t begin() const { return std::max<std::int64_t>(first_, 0); }
    Mask newest() const {
        Mask mask;
        mask.numbers = {stride_};
        mask.rule = [](const Mask::Numbers& numbers, std::int64_t row, std::int64_t q_len, std::int64_t kv_len) {
            const std::int64_t last = kv_len - q_len + row + 1;
            return Keys{.first = last - numbers[0], .last = last};
        };
        return mask;
    }

    std::int64_t stride_, kv_len_;
    std::int64_t first_;      ///< where the first query stands: below 0 with more queries than keys
    std::int64_t far_width_;  ///< far keys of the last query, which has most
};

void forward(Pass& pass) {
    const Workspace::Frame frame(pass.workspace);
    const Problem& p = pass.problem;
    const Places places(p, pass.own(own()).stride);
    const auto [all_q, all_k, all_v] = project_qkv(pass);
    const Tensor q = query_heads(all_q, p), k = key_heads(all_k, p), v = key_heads(all_v, p);
    const Tensor scores = pass.take("scores", {p.batch, p.num_kv_heads, p.group(), p.q_len, places.width()});
    const Tensor joined = take_context(pass);
    const Tensor context = query_heads(joined, p);
    const auto score = [&](const Piece& piece) {
        pass.backend.matmul("scores", piece.rows_of(q), piece.keys_of(k).transposed(), piece.scores_of(scores),
                            {.scale = p.scale(), .bias = nullptr, .mask = piece.mask, .masked = Masked::output});
    };
    const auto gather = [&](const Piece& piece, bool accumulate) {
        pass.backend.matmul(
            "context", piece.scores_of(scores), piece.keys_of(v), piece.rows_of(context),
            {.scale = {}, .bias = nullptr, .mask = piece.mask, .masked = Masked::left, .accumulate = accumulate});
    };
    places.each_near(score);
    places.each_far(score);
    pass.backend.softmax_rows("weights", places.of_scores(), scores);
    places.each_near([&](const Piece& piece) { gather(piece, false); });
    places.each_far([&](const Piece& piece) { gather(piece, true); });
    project_output(pass, joined);
    if (places.some_key_is_unseen()) {
        pass.backend.run("key", Unseen{all_k});
        pass.backend.run("value", Unseen{all_v});
    }
}

constexpr auto kDefinition = [](const auto& given, judge::Row row) {
    const Problem& p = given.problem();
    const std::int64_t stride = given.own(own()).stride;
    const std::int64_t own_key = row.index + p.kv_len - p.q_len;
    std::vector<std::int64_t> newest, older;
    for (std::int64_t key = 0; key <= own_key; ++key) {
        const std::int64_t age = own_key - key;
        if (age < stride) newest.push_back(key);
        if (age >= stride && age % stride == 0) older.push_back(key);
    }
    std::vector<std::int64_t> seen = newest;
    seen.insert(seen.end(), older.begin(), older.end());
    const auto count = [](const auto& keys) { return static_cast<std::int64_t>(keys.size()); };
    const auto q = given.q(row);
    const auto k = picked(given.k(row.batch), seen);
    const auto v = picked(given.v(row.batch), seen);
    return given.output(judge::concat(p.num_heads, [&](std::int64_t h) {
        const std::int64_t g = h * p.num_kv_heads / p.num_heads;
        const auto similar = product(q.head(h, p.num_heads), k.head(g, p.num_kv_heads).transposed());
        const auto weights = softmax(given.scores(scaled(similar, given.scale())));
        const auto gathered = [&](std::int64_t first, std::int64_t keys) {
            return product(view_of(weights).columns(first, keys), v.row_range(first, keys).head(g, p.num_kv_heads));
        };
        auto context = stored(gathered(0, count(newest)));
        // Held before the older keys are added to it, which bf16 rounds once more.
        if (!older.empty()) context = stored(sum(context, gathered(count(newest), count(older))));
        return context;
    }));
};

std::string unsupported(const Point& point) {
    if (point.problem.causal) return "";
    return "strided looks back only: each query sees its newest keys and every stride-th before them; set causal: "
           "true, "
           "or use local, which has two sides";
}

}  // namespace

Variant strided() {
    return {.summary = "the newest `stride` keys, and every stride-th before them; causal",
            .source = "Child et al. 2019, section 4.3, the strided pattern, both parts in one softmax",
            .equation = "out = concat_h( softmax(Q_h K_h^T / sqrt(head_dim), near and far) V_h ) W_O",
            .own = own().fields(),
            .definition = judge::defined_by(kDefinition),
            .unsupported = unsupported,
            .forward = forward};
}

}  // namespace headcount::variants
