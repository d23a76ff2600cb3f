// A fixed attention matrix: which rows of logits can a head of this width represent?
#include <cmath>
#include <vector>

#include "tasks/task.hpp"

namespace headcount::tasks {
namespace {

/// Key row j is the j-th unit vector with a number v_j behind it, the query the i-th; wanted is sum over j of P_ij v_j,
/// with P = softmax of normal logits, fixed for a run. Whoever errs little has learned P.
class Mixture final : public Examples {
public:
    Mixture(std::size_t rows, std::size_t width, Draw& constants) : rows_(rows), width_(width), weights_(rows * rows) {
        constexpr double kSpread = 2;  // of the logits: rows of P are neither flat nor one-hot
        for (std::size_t i = 0; i < rows; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < rows; ++j) {
                weights_[i * rows + j] = std::exp(kSpread * constants.normal());
                sum += weights_[i * rows + j];
            }
            for (std::size_t j = 0; j < rows; ++j) weights_[i * rows + j] /= sum;
        }
    }
    void next(Draw& draw, const Example& into) const override {
        for (std::size_t j = 0; j < rows_; ++j) {
            into.keys[j * width_ + j] = 1;
            into.keys[j * width_ + rows_] = draw.normal();
        }
        for (std::size_t q = 0; q < into.targets.size(); ++q) {
            const std::size_t i = draw.below(rows_);
            into.queries[q * width_ + i] = 1;
            double sum = 0;
            for (std::size_t j = 0; j < rows_; ++j) sum += weights_[i * rows_ + j] * into.keys[j * width_ + rows_];
            into.targets[q] = sum;
        }
    }

private:
    std::size_t rows_, width_;
    std::vector<double> weights_;
};

}  // namespace

Task attention_matrix() {
    return {
        .summary = "one fixed random attention matrix of kv_len rows, as narrow heads can represent it",
        .source = "Bhojanapalli et al. 2020, arXiv:2002.07028, theorem 1",
        .model = [](const Point& point) -> ModelShape {
            return {.key_width = point.problem.embed_dim, .query_width = point.problem.embed_dim, .encoder = Map::none};
        },
        .examples = [](const Point& point, Draw& constants) -> std::unique_ptr<Examples> {
            return std::make_unique<Mixture>(static_cast<std::size_t>(point.problem.kv_len),
                                             static_cast<std::size_t>(point.problem.embed_dim), constants);
        },
        .unsupported = [](const Point& point) -> std::string {
            return point.problem.embed_dim > point.problem.kv_len
                       ? ""
                       : "attention_matrix puts a unit vector and a number into a row: embed_dim must be above kv_len";
        }};
}

}  // namespace headcount::tasks
