// What the streaming kernel does, in operations.
#pragma once

#include <cstdint>

#include "harness/backend/simd/decode.hpp"
#include "harness/backend/verbs/attend_shape.hpp"
#include "harness/core/mask.hpp"

namespace headcount::simd {

/// Executed operations of one attend call with `lanes` floats a vector, `query_block` rows and `key_block`
/// keys a block. Unlike the readable loop it computes whole vectors of queries (a block's rows are rounded up to them)
/// against every key that some row of the block sees; it begins sums at zero, so a product of n terms is n adds; the
/// factor is applied to queries, not to scores. Rescales are an upper bound, reached when maxima rise with every block
/// of keys. In bf16 the factor is applied to scores, and products take `step` terms at a time, rounded up to whole
/// steps.
AttendParts stream_cost(const AttendShape& shape, const Mask& mask, std::int64_t lanes, std::int64_t query_block,
                        std::int64_t key_block, std::int64_t step = 1);

/// The same of the decode kernel, which reads keys and values once for all queries of a group and pads head dimensions,
/// not queries, to whole vectors; the last keys of a piece are rounded up to kTileKeys, those that a query sees of a
/// block to whole vectors. `plan` says how often queries are begun and partial results merged. Rescales as above.
AttendParts decode_cost(const AttendShape& shape, const Mask& mask, std::int64_t lanes, const DecodePlan& plan);

/// How a product is cut: rows into strips, a strip into tiles of up to `tile_rows`, columns into panels.
struct ProductCut {
    std::int64_t strips, tile_rows, panel_cols;
};

/// Executed operations of one causal product a @ b = c for every leading index of c. `scores` has the mask on its
/// output: panels that no row of a tile sees are left out. Otherwise the mask is on `a`, and what no row of a tile sees
/// is not added up. A product of n terms is n - 1 adds.
struct MaskedProduct {
    OpCost product;
    std::int64_t computed = 0;  ///< elements of c
    std::int64_t sums = 0;      ///< those that have a term
};
MaskedProduct masked_product_cost(const Tensor& a, const Tensor& b, const Tensor& c, bool scores, const Mask& mask,
                                  const ProductCut& cut);

}  // namespace headcount::simd
