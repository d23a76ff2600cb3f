// Points numbered by value, not by where they stand.
#include "harness/core/point_index.hpp"

#include <set>
#include <vector>

#include "harness/core/field_table.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

Point numbered(int seq_len, int seed) {
    return point_from_id("multi_head/naive/seq_len=" + std::to_string(seq_len) +
                         ",embed_dim=8,seed=" + std::to_string(seed));
}

}  // namespace

TEST_CASE("equal points have one number, whatever their address") {
    const std::vector<Point> points{numbered(8, 1), numbered(8, 2), numbered(8, 1), numbered(9, 1), numbered(8, 2)};
    PointIndex index;
    std::vector<std::size_t> numbers;
    std::vector<bool> fresh;
    for (const Point& point : points) {
        const auto [number, is_new] = index.add(point);
        numbers.push_back(number);
        fresh.push_back(is_new);
    }
    CHECK(numbers == std::vector<std::size_t>{0, 1, 0, 2, 1});
    CHECK(fresh == std::vector<bool>{true, true, false, true, false});
}

TEST_CASE("the hash of a point tells neighbouring points apart") {
    std::set<std::size_t> hashes;
    for (int seq_len = 1; seq_len <= 100; ++seq_len) {
        for (int seed = 0; seed < 100; ++seed) hashes.insert(PointHash{}(numbered(seq_len, seed)));
    }
    CHECK(hashes.size() == 10'000);
    CHECK(PointHash{}(numbered(5, 6)) == PointHash{}(numbered(5, 6)));
}
