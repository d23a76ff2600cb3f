// headcount show: one point in full: its problem, both ledgers, its memory, and how to run it alone.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "harness/cli/command.hpp"
#include "harness/cli/count_report.hpp"
#include "harness/core/point.hpp"
#include "harness/measure/count.hpp"

namespace headcount::commands {
namespace {

void run(const std::string& id) {
    const Point point = point_from_id(id);
    fmt::print("{}\n\n", point.id());
    for (const FieldInfo& field : point_fields()) {
        if (field.name == "seq_len") continue;
        fmt::print("{:<16} {:<12} {}\n", field.name, get_field(point, field.name), field.doc);
    }
    const std::string reason = why_unsupported(point);
    if (!reason.empty()) {
        fmt::print("\ncannot run here: {}\n", reason);
        return;
    }
    const Count count = count_point(point);
    for (const Ledger ledger : {Ledger::required, Ledger::executed}) {
        fmt::print("\n{}", count_as_text(point, count, ledger));
    }
    fmt::print("inputs     {:>18} bytes with weights and output\n", count.inputs_bytes);
    if (count.query_block > 0) fmt::print("query rows {:>18} in fast memory at once\n", count.query_block);
    fmt::print("\nheadcount run CONFIG --point '{}'\n", point.id());
}

}  // namespace

Command show() {
    return {
        .name = "show",
        .summary = "Explain one point: its problem, both ledgers, its memory",
        .add = [](CLI::App& app, int&) {
            auto id = std::make_shared<std::string>();
            app.add_option("point", *id, "as in journals and messages: variant/backend/field=value,...")->required();
            app.footer(
                "\nExample:\n  headcount show multi_head/blas/seq_len=512,embed_dim=512,num_heads=8,causal=true");
            app.callback([id] { run(*id); });
        }};
}

}  // namespace headcount::commands
