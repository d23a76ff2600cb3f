#include "harness/train/data_set.hpp"

#include <algorithm>
#include <memory>
#include <numbers>
#include <numeric>
#include <span>
#include <string>

#include "harness/core/shuffle.hpp"
#include "harness/core/storage.hpp"
#include "harness/train/recipe.hpp"
#include "tasks/all.hpp"

namespace headcount {
namespace {

std::span<double> piece(std::vector<double>& values, std::int64_t index, std::int64_t count) {
    return {values.data() + index * count, static_cast<std::size_t>(count)};
}

void store(const std::vector<double>& values, std::int64_t index, std::int64_t count, const Tensor& to,
           std::int64_t entry) {
    if (count == 0) return;
    with_storage(to.dtype, [&](auto storage) {
        using T = decltype(storage);
        T* const out = static_cast<T*>(to.data) + entry * count;
        for (std::int64_t i = 0; i < count; ++i) {
            out[i] = stored<T>(values[static_cast<std::size_t>(index * count + i)]);
        }
    });
}

}  // namespace

ExampleExtents extents_of(const Point& point, const ModelShape& shape) {
    const Problem& p = point.problem;
    if (shape.layers > 0) return {.keys = p.kv_len, .queries = 0, .targets = p.q_len};
    return {.keys = p.kv_len * shape.key_width,
            .queries = p.q_len * shape.query_width,
            .targets = p.q_len * shape.target_width};
}

DataSet::DataSet(const Examples& examples, const ExampleExtents& extents, std::int64_t count, Split split, Draw draw)
    : count_(count),
      extents_(extents),
      keys_(static_cast<std::size_t>(count * extents.keys)),
      queries_(static_cast<std::size_t>(count * extents.queries)),
      targets_(static_cast<std::size_t>(count * extents.targets)) {
    for (std::int64_t i = 0; i < count; ++i) {
        examples.next(draw, {.keys = piece(keys_, i, extents.keys),
                             .queries = piece(queries_, i, extents.queries),
                             .targets = piece(targets_, i, extents.targets),
                             .split = split});
    }
}

void DataSet::copy(std::int64_t index, std::int64_t entry, const Tensor& keys, const Tensor& queries,
                   const Tensor& targets) const {
    store(keys_, index, extents_.keys, keys, entry);
    store(queries_, index, extents_.queries, queries, entry);
    store(targets_, index, extents_.targets, targets, entry);
}

double DataSet::target_variance() const {
    const auto n = static_cast<double>(targets_.size());
    const double mean = std::accumulate(targets_.begin(), targets_.end(), 0.0) / n;
    double sum = 0;
    for (const double x : targets_) sum += (x - mean) * (x - mean);
    return sum / n;
}

DataSet examples_of(const Point& point, std::int64_t run, Split split) {
    const Task& task = find_named(all_tasks(), point.task, "task");
    Draw constants(point.seed, run, "constants");
    const std::unique_ptr<Examples> examples = task.examples(point, constants);
    const Recipe recipe = recipe_of(point);
    const auto draw = [&](const char* purpose, std::int64_t count) {
        return DataSet(*examples, extents_of(point, task.model(point)), count, split, Draw(point.seed, run, purpose));
    };
    switch (split) {
        case Split::train: return draw("train", recipe.train_examples);
        case Split::validation: return draw("validation", recipe.test_examples);
        case Split::test: break;
    }
    return draw("test", recipe.test_examples);
}

double loss_of_one(const Point& point, const DataSet& examples) {
    const bool decodes = find_named(all_tasks(), point.task, "task").model(point).layers > 0;
    return decodes ? std::numbers::ln2 : examples.target_variance();
}

ShuffledOrder::ShuffledOrder(std::int64_t count, std::uint64_t seed, std::int64_t run)
    : seed_(seed), run_(run), order_(static_cast<std::size_t>(count)) {}

std::int64_t ShuffledOrder::at(std::int64_t index) {
    const auto count = static_cast<std::int64_t>(order_.size());
    if (index / count != epoch_) {
        epoch_ = index / count;
        std::iota(order_.begin(), order_.end(), std::int64_t{0});
        Draw draw(seed_, run_, "order of epoch " + std::to_string(epoch_));
        shuffle(order_, draw);
    }
    return order_[static_cast<std::size_t>(index % count)];
}

}  // namespace headcount
