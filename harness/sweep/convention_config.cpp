#include "harness/sweep/convention_config.hpp"

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/keys.hpp"
#include "harness/sweep/yaml.hpp"

namespace headcount {
namespace {

const std::vector<Key>& convention_keys() {
    static const std::vector<Key> keys{
        {"title", Shape::text, "who counts so", true},
        {"source", Shape::text, "file or paper, and where in it", true},
        {"url", Shape::text, "where the source is"},
        {"speaks_of", Shape::text, "what one of its numbers belongs to", true},
        {"unit", Shape::text, "FLOP or MAC", true},
        {"core", Shape::fields, "expressions for forward, backward and both of the core", true},
        {"projections", Shape::fields, "the same for the four projections of a layer"},
        {"needs", Shape::includes, "where it speaks: expressions that are 0 there"},
        {"silent", Shape::fields, "why a formula is missing"},
        {"differs", Shape::includes, "what it counts otherwise than we do"},
        {"apart", Shape::fields, "numbers that it keeps apart, of the forward pass of the core"},
    };
    return keys;
}

const std::vector<Key>& formula_keys() {
    static const std::vector<Key> keys{
        {"forward", Shape::text, "an expression"},
        {"backward", Shape::text, "an expression, which may read forward"},
        {"both", Shape::text, "an expression; without one: forward + backward"},
    };
    return keys;
}

const std::vector<Key>& need_keys() {
    static const std::vector<Key> keys{
        {"zero", Shape::text, "an expression that is 0 where the convention speaks", true},
        {"otherwise", Shape::text, "why it says nothing elsewhere", true},
        {"of", Shape::text, "core: its projections are not concerned"},
    };
    return keys;
}

const std::vector<Key>& silence_keys() {
    static const std::vector<Key> keys{
        {"forward", Shape::text, "why there is no forward"},
        {"backward", Shape::text, "why there is no backward"},
        {"both", Shape::text, "why there is no sum"},
        {"projections", Shape::text, "why it says nothing of projections"},
    };
    return keys;
}

const std::vector<Key>& difference_keys() {
    static const std::vector<Key> keys{
        {"where", Shape::text, "an expression that is not 0 where this is so; without one: everywhere"},
        {"says", Shape::text, "what is counted otherwise", true},
    };
    return keys;
}

// An expression may be a plain number, which read_text() would refuse.
std::string scalar(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::scalar || node.text.empty()) {
        node.at.fail(fmt::format("{} is a single value, not {}", what, node.describe()));
    }
    return node.text;
}

std::string scalar_or_none(const YamlNode& map, std::string_view key) {
    const YamlNode* node = map.find(key);
    return node == nullptr ? "" : scalar(*node, key);
}

ConventionFormulas read_formulas(const YamlNode* node, std::string_view what) {
    if (node == nullptr) return {};
    check_keys(*node, formula_keys(), what);
    ConventionFormulas formulas{.forward = scalar_or_none(*node, "forward"),
                                .backward = scalar_or_none(*node, "backward"),
                                .both = scalar_or_none(*node, "both")};
    if (formulas.empty()) node->at.fail(fmt::format("{} has no formula; give forward, backward or both", what));
    return formulas;
}

CountedUnit read_unit(const YamlNode& node) {
    const std::string text = scalar(node, "unit");
    if (text == "FLOP") return CountedUnit::flop;
    if (text == "MAC") return CountedUnit::mac;
    node.at.fail(unknown_name("unit", shown(text), {"FLOP", "MAC"}));
}

std::vector<ConventionNeed> read_needs(const YamlNode* list) {
    std::vector<ConventionNeed> needs;
    if (list == nullptr) return needs;
    for (const YamlNode& node : expect_list(*list, "needs").items) {
        check_keys(node, need_keys(), "a need");
        ConventionNeed need{.zero = scalar(*node.find("zero"), "zero"),
                            .otherwise = read_text(*node.find("otherwise"), "otherwise")};
        if (const YamlNode* of = node.find("of")) {
            if (scalar(*of, "of") != "core") of->at.fail("of is 'core', or is left out: then all of it is concerned");
            need.core_only = true;
        }
        needs.push_back(std::move(need));
    }
    return needs;
}

std::vector<ConventionDifference> read_differences(const YamlNode* list) {
    std::vector<ConventionDifference> differences;
    if (list == nullptr) return differences;
    for (const YamlNode& node : expect_list(*list, "differs").items) {
        check_keys(node, difference_keys(), "a difference");
        differences.push_back({.where = scalar_or_none(node, "where"), .says = read_text(*node.find("says"), "says")});
    }
    return differences;
}

std::vector<ConventionApart> read_apart(const YamlNode* map) {
    std::vector<ConventionApart> apart;
    if (map == nullptr) return apart;
    expect_map(*map, "apart");
    for (std::size_t i = 0; i < map->keys.size(); ++i) {
        apart.push_back({.noun = map->keys[i].name, .computation = scalar(map->items[i], map->keys[i].name)});
    }
    return apart;
}

ConventionSilence read_silence(const YamlNode* map) {
    if (map == nullptr) return {};
    check_keys(*map, silence_keys(), "silent");
    return {.forward = scalar_or_none(*map, "forward"),
            .backward = scalar_or_none(*map, "backward"),
            .both = scalar_or_none(*map, "both"),
            .projections = scalar_or_none(*map, "projections")};
}

/// A blank cell without a reason would look like an oversight.
void check_reasons(const Convention& convention, const YamlNode& root) {
    const ConventionSilence& silence = convention.silence;
    const auto reason = [&](bool is_missing, const std::string& why, std::string_view name) {
        if (is_missing && why.empty()) {
            root.at.fail(fmt::format("there is no {0} and no reason; say one under silent: {{{0}: ...}}", name));
        }
    };
    const auto passes = [&](const ConventionFormulas& formulas) {
        reason(formulas.forward.empty(), silence.forward, "forward");
        reason(formulas.backward.empty(), silence.backward, "backward");
        const bool sums = !formulas.forward.empty() && !formulas.backward.empty();
        reason(formulas.both.empty() && !sums, silence.both, "both");
    };
    passes(convention.core);
    reason(convention.projections.empty(), silence.projections, "projections");
    if (!convention.projections.empty()) passes(convention.projections);
}

}  // namespace

Convention load_convention(const std::filesystem::path& path) {
    const YamlNode root = parse_yaml(read_bounded(path.string()), path.string());
    check_keys(root, convention_keys(), "a convention");
    Convention convention{.name = path.stem().string(),
                          .title = read_text(*root.find("title"), "title"),
                          .source = read_text(*root.find("source"), "source"),
                          .url = scalar_or_none(root, "url"),
                          .speaks_of = read_text(*root.find("speaks_of"), "speaks_of"),
                          .unit = read_unit(*root.find("unit")),
                          .core = read_formulas(root.find("core"), "core"),
                          .projections = read_formulas(root.find("projections"), "projections"),
                          .needs = read_needs(root.find("needs")),
                          .silence = read_silence(root.find("silent")),
                          .differences = read_differences(root.find("differs")),
                          .apart = read_apart(root.find("apart")),
                          .path = path.string()};
    check_reasons(convention, root);
    return convention;
}

}  // namespace headcount
