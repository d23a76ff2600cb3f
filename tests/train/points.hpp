// Points with a task, read with the options of tasks and backends.
#pragma once

#include <string>

#include "harness/backend/all.hpp"
#include "harness/core/field_table.hpp"
#include "harness/train/recipe.hpp"
#include "tasks/all.hpp"

namespace headcount::testing {

inline const FieldTable& training_fields() {
    static const FieldTable table = [] {
        FieldTable all;
        for (const auto& [name, backend] : all_backends()) {
            all.add({.kind = FieldOwner::Kind::backend, .name = name}, backend.own);
        }
        all.add({.kind = FieldOwner::Kind::task, .name = "*"}, recipe_options().fields());
        for (const auto& [name, task] : all_tasks()) {
            all.add({.kind = FieldOwner::Kind::task, .name = name}, task.own);
        }
        return all;
    }();
    return table;
}

inline Point trained_point(const std::string& id) { return point_from_id(id, training_fields()); }

inline const std::string kRetrieval =
    "task=d_retrieval,batch=16,q_len=1,kv_len=6,embed_dim=8,num_heads=2,steps=20,train_examples=64,test_examples=32";

}  // namespace headcount::testing
