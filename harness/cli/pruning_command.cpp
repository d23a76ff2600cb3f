#include "harness/cli/pruning_command.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "harness/analysis/heads/pruning_findings.hpp"
#include "harness/analysis/heads/pruning_text.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/journal/journal.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/machine/environment.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/measure/process/signals.hpp"

namespace headcount {

bool names_trained_point(const std::string& text) {
    return text.find("task=") != std::string::npos && !std::filesystem::exists(text);
}

StudyWatch terminal_watch() {
    struct Since {
        double start = steady_s();
        std::int64_t first = -1;
    };
    return {.progress =
                [since = std::make_shared<Since>()](std::int64_t done, std::int64_t of, const std::string& what) {
                    if (since->first < 0) since->first = done;
                    const double passed = steady_s() - since->start;
                    const auto made = static_cast<double>(done - since->first);
                    fmt::print(
                        stderr, "[{}/{}] {}{}\n", done + 1, of, what,
                        made > 0 ? fmt::format(", about {:.0f} s left", passed / made * static_cast<double>(of - done))
                                 : "");
                },
            .stop = [] { return stop_requested(); }};
}

bool measure_pruning(const std::string& id, const PruningPlan& plan, const std::filesystem::path& output,
                     const std::function<void()>& before) {
    const Point point = point_from_id(id, known_fields());
    if (const std::string why = why_it_cannot_run(point); !why.empty()) throw UsageError(why);
    if (const std::string why = why_no_pruning(point); !why.empty()) throw UsageError(why);
    PruningStudyRecord record = pruning_record(point, plan);
    record.started = utc_now();
    record.command = {"headcount",
                      "heads",
                      point.id(),
                      "--seeds",
                      fmt::format("{}", plan.seeds),
                      "--prune-steps",
                      fmt::format("{}", plan.prune_steps)};
    record.environment = read_environment();
    before();
    const SignalGuard guard;
    return run_pruning_study(point, record, plan, output, terminal_watch());
}

int tell_pruning(const std::filesystem::path& path) {
    const PruningStudy study = read_pruning_study(path);
    for (const std::string& warning : study.warnings) fmt::print(stderr, "warning: {}\n", printable(warning));
    const PruningFindings findings = find_pruning(study);
    fmt::print("{}", pruning_text(findings));
    const auto undecided = [](const HeadVerdict& verdict) { return verdict.status == Status::inconclusive; };
    return std::ranges::any_of(findings.verdicts, undecided) ? exit_code::inconclusive : exit_code::ok;
}

}  // namespace headcount
