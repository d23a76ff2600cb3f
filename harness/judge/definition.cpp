#include "harness/judge/definition.hpp"

#include <algorithm>
#include <random>

#include "harness/judge/defined_by.hpp"

namespace headcount::judge {
namespace {

// Up to this many rows are all checked; beyond, a sample keeps the check shorter than the measurement.
constexpr std::int64_t kAllRows = 256;
constexpr std::int64_t kSampledRows = 32;
// Every batch entry with a checked row costs a projection of all its keys.
constexpr std::int64_t kSampledBatches = 3;

}  // namespace

std::vector<Row> rows_to_check(const Problem& p, std::uint64_t seed) {
    std::vector<Row> rows;
    if (p.batch * p.q_len <= kAllRows) {
        for (std::int64_t b = 0; b < p.batch; ++b) {
            for (std::int64_t i = 0; i < p.q_len; ++i) rows.push_back({.batch = b, .index = i});
        }
        return rows;
    }
    std::mt19937_64 random(seed);
    const auto below = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    std::vector<std::int64_t> batches{0, p.batch - 1};
    while (static_cast<std::int64_t>(batches.size()) < kSampledBatches) batches.push_back(below(p.batch));
    for (const std::int64_t b : batches) {
        rows.push_back({.batch = b, .index = 0});
        rows.push_back({.batch = b, .index = p.q_len - 1});
    }
    while (static_cast<std::int64_t>(rows.size()) < kSampledRows) {
        rows.push_back({.batch = batches[rows.size() % batches.size()], .index = below(p.q_len)});
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

void append(const Known<double>& out, ReferenceRows& to) {
    to.width = out.cols;
    const View<double> row = out.view();
    for (std::int64_t col = 0; col < out.cols; ++col) {
        to.out.push_back(row.value[col]);
        to.bound.push_back(row.total_at(col));
    }
}

}  // namespace headcount::judge
