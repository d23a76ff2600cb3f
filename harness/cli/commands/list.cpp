// headcount list: what there is to choose from, one line each.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/analysis/metrics/metric.hpp"
#include "harness/backend/all.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/convention_report.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/vocabulary.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/shell_words.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/point/dependencies.hpp"
#include "tasks/all.hpp"
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

void list_tasks() {
    for (const auto& [name, task] : all_tasks()) line(name, task.summary + " (" + task.source + ")");
}

void list_engines() {
    for (const auto& [name, engine] : all_engines()) {
        if (!engine.broken.empty()) {
            line(name, printable("broken: " + engine.broken));
            continue;
        }
        try {
            const EngineHello& hello = hello_of(name);
            line(name,
                 printable(hello.missing.empty() ? engine.summary + ": " + hello.text() : "missing: " + hello.missing));
        } catch (const EngineFailure& failure) {
            line(name, printable(fmt::format("broken: {}", failure.what())));
        }
    }
}

void list_metrics() {
    for (const Metric& metric : all_metrics()) {
        const std::string unit = metric.unit.empty() ? "" : " [" + metric.unit + "]";
        line(metric.name, metric.doc + unit + (metric.exact ? "" : ", measured"));
    }
    for (const DependencyMetric& metric : dependency_metrics())
        line(metric.name, std::string(metric.doc) + ", in published tables");
}

void list_claims() {
    for (const auto& [name, kind] : all_claim_kinds()) {
        line(fmt::format("{}: {}", name, kind.argument),
             kind.doc + (kind.judges == Judges::measured ? " (measured)" : ""));
    }
}

void list_configs() {
    for (const std::string& name : config_names()) {
        try {
            line(name, printable(load_sweep(find_config(name), vocabulary()).question));
        } catch (const UsageError& error) {
            line(name, printable(fmt::format("broken: {}", error.what())));
        }
    }
    for (const Preset& preset : vocabulary().presets) {
        line("preset " + preset.name, preset.broken.empty() ? preset.source : printable("broken: " + preset.broken));
    }
    for (const std::string& name : config_names("models"))
        line("model " + name, shell_words({"headcount", "model", name}));
    for (const std::string& name : config_names("tables"))
        line("table " + name, shell_words({"headcount", "table", name}));
}

void list_conventions() {
    for (const Convention& convention : conventions_named("all")) {
        line(convention.name, printable(convention.title + " (" + convention.source + ")"));
    }
}

void list_keys() { fmt::print("{}", key_tables(vocabulary())); }

void list_schema() { fmt::print("{}\n", json_schema(vocabulary())); }

struct Topic {
    const char* name;
    void (*print)();
};

constexpr Topic kTopics[] = {
    {"variants", list_variants},       {"backends", list_backends}, {"metrics", list_metrics}, {"claims", list_claims},
    {"configs", list_configs},         {"schema", list_schema},     {"engines", list_engines}, {"tasks", list_tasks},
    {"conventions", list_conventions}, {"keys", list_keys},
};

const Topic& find_topic(const std::string& name) {
    std::vector<std::string> known;
    for (const Topic& topic : kTopics) {
        if (topic.name == name) return topic;
        known.emplace_back(topic.name);
    }
    throw UsageError(unknown_name("topic", name, known));
}

}  // namespace

Command list() {
    return {
        .name = "list",
        .summary =
            "What there is: variants, backends, engines, tasks, metrics, claims, configs, conventions, keys, schema",
        .declare = [](int&) {
            auto topic = std::make_shared<std::string>();
            return CommandLine{
                .flags =
                    {{.name = "topic",
                      .into = topic.get(),
                      .doc =
                          "variants, backends, engines, tasks, metrics, claims, configs, conventions, keys or schema",
                      .required = true}},
                .run = [topic] { find_topic(*topic).print(); }};
        }};
}

}  // namespace headcount::commands
