#include "harness/measure/point/dependencies.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/core/dependent.hpp"
#include "harness/core/error.hpp"
#include "harness/measure/point/inputs.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kLongest = 256, kWidest = 64;

/// f(number, its row) for every element.
template <class F>
void each_number(const Tensor& t, F f) {
    for_each_matrix(t, [&](std::int64_t b, std::int64_t n, std::int64_t g) {
        const Matrix<Dependent> m = matrix_at<Dependent>(t, b, n, g);
        for (std::int64_t i = 0; i < m.rows; ++i) {
            for (std::int64_t j = 0; j < m.cols; ++j) f(m(i, j), i);
        }
    });
}

/// Runs verbs in memory that holds Dependent numbers: what a verb has written is one step later.
class DependencyBackend final : public NaiveBackend {
protected:
    void compute(const Verb& verb) override {
        verb.type().dependent(verb.operands());
        verb.type().each_operand(verb.operands(), [](const Tensor& t, Access access) {
            if (access == Access::read) return;
            each_number(t, [](Dependent& number, std::int64_t) { number = number.after(); });
        });
    }
};

/// The same layer, small enough to be followed.
Point followed(Point point) {
    point.backend = "naive";
    point.num_threads = 1;
    Problem& p = point.problem;
    p.dtype = DType::f64;
    p.batch = 1;
    p.pass = PassKind::forward;
    const auto refuse = [&](const std::string& why) { throw UsageError(point.id() + " " + why); };
    if (p.scope != Scope::layer) refuse("is no layer, whose dependencies are followed; set scope to layer");
    if (p.cached || p.q_len != p.kv_len) refuse("reads two sequences; dependencies are followed in one: set seq_len");
    if (point.trains()) refuse("is trained; dependencies are those of a layer: leave task out");
    if (p.kv_len > kLongest || p.embed_dim > kWidest) {
        refuse(
            fmt::format("is too large to be followed number by number; set seq_len to at most {} and embed_dim to "
                        "at most {}, on which nothing but the cost of it depends",
                        kLongest, kWidest));
    }
    if (const std::string why = why_unsupported(point); !why.empty()) refuse("cannot run: " + why);
    return point;
}

std::vector<Dependent> numbers_of(const PointData& data) {
    std::vector<Dependent> numbers;
    each_number(data.layout.out, [&](const Dependent& number, std::int64_t) { numbers.push_back(number); });
    return numbers;
}

/// One layer of a network: its numbers, from those of the layer below; null: the first.
std::vector<Dependent> layer_on(const Point& point, const std::vector<Dependent>* below) {
    PointData data = make_point_data(point);
    data.backend = std::make_unique<DependencyBackend>();
    for (const auto& [name, weight] : data.layout.prepared.all()) {
        each_number(weight, [](Dependent& number, std::int64_t) { number = Dependent(1); });
    }
    std::size_t next = 0;
    each_number(data.layout.inputs.x_kv, [&](Dependent& number, std::int64_t row) {
        number = below == nullptr ? Dependent::at(row, point.problem.kv_len) : below->at(next++);
    });
    run_forward(data);
    return numbers_of(data);
}

/// Of all pairs of a place and a row of results that depends on it: how many, and the longest of their shortest ways.
struct Connected {
    std::int64_t pairs = 0, farthest = 0;
};

Connected connected(const std::vector<Dependent>& numbers, const Problem& p) {
    Connected all;
    const auto width = static_cast<std::size_t>(p.embed_dim);
    for (std::size_t row = 0; row < numbers.size() / width; ++row) {
        for (std::size_t place = 0; place < static_cast<std::size_t>(p.kv_len); ++place) {
            std::int32_t fewest = Dependence::kNever;
            for (std::size_t j = 0; j < width; ++j) {
                const std::vector<std::int32_t>& of = numbers[row * width + j].what().fewest;
                if (!of.empty()) fewest = std::min(fewest, of[place]);
            }
            if (fewest == Dependence::kNever) continue;
            ++all.pairs;
            all.farthest = std::max<std::int64_t>(all.farthest, fewest);
        }
    }
    return all;
}

std::int64_t sequential_operations(const Point& asked) {
    Dependent::forget_all();
    std::int64_t longest = 0;
    for (const Dependent& number : layer_on(followed(asked), nullptr))
        longest = std::max<std::int64_t>(longest, number.what().longest);
    return longest;
}

/// In a network that is as deep as it takes for every result to depend on all that it ever will.
std::int64_t path_of(const Point& asked, Settings (*above)(const Point& point)) {
    Dependent::forget_all();
    Point point = followed(asked);
    std::vector<Dependent> numbers = layer_on(point, nullptr);
    Connected now = connected(numbers, point.problem);
    while (true) {
        if (above != nullptr) point.own = above(point);
        numbers = layer_on(point, &numbers);
        const Connected deeper = connected(numbers, point.problem);
        if (deeper.pairs == now.pairs) return now.farthest;
        now = deeper;
    }
}

std::int64_t path_length(const Point& point) { return path_of(point, nullptr); }

std::int64_t dilated_path_length(const Point& point) {
    const Variant& variant = find_named(all_variants(), point.variant, "variant");
    if (variant.wider == nullptr) {
        throw UsageError(point.id() + " has no layers whose dilation grows; ask for its path_length");
    }
    return path_of(point, variant.wider);
}

}  // namespace

const std::vector<DependencyMetric>& dependency_metrics() {
    static const std::vector<DependencyMetric> all{
        {"sequential_operations", "verbs of a layer in the longest chain of which each needs the one before",
         sequential_operations},
        {"path_length",
         "verbs on the longest of the shortest ways between two places, in a stack of such layers as high as it takes",
         path_length},
        {"dilated_path_length", "the same where each layer of the stack sees further than the one below it",
         dilated_path_length}};
    return all;
}

std::optional<std::int64_t> dependency_metric(const Point& point, std::string_view name) {
    const auto& all = dependency_metrics();
    const auto found = std::ranges::find(all, name, &DependencyMetric::name);
    if (found == all.end()) return std::nullopt;
    return found->of(point);
}

}  // namespace headcount
