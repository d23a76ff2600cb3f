// How far a wrong forward pass is from the definition that its point is checked against.
#pragma once

#include "harness/measure/point/check.hpp"
#include "tests/measure/identity.hpp"

namespace headcount::testing {

/// In units of what the check of `right` allows, when it is computed as `wrong` says: another variant, or the same with
/// other options or another mask. Both have the same inputs and weights. f64 on `naive`.
inline double bounds_off(const Point& right, const Point& wrong) {
    static const Point* now;
    static const Variant* forward_of;
    now = &wrong;
    forward_of = &find_named(all_variants(), wrong.variant, "variant");
    PointData data = make_point_data(right);
    Variant faulty = *data.variant;
    faulty.forward = [](Pass& pass) {
        Pass other(*now, pass.in, pass.weights, pass.out, pass.backend, pass.workspace);
        forward_of->forward(other);
    };
    data.variant = &faulty;
    poison(data.layout.out);
    data.workspace = Workspace::reserve(dry_run(wrong, *forward_of, verbs_of(wrong)).workspace.reserved_bytes() + 4096);
    const CheckRecord check = check_point(data);
    return check.max_error / check.bound;
}

}  // namespace headcount::testing
