#include <fmt/format.h>

#include "harness/analysis/models/model_cost.hpp"

namespace headcount {
namespace {

struct Heads {
    std::int64_t num_heads, num_kv_heads, head_dim, value_head_dim;
};

void set_heads(PointSpec& spec, const Heads& heads) {
    spec.problem.num_heads = heads.num_heads;
    spec.problem.num_kv_heads = heads.num_kv_heads;
    spec.problem.head_dim = heads.head_dim;
    spec.problem.value_head_dim = heads.value_head_dim;
}

}  // namespace

std::string_view to_string(Keep keep) { return keep == Keep::head_dim ? "head_dim" : "width"; }

OtherHeads with_heads(const WholeModel& model, const Problem& own, std::int64_t num_heads, Keep keep) {
    Heads heads{num_heads, own.num_kv_heads, own.head_dim, own.value_head_dim};
    if (own.num_kv_heads == own.num_heads) heads.num_kv_heads = num_heads;
    if (keep == Keep::width) {
        const auto divides = [&](std::int64_t width) { return width % num_heads == 0; };
        if (!divides(own.query_width()) || !divides(own.context_width()) ||
            own.num_kv_heads * num_heads % own.num_heads != 0) {
            return {.model = std::nullopt,
                    .why_not = fmt::format("{} heads of {} columns cannot be made {} heads of one width, with {} heads "
                                           "of keys in proportion",
                                           own.num_heads, own.head_dim, num_heads, own.num_kv_heads)};
        }
        heads.head_dim = own.query_width() / num_heads;
        heads.value_head_dim = own.context_width() / num_heads;
        heads.num_kv_heads = own.num_kv_heads * num_heads / own.num_heads;
    }
    if (num_heads % heads.num_kv_heads != 0) {
        return {.model = std::nullopt,
                .why_not = fmt::format("{} heads cannot share {} heads of keys evenly; choose a multiple of {}",
                                       num_heads, heads.num_kv_heads, heads.num_kv_heads)};
    }
    OtherHeads other{.model = model};
    for (AttentionLayers& kind : other.model->attention) {
        set_heads(kind.reading, heads);
        set_heads(kind.writing, heads);
    }
    return other;
}

}  // namespace headcount
