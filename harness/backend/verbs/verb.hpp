// A verb as data: its operands in a struct of its own, and what every backend asks of it.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "harness/backend/verbs/widened.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/tensor.hpp"

namespace headcount {

class Adjoints;
class Backend;
class Workspace;

/// What a verb does to an operand.
enum class Access : std::uint8_t { read, write, update };

/// One ingredient in one ledger. `op` is the kind of work, `role` the equation's word; an empty role is the call's.
struct PartCost {
    std::string_view op, role;
    OpCost cost;
};
using Parts = std::vector<PartCost>;

/// What a file of verbs/ defines. Besides, where it differs from the default:
///   Parts executed() const            what the naive kernel does; default: what is required
///   std::int64_t query_block() const  rows of queries that it keeps in fast memory, for the trace
///   static constexpr bool kMoves      elements are moved and not computed with: bf16 need not be widened
/// and, where it has a derivative, the vector-Jacobian product, written in verbs:
///   template <class AnyBackend> void vjp(AnyBackend&, std::string_view role, Workspace& scratch, Adjoints&) const
/// From the derivative by what the verb wrote it makes those by what it read (verbs/adjoints.hpp). What the verb read
/// and wrote holds the values from then, but for operands that it updates: those hold what it made of them.
template <class V>
concept VerbOperands = std::copyable<V> && requires(const V& verb) {
    { V::kName } -> std::convertible_to<std::string_view>;
    { verb.fits() } -> std::same_as<bool>;                                   // shapes and types of the operands agree
    { verb.required() } -> std::same_as<Parts>;                              // what the definition needs
    verb.template naive<float>();                                            // the readable loops, on any scalar
    V::operands(verb, [](const Tensor& /*operand*/, Access /*access*/) {});  // calls f for each; all have one dtype
};

/// Identifies a verb's type by its address.
template <class V>
inline constexpr char kVerbTag = 0;

/// f32 copies of bf16 operands, kept from call to call.
using WideOperands = std::array<Widened, 8>;

/// What is known of a type of verb: one table a type, so that a call needs no allocation and no list of verbs exists.
struct VerbType {
    const char* tag;
    std::string_view name;
    void (*check)(const void* verb, std::string_view role);
    Parts (*required)(const void* verb);
    Parts (*executed)(const void* verb);
    std::int64_t (*query_block)(const void* verb);
    void (*naive)(const void* verb, WideOperands& wide);
    void (*dependent)(const void* verb);  ///< the naive kernel on Dependent numbers, in the memory of f64 operands
    void (*each_operand)(const void* verb, const std::function<void(const Tensor&, Access)>& f);
    std::shared_ptr<const void> (*copy)(const void* verb);
    /// Null: the verb has no derivative.
    void (*vjp)(const void* verb, Backend& backend, std::string_view role, Workspace& scratch, Adjoints& derivatives);
};

/// Throws Error: the shapes of a verb do not fit.
[[noreturn]] void refuse_shapes(std::string_view verb, std::string_view role, const std::vector<Tensor>& operands);

/// Every leading extent of `t` is that of `c`, or 1, and both have one dtype.
inline bool broadcasts(const Tensor& t, const Tensor& c) {
    for (std::size_t i = 0; i < 3; ++i) {
        if (t.extent[i] != 1 && t.extent[i] != c.extent[i]) return false;
    }
    return t.dtype == c.dtype;
}

/// Compiled once for all that call the verb (verb_type.hpp), and with what is timed: its readable loops are.
template <VerbOperands V>
const VerbType& verb_type();

/// One call of some verb, whose operands are the caller's and outlive it.
class Verb {
public:
    template <VerbOperands V>
    explicit Verb(const V& operands) : operands_(&operands), type_(&verb_type<V>()) {}

    /// The operands where it is a V, otherwise null: how a backend recognises what it speeds up.
    template <class V>
    const V* as() const {
        return type_->tag == &kVerbTag<V> ? static_cast<const V*>(operands_) : nullptr;
    }

    std::string_view name() const { return type_->name; }
    const VerbType& type() const { return *type_; }
    const void* operands() const { return operands_; }
    /// Throws Error when the shapes do not fit.
    void check(std::string_view role) const { type_->check(operands_, role); }
    Parts required() const { return type_->required(operands_); }
    /// Of the naive kernel.
    Parts executed() const { return type_->executed(operands_); }
    std::int64_t query_block() const { return type_->query_block(operands_); }
    void naive(WideOperands& wide) const { type_->naive(operands_, wide); }

private:
    const void* operands_;
    const VerbType* type_;
};

}  // namespace headcount
