// Identity of polynomials from a grid: what proves it, what does not, and what is caught.
#include <functional>

#include "harness/analysis/verdicts/verdict.hpp"
#include "harness/core/error.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using Catch::Matchers::Contains;
using headcount::testing::JournalBuilder;
using headcount::testing::point;

namespace {

using Law = std::function<std::int64_t(const Problem&)>;
const std::vector<std::string> kHeads{"1", "2", "3", "4", "6"};
const std::vector<std::string> kWidths{"12", "24", "36", "48"};

JournalBuilder on_grid(const Law& law, const std::string& degrees, const std::vector<std::string>& heads = kHeads,
                       const std::vector<std::string>& widths = kWidths) {
    JournalBuilder builder({"seq_len", "embed_dim", "num_heads"});
    for (const char* length : {"3", "5", "8", "9"}) {
        for (const std::string& width : widths) {
            for (const std::string& h : heads) {
                const Point p = point({{"seq_len", length}, {"embed_dim", width}, {"num_heads", h}});
                builder.add(p, law(p.problem));
            }
        }
    }
    builder.claim("R1", "identical_polynomials", degrees);
    return builder;
}

Verdict judged(const JournalBuilder& builder) { return verify(builder.journal).front(); }

const char* const kDegrees = "seq_len 2, embed_dim 2, num_heads 4";

std::int64_t products(const Problem& p) {
    return p.q_len * p.kv_len * p.num_heads * p.head_dim + 4 * p.q_len * p.embed_dim * p.embed_dim;
}

}  // namespace

TEST_CASE("a complete grid with enough values proves identity for all sizes") {
    const Verdict verdict = judged(on_grid(products, kDegrees));
    CHECK(verdict.status == Status::supported);
    CHECK_THAT(verdict.observed, Contains("identical polynomials") && Contains("num_heads 4") && Contains("80 points"));
    CHECK_THAT(verdict.reason, Contains("degree bound checked in seq_len, embed_dim"));
    CHECK(verify(on_grid(products, kDegrees).journal).size() == 2);  // one combination, one summary
}

TEST_CASE("a wrong polynomial is caught, even one that agrees at the usual sizes") {
    const Verdict proportional = judged(on_grid([](const Problem& p) { return products(p) * p.num_heads; }, kDegrees));
    CHECK(proportional.status == Status::refuted);
    // Vanishes at 1, 2 and 4 heads: a comparison at powers of two alone would not see it.
    const Verdict sly = judged(on_grid(
        [](const Problem& p) { return products(p) + (p.num_heads - 1) * (p.num_heads - 2) * (p.num_heads - 4); },
        kDegrees));
    CHECK(sly.status == Status::refuted);
    CHECK_THAT(sly.observed, Contains("num_heads=3") || Contains("num_heads=6"));
}

TEST_CASE("too few values prove nothing") {
    const Verdict heads = judged(on_grid(products, kDegrees, {"1", "2", "4"}));
    CHECK(heads.status == Status::inconclusive);
    CHECK_THAT(heads.reason, Contains("num_heads takes 3 values, degree 4 needs 5"));
    const Verdict widths = judged(on_grid(products, kDegrees, kHeads, {"12", "24"}));
    CHECK(widths.status == Status::inconclusive);
}

TEST_CASE("a hole in the grid proves nothing") {
    JournalBuilder builder = on_grid(products, kDegrees);
    builder.journal.run.parts.front().point_ids.pop_back();
    builder.journal.points.pop_back();
    CHECK(judged(builder).status == Status::inconclusive);
    CHECK_THAT(judged(builder).reason, Contains("every combination is needed"));
}

TEST_CASE("a count of a higher degree than declared is caught where there are values to spare") {
    const Law cubic = [](const Problem& p) { return products(p) + p.embed_dim * p.embed_dim * p.embed_dim; };
    const Verdict verdict = judged(on_grid(cubic, kDegrees));
    CHECK(verdict.status == Status::refuted);
    CHECK_THAT(verdict.observed, Contains("not of degree 2 in embed_dim"));
    // With three widths only, the bound stands as declared, and the verdict says that nothing checked it there.
    const Verdict unchecked = judged(on_grid(cubic, kDegrees, kHeads, {"12", "24", "36"}));
    CHECK(unchecked.status == Status::supported);
    CHECK_THAT(unchecked.reason, Contains("checked in seq_len") && !Contains("embed_dim"));
}

TEST_CASE("a count with a power of the head width is a Laurent polynomial in heads and is judged as one") {
    // head_dim^2 * H^2 = E^2: no heads in it, though written with them.
    const Law law = [](const Problem& p) { return p.head_dim * p.head_dim * p.num_heads * p.num_heads * p.q_len; };
    CHECK(judged(on_grid(law, "seq_len 1, embed_dim 2, num_heads 4", {"1", "2", "3", "4", "6", "12"})).status ==
          Status::supported);
    // A count that does depend on heads is refuted as unequal before any degree is looked at.
    const Law block = [](const Problem& p) { return p.q_len * p.num_heads * p.head_dim * p.head_dim; };
    CHECK(judged(on_grid(block, "seq_len 1, embed_dim 2, num_heads 4")).status == Status::refuted);
}

TEST_CASE("a field that varies beside the grid is noticed") {
    JournalBuilder builder = on_grid(products, "embed_dim 2, num_heads 4");
    const auto verdicts = verify(builder.journal);  // seq_len is then an axis that the claim does not name
    CHECK(verdicts.size() == 5);
    builder.journal.run.parts.front().axes = {"embed_dim", "num_heads"};
    CHECK(verify(builder.journal).size() > 2);  // the same without an axis of that name
}

TEST_CASE("degrees that cannot be read are refused") {
    for (const char* degrees : {"", "num_heads", "num_heads four", "num_heads 4 5", "heads 4", "variant 1",
                                "num_heads -1", "seq_len 2, embed_dim 2"}) {
        INFO(degrees);
        CHECK_THROWS_AS(judged(on_grid(products, degrees)), UsageError);
    }
}
