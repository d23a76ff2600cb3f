// Relation recall: a fixed graph over more items than their embeddings have columns, told by queries and keys.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "harness/core/options.hpp"
#include "harness/core/shuffle.hpp"
#include "tasks/task.hpp"

namespace headcount::tasks {
namespace {

struct Recall {
    std::int64_t items = 32;
    std::int64_t relations = 1;
};
const Options<Recall>& options() {
    static const Options<Recall> own{
        {"items", &Recall::items, 2, 4096, "items that the relations are between, m"},
        {"relations", &Recall::relations, 1, 64, "random permutations of the items, whose answers are added up"}};
    return own;
}

/// The columns of an embedding: those that a row has beside its number.
std::int64_t token_width(const Point& point) { return point.problem.embed_dim - 1; }

/// A row is the embedding of an item and, among keys, a number; items of a context differ. Wanted is the sum of the
/// numbers of those that the relations assign to the query's item, all of which are there. Embeddings and relations
/// are fixed for a run.
class Relations final : public Examples {
public:
    Relations(const Recall& own, std::int64_t width, Draw& constants)
        : items_(static_cast<std::size_t>(own.items)), width_(static_cast<std::size_t>(width)) {
        embeddings_.resize(items_ * width_);
        for (std::size_t item = 0; item < items_; ++item) {
            constants.direction(std::span(embeddings_).subspan(item * width_, width_));
        }
        // As long as a norm would leave them: with unit vectors, scores are next to nothing when training begins.
        for (double& x : embeddings_) x *= std::sqrt(static_cast<double>(width_));
        for (std::int64_t r = 0; r < own.relations; ++r) relations_.push_back(shuffled(constants));
    }
    void next(Draw& draw, const Example& into) const override {
        const std::size_t row_width = width_ + 1, queries = into.targets.size();
        const std::vector<std::size_t> sources = shuffled(draw);
        std::vector<bool> is_wanted(items_);
        for (std::size_t q = 0; q < queries; ++q) {
            for (const std::vector<std::size_t>& related : relations_) is_wanted[related[sources[q]]] = true;
        }
        // Those that are wanted come first, which attention without positions does not see.
        std::vector<std::size_t> context = shuffled(draw);
        std::stable_partition(context.begin(), context.end(), [&](std::size_t item) { return is_wanted[item]; });
        std::vector<double> numbers(items_);
        for (std::size_t row = 0; row * row_width < into.keys.size(); ++row) {
            const std::span<double> key = into.keys.subspan(row * row_width, row_width);
            put(context[row], key);
            key[width_] = numbers[context[row]] = draw.normal();
        }
        for (std::size_t q = 0; q < queries; ++q) {
            put(sources[q], into.queries.subspan(q * row_width, row_width));
            for (const std::vector<std::size_t>& related : relations_) {
                into.targets[q] += numbers[related[sources[q]]];
            }
        }
    }

private:
    std::vector<std::size_t> shuffled(Draw& draw) const {
        std::vector<std::size_t> order(items_);
        std::iota(order.begin(), order.end(), std::size_t{0});
        shuffle(order, draw);
        return order;
    }
    void put(std::size_t item, std::span<double> row) const {
        const std::span<const double> embedding = std::span(embeddings_).subspan(item * width_, width_);
        std::copy(embedding.begin(), embedding.end(), row.begin());
    }
    std::size_t items_, width_;
    std::vector<double> embeddings_;
    std::vector<std::vector<std::size_t>> relations_;
};

}  // namespace

Task relation_recall() {
    return {.summary = "the numbers of the items that fixed random relations assign to an item, in superposition",
            .source = "after Adler 2025, arXiv:2509.22840 (this project)",
            .own = options().fields(),
            // Without an encoder, nothing but queries and keys can tell which items are related.
            .model = [](const Point& point) -> ModelShape {
                const std::int64_t width = point.problem.embed_dim;
                return {.key_width = width, .query_width = width, .encoder = Map::none};
            },
            .examples = [](const Point& point, Draw& constants) -> std::unique_ptr<Examples> {
                return std::make_unique<Relations>(options().read(point.own), token_width(point), constants);
            },
            .unsupported = [](const Point& point) -> std::string {
                const Recall own = options().read(point.own);
                const Problem& p = point.problem;
                if (p.embed_dim < 2) return "relation_recall puts an embedding and a number into a row: set embed_dim";
                return p.q_len * own.relations <= p.kv_len && p.kv_len <= own.items
                           ? ""
                           : "relation_recall has different items in its rows, among them all that queries ask for: "
                             "kv_len must be q_len * relations at least and items at most";
            }};
}

}  // namespace headcount::tasks
