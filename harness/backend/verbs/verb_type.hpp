// What is known of a type of verb, made of its struct. Included by what compiles the verbs (verbs.cmake), and by tests
// with verbs of their own.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "harness/backend/verbs/verb.hpp"
#include "harness/core/dependent.hpp"
#include "harness/core/storage.hpp"

namespace headcount {

namespace verb_detail {

template <class V>
void naive_in_f32(const V& verb, WideOperands& memory) {
    V wide = verb;
    std::array<Tensor, std::tuple_size_v<WideOperands>> widened;
    std::size_t i = 0;
    V::operands(wide, [&](Tensor& t, Access access) {
        t = widened[i] = access == Access::write ? memory[i].shaped_as(t) : memory[i].of(t);
        ++i;
    });
    wide.template naive<float>();
    i = 0;
    V::operands(verb, [&](const Tensor& t, Access access) {
        if (access != Access::read) Widened::round(widened[i], t);
        ++i;
    });
}

template <class V>
void naive(const V& verb, WideOperands& memory) {
    DType dtype{};
    bool first = true;
    V::operands(verb, [&](const Tensor& t, Access /*access*/) {
        if (first) dtype = t.dtype;
        first = false;
    });
    with_storage(dtype, [&](auto storage) {
        using T = decltype(storage);
        constexpr bool kMoves = requires { V::kMoves; };
        if constexpr (std::is_same_v<T, BFloat16> && !kMoves) {
            naive_in_f32(verb, memory);
        } else {
            verb.template naive<T>();
        }
    });
}

template <class V>
void check(const V& verb, std::string_view role) {
    if (verb.fits()) return;
    std::vector<Tensor> operands;
    V::operands(verb, [&](const Tensor& t, Access /*access*/) { operands.push_back(t); });
    refuse_shapes(V::kName, role, operands);
}

template <class V>
const V& of(const void* erased) {
    return *static_cast<const V*>(erased);
}

using Vjp = void (*)(const void*, Backend&, std::string_view, Workspace&, Adjoints&);
template <class V>
constexpr Vjp vjp_of() {
    if constexpr (requires(const V& v, Backend& b, std::string_view role, Workspace& scratch, Adjoints& d) {
                      v.vjp(b, role, scratch, d);
                  }) {
        return [](const void* v, Backend& backend, std::string_view role, Workspace& scratch, Adjoints& derivatives) {
            of<V>(v).vjp(backend, role, scratch, derivatives);
        };
    } else {
        return nullptr;
    }
}
template <class V>
inline constexpr Vjp kVjp = vjp_of<V>();

}  // namespace verb_detail

template <VerbOperands V>
const VerbType& verb_type() {
    static constexpr VerbType type{
        .tag = &kVerbTag<V>,
        .name = V::kName,
        .check = [](const void* v, std::string_view role) { verb_detail::check(verb_detail::of<V>(v), role); },
        .required = [](const void* v) { return verb_detail::of<V>(v).required(); },
        .executed =
            [](const void* v) {
                if constexpr (requires(const V& verb) { verb.executed(); }) {
                    return verb_detail::of<V>(v).executed();
                } else {
                    return verb_detail::of<V>(v).required();
                }
            },
        .query_block =
            [](const void* v) {
                if constexpr (requires(const V& verb) { verb.query_block(); }) {
                    return verb_detail::of<V>(v).query_block();
                } else {
                    return static_cast<void>(v), std::int64_t{0};
                }
            },
        .naive = [](const void* v, WideOperands& wide) { verb_detail::naive(verb_detail::of<V>(v), wide); },
        .dependent = [](const void* v) { verb_detail::of<V>(v).template naive<Dependent>(); },
        .each_operand =
            [](const void* v, const std::function<void(const Tensor&, Access)>& f) {
                V::operands(verb_detail::of<V>(v), f);
            },
        .copy = [](const void* v) -> std::shared_ptr<const void> { return std::make_shared<V>(verb_detail::of<V>(v)); },
        .vjp = verb_detail::kVjp<V>};
    return type;
}

}  // namespace headcount
