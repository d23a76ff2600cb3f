// Entries of include: what they join, what they make, what they may overwrite.
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/sweep/support.hpp"

using namespace headcount;
using headcount::test::column;
using headcount::test::complaint;
using headcount::test::main_part;
using headcount::test::parse;
using headcount::test::with_grid;
using Names = std::vector<std::string>;

// The example of the documentation of a common CI system, translated: two axes, then six entries of include.
TEST_CASE("include has the semantics of CI matrices") {
    const Part part = main_part(
        "axes: {num_heads: [1, 2], batch: [1, 3]}\n"
        "include:\n"
        "  - {num_threads: 2}\n"              // agrees with every combination
        "  - {num_threads: 3, batch: 3}\n"    // overwrites what include added, where batch is 3
        "  - {num_heads: 1, causal: true}\n"  // added where num_heads is 1
        "  - {num_heads: 4}\n"                // no such combination: a new one, with nothing added
        "  - {num_heads: 4, batch: 3}\n"      // again new: it does not join the one just made
        "  - {num_heads: 1, batch: 3}\n");    // already there, adds nothing
    CHECK(part.axes == Names{"num_heads", "batch", "num_threads", "causal"});
    CHECK(column(part, "num_heads") == Names{"1", "1", "2", "2", "4", "4"});
    CHECK(column(part, "batch") == Names{"1", "3", "1", "3", "1", "3"});
    CHECK(column(part, "num_threads") == Names{"2", "3", "2", "3", "1", "1"});
    CHECK(column(part, "causal") == Names{"true", "true", "false", "false", "false", "false"});
}

TEST_CASE("an entry of include that is overwritten wherever it applies is refused") {
    const std::string axes = "axes: {num_heads: [1, 2], batch: [1, 3]}\n";
    for (const std::string include :
         {"[{causal: true}, {causal: false}]", "[{num_heads: 1, num_threads: 2}, {num_threads: 3}]",
          "[{num_threads: 2}, {num_heads: 1, num_threads: 3}, {num_heads: 2, num_threads: 4}]",
          "[{causal: true}, {causal: true}]"}) {
        INFO(include);
        const std::string text = complaint(with_grid(axes + "include: " + include + "\n"));
        CHECK(text.find("a later entry of include overwrites") != text.npos);
        CHECK(text.find("an axis") != text.npos);
    }
    CHECK(main_part(axes + "include: [{num_threads: 2}, {num_heads: 1, num_threads: 3}]\n").points.size() == 4);
}

TEST_CASE("include comes after exclude and can bring a combination back") {
    const Part part = main_part(
        "axes: {num_heads: [1, 2], batch: [1, 2]}\nexclude: [{num_heads: 2}]\n"
        "include: [{num_heads: 2, batch: 2}]\n");
    CHECK(column(part, "num_heads") == Names{"1", "1", "2"});
    CHECK(column(part, "batch") == Names{"1", "2", "2"});
}

TEST_CASE("an included length beside an axis of lengths is a new combination") {
    const Part part = parse(
                          "question: q\nproblem: {variant: multi_head, backend: naive, embed_dim: 16}\n"
                          "axes: {num_heads: [1, 2], seq_len: [8]}\n"
                          "include: [{num_heads: 2, q_len: 3, kv_len: 5}]\n")
                          .parts[0];
    CHECK(column(part, "seq_len") == Names{"8", "8", "3x5"});
    CHECK(column(part, "num_heads") == Names{"1", "2", "2"});
}

TEST_CASE("include alone lists points") {
    const Part part = main_part("include: [{num_heads: 1}, {num_heads: 8, batch: 2}]\n");
    CHECK(column(part, "num_heads") == Names{"1", "8"});
    CHECK(column(part, "batch") == Names{"1", "2"});
}
