// A question in typed form: what a config decodes to. Plain data, no behaviour.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/field_table.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// How long and how often; METHOD in docs/measurement.md.
struct Protocol {
    int min_rounds = 10;                  ///< below 10 a rank interval of the median is nearly the whole range
    int max_rounds = 80;                  ///< looks at 10, 20, 40, 80 rounds only, fixed beforehand
    double target_rel_ci = 0.02;          ///< stop when the paired ratio's 95 % interval is narrower, relative
    double min_sample_s = 0.002;          ///< 1 % of it is 20 us, far above the clock's resolution and overhead
    double budget_s = 120;                ///< for the whole sweep
    double timeout_s = 60;                ///< for one visit of one point; a longer one fails the point
    bool cold_cache = false;              ///< flush caches before each sample
    std::int64_t memory_limit_bytes = 0;  ///< 0: 80 % of what is available when the sweep starts
    bool oversubscribe = false;           ///< measure points with more threads than processors, and mark them
    friend bool operator==(const Protocol&, const Protocol&) = default;
};

/// One claim of a config, kinds and metrics still by name: analysis gives them meaning.
struct ClaimSpec {
    std::string id;      ///< "R3"
    std::string says;    ///< the reading, in words
    std::string metric;  ///< "core.multiplies", "time" ...
    Ledger ledger = Ledger::required;
    std::vector<std::string> across;          ///< the axes it compares along; all others give one verdict each
    std::map<std::string, std::string> base;  ///< field -> value of the base case; empty: the first point
    std::map<std::string, std::vector<std::string>> where;  ///< field -> values: which points it speaks of
    std::string part;                                       ///< which grid of the config; empty: the main one
    std::string kind;                                       ///< "equal", "within", "proportional_to" ...
    std::string argument;                                   ///< "exactly", "0.02", "num_heads", an expression ...
    std::string outcome;                                    ///< "supported" or "refuted" for exact claims; else empty
    std::string location;                                   ///< "configs/x.yaml:7:15", for messages
    std::string source = {};                                ///< an entry of configs/sources.bib: who claims it
};

/// What a config may give its reason for leaving out: processors that no point uses, and facts of the machine's clock
/// (keys of the environment) where the system hides them.
inline constexpr std::array<std::string_view, 4> kMayBeLeftOut{"processors", "cpu.governor", "cpu.boost", "cpu.smt"};

struct SkippedPoint {
    std::string id;
    std::string reason;
};

/// One grid of points that are compared with each other.
struct Part {
    std::string name;                     ///< "" is the main grid
    std::vector<std::string> compare_by;  ///< points that differ only here form a comparison group
    std::vector<std::string> axes;        ///< fields that vary, in the order written
    std::vector<std::string> fixed{};     ///< fields that have one value, by the config or an option
    std::vector<Point> points;            ///< expanded, without duplicates, in the order written
    std::vector<SkippedPoint> skipped;    ///< could not be resolved (12 heads in 512 columns), and why
};

struct Sweep {
    FieldTable fields;  ///< with which its points were read
    std::string name;   ///< the config's file name without directory and extension
    std::string question;
    std::string path;         ///< where it was read from
    std::string text;         ///< the file, verbatim
    std::string profile;      ///< which profile was applied; "" for none
    std::vector<Part> parts;  ///< parts[0] is the main grid
    Protocol protocol;
    std::set<std::string, std::less<>> protocol_given;  ///< its settings that are not the default of the program
    std::vector<ClaimSpec> claims;
    std::map<std::string, std::string> left_out;  ///< one of kMayBeLeftOut -> the reason
    std::uint64_t seed = 1;
    std::string config_hash;            ///< of everything that identifies points and claims, not of comments
    std::vector<std::string> warnings;  ///< "configs/x.yaml:7:3: this entry of exclude matches nothing ..."
};

}  // namespace headcount
