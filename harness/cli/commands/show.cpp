// headcount show: a variant, what it computes and costs; or one point in full and how to run it alone.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/model/time_bound.hpp"
#include "harness/analysis/records/record_set.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/count_report.hpp"
#include "harness/cli/point_options.hpp"
#include "harness/cli/variant_report.hpp"
#include "harness/core/error.hpp"
#include "harness/core/point.hpp"
#include "harness/core/shell_words.hpp"
#include "harness/journal/journal.hpp"
#include "harness/measure/engine/engine_hello.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/stats/interval.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string subject;
    std::string result;
    PointOptions fields;
};

constexpr char kExamples[] = R"(
Examples:
  headcount show local --causal --window 3            what it sees, and what it costs as formulas
  headcount show grouped_query                        which query head reads which head of keys and values
  headcount show latent --form absorbed
  headcount show multi_head/blas/seq_len=512,embed_dim=512,num_heads=8,causal=true)";

/// The bound of the point in that result, part by part, beside its time.
void print_bound(const Point& point, const std::string& path) {
    const RecordSet records(read_journal(path));
    const auto found = std::ranges::find(records.entries(), point.id(), &Entry::id);
    if (found == records.entries().end()) {
        throw UsageError(fmt::format("{}: has no point {}; `headcount table {} --format csv` lists them", path,
                                     point.id(), shell_word(path)));
    }
    const Entry& entry = *found;
    const TimeBound bound = time_bound(entry);
    fmt::print("\nleast time at the limits measured in {}\n", path);
    if (!bound.missing.empty()) {
        fmt::print("none: {}\n", bound.missing);
        return;
    }
    fmt::print("arithmetic {:>18}  products and the multiply-adds inside exponentials, at the multiply-add peak\n",
               quantity(bound.arithmetic, "s"));
    if (bound.exps > 0) fmt::print("exp        {:>18}  exponentials alone\n", quantity(bound.exps, "s"));
    if (bound.memory > 0) {
        fmt::print("memory     {:>18}  {} compulsory bytes, slowest from {}\n", quantity(bound.memory, "s"),
                   compulsory_bytes(point.problem, entry.record.counted), bound.level);
    }
    fmt::print("bound      {:>18}  {}\n", quantity(bound.seconds(), "s"), bound.binding());
    for (const std::string& part : bound.left_out) fmt::print("partial: {}\n", part);
    if (entry.samples.empty()) return;
    const double seconds = median(entry.seconds());
    fmt::print("time       {:>18}  median, {:.2f} of the bound\n", quantity(seconds, "s"), seconds / bound.seconds());
    if (const double share = bandwidth_share(entry, seconds); share >= 0) {
        fmt::print("           {:>16.0f} %  of the bandwidth of reading from memory\n", 100 * share);
    }
    if (const std::string broken = broken_bound(bound, entry); !broken.empty()) fmt::print("{}\n", broken);
}

void show_variant(const Options& options) {
    if (!options.result.empty()) throw UsageError("--result speaks of one point: give VARIANT/BACKEND/field=value,...");
    PointSpec given = options.fields.over({});
    given.variant = options.subject;
    fmt::print("{}", variant_as_text(given));
}

void show_point(const Options& options) {
    const std::string& id = options.subject;
    if (const auto more = known_fields().given(options.fields.over({})); !more.empty()) {
        throw UsageError(fmt::format("{}: a point has all its fields in its id; write {} there, too, not as a flag", id,
                                     more.front().first));
    }
    const Point point = point_from_id(id, known_fields());
    fmt::print("{}\n\n", point.id());
    for (const Field& field : known_fields().all()) {
        const bool absent = known_fields().is_own(field.name) && point.own.find(field.name) == nullptr;
        if (field.is_alias() || absent) continue;
        fmt::print("{:<16} {:<12} {}\n", field.name, get_field(point, field.name), field.doc);
    }
    const std::string reason = why_it_cannot_run(point);
    if (!reason.empty()) {
        fmt::print("\ncannot run here: {}\n", reason);
        return;
    }
    const Count count = count_point(point);
    for (const Ledger ledger : {Ledger::required, Ledger::executed}) {
        if (count.knows(ledger)) fmt::print("\n{}", count_as_text(point, count, ledger, 0));
    }
    fmt::print("inputs     {:>18} bytes with weights and output\n", count.inputs_bytes);
    if (count.query_block > 0) fmt::print("query rows {:>18} in fast memory at once\n", count.query_block);
    if (!options.result.empty()) print_bound(point, options.result);
    fmt::print("\nheadcount run CONFIG --point {}\n", shell_word(point.id()));
}

}  // namespace

Command show() {
    return {
        .name = "show",
        .summary = "Explain a variant: equation, options, mask, heads, formulas; or one point: its cost, its bound",
        .declare = [](int&) {
            auto options = std::make_shared<Options>();
            CommandLine line{
                .flags = {{.name = "subject",
                           .into = &options->subject,
                           .doc = "a variant; or a point as in journals and messages: variant/backend/field=value,...",
                           .required = true},
                          {.name = "--result",
                           .into = &options->result,
                           .doc = "a journal: its time there, and the least that limits allow"}},
                .run =
                    [options] {
                        const bool is_point = options->subject.find('/') != std::string::npos;
                        (is_point ? show_point : show_variant)(*options);
                    },
                .footer = kExamples};
            for (Flag& flag : options->fields.flags({"variant", "backend", "task", "num_threads", "seed"})) {
                line.flags.push_back(std::move(flag));
            }
            return line;
        }};
}

}  // namespace headcount::commands
