#include "harness/backend/simd/vjp_cost.hpp"

#include <algorithm>

#include "harness/backend/simd/product.hpp"

namespace headcount::simd {
namespace {

OpCost fused_products(std::int64_t count) { return {.multiplies = count, .adds = count}; }

/// Rows that the tiles of some block have in common with a condition on their first or last row.
template <class F>
std::int64_t rows_of_tiles(std::int64_t first, std::int64_t count, std::int64_t tile_rows, const F& counts) {
    std::int64_t sum = 0, rows = 0;
    for (std::int64_t i = 0; i < count; i += rows) {
        rows = rows_of_tile(count - i, tile_rows);
        if (counts(first + i, rows)) sum += rows;
    }
    return sum;
}

/// One query head.
class HeadCost {
public:
    HeadCost(const AttendShape& shape, const Mask& mask, const VjpPlan& plan)
        : shape_(shape),
          mask_(mask),
          plan_(plan),
          width_(kMostVectors * plan.lanes),
          head_dim_(whole_vectors(shape.head_dim, plan.lanes)),
          value_head_dim_(whole_vectors(shape.value_head_dim, plan.lanes)) {}

    AttendParts of(bool add_to_k, bool add_to_v) const {
        AttendParts cost{};
        copy_rows(cost);
        const std::int64_t step = plan_.cut.key_panels * width_;
        for (std::int64_t key = 0; key < shape_.kv_len; key += step) {
            const std::int64_t end = std::min(key + step, shape_.kv_len);
            cost.scale.multiplies += (end - key) * head_dim_;
            stream_rows(cost, shape_.q_len - first_row(key));
            for (std::int64_t panel = key; panel < end; panel += width_) {
                take_panel(cost, first_row(key), panel, std::min(width_, end - panel));
            }
        }
        write_keys(cost, add_to_k, add_to_v);
        return cost;
    }

private:
    std::int64_t visible(std::int64_t row) const { return mask_.visible(row, shape_.q_len, shape_.kv_len); }
    std::int64_t first_row(std::int64_t key) const {
        return mask_.causal ? std::clamp<std::int64_t>(key - shape_.kv_len + shape_.q_len, 0, shape_.q_len) : 0;
    }

    void copy_rows(AttendParts& cost) const {
        const std::int64_t rows = plan_.pieces * shape_.q_len;
        cost.weights += {.multiplies = 2 * rows * value_head_dim_, .adds = rows * (value_head_dim_ + plan_.lanes - 1)};
        cost.scores += moved(rows * shape_.head_dim, rows * shape_.head_dim);
        cost.context += moved(2 * rows * shape_.value_head_dim, rows * shape_.value_head_dim);
        const std::int64_t added = plan_.pieces - 1 + (plan_.add_to_q ? 1 : 0);
        const std::int64_t queries = shape_.q_len * shape_.head_dim;
        cost.scores.adds += added * queries;
        cost.scores += moved((added + 1) * queries, queries);
    }
    /// Queries, derivatives by them and `dout` pass by a block of keys.
    void stream_rows(AttendParts& cost, std::int64_t rows) const {
        cost.scores += moved(2 * rows * shape_.head_dim, rows * shape_.head_dim);
        cost.context += moved(rows * shape_.value_head_dim, 0);
    }

    void take_panel(AttendParts& cost, std::int64_t first_of_block, std::int64_t key, std::int64_t live) const {
        const std::int64_t width = whole_vectors(live, plan_.lanes), first = first_row(key);
        const std::int64_t pairs = (shape_.q_len - first) * width;
        std::int64_t masked = 0, rows_of_queries = 0;
        for (std::int64_t row = first_of_block; row < shape_.q_len; row += plan_.cut.query_block) {
            const std::int64_t end = std::min(row + plan_.cut.query_block, shape_.q_len);
            if (end <= first) continue;
            const std::int64_t begin = std::max(row, first);
            masked += rows_of_tiles(begin, end - begin, plan_.tile_rows,
                                    [&](std::int64_t i, std::int64_t /*rows*/) { return visible(i) < key + live; });
            rows_of_queries += rows_of_tiles(row, end - row, plan_.tile_rows,
                                             [&](std::int64_t i, std::int64_t rows) { return i + rows > first; });
        }
        cost.scores += fused_products(2 * pairs * shape_.head_dim + rows_of_queries * live * head_dim_);
        cost.context += fused_products(2 * pairs * shape_.value_head_dim);
        cost.weights += {.multiplies = pairs, .adds = 2 * pairs, .compares = masked * width, .exps = pairs};
        // The factor of the scores, the scale of derivatives by keys, and by values one.
        cost.scale.multiplies += width * (2 * shape_.head_dim + shape_.value_head_dim);
    }

    void write_keys(AttendParts& cost, bool add_to_k, bool add_to_v) const {
        const std::int64_t keys = shape_.kv_len * shape_.head_dim, values = shape_.kv_len * shape_.value_head_dim;
        cost.scores += moved(keys, keys);
        cost.context += moved(values, values);
        if (add_to_k) cost.scores += OpCost{.adds = keys} + moved(keys, 0);
        if (add_to_v) cost.context += OpCost{.adds = values} + moved(values, 0);
    }

    OpCost moved(std::int64_t read, std::int64_t written) const {
        const std::int64_t element = size_in_bytes(shape_.dtype);
        return {.bytes_read = element * read, .bytes_written = element * written};
    }

    const AttendShape& shape_;
    const Mask& mask_;
    const VjpPlan& plan_;
    const std::int64_t width_, head_dim_, value_head_dim_;
};

void add(AttendParts& to, const AttendParts& one, std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
        to.scores += one.scores;
        to.scale += one.scale;
        to.weights += one.weights;
        to.context += one.context;
    }
}

}  // namespace

AttendParts vjp_cost(const AttendShape& shape, const Mask& mask, const VjpPlan& plan) {
    const HeadCost head(shape, mask, plan);
    AttendParts all{};
    // The first query head of a group begins the derivatives by its keys and values, the others add.
    add(all, head.of(plan.add_to_k, plan.add_to_v), shape.batch * shape.kv_heads);
    if (shape.group > 1) add(all, head.of(true, true), shape.batch * shape.kv_heads * (shape.group - 1));
    return all;
}

}  // namespace headcount::simd
