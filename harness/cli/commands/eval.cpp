// headcount eval: one forward pass of a variant on numbers of the user's.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/command.hpp"
#include "harness/cli/npy.hpp"
#include "harness/cli/point_options.hpp"
#include "harness/core/engine.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/measure/point/looks.hpp"
#include "harness/pretrained/safetensors.hpp"
#include "harness/train/model.hpp"
#include "variants/all.hpp"

namespace headcount::commands {
namespace {

using Shape = std::vector<std::int64_t>;

struct Options {
    std::string variant, input, input_kv, weights, output;
    bool list_weights = false;
    PointOptions fields;
};

/// As users hold it: a bias is a vector.
Shape shape_of(const WeightShape& weight) {
    return weight.is_bias ? Shape{weight.cols} : Shape{weight.rows, weight.cols};
}

/// Sets a size that an array has, or says that a flag tells another.
void take_size(PointSpec& spec, std::optional<std::int64_t> ProblemSpec::*size, std::int64_t found,
               std::string_view name, const std::string& file) {
    std::optional<std::int64_t>& wanted = spec.problem.*size;
    if (wanted && *wanted != found) {
        throw UsageError(
            fmt::format("{}: has {} {}, and {} is asked for by a flag or by --input; leave the flag out or give "
                        "another array",
                        file, name, found, *wanted));
    }
    wanted = found;
}

NpyArray read_input(const std::string& file, std::string_view length) {
    NpyArray array = read_npy(file);
    if (array.shape.size() != 3 || std::ranges::count(array.shape, 0) > 0) {
        throw UsageError(fmt::format("{}: has shape [{}], expected [batch, {}, embed_dim], none of them 0", file,
                                     fmt::join(array.shape, ", "), length));
    }
    return array;
}

Point point_of(PointSpec spec, const Options& options) {
    spec.variant = options.variant;
    if (!spec.backend) spec.backend = "naive";
    if (const std::string why = known_fields().why_not_its_own(spec); !why.empty()) throw UsageError(why);
    Point point = resolve(spec, known_fields());
    if (const std::string why = why_unsupported(point); !why.empty()) {
        throw UsageError(point.id() + " cannot run: " + why);
    }
    if (is_external(point) || point.backend == "counting") {
        throw UsageError(fmt::format("eval runs our own variants on a backend that computes, not {} on {}",
                                     point.variant, point.backend));
    }
    const Problem& p = point.problem;
    if (p.dtype != DType::f32 || p.scope != Scope::layer || p.pass != PassKind::forward || point.trains()) {
        throw UsageError("eval runs the forward pass of a layer in f32; leave --dtype, --scope, --pass and --task out");
    }
    return point;
}

std::vector<WeightShape> weights_of(const Point& point) {
    return attention_weights(point, find_named(all_variants(), point.variant, "variant"));
}

std::string list_of_weights(const Point& point) {
    std::string text;
    for (const WeightShape& weight : weights_of(point)) {
        text += fmt::format("{:<16} [{}]\n", weight.name, fmt::join(shape_of(weight), ", "));
    }
    return text;
}

/// Of most variants no weight depends on the length, which need not be given then.
void list_weights(PointSpec given, const Options& options) {
    if (given.problem.q_len || given.problem.kv_len) {
        fmt::print("{}", list_of_weights(point_of(given, options)));
        return;
    }
    given.problem.q_len = 64;
    const std::string text = list_of_weights(point_of(given, options));
    given.problem.q_len = 128;
    if (list_of_weights(point_of(given, options)) != text) {
        throw UsageError("weights of " + options.variant + " depend on the length; give --seq-len");
    }
    fmt::print("{}", text);
}

/// The tensors of the file, by the variant's names and shapes; neither fewer nor more.
std::vector<std::pair<std::string, const float*>> weights_in(const SafeTensors& file, const Point& point,
                                                             const std::string& path) {
    std::vector<std::pair<std::string, const float*>> found;
    std::vector<std::string> names;
    for (const WeightShape& weight : weights_of(point)) {
        names.push_back(weight.name);
        found.emplace_back(weight.name, file.at(weight.name, shape_of(weight)).values);
    }
    for (const std::string& name : file.names()) {
        if (std::ranges::find(names, name) == names.end()) {
            throw UsageError(path + ": " + unknown_name("tensor", name, names));
        }
    }
    return found;
}

void fill(const Tensor& to, const float* from) { std::memcpy(to.data, from, static_cast<std::size_t>(to.bytes())); }

void evaluate_once(const Options& options, const PointSpec& given) {
    const NpyArray x = read_input(options.input, "q_len");
    std::optional<NpyArray> keys;
    if (!options.input_kv.empty()) keys = read_input(options.input_kv, "kv_len");
    PointSpec spec = given;
    take_size(spec, &ProblemSpec::batch, x.shape[0], "batch", options.input);
    take_size(spec, &ProblemSpec::q_len, x.shape[1], "q_len", options.input);
    take_size(spec, &ProblemSpec::embed_dim, x.shape[2], "embed_dim", options.input);
    if (keys) {
        take_size(spec, &ProblemSpec::batch, keys->shape[0], "batch", options.input_kv);
        take_size(spec, &ProblemSpec::kv_len, keys->shape[1], "kv_len", options.input_kv);
        take_size(spec, &ProblemSpec::embed_dim, keys->shape[2], "embed_dim", options.input_kv);
    } else {
        take_size(spec, &ProblemSpec::kv_len, x.shape[1], "kv_len", options.input + " (there is no --input-kv)");
    }
    const Point point = point_of(spec, options);
    if (keys && !reads_x_kv(point)) {
        throw UsageError(
            fmt::format("{} makes queries, keys and values of one sequence; leave --input-kv out", options.variant));
    }
    if (keys && !reads_x_q(point)) {
        throw UsageError(fmt::format(
            "{} reads one sequence and no queries; give it as --input and leave --input-kv out", options.variant));
    }
    const SafeTensors file(options.weights, {.whole = "give tensors as safetensors.numpy.save_file writes them",
                                             .tensor = "--list-weights prints what the problem needs"});
    const auto weights = weights_in(file, point, options.weights);
    PointData data = make_point_data(point, [&](std::string_view name, const Tensor& to, double) {
        const auto weight = std::ranges::find(weights, name, [](const auto& w) { return std::string_view(w.first); });
        if (weight != weights.end()) return fill(to, weight->second);
        fill(to, (name == "x_q" ? x : *keys).values.data());
    });
    const Workspace own_keys = keys ? separate_x_kv(data) : Workspace::dry();
    if (keys) fill(data.layout.inputs.x_kv, keys->values.data());
    run_forward(data);
    const Tensor& out = data.layout.out;
    const auto* const first = static_cast<const float*>(out.data);
    write_npy(options.output, {.shape = x.shape, .values = {first, first + out.elements()}});
}

void run(const Options& options) {
    PointSpec given = options.fields.over({});
    if (!options.input.empty() && !options.list_weights) {
        if (options.weights.empty()) throw UsageError("--weights is missing: a .safetensors file (--list-weights)");
        if (options.output.empty()) throw UsageError("--output is missing: the .npy file for the result");
        evaluate_once(options, given);
        return;
    }
    if (!options.list_weights) throw UsageError("--input is missing: a .npy file [batch, q_len, embed_dim]");
    list_weights(std::move(given), options);
}

constexpr char kExamples[] = R"(
Examples:
  headcount eval multi_head --num-heads 8 --input x.npy --weights w.safetensors --output y.npy
  headcount eval multi_head --num-heads 8 --input x.npy --input-kv memory.npy --weights w.safetensors --output y.npy
  headcount eval grouped_query --embed-dim 512 --num-heads 8 --num-kv-heads 2 --list-weights
docs/eval.md says what the files hold.)";

}  // namespace

