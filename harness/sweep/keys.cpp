#include "harness/sweep/keys.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/names.hpp"

namespace headcount {
namespace {

constexpr Key kProblem{"problem", Shape::problem, "fields that are fixed; `preset` names a published model"};
constexpr Key kAxes{"axes", Shape::axes,
                    "fields that vary: a list, {from, to, times} or {from, to, step}; all combinations"};
constexpr Key kZip{"zip", Shape::zip, "axes that move together: lists of one length; a map, or a list of maps"};
constexpr Key kExclude{"exclude", Shape::matches,
                       "combinations to leave out: every entry removes those that match all of its fields"};
constexpr Key kInclude{"include", Shape::includes,
                       "applied after exclude: an entry extends the combinations whose axes it agrees with, and stands "
                       "for a new combination where there is none"};
constexpr Key kCompareBy{"compare_by", Shape::field_names,
                         "points that differ only here are compared: timed in the same shuffled rounds"};
constexpr Key kProtocol{"protocol", Shape::protocol, "how long and how often to measure"};

bool is_known(const std::vector<Key>& keys, std::string_view name) {
    return std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
}

}  // namespace

std::string_view to_string(Shape shape) {
    switch (shape) {  // no default: the compiler names a shape that is forgotten
        case Shape::text: return "text";
        case Shape::identifier: return "identifier";
        case Shape::integer: return "integer";
        case Shape::problem: return "problem";
        case Shape::fields: return "fields";
        case Shape::axes: return "axes";
        case Shape::zip: return "zip";
        case Shape::matches: return "matches";
        case Shape::includes: return "includes";
        case Shape::match: return "match";
        case Shape::field_names: return "field_names";
        case Shape::base: return "base";
        case Shape::protocol: return "protocol";
        case Shape::claims: return "claims";
        case Shape::parts: return "parts";
        case Shape::profiles: return "profiles";
        case Shape::grids: return "grids";
        case Shape::metric: return "metric";
        case Shape::ledger: return "ledger";
        case Shape::expect: return "expect";
        case Shape::outcome: return "outcome";
        case Shape::activation: return "activation";
        case Shape::reasons: return "reasons";
    }
    return "";
}

const std::vector<Key>& sweep_keys() {
    static const std::vector<Key> keys{
        {"question", Shape::text, "what the sweep asks, in one sentence", true},
        kProblem,
        kAxes,
        kZip,
        kExclude,
        kInclude,
        kCompareBy,
        kProtocol,
        {"claims", Shape::claims, "what is asserted; each gets a verdict"},
        {"left_out", Shape::reasons,
         "why something is left out that a reader may miss: processors, or a fact of the clock that a system hides"},
        {"seed", Shape::integer, "seed of inputs, weights and order; default 1", false, 0, INT64_MAX},
        {"parts", Shape::parts, "further grids of the same question, each over the top-level problem"},
        {"profiles", Shape::profiles, "named overrides, chosen with --profile"},
    };
    return keys;
}

const std::vector<Key>& part_keys() {
    static const std::vector<Key> keys{kProblem, kAxes, kZip, kExclude, kInclude, kCompareBy};
    return keys;
}

const std::vector<Key>& profile_keys() {
    static const std::vector<Key> keys{
        kProblem, kAxes, kZip, kExclude, kInclude, kProtocol, {"parts", Shape::grids, "the same overrides for a part"}};
    return keys;
}

const std::vector<Key>& claim_keys() {
    static const std::vector<Key> keys{
        {"id", Shape::identifier, "short name of the claim, unique in the file", true},
        {"says", Shape::text, "the claim in words", true},
        {"metric", Shape::metric, "what is compared (see: headcount list metrics)", true},
        {"ledger", Shape::ledger, "required work (the default) or executed work"},
        {"across", Shape::field_names,
         "the axes along which it compares; every combination of the others gets a verdict", true},
        {"base", Shape::base, "the base case of ratios: a value of `across`, or field: value; default the first point"},
        {"where", Shape::match, "which points it speaks of; default all"},
        {"part", Shape::identifier, "the part it speaks of; default the main grid"},
        {"expect", Shape::expect, "kind: argument (see: headcount list claims)", true},
        {"outcome", Shape::outcome, "what must come out; for exact claims, and for those only"},
        {"source", Shape::identifier, "who claims it: a key of configs/sources.bib, for `verify --quote`"},
    };
    return keys;
}

const std::vector<Key>& preset_keys() {
    constexpr std::int64_t kWidest = std::int64_t{1} << 40;
    static const std::vector<Key> keys{
        {"source", Shape::text, "paper with table, or configuration file", true},
        {"problem", Shape::fields, "fields of the attention problem", true},
        {"ffn_dim", Shape::integer, "inner width of the feed-forward network", true, 1, kWidest},
        {"activation", Shape::activation, "activation of the feed-forward network", true},
        {"num_layers", Shape::integer, "blocks in the model", true, 1, 1'000'000},
    };
    return keys;
}

const std::vector<Key>& times_keys() {
    static const std::vector<Key> keys{{"from", Shape::integer, "first value", true, 1, INT64_MAX},
                                       {"to", Shape::integer, "last value, if it is reached", true, 1, INT64_MAX},
                                       {"times", Shape::integer, "factor between values", true, 2, INT64_MAX}};
    return keys;
}

const std::vector<Key>& step_keys() {
    static const std::vector<Key> keys{{"from", Shape::integer, "first value", true, 0, INT64_MAX},
                                       {"to", Shape::integer, "last value, if it is reached", true, 0, INT64_MAX},
                                       {"step", Shape::integer, "difference between values", true, 1, INT64_MAX}};
    return keys;
}

const std::vector<ProtocolKey>& protocol_keys() {
    static const std::vector<ProtocolKey> keys{
        {"min_rounds", &Protocol::min_rounds, 1, 1e6, "rounds before the first look"},
        {"max_rounds", &Protocol::max_rounds, 1, 1e6, "rounds at most"},
        {"target_rel_ci", &Protocol::target_rel_ci, 1e-6, 10,
         "stop when the paired ratio's 95 % interval is narrower, relative"},
        {"min_sample_s", &Protocol::min_sample_s, 0, 3600, "a sample repeats the forward pass for at least so long"},
        {"budget_s", &Protocol::budget_s, 0.001, 1e9, "time for the whole sweep"},
        {"timeout_s", &Protocol::timeout_s, 0.001, 1e9, "time for one visit of one point"},
        {"cold_cache", &Protocol::cold_cache, 0, 0, "flush caches before each sample"},
        {"memory_limit_bytes", &Protocol::memory_limit_bytes, 0, 9e15,
         "a point predicted to need more is skipped; 0: 80 % of what is available"},
        {"oversubscribe", &Protocol::oversubscribe, 0, 0,
         "measure points with more threads than processors may be used, and mark them; else they are skipped"},
    };
    return keys;
}

void check_keys(const YamlNode& map, const std::vector<Key>& keys, std::string_view what) {
    expect_map(map, what);
    for (const YamlKey& key : map.keys) {
        if (is_known(keys, key.name)) continue;
        std::vector<std::string> names;
        names.reserve(keys.size());
        for (const Key& known : keys) names.emplace_back(known.name);
        key.at.fail(fmt::format("{} of {}", unknown_name("key", shown(key.name), names), what));
    }
    for (const Key& key : keys) {
        if (key.required && map.find(key.name) == nullptr) {
            map.at.fail(fmt::format("{} lacks '{}' ({})", what, key.name, key.doc));
        }
    }
}

void decode_protocol(const YamlNode& map, Protocol& protocol) {
    expect_map(map, "protocol");
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        const auto key = std::find_if(protocol_keys().begin(), protocol_keys().end(),
                                      [&](const ProtocolKey& k) { return k.name == map.keys[i].name; });
        if (key == protocol_keys().end()) {
            std::vector<std::string> names;
            names.reserve(protocol_keys().size());
            for (const ProtocolKey& known : protocol_keys()) names.emplace_back(known.name);
            map.keys[i].at.fail(unknown_name("key", shown(map.keys[i].name), names) + " of protocol");
        }
        const auto read = [&]<class T>(T Protocol::*member) {
            if constexpr (std::is_same_v<T, bool>) {
                protocol.*member = read_boolean(map.items[i], key->name);
            } else if constexpr (std::is_same_v<T, double>) {
                protocol.*member = read_number(map.items[i], key->name, key->min, key->max);
            } else {
                protocol.*member = static_cast<T>(read_integer(
                    map.items[i], key->name, static_cast<std::int64_t>(key->min), static_cast<std::int64_t>(key->max)));
            }
        };
        std::visit(read, key->member);
    }
}

std::string why_contradictory(const Protocol& protocol) {
    if (protocol.min_rounds <= protocol.max_rounds) return {};
    return fmt::format("min_rounds {} is more than max_rounds {}; swap them, or set the other as well",
                       protocol.min_rounds, protocol.max_rounds);
}

}  // namespace headcount
