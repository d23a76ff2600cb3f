// A function of each element alone, as a verb, and its derivative as another.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/backend/verbs/adjoints.hpp"
#include "harness/backend/verbs/matrix.hpp"
#include "harness/backend/verbs/verb.hpp"

namespace headcount {

constexpr OpCost per_element(const OpCost& one, std::int64_t elements) {
    return {.multiplies = one.multiplies * elements,
            .adds = one.adds * elements,
            .compares = one.compares * elements,
            .divides = one.divides * elements,
            .exps = one.exps * elements};
}

// What a file like relu.hpp says of its function f:
//   kName, kVjpName, kOp             names of both verbs, and of their kind of work
//   kCost, kVjpCost                  of one element, without bytes and without adding to what is there
//   template <class T> value(x)      f(x)
//   template <class T> vjp(x, dy)    dy f'(x)
// A function with a number of its own holds it and has no static members there (log_gate.hpp).

/// d_from = d_to f'(from), or that is added to it.
template <class Function>
struct ElementwiseVjp {
    static constexpr std::string_view kName = Function::kVjpName;
    Tensor from, d_to, d_from;
    bool accumulate = false;
    Function f = {};

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.d_to, Access::read);
        f(verb.d_from, verb.accumulate ? Access::update : Access::write);
    }
    bool fits() const { return from.extent == d_to.extent && from.extent == d_from.extent; }

    Parts required() const {
        OpCost cost = per_element(Function::kVjpCost, from.elements());
        if (accumulate) cost.adds += from.elements();
        cost.bytes_read = (accumulate ? 3 : 2) * from.bytes();
        cost.bytes_written = from.bytes();
        return {{.op = Function::kOp, .role = "", .cost = cost}};
    }

    template <class T>
    void naive() const {
        if (accumulate) {
            for_each_element<T>([this](const T& x, const T& dy, T& dx) { dx = dx + f.vjp(x, dy); }, from, d_to, d_from);
        } else {
            for_each_element<T>([this](const T& x, const T& dy, T& dx) { dx = f.vjp(x, dy); }, from, d_to, d_from);
        }
    }
};

/// to = f(from)
template <class Function>
struct Elementwise {
    static constexpr std::string_view kName = Function::kName;
    Tensor from, to;
    Function f = {};

    template <class Self, class F>
    static void operands(Self& verb, F f) {
        f(verb.from, Access::read);
        f(verb.to, Access::write);
    }
    bool fits() const { return from.extent == to.extent && from.dtype == to.dtype; }

    template <class AnyBackend>
    void vjp(AnyBackend& backend, std::string_view role, Workspace& /*scratch*/, Adjoints& derivatives) const {
        backend.run(role, ElementwiseVjp<Function>{.from = from,
                                                   .d_to = derivatives.of(to),
                                                   .d_from = derivatives.of(from),
                                                   .accumulate = derivatives.holds(from),
                                                   .f = f});
    }

    Parts required() const {
        OpCost cost = per_element(Function::kCost, from.elements());
        cost.bytes_read = from.bytes();
        cost.bytes_written = to.bytes();
        return {{.op = Function::kOp, .role = "", .cost = cost}};
    }

    template <class T>
    void naive() const {
        for_each_element<T>([this](const T& x, T& y) { y = f.value(x); }, from, to);
    }
};

}  // namespace headcount