Command eval() {
    return {.name = "eval",
            .summary = "Run one forward pass of a variant on arrays of yours (.npy, .safetensors)",
            .declare = [](int&) {
                auto options = std::make_shared<Options>();
                CommandLine line{
                    .flags = {{.name = "variant",
                               .into = &options->variant,
                               .doc = "one of `headcount list variants`",
                               .required = true},
                              {.name = "--input",
                               .into = &options->input,
                               .doc = "x [batch, q_len, embed_dim], .npy; sizes of the problem follow from it"},
                              {.name = "--input-kv",
                               .into = &options->input_kv,
                               .doc = "cross attention: keys and values are made of this [batch, kv_len, embed_dim]"},
                              {.name = "--weights",
                               .into = &options->weights,
                               .doc = "a .safetensors file with the tensors that --list-weights names"},
                              {.name = "--output",
                               .into = &options->output,
                               .doc = "where the result goes, .npy, of the shape of --input"},
                              {.name = "--list-weights",
                               .into = &options->list_weights,
                               .doc = "print names and shapes of the weights and do nothing"}},
                    .run = [options] { run(*options); },
                    .footer = kExamples};
                for (Flag& flag : options->fields.flags({"variant"})) {
                    line.flags.push_back(std::move(flag));
                }
                return line;
            }};
}

}  // namespace headcount::commands
