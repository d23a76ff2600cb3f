// headcount verify: the answer of a run, and the verdict on each of its claims, from its journal.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/analysis/records/conditions.hpp"
#include "harness/analysis/records/oversubscription.hpp"
#include "harness/analysis/show/answer.hpp"
#include "harness/analysis/show/quote.hpp"
#include "harness/analysis/show/verdict_text.hpp"
#include "harness/analysis/verdicts/resolution.hpp"
#include "harness/analysis/verdicts/verdict.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/exit_code.hpp"
#include "harness/cli/paths.hpp"
#include "harness/cli/vocabulary.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/shell_words.hpp"
#include "harness/journal/journal.hpp"
#include "harness/sweep/claims.hpp"

namespace headcount::commands {
namespace {

struct Options {
    std::string result;
    std::vector<std::string> claims;
    std::string after;
    std::string quote;
    bool bibtex = false;
    std::string format = "terminal";
    bool combinations = false;
    bool explain = false;
};

// A claim about time begs the question where the time went.
void point_to_attribution(const Options& options, const std::vector<Verdict>& verdicts) {
    const bool about_time =
        std::any_of(verdicts.begin(), verdicts.end(), [](const Verdict& v) { return v.metric == "time"; });
    if (about_time)
        fmt::print("Where the time of more heads goes: headcount attribute {}\n", shell_word(options.result));
}

int exit_code_of(Conclusion conclusion) {
    switch (conclusion) {
        case Conclusion::not_as_expected: return exit_code::not_as_expected;
        case Conclusion::inconclusive: return exit_code::inconclusive;
        case Conclusion::as_expected: break;
    }
    return exit_code::ok;
}

/// Takes the claims of a file into the run: they replace those of the same id, and every verdict of them says so.
void declare_after_the_data(Journal& journal, const std::string& file) {
    const RecordSet records(journal);
    std::vector<Part> parts;
    for (const PartView& view : records.parts()) {
        Part part{
            .name = view.record.name, .compare_by = view.record.compare_by, .axes = {}, .points = {}, .skipped = {}};
        for (const std::size_t entry : view.entries) {
            if (records.entries()[entry].resolved) part.points.push_back(records.entries()[entry].point);
        }
        parts.push_back(std::move(part));
    }
    for (ClaimSpec& claim : load_claims(find_config(file), vocabulary(), parts)) {
        claim.says = "[declared after the data] " + claim.says;
        const auto same = std::ranges::find(journal.run.claims, claim.id, &ClaimSpec::id);
        if (same == journal.run.claims.end()) {
            journal.run.claims.push_back(std::move(claim));
        } else {
            *same = std::move(claim);
        }
    }
}

void print_quote(const RecordSet& records, const Options& options, int& exit_code) {
    const std::string& id = options.quote;
    if (!options.claims.empty() || options.explain || options.combinations) {
        throw UsageError("verify: --quote is of one claim; leave --claim, --explain and --combinations out");
    }
    if (options.format != "terminal" && options.format != "latex") {
        throw UsageError("verify: --quote comes as text, or with --format latex for a paper");
    }
    const std::vector<ClaimSpec>& claims = records.run().claims;
    const auto claim = std::ranges::find(claims, id, &ClaimSpec::id);
    const std::vector<Verdict> verdicts = verify(records, {.claims = {id}});  // refuses an id that is none
    const std::string sentence = quoted_sentence(records, verdicts, id);
    const std::string source = source_of(*claim);
    exit_code = exit_code_of(conclusion_of(verdicts));
    if (options.format == "latex" && !options.bibtex) {
        fmt::print("{}", quoted_in_latex(sentence, source));
        return;
    }
    if (!options.bibtex) fmt::print("{}\n\n", sentence);
    fmt::print("{}", bibtex_of_program(records.run()));
    if (source.empty()) {
        fmt::print(stderr,
                   "claim {} names no source; add `source: KEY` to it, a key of configs/sources.bib, and use "
                   "--claims CONFIG\n",
                   id);
    } else {
        fmt::print("\n{}", printable_lines(bibtex_entry(data_dir() / "configs" / "sources.bib", source)));
    }
}

void run(const Options& options, int& exit_code) {
    Journal journal = read_journal(options.result);
    if (!options.after.empty()) declare_after_the_data(journal, options.after);
    for (const std::string& warning : journal.warnings) fmt::print(stderr, "warning: {}\n", printable(warning));
    const RecordSet records(journal);
    if (!options.quote.empty()) {
        print_quote(records, options, exit_code);
        return;
    }
    const std::vector<Verdict> verdicts = verify(records, {.claims = options.claims, .result_path = options.result});
    // A claim asked for by name is asked about in full.
    const bool combinations = options.combinations || !options.claims.empty();
    const std::string unfinished = unfinished_text(records);
    const std::string marked = oversubscription_note(records);
    fmt::print(stderr, "{}", unfinished);
    if (options.format == "terminal" && !options.explain && !combinations) {
        fmt::print("{}", answer_text(records, verdicts, options.result));
    } else if (options.format == "terminal") {
        fmt::print("{}", verdict_text(verdicts, combinations));
        fmt::print("{}", resolution_text(records.run()));
        point_to_attribution(options, verdicts);
        fmt::print("\n{}{}", disturbance_text(records), unfinished);
    } else {
        Table table = verdict_table(verdicts, combinations, audience_of(options.format));
        table.label = records.run().name + "_verdicts";
        table.notes.push_back(marked);
        fmt::print("{}", render(table, options.format));
    }
    if (options.format == "terminal" && !marked.empty()) fmt::print("{}\n", marked);
    exit_code = exit_code_of(conclusion_of(verdicts));
}

constexpr char kExamples[] = R"(
Examples:
  headcount verify results/reference/equal_complexity.jsonl
  headcount verify results/reference/equal_complexity.jsonl --explain
  headcount verify results/mine.jsonl --claims mine.yaml    its claims were corrected after measuring
  headcount verify results/reference/equal_complexity.jsonl --claim R12 --format markdown
  headcount verify results/reference/equal_complexity.jsonl --quote R12                     a sentence and BibTeX

Exit: 0 exact claims came out as declared and measured ones are decided, 1 an exact one did not,
3 a measured one is inconclusive, or the run is unfinished and points of a claim are missing. Refuting what the config expects to be refuted is success.)";

}  // namespace

