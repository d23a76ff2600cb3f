// What a variant looks at, found by running it: which keys a query sees, and which heads of values a query head reads.
#pragma once

#include <functional>
#include <vector>

#include "harness/core/point.hpp"
#include "variants/weights.hpp"

namespace headcount {

/// [row][column]: whether the row's result changes when what the column stands for changes.
using Looks = std::vector<std::vector<bool>>;

/// Asks once for the result of each row, and again after each of `columns` was changed: `changed(-1)` with nothing
/// changed. A result that is not the same to the last bit has changed.
Looks looks_of(std::int64_t columns, const std::function<std::vector<std::vector<double>>(std::int64_t)>& changed);

/// Whether the variant can tell keys from queries by their sequence. False where it projects one sequence to all three,
/// which its refusal of unequal lengths tells.
bool reads_x_kv(const Point& point);
/// Whether the result depends on x_q where x_kv is another sequence. The point runs twice as in seen_keys(); throws
/// Error when it cannot.
bool reads_x_q(const Point& point);

/// [q_len][kv_len]: whether the query sees the key. The point runs once for each key, in f64 on `naive` and in layer
/// scope whatever it says, each time with other numbers in the key's row of x_kv. Where keys are made of the queries'
/// sequence (reads_x_kv), that moves: a query then sees its own place in any case. Throws Error when the point cannot
/// run.
Looks seen_keys(const Point& point);

/// [query heads][num_kv_heads]: whether the query head reads that head of values. The point runs once for each pair,
/// with the rows of W_O of one head alone and other numbers in the head's columns of W_V. Empty for a variant without
/// weights `wv` and `wo`. Throws Error when the point cannot run.
Looks read_heads(const Point& point);

}  // namespace headcount
