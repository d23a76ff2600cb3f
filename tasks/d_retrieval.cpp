// D-retrieval: the sum of D maxima over the sequence, each along a direction of its own.
#include <algorithm>
#include <limits>
#include <vector>

#include "harness/core/options.hpp"
#include "tasks/task.hpp"

namespace headcount::tasks {
namespace {

struct Retrieval {
    std::int64_t items = 4;
    std::int64_t token_width = 4;
};
const Options<Retrieval>& options() {
    static const Options<Retrieval> own{
        {"items", &Retrieval::items, 1, 1024, "maxima that are added up, D"},
        {"token_width", &Retrieval::token_width, 1, 1024, "numbers that a token consists of"}};
    return own;
}

/// y = sum over i of max over t of a_i . x(t), with unit vectors a_i and normal x(t).
class Maxima final : public Examples {
public:
    Maxima(const Retrieval& own, Draw& constants) : width_(static_cast<std::size_t>(own.token_width)) {
        for (std::int64_t i = 0; i < own.items; ++i) constants.direction(directions_.emplace_back(width_));
    }
    void next(Draw& draw, const Example& into) const override {
        draw.normal(into.keys);
        double sum = 0;
        for (const std::vector<double>& direction : directions_) {
            double largest = -std::numeric_limits<double>::infinity();
            for (std::size_t t = 0; t < into.keys.size(); t += width_) {
                double dot = 0;
                for (std::size_t j = 0; j < width_; ++j) dot += direction[j] * into.keys[t + j];
                largest = std::max(largest, dot);
            }
            sum += largest;
        }
        into.targets.front() = sum;
    }

private:
    std::size_t width_;
    std::vector<std::vector<double>> directions_;
};

}  // namespace

Task d_retrieval() {
    return {.summary = "the sum of `items` maxima over the sequence, read by one learned query",
            .source = "Yu et al. 2025, arXiv:2510.06662, section 5",
            .own = options().fields(),
            .model = [](const Point& point) -> ModelShape {
                constexpr std::int64_t kHidden = 32;
                return {.key_width = options().read(point.own).token_width,
                        .encoder = Map::mlp,
                        .readout = Map::mlp,
                        .hidden = kHidden};
            },
            .examples = [](const Point& point, Draw& constants) -> std::unique_ptr<Examples> {
                return std::make_unique<Maxima>(options().read(point.own), constants);
            },
            .unsupported = [](const Point& point) -> std::string {
                return point.problem.q_len == 1 ? "" : "d_retrieval has one query: set q_len to 1";
            }};
}

}  // namespace headcount::tasks
