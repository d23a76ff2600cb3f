// The table of the fields that every point has. Nowhere else are they listed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/core/field.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// All there is to one field, so that it is defined once.
struct BaseField {
    Field field;
    void (*set)(PointSpec& spec, const Field& field, std::string_view text);
    /// Appends what the spec says and returns true; false where it says nothing. An alias speaks when what it stands
    /// for agrees, and silences that.
    bool (*given)(const PointSpec& spec, std::string& text);
    void (*append_value)(const Point& point, std::string& text);
    bool (*is_default)(const Point& point);
};

/// variant, backend, task, batch, seq_len, q_len, kv_len, embed_dim, num_heads, num_kv_heads, head_dim, value_head_dim,
/// causal, bias, dtype, scope, pass, cached, num_threads, seed. An id has them in this order, options before the seed.
const std::vector<BaseField>& base_fields();
/// Null for a name that is none of them.
const BaseField* find_base_field(std::string_view name);
/// One is another way to write the other, as seq_len is of q_len: beside each other the last would win.
bool one_sets_the_other(std::string_view a, std::string_view b);

}  // namespace headcount
