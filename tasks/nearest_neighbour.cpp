// Nearest neighbour on the sphere: each query has to find the point that is closest to it.
#include <vector>

#include "tasks/task.hpp"

namespace headcount::tasks {
namespace {

class Neighbours final : public Examples {
public:
    explicit Neighbours(std::size_t width) : width_(width) {}
    void next(Draw& draw, const Example& into) const override {
        for (std::size_t i = 0; i < into.keys.size(); i += width_) draw.direction(into.keys.subspan(i, width_));
        for (std::size_t i = 0; i < into.queries.size(); i += width_) {
            const std::span<double> query = into.queries.subspan(i, width_);
            draw.direction(query);
            const std::span<const double> found = nearest(into.keys, query);
            std::copy(found.begin(), found.end(), into.targets.subspan(i, width_).begin());
        }
    }

private:
    std::span<const double> nearest(std::span<const double> points, std::span<const double> query) const {
        std::size_t best = 0;
        double largest = -2;
        for (std::size_t i = 0; i < points.size(); i += width_) {
            double dot = 0;
            for (std::size_t j = 0; j < width_; ++j) dot += points[i + j] * query[j];
            if (dot > largest) {
                largest = dot;
                best = i;
            }
        }
        return points.subspan(best, width_);
    }
    std::size_t width_;
};

}  // namespace

Task nearest_neighbour() {
    return {.summary = "of kv_len points on the unit sphere in embed_dim dimensions the nearest to each query",
            .source = "Amsel, Yehudai and Bruna 2025, arXiv:2407.16153, section 6",
            .model = [](const Point& point) -> ModelShape {
                const std::int64_t width = point.problem.embed_dim;
                return {.key_width = width,
                        .query_width = width,
                        .target_width = width,
                        .encoder = Map::none,
                        .readout = Map::none};
            },
            .examples = [](const Point& point, Draw&) -> std::unique_ptr<Examples> {
                return std::make_unique<Neighbours>(static_cast<std::size_t>(point.problem.embed_dim));
            }};
}

}  // namespace headcount::tasks