Command verify() {
    return {
        .name = "verify",
        .summary = "The answer of a result, and the verdict on each of its claims",
        .declare = [](int& exit_code) {
            auto options = std::make_shared<Options>();
            return CommandLine{
                .flags =
                    {{.name = "result", .into = &options->result, .doc = "a journal (.jsonl)", .required = true},
                     {.name = "--claim",
                      .into = &options->claims,
                      .doc = "ids of claims, in full; all when absent",
                      .delimiter = ','},
                     {.name = "--claims",
                      .into = &options->after,
                      .doc = "a file or config: its claims are judged, too, and marked as declared after the data"},
                     {.name = "--explain",
                      .into = &options->explain,
                      .doc = "every claim in full, not the answer alone"},
                     {.name = "--combinations",
                      .into = &options->combinations,
                      .doc = "every claim in full, with each of its combinations"},
                     {.name = "--format", .into = &options->format, .shows_default = true, .choices = table_formats()},
                     {.name = "--quote",
                      .into = &options->quote,
                      .doc = "one claim as a sentence for a paper, with BibTeX of this program and of its source; with "
                             "--format latex the sentence alone, which cites them"},
                     {.name = "--bibtex", .into = &options->bibtex, .doc = "the BibTeX alone", .needs = "--quote"}},
                .run = [options, &exit_code] { run(*options, exit_code); },
                .footer = kExamples};
        }};
}

}  // namespace headcount::commands
