// Examples follow the definition of their task, and are the same for the same seed and run.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/field_table.hpp"
#include "harness/train/data_set.hpp"
#include "tasks/all.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::WithinAbs;

namespace {

struct Drawn {
    std::vector<double> keys, queries, targets;
};

Point point_of(const std::string& task, const std::string& rest) {
    FieldTable fields;
    fields.add({.kind = FieldOwner::Kind::task, .name = task}, find_named(all_tasks(), task, "task").own);
    return point_from_id("v/b/task=" + task + "," + rest, fields);
}

Drawn draw(const Point& point, std::int64_t run) {
    const Task& task = find_named(all_tasks(), point.task, "task");
    const ExampleExtents extents = extents_of(point, task.model(point));
    Drawn drawn{.keys = std::vector<double>(static_cast<std::size_t>(extents.keys)),
                .queries = std::vector<double>(static_cast<std::size_t>(extents.queries)),
                .targets = std::vector<double>(static_cast<std::size_t>(extents.targets))};
    Draw constants(point.seed, run, "constants"), examples(point.seed, run, "train");
    task.examples(point, constants)->next(examples, {drawn.keys, drawn.queries, drawn.targets});
    return drawn;
}

double dot(const double* a, const double* b, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

}  // namespace

TEST_CASE("examples depend on seed and run, and not on the number of heads") {
    for (const auto& [name, task] : all_tasks()) {
        const std::string sizes = "q_len=1,kv_len=7,embed_dim=8";
        const Drawn drawn = draw(point_of(name, sizes), 0), again = draw(point_of(name, sizes), 0);
        CHECK(drawn.keys == again.keys);
        CHECK(drawn.targets == again.targets);
        CHECK(draw(point_of(name, sizes + ",num_heads=4"), 0).targets == drawn.targets);
        CHECK(draw(point_of(name, sizes), 1).targets != drawn.targets);
        CHECK(draw(point_of(name, sizes + ",seed=2"), 0).targets != drawn.targets);
    }
}

TEST_CASE("d_retrieval: the target is the sum of the maxima along unit directions") {
    const Point point = point_of("d_retrieval", "q_len=1,kv_len=7,embed_dim=8,items=3");
    Draw constants(point.seed, 0, "constants");
    std::vector<std::vector<double>> directions(3, std::vector<double>(4));
    for (std::vector<double>& direction : directions) {
        constants.direction(direction);
        CHECK_THAT(dot(direction.data(), direction.data(), 4), WithinAbs(1, 1e-12));
    }
    const Drawn drawn = draw(point, 0);
    double sum = 0;
    for (const std::vector<double>& direction : directions) {
        double largest = -1e9;
        for (std::size_t t = 0; t < 7; ++t) largest = std::max(largest, dot(direction.data(), &drawn.keys[4 * t], 4));
        sum += largest;
    }
    CHECK_THAT(drawn.targets.front(), WithinAbs(sum, 1e-12));
}

TEST_CASE("nearest_neighbour: the target is the point of the sphere nearest to the query") {
    const Drawn drawn = draw(point_of("nearest_neighbour", "q_len=5,kv_len=11,embed_dim=6"), 0);
    for (std::size_t q = 0; q < 5; ++q) {
        const double found = dot(&drawn.queries[6 * q], &drawn.targets[6 * q], 6);
        CHECK_THAT(dot(&drawn.queries[6 * q], &drawn.queries[6 * q], 6), WithinAbs(1, 1e-12));
        int as_near = 0;
        for (std::size_t k = 0; k < 11; ++k) {
            const double here = dot(&drawn.queries[6 * q], &drawn.keys[6 * k], 6);
            CHECK(here <= found);
            as_near += here == found ? 1 : 0;
        }
        CHECK(as_near == 1);
    }
}

TEST_CASE("k_lookup: the target has the values of the keys that the query names, each of another row") {
    const Drawn drawn = draw(point_of("k_lookup", "q_len=2,kv_len=9,embed_dim=8,items=3,token_width=5"), 0);
    for (std::size_t q = 0; q < 2; ++q) {
        std::set<std::size_t> rows;
        for (std::size_t i = 0; i < 3; ++i) {
            const double* const key = &drawn.queries[(3 * q + i) * 5];
            for (std::size_t row = 0; row < 9; ++row) {
                if (!std::equal(key, key + 5, &drawn.keys[10 * row])) continue;
                rows.insert(row);
                CHECK(
                    std::equal(&drawn.keys[10 * row + 5], &drawn.keys[10 * row + 10], &drawn.targets[(3 * q + i) * 5]));
            }
        }
        CHECK(rows.size() == 3);
    }
}

TEST_CASE("attention_matrix: rows of one matrix, which the run fixes, mix the numbers of the keys") {
    const Point point = point_of("attention_matrix", "q_len=1,kv_len=5,embed_dim=8");
    const Task& task = find_named(all_tasks(), point.task, "task");
    Draw constants(point.seed, 0, "constants"), examples(point.seed, 0, "train");
    const auto drawn = task.examples(point, constants);
    // Five numbers and a sum for each row: equations enough to solve for the row, by which all later examples are told.
    std::vector<std::vector<std::vector<double>>> seen(5);
    std::vector<std::vector<double>> sums(5);
    for (int n = 0; n < 200; ++n) {
        std::vector<double> keys(40), queries(8), targets(1);
        drawn->next(examples, {keys, queries, targets});
        std::vector<double> numbers;
        std::size_t row = 0;
        for (std::size_t j = 0; j < 5; ++j) {
            for (std::size_t k = 0; k < 5; ++k) CHECK(keys[8 * j + k] == (j == k ? 1 : 0));
            numbers.push_back(keys[8 * j + 5]);
            if (queries[j] == 1) row = j;
        }
        // A convex mixture lies between the smallest and the largest.
        CHECK(targets[0] > *std::min_element(numbers.begin(), numbers.end()));
        CHECK(targets[0] < *std::max_element(numbers.begin(), numbers.end()));
        seen[row].push_back(numbers);
        sums[row].push_back(targets[0]);
    }
    for (std::size_t row = 0; row < 5; ++row) {
        REQUIRE(seen[row].size() > 10);
        std::vector<double> weights(5, 0.2);  // Kaczmarz: projected onto one equation after another
        for (int sweep = 0; sweep < 2000; ++sweep) {
            const std::size_t n = static_cast<std::size_t>(sweep) % seen[row].size();
            const double error = sums[row][n] - dot(weights.data(), seen[row][n].data(), 5);
            const double square = dot(seen[row][n].data(), seen[row][n].data(), 5);
            for (std::size_t j = 0; j < 5; ++j) weights[j] += error / square * seen[row][n][j];
        }
        double total = 0;
        for (const double weight : weights) {
            CHECK(weight > 0);
            total += weight;
        }
        CHECK_THAT(total, WithinAbs(1, 1e-6));
        for (std::size_t n = 0; n < seen[row].size(); ++n) {
            CHECK_THAT(dot(weights.data(), seen[row][n].data(), 5), WithinAbs(sums[row][n], 1e-6));
        }
    }
}

TEST_CASE("relation_recall: the same items of a run are related in all examples, one to one in each relation") {
    const Point point = point_of("relation_recall", "q_len=3,kv_len=7,embed_dim=6,items=9,relations=2");
    const Task& task = find_named(all_tasks(), point.task, "task");
    Draw constants(point.seed, 0, "constants"), examples(point.seed, 0, "train");
    const auto drawn = task.examples(point, constants);
    using Item = std::vector<double>;
    std::map<Item, std::set<std::pair<Item, Item>>> related;  // pairs of items that may be the answer
    for (int n = 0; n < 200; ++n) {
        std::vector<double> keys(42), queries(18), targets(3);
        drawn->next(examples, {keys, queries, targets});
        std::map<Item, double> numbers;
        for (std::size_t row = 0; row < 7; ++row) {
            const double* const key = &keys[6 * row];
            CHECK_THAT(dot(key, key, 5), WithinAbs(5, 1e-12));
            numbers[Item(key, key + 5)] = key[5];
        }
        CHECK(numbers.size() == 7);
        for (std::size_t q = 0; q < 3; ++q) {
            const double* const query = &queries[6 * q];
            CHECK(query[5] == 0);
            std::set<std::pair<Item, Item>> fit;
            for (const auto& [one, its] : numbers) {
                for (const auto& [other, others] : numbers) {
                    if (one <= other && std::abs(its + others - targets[q]) < 1e-12) fit.emplace(one, other);
                }
            }
            CHECK(fit.size() == 1);
            related[Item(query, query + 5)].merge(fit);
        }
    }
    CHECK(related.size() == 9);
    std::map<Item, int> times_found;
    for (const auto& [item, found] : related) {
        CHECK(found.size() == 1);
        ++times_found[found.begin()->first];
        ++times_found[found.begin()->second];
    }
    CHECK(times_found.size() == 9);
    for (const auto& [item, times] : times_found) CHECK(times == 2);
}

TEST_CASE("normal numbers have mean 0 and variance 1; a stream shows each example once an epoch") {
    Draw draws(1, 0, "x");
    double sum = 0, squares = 0;
    constexpr int kCount = 20000;
    for (int i = 0; i < kCount; ++i) {
        const double x = draws.normal();
        sum += x;
        squares += x * x;
    }
    CHECK_THAT(sum / kCount, WithinAbs(0, 0.03));
    CHECK_THAT(squares / kCount, WithinAbs(1, 0.05));
    ShuffledOrder order(10, 1, 0);
    std::vector<std::vector<std::int64_t>> epochs(3);
    for (std::int64_t i = 0; i < 30; ++i) epochs[static_cast<std::size_t>(i / 10)].push_back(order.at(i));
    for (const auto& epoch : epochs) CHECK(std::set<std::int64_t>(epoch.begin(), epoch.end()).size() == 10);
    CHECK(epochs[0] != epochs[1]);
}

TEST_CASE("next_byte: targets are the bytes that follow, and no text of the test is one to learn from") {
    const Point point = point_of("next_byte", "seq_len=24,causal=true,embed_dim=8");
    const Drawn drawn = draw(point, 0);
    for (std::size_t i = 0; i + 1 < 24; ++i) CHECK(drawn.targets[i] == drawn.keys[i + 1]);
    const Task& task = find_named(all_tasks(), "next_byte", "task");
    Draw constants(1, 0, "constants");
    const auto examples = task.examples(point, constants);
    std::map<Split, std::set<std::vector<double>>> seen;
    for (const Split split : {Split::train, Split::validation, Split::test}) {
        Draw random(1, 0, "x");
        for (int i = 0; i < 3000; ++i) {
            std::vector<double> keys(200), targets(200);
            examples->next(random, {.keys = keys, .queries = {}, .targets = targets, .split = split});
            seen[split].insert(keys);
        }
    }
    CHECK(seen[Split::train].size() > 2500);
    for (const std::vector<double>& piece : seen[Split::test]) {
        CHECK(!seen[Split::train].contains(piece));
        CHECK(!seen[Split::validation].contains(piece));
    }
}
