// Counted work, by part of the layer and kind of operation, from the traced operations of the point.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/core/roles.hpp"

namespace headcount::metrics {

namespace {

bool is_projection(const OpPart& part) {
    return (part.op == "matmul" || part.op == "bias") && share_of_role(part.role) == "projections";
}
bool is_product(const OpPart& part) { return part.op == "matmul" && (part.role == "scores" || part.role == "context"); }
bool is_copy(const OpPart& part) { return part.op == "copy"; }
bool is_attention(const OpPart& part) { return !is_projection(part) && !is_copy(part); }
bool is_elementwise(const OpPart& part) { return is_attention(part) && part.op != "matmul"; }

struct Selector {
    std::string name;
    std::string doc;
    std::function<bool(const OpPart&)> holds;
};

Selector product_of(const std::string& role) {
    return {role, fmt::format("the product that makes the {}", role),
            [role](const OpPart& part) { return part.role == role && (part.op == "matmul" || part.op == "bias"); }};
}
Selector kind_of_op(const std::string& op, const std::string& doc) {
    return {op, doc, [op](const OpPart& part) { return part.op == op; }};
}

std::vector<Selector> selectors() {
    return {
        {"total", "everything", [](const OpPart&) { return true; }},
        {"projections", "the projections to Q, K, V and back, with their biases", is_projection},
        {"products", "the products QK^T and PV", is_product},
        {"attention", "all that happens between Q, K, V and the context, layout copies apart", is_attention},
        {"elementwise", "scale, softmax and rescaling of the scores", is_elementwise},
        {"weights", "the softmax that makes the weights", [](const OpPart& part) { return part.role == "weights"; }},
        kind_of_op("softmax", "the softmax"),
        kind_of_op("scale", "the factor 1/sqrt(head_dim)"),
        kind_of_op("rescale", "the rescaling of online softmax"),
        {"copies", "layout changes", is_copy},
        product_of("query"),
        product_of("key"),
        product_of("value"),
        product_of("scores"),
        product_of("context"),
        product_of("output")};
}

struct Kind {
    const char* name;
    const char* unit;
    const char* noun;
    std::int64_t (*of)(const OpCost& cost);
};

constexpr std::array<Kind, 7> kKinds{{{"multiplies", "", "multiplies", [](const OpCost& c) { return c.multiplies; }},
                                      {"adds", "", "adds", [](const OpCost& c) { return c.adds; }},
                                      {"compares", "", "compares", [](const OpCost& c) { return c.compares; }},
                                      {"divides", "", "divides", [](const OpCost& c) { return c.divides; }},
                                      {"exps", "", "exponentials", [](const OpCost& c) { return c.exps; }},
                                      {"flops", "FLOP", "FLOPs", [](const OpCost& c) { return c.flops(); }},
                                      {"bytes", "B", "bytes moved", [](const OpCost& c) { return c.bytes(); }}}};

using Holds = std::function<bool(const OpPart&)>;

Rational sum(const Count& count, Ledger ledger, const Holds& holds, std::int64_t (*of)(const OpCost&)) {
    Rational total = 0;
    for (const OpPart& part : count.ops) {
        if (holds(part)) total += of(ledger == Ledger::required ? part.required : part.executed);
    }
    return total;
}

Value unknown() { return {.missing = "what an engine executes is not known"}; }

Metric count(const std::string& name, const std::string& doc, const Holds& holds, const Kind& kind) {
    const CountMetric counted = [holds, of = kind.of](const Point&, const Count& count, Ledger ledger) {
        return count.knows(ledger) ? Value{.exact = sum(count, ledger, holds, of)} : unknown();
    };
    return {.name = fmt::format("{}.{}", name, kind.name),
            .unit = kind.unit,
            .doc = fmt::format("{} of {}", kind.name, doc),
            .noun = kind.noun,
            .of = name,
            .exact = true,
            .value = of_the_count(counted),
            .counted = counted};
}

/// 2 x multiplies of the products over the bytes of all operands: the roofline's convention.
Metric intensity(const std::string& name, const std::string& doc, const Holds& holds) {
    const CountMetric counted = [holds](const Point&, const Count& count, Ledger ledger) {
        if (!count.knows(ledger)) return unknown();
        const Rational bytes = sum(count, ledger, holds, [](const OpCost& c) { return c.bytes(); });
        if (bytes == 0) return Value{.missing = "it moves no bytes"};
        const Holds products = [&](const OpPart& part) { return holds(part) && part.op == "matmul"; };
        const Rational multiplies = sum(count, ledger, products, [](const OpCost& c) { return c.multiplies; });
        return Value{.exact = 2 * multiplies / bytes};
    };
    return {.name = name + ".intensity",
            .unit = "FLOP/B",
            .doc = fmt::format("2 x product multiplies over operand bytes of {}", doc),
            .noun = "FLOPs a byte",
            .of = name,
            .exact = true,
            .value = of_the_count(counted),
            .counted = counted};
}

}  // namespace

MetricFamily work() {
    MetricFamily family{.doc = "counted operations and operand bytes, under the required or the executed ledger",
                        .metrics = {}};
    for (const Selector& selector : selectors()) {
        for (const Kind& kind : kKinds)
            family.metrics.push_back(count(selector.name, selector.doc, selector.holds, kind));
        family.metrics.push_back(intensity(selector.name, selector.doc, selector.holds));
    }
    // "core" is what people say: for multiplies and adds its two products (R3 would otherwise count the scale),
    // for everything else all of it.
    for (const Kind& kind : kKinds) {
        const bool products = kind.of({.multiplies = 1}) != 0 || kind.of({.adds = 1}) != 0;
        const std::string doc = products ? "the core's two products, QK^T and PV" : "the core, softmax included";
        family.metrics.push_back(count("core", doc, products ? Holds(is_product) : Holds(is_attention), kind));
    }
    family.metrics.push_back(intensity("core", "the core, softmax included", is_attention));
    return family;
}

}  // namespace headcount::metrics
