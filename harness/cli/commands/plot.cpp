// headcount plot: exports a result and lets every script of plots/ draw what it can show.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/heads/heads_text.hpp"
#include "harness/analysis/show/export.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/process.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/journal/journal.hpp"

namespace headcount::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::string result;
    std::string output = "out";
    std::string formats = "png,svg,pdf";
    std::string width;
    std::string caption = "inside";
    std::vector<std::string> only;
};

void require_known(const Options& options) {
    std::vector<std::string> known;
    for (const fs::path& script : figure_scripts()) known.push_back(script.stem().string());
    for (const std::string& name : options.only) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            throw UsageError(unknown_name("figure", name, known));
        }
    }
    std::stringstream formats(options.formats);
    for (std::string format; std::getline(formats, format, ',');) {
        const std::vector<std::string> drawable{"pdf", "png", "svg"};
        if (std::find(drawable.begin(), drawable.end(), format) == drawable.end()) {
            throw UsageError(unknown_name("format", format, drawable));
        }
    }
}

/// What a script's exit says of the whole: the machine is in the way of some, anything unforeseen is a bug.
int exit_of(const ProcessResult& drawn) {
    const int signal = drawn.exit_code - 128;
    if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) return exit_code::interrupted;
    if (drawn.exit_code == exit_code::figure_no_room || signal == SIGKILL) return exit_code::failed;
    return exit_code::bug;
}

/// Says what became of one figure.
int told(const ProcessResult& drawn, const std::string& name) {
    fmt::print(stderr, "{}", drawn.errors);
    if (drawn.exit_code == 0 || drawn.exit_code == exit_code::figure_not_applicable) {
        fmt::print("{}{}", drawn.exit_code == 0 ? "" : name + ": not drawn: ", drawn.output);
        return exit_code::ok;
    }
    const int exit = exit_of(drawn);
    fmt::print(stderr, "{}: not drawn: {}{}\n", name, drawn.last_line(),
               exit == exit_code::bug ? "; this is a bug in headcount: please report it, with what stands above" : "");
    return exit;
}

/// Refused here, in the words of the command, before anything is drawn.
void require_width(const std::string& text) {
    static const std::regex kLength("([0-9]+(?:[.][0-9]+)?)(in|cm|mm|pt)");
    const std::map<std::string, double> inches{{"in", 1}, {"cm", 1 / 2.54}, {"mm", 1 / 25.4}, {"pt", 1 / 72.0}};
    std::smatch parts;
    if (std::regex_match(text, parts, kLength)) {
        const double width = std::strtod(parts[1].str().c_str(), nullptr) * inches.at(parts[2].str());
        if (width >= 2.5 && width <= 20) return;
    }
    throw UsageError(
        fmt::format("--width {}: write a length from 2.5in to 20in, as 3.3in, 84mm, 8.4cm or 240pt", text));
}

void run(const Options& options, int& exit_code) {
    require_known(options);
    if (!options.width.empty()) require_width(options.width);
    const std::vector<std::string> python = find_python();
    const fs::path output = options.output;
    const fs::path data = output / "data";
    if (!export_if_heads(options.result, data)) {
        export_data(read_journal(options.result), options.result, data);
    }
    for (const fs::path& script : figure_scripts()) {
        const std::string name = script.stem().string();
        if (!options.only.empty() && std::find(options.only.begin(), options.only.end(), name) == options.only.end()) {
            continue;
        }
        std::vector<std::string> arguments{data.string(),   output.string(), "--format",
                                           options.formats, "--caption",     options.caption};
        if (!options.width.empty()) arguments.insert(arguments.end(), {"--width", options.width});
        const int exit = told(run_script(python, script.string(), arguments), name);
        exit_code = std::max(exit_code, exit);
        if (exit == exit_code::interrupted) return;
    }
}

constexpr char kExamples[] = R"(
Examples:
  headcount plot results/reference/equal_complexity.jsonl --output out
  headcount plot results/reference/equal_complexity.jsonl --only breakdown --format svg
  headcount plot results/reference/libraries.jsonl --only heads_fused_causal --width 3.3in --format pdf --caption beside)";

}  // namespace

Command plot() {
    return {
        .name = "plot", .summary = "Draw every figure that a result can show", .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags = {{.name = "result", .into = &options->result, .doc = "a journal (.jsonl)", .required = true},
                          {.name = "--output,-o",
                           .into = &options->output,
                           .doc = "folder for figures, and for their data in data/",
                           .shows_default = true},
                          {.name = "--format",
                           .into = &options->formats,
                           .doc = "png, svg, pdf; several with commas",
                           .shows_default = true},
                          {.name = "--width",
                           .into = &options->width,
                           .doc = "of the widest figure, a journal's column: 3.3in, 84mm; default 6.9in, its page"},
                          {.name = "--caption",
                           .into = &options->caption,
                           .doc = "beside: with the title not in the figure but in NAME_caption.tex, for a paper that "
                                  "has its own",
                           .shows_default = true,
                           .choices = {"inside", "beside"}},
                          {.name = "--only",
                           .into = &options->only,
                           .doc = "names of figures (files of plots/)",
                           .delimiter = ','}},
                .run = [options, &exit_code] { run(*options, exit_code); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
