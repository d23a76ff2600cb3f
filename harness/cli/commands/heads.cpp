// headcount heads: what the heads of a trained model do there: each masked, pruned, looked at, timed.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/heads/findings.hpp"
#include "harness/analysis/heads/heads_text.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/pruning_command.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/journal/checksum.hpp"
#include "harness/journal/head_study.hpp"
#include "harness/journal/journal.hpp"
#include "harness/journal/set_aside.hpp"
#include "harness/measure/machine/environment.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/measure/process/signals.hpp"
#include "harness/pretrained/encoder.hpp"
#include "harness/pretrained/pairs.hpp"
#include "harness/pretrained/study.hpp"

namespace headcount::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::string model;
    std::string pairs, output;
    std::string variant = "multi_head", backend = "simd";
    double most_pairs = 1e6, threads = 0;
    double random_orders = 2;
    double seeds = 8, prune_steps = 8;
    bool fresh = false;
};

/// Where `install_model` of .ci/common.sh puts a model.
fs::path model_folder(const std::string& name) {
    for (const fs::path& folder : {fs::path(name), data_dir() / "build" / "models" / name}) {
        if (fs::is_regular_file(folder / "config.json")) return folder;
    }
    throw UsageError(
        fmt::format("model {} is not installed, and no folder {} with model.safetensors and config.json is here; "
                    "`bash -c '. .ci/common.sh; install_model NAME'`, in the source tree, installs minilm or use-lite",
                    name, name));
}

/// Its problem is that of a short text, as far as the model is known.
Point point_of(const Options& options, const EncoderShape& shape) {
    PointSpec spec;
    spec.variant = options.variant;
    spec.backend = options.backend;
    spec.problem.q_len = 2;
    spec.problem.embed_dim = shape.embed_dim;
    spec.problem.num_heads = shape.num_heads;
    spec.problem.bias = true;
    if (options.threads > 0) spec.num_threads = static_cast<int>(options.threads);
    Point point = resolve(spec, known_fields());
    if (const std::string why = why_unsupported(point); !why.empty()) throw UsageError(why);
    return point;
}

/// None where all layers have the same.
std::vector<std::int64_t> head_dims_of(const EncoderShape& shape) {
    std::vector<std::int64_t> dims;
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) dims.push_back(shape.head_dim(layer));
    const bool all_same = std::ranges::all_of(dims, [&](std::int64_t dim) { return dim == dims.front(); });
    return all_same ? std::vector<std::int64_t>{} : dims;
}

HeadStudyRecord record_of(const Options& options, const Encoder& encoder, const Pairs& pairs, const Point& point) {
    const EncoderShape& shape = encoder.shape();
    return {.started = utc_now(),
            .command = {"headcount", "heads", options.model, "--pairs", options.pairs, "--most-pairs",
                        fmt::format("{}", pairs.size()), "--random-orders", fmt::format("{}", options.random_orders)},
            .environment = read_environment(),
            .model = fs::path(options.model).filename().string(),
            .model_hash = hex(encoder.hash(), 16),
            .layers = shape.layers,
            .num_heads = shape.num_heads,
            .embed_dim = shape.embed_dim,
            .head_dims = head_dims_of(shape),
            .texts_source = pairs.source,
            .texts_hash = hex(pairs.hash, 16),
            .pairs = pairs.size(),
            .max_tokens = pairs.max_tokens,
            .variant = point.variant,
            .backend = point.backend,
            .num_threads = point.num_threads};
}

void make_room(const fs::path& path) {
    const fs::path aside = set_aside(path);
    if (!aside.empty()) fmt::print(stderr, "{} is now {}\n", path.string(), aside.string());
}

/// False when it was interrupted.
bool measure(const Options& options, const fs::path& output) {
    const Encoder encoder = Encoder::load(model_folder(options.model));
    const Pairs pairs =
        read_pairs(options.pairs, static_cast<std::int64_t>(options.most_pairs), encoder.shape().tokens);
    if (pairs.max_tokens > encoder.shape().positions) {
        throw UsageError(fmt::format("{}: texts of up to {} tokens, and the model has {} positions", options.pairs,
                                     pairs.max_tokens, encoder.shape().positions));
    }
    const Point point = point_of(options, encoder.shape());
    if (options.fresh) make_room(output);  // when all that was asked for is there
    HeadStudyPlan plan;
    plan.random_orders = static_cast<std::int64_t>(options.random_orders);
    const SignalGuard guard;
    return run_head_study(encoder, pairs, point, record_of(options, encoder, pairs, point), plan, output,
                          terminal_watch());
}

