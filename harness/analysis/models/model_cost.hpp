// What a whole model costs: attention from counts of its layers, the rest by formula.
//
// FLOPs are those of matrix products alone, 2 for each multiply with its add; norms, softmax, rotations, activations
// and the look-up of embeddings are left out. All results are exact.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/analysis/exact/rational.hpp"
#include "harness/core/count.hpp"
#include "harness/core/field_table.hpp"
#include "harness/core/whole_model.hpp"

namespace headcount {

/// Counts a point by a dry run. The command line supplies it, because analysis never measures.
using CountOf = std::function<Count(const Point& point)>;

struct ModelParameters {
    std::int64_t total = 0;
    std::int64_t active = 0;     ///< those one token is multiplied with: not all experts, and no table of embeddings
    std::int64_t attention = 0;  ///< of `total`
    std::int64_t feed_forward = 0;
    std::int64_t embeddings = 0;  ///< reading and predicting
    std::int64_t norms = 0;
};

/// FLOPs of one token in the forward pass.
struct TokenWork {
    Rational projections;  ///< those of attention: all its products but the core's
    Rational core;         ///< queries with keys, weights with values
    Rational feed_forward;
    Rational prediction;  ///< the product with the vocabulary

    Rational attention() const { return projections + core; }
    Rational total() const { return attention() + feed_forward + prediction; }
};

class ModelCost {
public:
    /// Throws UsageError when the parameters do not fit into 63 bits with room to spare.
    ModelCost(WholeModel model, const FieldTable& fields, CountOf count, DType dtype);

    const WholeModel& model() const { return model_; }
    /// The first kind of layers as a problem: its heads.
    const Problem& problem() const { return problem_; }
    bool writes() const { return problem_.causal; }  ///< an encoder has no next token and no cache

    ModelParameters parameters() const;
    /// The mean over the tokens of a prompt of that length, which is read at once.
    TokenWork reading(std::int64_t length) const;
    /// Token number `length`, behind a cache of the others, which is kept as the variant of `writing` keeps it.
    TokenWork writing(std::int64_t length) const;
    /// Of all layers.
    std::int64_t cache_bytes(std::int64_t length, std::int64_t batch = 1) const;
    std::int64_t weight_bytes(std::int64_t bits_per_weight) const;
    /// The longest context whose cache fits into `bytes` beside the weights: 0 when none does; at most kMostTokens.
    std::int64_t longest_within(std::int64_t bytes, std::int64_t batch, std::int64_t bits_per_weight) const;
    /// What was counted for reading() and writing(), with its number of layers: "32 x grouped_query/counting/...".
    std::vector<std::string> points(std::int64_t length) const;

    static constexpr std::int64_t kMostTokens = std::int64_t{1} << 26;

private:
    Point point(const PointSpec& layer, std::int64_t q_len, std::int64_t kv_len, std::int64_t batch = 1) const;
    void add_rest(TokenWork& work) const;

    WholeModel model_;
    const FieldTable& fields_;
    CountOf count_;
    DType dtype_;
    Problem problem_;
};

/// A model at one length.
struct ModelFigures {
    std::int64_t length = 0;
    Problem heads;
    ModelParameters parameters;
    TokenWork reading;
    std::optional<TokenWork> writing;       ///< none: an encoder
    std::int64_t cache_bytes_of_first = 0;  ///< of the first token, which all layers keep
    std::int64_t cache_bytes_of_next = 0;   ///< of one more token: less, where windows are full
    std::int64_t cache_bytes = 0;           ///< of the whole batch
};
ModelFigures figures_at(const ModelCost& cost, std::int64_t length, std::int64_t batch);

/// What stays as it is when the number of heads changes.
enum class Keep : std::uint8_t {
    head_dim,  ///< heads are added or removed; those of keys stay, unless every head has its own
    width      ///< heads become narrower or wider: num_heads * head_dim, num_kv_heads * head_dim stay
};
std::string_view to_string(Keep keep);

struct OtherHeads {
    std::optional<WholeModel> model;
    std::string why_not{};
};
/// The same model with `num_heads` heads in every layer. Parameters of `more_in_attention` stay as they are.
OtherHeads with_heads(const WholeModel& model, const Problem& own, std::int64_t num_heads, Keep keep);

/// Ours with the printed number's digits, "8.03e9" for 8030261248. Throws UsageError when `printed` is no number.
struct PublishedResult {
    PublishedNumber number;
    Rational ours;
    bool rounds_to_it = false;
    /// One with a finding must not round to it, every other must.
    bool as_expected() const { return rounds_to_it == number.finding.empty(); }
};
std::vector<PublishedResult> compare_with_published(const ModelCost& cost);

}  // namespace headcount
