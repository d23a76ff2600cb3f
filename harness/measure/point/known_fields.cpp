#include "harness/measure/point/known_fields.hpp"

#include "harness/backend/all.hpp"
#include "harness/train/recipe.hpp"
#include "tasks/all.hpp"
#include "variants/all.hpp"

namespace headcount {

const FieldTable& known_fields() {
    static const FieldTable table = [] {
        FieldTable all;
        for (const auto& [name, variant] : all_variants()) {
            all.add({.kind = FieldOwner::Kind::variant, .name = name}, variant.own);
        }
        for (const auto& [name, backend] : all_backends()) {
            all.add({.kind = FieldOwner::Kind::backend, .name = name}, backend.own);
        }
        all.add({.kind = FieldOwner::Kind::task, .name = std::string(FieldOwner::kAnyone)}, recipe_options().fields());
        for (const auto& [name, task] : all_tasks()) {
            all.add({.kind = FieldOwner::Kind::task, .name = name}, task.own);
        }
        return all;
    }();
    return table;
}

}  // namespace headcount