/// A model that is trained here, or a study of one.
void run_trained(const Options& options, int& exit_code) {
    fs::path result = options.model;
    if (!is_pruning_study(result)) {
        result = options.output.empty() ? default_result_path("pruning") : fs::path(options.output);
        const PruningPlan plan{.seeds = static_cast<std::int64_t>(options.seeds),
                               .prune_steps = static_cast<std::int64_t>(options.prune_steps)};
        const auto before = [&] {
            if (options.fresh) make_room(result);
        };
        if (!measure_pruning(options.model, plan, result, before)) {
            fmt::print(stderr, "interrupted; run the same command again to go on\n");
            exit_code = exit_code::interrupted;
            return;
        }
    }
    exit_code = tell_pruning(result);
    if (result != fs::path(options.model)) fmt::print("\nresult   {}\n", result.string());
}

void run(const Options& options, int& exit_code) {
    fs::path result = options.model;
    if (is_pruning_study(result) || names_trained_point(options.model)) {
        run_trained(options, exit_code);
        return;
    }
    if (!is_head_study(result)) {
        if (options.pairs.empty()) {
            throw UsageError(fmt::format("{} is no study of heads; to make one of a model, name the texts with --pairs",
                                         options.model));
        }
        result = options.output.empty() ? default_result_path("heads-" + fs::path(options.model).filename().string())
                                        : fs::path(options.output);
        if (!measure(options, result)) {
            fmt::print(stderr, "interrupted; run the same command again to go on\n");
            exit_code = exit_code::interrupted;
            return;
        }
    }
    const HeadStudy study = read_head_study(result);
    for (const std::string& warning : study.warnings) fmt::print(stderr, "warning: {}\n", printable(warning));
    const HeadFindings findings = find_heads(study);
    fmt::print("{}", heads_text(findings));
    if (result != fs::path(options.model)) fmt::print("\nresult   {}\n", result.string());
    const auto undecided = [](const HeadVerdict& verdict) { return verdict.status == Status::inconclusive; };
    if (std::ranges::any_of(findings.verdicts, undecided)) exit_code = exit_code::inconclusive;
}

constexpr char kExamples[] = R"(
A question is answered by one text, which is looked for among all. A head that is masked or pruned is not computed.
Layers and heads are numbered from 0. A killed run goes on where it was.
Of a point with a task models are trained from several seeds. Heads are pruned in the order of their importance by the
gradient on validation examples, and at random; beside it stand models that were trained at the pruned size, and times.

Examples:
  headcount heads minilm --pairs out/heads/tokens.jsonl
  headcount heads use-lite --pairs out/heads/tokens_of_use_lite.jsonl
  headcount heads multi_head/simd/task=k_lookup,batch=64,q_len=1,kv_len=16,embed_dim=32,num_heads=4 --seeds 8
  headcount heads results/reference/heads-minilm.jsonl     # a study again, without measuring)";

}  // namespace

Command heads() {
    return {
        .name = "heads",
        .summary = "What the heads of a trained model do there: each masked, pruned, looked at, timed",
        .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags =
                    {{.name = "model",
                      .into = &options->model,
                      .doc = "minilm, use-lite, a folder with model.safetensors and config.json, a point with a task, "
                             "which is trained first, or a study (.jsonl)",
                      .required = true},
                     {.name = "--pairs", .into = &options->pairs, .doc = "what harness/pretrained/pairs.py wrote"},
                     {.name = "--most-pairs",
                      .into = &options->most_pairs,
                      .doc = "only the first so many of them",
                      .range = {2, 1e6}},
                     {.name = "--variant",
                      .into = &options->variant,
                      .doc = "whose attention it is",
                      .shows_default = true},
                     {.name = "--backend",
                      .into = &options->backend,
                      .doc = "whose verbs it is written in",
                      .shows_default = true},
                     {.name = "--num-threads",
                      .into = &options->threads,
                      .doc = "of the backend; 1 without",
                      .range = {1, 1024}},
                     {.name = "--random-orders",
                      .into = &options->random_orders,
                      .doc = "in which heads are pruned besides the order by importance",
                      .shows_default = true,
                      .range = {0, 20}},
                     {.name = "--seeds",
                      .into = &options->seeds,
                      .doc = "of a point: models that are trained",
                      .shows_default = true,
                      .range = {1, 1000}},
                     {.name = "--prune-steps",
                      .into = &options->prune_steps,
                      .doc = "of a point: numbers of heads left between all and none; at each a model is trained, too",
                      .shows_default = true,
                      .range = {1, 1000}},
                     {.name = "--output,-o", .into = &options->output, .doc = "the study; it goes on if it is there"},
                     {.name = "--fresh", .into = &options->fresh, .doc = "set an earlier study aside"}},
                .run = [options, &exit_code] { run(*options, exit_code); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
