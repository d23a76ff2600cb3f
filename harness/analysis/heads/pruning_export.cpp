// The tables of a study of trained and pruned models as files.
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/analysis/heads/csv_files.hpp"
#include "harness/analysis/heads/pruning_text.hpp"
#include "harness/stats/decision.hpp"

namespace headcount {
namespace {

Table masked_csv(const PruningFindings& findings) {
    Table table =
        table_of({"seed", "layer", "head", "place", "importance", "added", "added_low", "added_high", "adjusted_p"});
    for (const MaskedHead& h : findings.masked) {
        table.rows.push_back(csv_row(h.seed, h.layer, h.head, h.place, h.importance, h.added.estimate, h.added.low,
                                     h.added.high, h.adjusted_p));
    }
    return table;
}

void add_ends(std::vector<std::string>& cells, const std::optional<Interval>& x) {
    for (const double Interval::*const end : {&Interval::estimate, &Interval::low, &Interval::high}) {
        cells.push_back(x ? finite_cell(*x.*end) : "");
    }
}

Table curve_csv(const PruningFindings& findings) {
    Table table = table_of({"model", "heads_left", "error", "error_low", "error_high", "pass_s", "pass_low",
                            "pass_high", "saved_s", "saved_low", "saved_high"});
    const auto add = [&](const char* model, std::int64_t left, const PruningStep& step) {
        std::vector<std::string> cells = csv_row(model, left);
        add_ends(cells, step.error);
        add_ends(cells, step.pass);
        add_ends(cells, step.saved);
        table.rows.push_back(std::move(cells));
    };
    const std::int64_t all = findings.record.layers * findings.record.num_heads;
    PruningStep whole;
    whole.error = findings.whole;
    whole.pass = findings.pass;
    if (findings.seeds > 0) {
        for (const char* model : {"importance", "random", "small"}) add(model, all, whole);
    }
    for (const PruningCurve& step : findings.curve) {
        add("importance", step.left, step.pruned);
        add("random", step.left, step.random);
        add("small", step.left, step.small);
    }
    return table;
}

Table verdicts_csv(const PruningFindings& findings) {
    Table table = table_of({"claim", "verdict", "says", "found"});
    for (const HeadVerdict& verdict : findings.verdicts) {
        table.rows.push_back(csv_row(verdict.id, to_string(verdict.status), verdict.says, verdict.found));
    }
    return table;
}

}  // namespace

void export_pruning(const PruningFindings& findings, const std::filesystem::path& directory, std::string_view format) {
    make_folder(directory);
    const PruningStudyRecord& r = findings.record;
    const nlohmann::ordered_json run{
        {"kind", "pruning"},       {"point", r.point},       {"task", r.task},       {"unit", r.unit},
        {"seeds", findings.seeds}, {"examples", r.examples}, {"batch", r.batch},     {"num_heads", r.num_heads},
        {"num_layers", r.layers},  {"variant", r.variant},   {"backend", r.backend}, {"environment", r.environment}};
    write_file(directory / "run.json", run.dump(1) + "\n");
    write_tables(directory,
                 {{"pruning_masked", masked_csv(findings)},
                  {"pruning_curve", curve_csv(findings)},
                  {"pruning_verdicts", verdicts_csv(findings)}},
                 format);
}

}  // namespace headcount
