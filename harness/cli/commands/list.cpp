// headcount list: what there is to choose from, one line each.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/claim.hpp"
#include "harness/analysis/metric.hpp"
#include "harness/backend/all.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/vocabulary.hpp"
#include "variants/all.hpp"

namespace headcount::commands {
namespace {

void line(std::string_view name, std::string_view text) { fmt::print("{:<28} {}\n", name, text); }

void list_variants() {
    for (const auto& [name, variant] : all_variants()) line(name, variant.summary + " (" + variant.source + ")");
}

void list_backends() {
    for (const auto& [name, backend] : all_backends()) {
        line(name, backend.missing.empty() ? backend.summary : "missing: " + backend.missing);
    }
}

void list_metrics() {
    for (const Metric& metric : all_metrics()) {
        const std::string unit = metric.unit.empty() ? "" : " [" + metric.unit + "]";
        line(metric.name, metric.doc + unit + (metric.exact ? "" : ", measured"));
    }
}

void list_claims() {
    for (const auto& [name, kind] : all_claim_kinds()) {
        line(fmt::format("{}: {}", name, kind.argument), kind.doc + (kind.exact ? "" : " (measured)"));
    }
}

void list_configs() {
    for (const std::string& name : config_names()) {
        line(name, load_sweep(find_config(name), vocabulary()).question);
    }
    for (const Preset& preset : vocabulary().presets) line("preset " + preset.name, preset.source);
    for (const std::string& name : config_names("tables")) line("table " + name, "headcount table " + name);
}

void list_schema() { fmt::print("{}\n", json_schema(vocabulary())); }

struct Topic {
    const char* name;
    const char* summary;
    void (*print)();
};

constexpr Topic kTopics[] = {
    {"variants", "Attention algorithms", list_variants},
    {"backends", "Who computes the verbs", list_backends},
    {"metrics", "What claims and tables may speak of", list_metrics},
    {"claims", "Kinds of claims", list_claims},
    {"configs", "Shipped questions, presets and published tables", list_configs},
    {"schema", "The JSON Schema of a config, for editors", list_schema},
};

}  // namespace

Command list() {
    return {.name = "list",
            .summary = "What there is: variants, backends, metrics, claims, configs, schema",
            .add = [](CLI::App& app, int&) {
                app.require_subcommand(1);
                for (const Topic& topic : kTopics) {
                    app.add_subcommand(topic.name, topic.summary)->callback([&topic] { topic.print(); });
                }
            }};
}

}  // namespace headcount::commands
