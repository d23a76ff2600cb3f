// The answer on one screen: each outcome changes what it says, and it never grows beyond its lines.
#include "harness/analysis/show/answer.hpp"

#include <algorithm>

#include "harness/analysis/show/words.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;
using headcount::testing::times;

namespace {

std::string answer(const JournalBuilder& builder) {
    const RecordSet records(builder.journal);
    const std::string text = answer_text(records, verify(records), "x.jsonl");
    CHECK(std::ranges::count(text, '\n') <= static_cast<std::ptrdiff_t>(kAnswerLines));
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        CHECK(end - at <= kLineWidth);
        at = end + 1;
    }
    return text;
}

/// With one space where lines break.
std::string unbroken(const std::string& text) {
    std::string flat;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\n';
        if (!space) flat += c;
        if (space && !flat.ends_with(' ')) flat += ' ';
    }
    return flat;
}

/// multiplies(heads) for each of three numbers of heads, and a claim that they are the same.
JournalBuilder counts(std::int64_t (*multiplies)(std::int64_t heads), const std::string& outcome) {
    JournalBuilder builder({"num_heads"});
    builder.journal.run.question = "Do heads cost anything?";
    for (const std::int64_t h : {1, 2, 4}) builder.add(point({{"num_heads", std::to_string(h)}}), multiplies(h));
    builder.claim("R1", "equal", "exactly").outcome = outcome;
    builder.claim("R1.law", "proportional_to", "num_heads").outcome = outcome == "supported" ? "refuted" : "supported";
    return builder;
}

/// 8 heads against 1 at several lengths, each with its own ratio.
JournalBuilder timed(const std::vector<double>& ratios, const std::string& kind, const std::string& argument,
                     double noise = 0.002) {
    JournalBuilder builder({"seq_len", "num_heads"});
    int length = 64;
    unsigned seed = 1;
    for (const double ratio : ratios) {
        const std::string at = std::to_string(length);
        builder.add_timed(point({{"seq_len", at}}), at, 20, times(1, noise, seed++));
        builder.add_timed(point({{"seq_len", at}, {"num_heads", "8"}}), at, 20, times(ratio, noise, seed++));
        length *= 2;
    }
    builder.claim("R12", kind, argument, "time").base = {{"num_heads", "1"}};
    return builder;
}

}  // namespace

TEST_CASE("the question comes first, then what does not depend on the axis") {
    const std::string text = answer(counts([](std::int64_t) { return std::int64_t{7}; }, "supported"));
    CHECK(text.starts_with(
        "Question: Do heads cost anything?\nAnswer: Multiplies (core) do not depend on the number of "));
    CHECK_THAT(text, Contains("R1   supported") && Contains("--explain") && !Contains("NOT as"));
}

TEST_CASE("other counts make another answer") {
    const std::string grows = answer(counts([](std::int64_t h) { return 7 * h; }, "refuted"));
    CHECK_THAT(grows, Contains("Multiplies (core) grow exactly in proportion to the number of heads.") &&
                          Contains("refuted") && Contains("Instead: says R1.law") && !Contains("do not depend"));
    JournalBuilder no_law = counts([](std::int64_t h) { return 7 + h; }, "refuted");
    no_law.journal.run.claims.pop_back();
    CHECK_THAT(answer(no_law), Contains("Multiplies (core) change with the number of heads."));
}

TEST_CASE("what is not as declared is the first thing said") {
    const std::string text = answer(counts([](std::int64_t h) { return 7 * h; }, "supported"));
    CHECK_THAT(text, Contains("Answer: NOT as the config declares: R1 and R1.law.") && Contains("refuted (!)") &&
                         Contains("2 NOT as declared"));
}

TEST_CASE("where one variant differs from the others the answer names it") {
    JournalBuilder builder({"variant", "num_heads"});
    for (const char* variant : {"multi_head", "packed_qkv", "block_diagonal"}) {
        for (const std::int64_t h : {1, 2}) {
            const bool other = std::string_view(variant) == "block_diagonal";
            builder.add(point({{"variant", variant}, {"num_heads", std::to_string(h)}}), other ? 8 / h : 8);
        }
    }
    ClaimSpec& same = builder.claim("A", "equal", "exactly");
    same.where = {{"variant", {"multi_head", "packed_qkv"}}};
    same.outcome = "supported";
    ClaimSpec& other = builder.claim("B", "equal", "exactly");
    other.where = {{"variant", {"block_diagonal"}}};
    other.outcome = "refuted";
    CHECK_THAT(answer(builder), Contains("Multiplies (core) do not depend on the number of heads. Not so in "
                                         "block_diagonal: multiplies (core)."));
}

