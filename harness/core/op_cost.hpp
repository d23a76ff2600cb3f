// What an operation costs, by kind of operation; exact integers, never estimates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// Counts of scalar operations and of operand bytes. Conventions (docs/flops.md): a dot product of
/// length n is n multiplies and n - 1 adds; subtractions are adds; a softmax row of n scores is n - 1
/// compares, n subtractions, n exps, n - 1 adds, n divides; a square root is a divide.
struct OpCost {
    std::int64_t multiplies = 0;
    std::int64_t adds = 0;
    std::int64_t compares = 0;
    std::int64_t divides = 0;
    std::int64_t exps = 0;
    std::int64_t bytes_read = 0;
    std::int64_t bytes_written = 0;

    OpCost& operator+=(const OpCost& other) {
        multiplies += other.multiplies;
        adds += other.adds;
        compares += other.compares;
        divides += other.divides;
        exps += other.exps;
        bytes_read += other.bytes_read;
        bytes_written += other.bytes_written;
        return *this;
    }
    friend OpCost operator+(OpCost a, const OpCost& b) { return a += b; }
    friend bool operator==(const OpCost&, const OpCost&) = default;

    std::int64_t bytes() const { return bytes_read + bytes_written; }
    /// multiplies + adds: the products' FLOPs under the exact convention.
    std::int64_t flops() const { return multiplies + adds; }
};

/// One arithmetic ingredient of a verb. `op` is the kind of work (matmul, scale, bias, softmax, copy,
/// rescale); `role` is the equation's own word (query, key, value, scores, weights, context, output).
/// `required` is what the definition needs (exact pairs when causal); `executed` is what this path does.
/// Where executed work depends on the data it is an upper bound, reached by some input.
struct OpPart {
    std::string op;
    std::string role;
    OpCost required;
    OpCost executed;
    bool executed_known = true;  ///< false: someone else's code does the work, and `executed` says nothing
};

/// One call of a verb: what it was for, what it costs, how long it took (0 in a dry run).
struct OpSpan {
    std::string verb;
    std::string role;
    double seconds = 0;
    std::int64_t query_block = 0;  ///< rows of queries that a fused core keeps in fast memory; 0: the verb has none
    std::vector<OpPart> parts;
};

/// Receives every verb call of a traced run.
class OpSink {
public:
    virtual ~OpSink() = default;
    virtual void on_span(OpSpan span) = 0;
};

/// Keeps the spans in order.
class OpLog final : public OpSink {
public:
    void on_span(OpSpan span) override { spans.push_back(std::move(span)); }
    std::vector<OpSpan> spans;
};

/// The two ledgers kept for every operation.
enum class Ledger : std::uint8_t { required, executed };

constexpr std::string_view to_string(Ledger ledger) { return ledger == Ledger::required ? "required" : "executed"; }

}  // namespace headcount
