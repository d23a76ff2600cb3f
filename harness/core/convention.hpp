// How somebody counts the operations of attention: formulas, where they speak, and how they differ from ours. Plain
// data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// What one of a convention's numbers stands for: one multiply or one add, or a multiply with its add.
enum class CountedUnit : std::uint8_t { flop, mac };
constexpr std::string_view to_string(CountedUnit unit) { return unit == CountedUnit::flop ? "FLOP" : "MAC"; }

/// An expression for each pass; "" where the convention has none.
///
/// Expressions read the numbers of the problem (`batch`, `q_len` ...; true is 1), `dtype_bytes`, `pairs` (visible
/// query-key pairs of one head), `fused` (1 where the variant never writes the scores to memory), and
/// `forward.METRIC` and `backward.METRIC`: an exact metric of that pass, counted. `backward` may read `forward`, the
/// number above it; `both` may read both.
struct ConventionFormulas {
    std::string forward, backward, both;
    bool empty() const { return forward.empty() && backward.empty() && both.empty(); }
};

/// The convention says nothing of a problem where the expression `zero` is not 0.
struct ConventionNeed {
    std::string zero;
    std::string otherwise;   ///< why it says nothing then, in words
    bool core_only = false;  ///< its projections are not concerned
};

/// What it counts otherwise than we do, where the expression `where` is not 0; an empty one is true everywhere.
struct ConventionDifference {
    std::string where;
    std::string says;
};

/// Why it has no formula; "" where it has one.
struct ConventionSilence {
    std::string forward, backward, both, projections;
};

/// A number that it keeps apart from the others, of the forward pass of the core.
struct ConventionApart {
    std::string noun;  ///< "exps"
    std::string computation;
};

struct Convention {
    std::string name;  ///< the file's name without directory and extension
    std::string title;
    std::string source;  ///< file or paper, function, table or section
    std::string url;
    std::string speaks_of;  ///< "the core of one call", "a whole model, a token"
    CountedUnit unit = CountedUnit::flop;
    ConventionFormulas core;         ///< softmax(QK^T)V
    ConventionFormulas projections;  ///< the four of a layer; empty: it says nothing of them
    std::vector<ConventionNeed> needs;
    ConventionSilence silence;
    std::vector<ConventionDifference> differences;
    std::vector<ConventionApart> apart;
    std::string path;
};

/// The convention of this project: what the others are compared with.
inline constexpr std::string_view kOurConvention = "exact";

}  // namespace headcount
