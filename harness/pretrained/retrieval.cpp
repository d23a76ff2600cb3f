#include "harness/pretrained/retrieval.hpp"

#include <algorithm>

#include "harness/core/workspace.hpp"

namespace headcount {

std::vector<std::int64_t> ranks_of(Backend& backend, const Tensor& questions, const Tensor& texts) {
    constexpr std::int64_t kBlock = 256;
    const std::int64_t n = texts.rows();
    Workspace memory = Workspace::reserve(std::min(kBlock, n) * n * std::int64_t{sizeof(float)});
    std::vector<std::int64_t> ranks;
    for (std::int64_t first = 0; first < n; first += kBlock) {
        const std::int64_t count = std::min(kBlock, n - first);
        memory.reset();
        const Tensor close = memory.take("closeness", DType::f32, {1, 1, 1, count, n});
        backend.matmul("closeness", questions.row_range(first, count), texts.transposed(), close);
        for (std::int64_t i = 0; i < count; ++i) {
            const float* const row = close.at<float>(0, 0, 0, i);
            const float right = row[first + i];
            // A number that is none is never closer, and a right text with one is last.
            ranks.push_back(std::count_if(row, row + n, [right](float x) { return !(x < right); }));
        }
    }
    return ranks;
}

}  // namespace headcount