TEST_CASE("times are told as ranges over the combinations") {
    const std::string slower = answer(timed({1.10, 1.40}, "within", "0.05"));
    CHECK_THAT(
        slower,
        Contains("On the machine of this run, in a layer (multi_head), 8 heads took 10 to 40 % longer than 1 head.") &&
            Contains("refuted") && Contains("in all 2 combinations"));
    CHECK_THAT(answer(timed({0.70, 0.80}, "within", "0.05")),
               Contains("8 heads took 20 to 30 % less time than 1 head"));
    CHECK_THAT(answer(timed({2.5, 3.5}, "within", "0.05")),
               Contains("8 heads took 2.5 to 3.5 times as long, compared with 1"));
    CHECK_THAT(answer(timed({1, 1}, "within", "0.05")), Contains("as long within 1 %") && Contains("supported"));
}

TEST_CASE("a measured claim that goes both ways says how often each") {
    const std::string text = unbroken(answer(timed({0.8, 1.3, 1.4, 1.0}, "within", "0.05")));
    CHECK_THAT(text, Contains("from 20 % less time to 40 % more") &&
                         Contains("supported in 1, refuted in 3 (2 slower, 1 faster) of 4 combinations"));
}

TEST_CASE("what could not be decided is not told as a finding") {
    const std::string noisy = answer(timed({1.0}, "within", "0.02", 0.3));
    CHECK_THAT(noisy, Contains("(undecided)") && Contains("could not decide R12") && Contains("1 inconclusive"));
    JournalBuilder unfinished = counts([](std::int64_t) { return std::int64_t{7}; }, "supported");
    unfinished.journal.points.pop_back();
    CHECK_THAT(answer(unfinished), Contains("The run is not finished; without an answer yet: R1 and R1.law.") &&
                                       !Contains("do not depend") && Contains("1 points missing"));
}

TEST_CASE("a config without claims, or with dozens, has its answer on one screen too") {
    CHECK_THAT(answer(JournalBuilder({"num_heads"})), Contains("makes no claim"));
    JournalBuilder many = timed({1.3}, "at_most", "1.1");
    for (int i = 0; i < 60; ++i) {
        many.claim("P" + std::to_string(i), "at_most", i % 2 == 0 ? "1.1" : "2", "time").base = {{"num_heads", "1"}};
    }
    CHECK_THAT(answer(many), Contains("supported as well: P1, P3, ") && Contains("refuted as well: "));
}

TEST_CASE("what a config says reaches no terminal raw") {
    JournalBuilder builder = counts([](std::int64_t h) { return 7 * h; }, "refuted");
    const std::string evil = "\x1b[2J\x1b]0;owned\x07 \rall is well";
    builder.journal.run.question = evil;
    builder.journal.run.claims.front().says = evil;
    builder.journal.run.claims.back().id = "R1.law" + evil;
    const std::string text = answer(builder);
    CHECK_THAT(text, !Contains("\x1b") && !Contains("\x07") && !Contains("\r") && Contains("all is well"));
}

TEST_CASE("a claim is told whole where lines are left, and by whole words where they are not") {
    JournalBuilder builder({"num_heads"});
    for (const std::int64_t h : {1, 2}) builder.add(point({{"num_heads", std::to_string(h)}}), 10 * h);
    const std::string says =
        "a statement of many words that leaves no room on its line for what was observed instead of it";
    builder.claim("R1", "equal", "exactly").says = says;
    CHECK_THAT(unbroken(answer(builder)), Contains(says + ": "));
    for (int i = 2; i < 15; ++i) builder.claim("R" + std::to_string(i), "equal", "exactly").says = says;
    const std::string crowded = answer(builder);
    CHECK_THAT(crowded, Contains("on its line for...: exactly 2 times"));
}
