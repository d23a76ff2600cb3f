#include "harness/sweep/load.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/claims.hpp"
#include "harness/sweep/keys.hpp"
#include "harness/sweep/options.hpp"

namespace headcount {
namespace {

/// Names of parts and profiles stand in file names and options.
void check_name(const YamlKey& name, std::string_view whose) {
    if (name.name.empty() || name.name.size() > 64 ||
        name.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
        name.at.fail(fmt::format("{} name is up to 64 small letters, digits or '_'", whose));
    }
}

/// The file's grids: the main one first, each part merged over the top-level problem.
std::vector<Grid> decode_grids(const YamlNode& root, const Vocabulary& vocabulary, std::int64_t most_points) {
    std::vector<Grid> grids{decode_grid(root, vocabulary, most_points)};
    const YamlNode* parts = root.find("parts");
    if (parts == nullptr) return grids;
    expect_map(*parts, "parts");
    for (std::size_t i = 0; i < parts->keys.size(); ++i) {
        const YamlKey& name = parts->keys[i];
        check_name(name, "a part's");
        check_keys(parts->items[i], part_keys(), "part " + name.name);
        Grid part = decode_grid(parts->items[i], vocabulary, most_points);
        part.name = name.name;
        grids.push_back(std::move(part));
    }
    return grids;
}

/// Overrides of the main grid and of named parts.
void apply_profile(const YamlNode& profile, std::vector<Grid>& grids, const Vocabulary& vocabulary,
                   std::int64_t most_points) {
    grids[0] = merge(std::move(grids[0]), decode_grid(profile, vocabulary, most_points));
    const YamlNode* parts = profile.find("parts");
    if (parts == nullptr) return;
    expect_map(*parts, "parts");
    for (std::size_t i = 0; i < parts->keys.size(); ++i) {
        const YamlKey& name = parts->keys[i];
        check_keys(parts->items[i], part_keys(), "part " + shown(name.name));
        const auto grid =
            std::find_if(grids.begin() + 1, grids.end(), [&](const Grid& g) { return g.name == name.name; });
        if (grid == grids.end()) {
            std::vector<std::string> known;
            known.reserve(grids.size());
            for (const Grid& other : grids) known.push_back(other.name);
            known.erase(known.begin());
            name.at.fail(unknown_name("part", shown(name.name), known));
        }
        *grid = merge(std::move(*grid), decode_grid(parts->items[i], vocabulary, most_points));
    }
}

void check_protocol(const YamlNode& map, const Protocol& protocol) {
    if (const std::string why = why_contradictory(protocol); !why.empty()) map.at.fail(why);
}

/// Of what came out of the config, the profile and --set; told where the last word was given.
void check_protocol(const YamlNode& root, const LoadOptions& options, const Protocol& protocol) {
    const std::string why = why_contradictory(protocol);
    if (why.empty()) return;
    std::string given;
    for (const std::string& text : options.set) {
        if (text.starts_with("protocol.")) given += (given.empty() ? "--set " : " --set ") + shown(text);
    }
    if (!given.empty()) throw UsageError(given + ": " + why);
    const YamlNode* profiles = root.find("profiles");
    const YamlNode* chosen = profiles == nullptr ? nullptr : profiles->find(options.profile);
    const YamlNode* over = chosen == nullptr ? nullptr : chosen->find("protocol");
    check_protocol(over != nullptr ? *over : *root.find("protocol"), protocol);
}

/// Applies the chosen profile; the others are tried on a copy, so that a mistake in them does not wait to be found.
/// Returns whether one was applied.
bool apply_profiles(const YamlNode& root, const LoadOptions& options, const Vocabulary& vocabulary,
                    std::vector<Grid>& grids, Protocol& protocol) {
    std::vector<std::string> known{"quick"};
    const bool wanted = !options.profile.empty() && options.profile != "quick";
    bool applied = false;
    const YamlNode* profiles = root.find("profiles");
    if (profiles != nullptr) {
        expect_map(*profiles, "profiles");
        const std::vector<Grid> grids_as_written = grids;
        const Protocol protocol_as_written = protocol;
        for (std::size_t i = 0; i < profiles->keys.size(); ++i) {
            const std::string& name = profiles->keys[i].name;
            check_name(profiles->keys[i], "a profile's");
            if (name == "quick") profiles->keys[i].at.fail("quick is the config as it stands; choose another name");
            known.push_back(name);
            check_keys(profiles->items[i], profile_keys(), "profile " + shown(name));
            std::vector<Grid> trial = grids_as_written;
            Protocol trial_protocol = protocol_as_written;
            apply_profile(profiles->items[i], trial, vocabulary, options.most_points);
            const YamlNode* over = profiles->items[i].find("protocol");
            if (over != nullptr) decode_protocol(*over, trial_protocol);
            if (name != options.profile) {
                if (over != nullptr) check_protocol(*over, trial_protocol);
                continue;
            }
            grids = std::move(trial);
            protocol = trial_protocol;
            applied = true;
        }
    }
    if (wanted && !applied) {
        throw UsageError(fmt::format("--profile {}: {}: {}", shown(options.profile), root.at.file ? *root.at.file : "?",
                                     unknown_name("profile", shown(options.profile), known)));
    }
    return applied;
}

/// By the config, the profile and --set.
std::set<std::string, std::less<>> protocol_given(const YamlNode& root, const LoadOptions& options) {
    std::set<std::string, std::less<>> given;
    const auto add = [&](const YamlNode* map) {
        if (map == nullptr) return;
        for (const YamlKey& key : map->keys) given.insert(key.name);
    };
    add(root.find("protocol"));
    const YamlNode* profiles = root.find("profiles");
    const YamlNode* chosen = profiles == nullptr ? nullptr : profiles->find(options.profile);
    if (chosen != nullptr) add(chosen->find("protocol"));
    constexpr std::string_view kPrefix = "protocol.";
    for (const std::string& text : options.set) {
        if (text.starts_with(kPrefix)) given.insert(text.substr(kPrefix.size(), text.find('=') - kPrefix.size()));
    }
    return given;
}

void inherit_problem(std::vector<Grid>& grids) {
    for (std::size_t i = 1; i < grids.size(); ++i) {
        Grid top;
        top.problem = grids[0].problem;
        top.name = grids[i].name;
        top.at = grids[i].at;
        grids[i] = merge(std::move(top), grids[i]);
    }
}

std::map<std::string, std::string> decode_left_out(const YamlNode& map) {
    expect_map(map, "left_out");
    const std::vector<std::string> known(kMayBeLeftOut.begin(), kMayBeLeftOut.end());
    std::map<std::string, std::string> reasons;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        const YamlKey& name = map.keys[i];
        if (std::ranges::find(known, name.name) == known.end())
            name.at.fail(unknown_name("key", shown(name.name), known) + " of left_out");
        reasons[name.name] = read_text(map.items[i], name.name);
    }
    return reasons;
}

void check_compare_by(const Grid& grid, const Part& part) {
    for (const std::string& field : part.compare_by) {
        if (std::find(part.axes.begin(), part.axes.end(), field) != part.axes.end()) continue;
        grid.at.fail(fmt::format("compare_by names {}, which does not vary {}; its axes: {}", field,
                                 part.name.empty() ? "in the main grid" : "in part " + part.name,
                                 fmt::join(part.axes, ", ")));
    }
}

}  // namespace

Sweep parse_sweep(std::string_view text, const std::filesystem::path& file, const Vocabulary& vocabulary,
                  const LoadOptions& options) {
    const YamlNode root = parse_yaml(text, file.string());
    check_keys(root, sweep_keys(), "the config");
    Sweep sweep;
    sweep.fields = vocabulary.fields;
    sweep.name = file.stem().string();
    sweep.path = file.string();
    sweep.text = text;
    sweep.profile = options.profile;
    sweep.question = read_text(*root.find("question"), "question");
    if (const YamlNode* seed = root.find("seed")) {
        sweep.seed = static_cast<std::uint64_t>(read_integer(*seed, "seed", 0, INT64_MAX));
    }
    if (const YamlNode* left_out = root.find("left_out")) sweep.left_out = decode_left_out(*left_out);
    if (const YamlNode* protocol = root.find("protocol")) decode_protocol(*protocol, sweep.protocol);

    std::vector<Grid> grids = decode_grids(root, vocabulary, options.most_points);
    const bool profiled = apply_profiles(root, options, vocabulary, grids, sweep.protocol);
    inherit_problem(grids);
    apply_set(options.set, vocabulary, grids, sweep.protocol);
    check_protocol(root, options, sweep.protocol);
    sweep.protocol_given = protocol_given(root, options);

    const bool adjusted = profiled || !options.set.empty();
    if (const YamlNode* claims = root.find("claims")) {
        sweep.claims = decode_claims(*claims, vocabulary, grids, adjusted, sweep.warnings);
    }
    const std::vector<Filter> filters = parse_filters(options.filter, vocabulary);
    std::int64_t left = options.most_points;
    std::vector<std::string> notes;
    for (const Grid& grid : grids) {
        const bool absent = grid.name.empty() && !grid.varies() && grids.size() > 1;
        Part part = absent ? Part{} : expand(grid, sweep.seed, vocabulary.fields, notes, left);
        check_compare_by(grid, part);
        left -= std::ssize(part.points) + std::ssize(part.skipped);
        apply_filters(filters, part);
        sweep.parts.push_back(std::move(part));
    }
    // What is not asked has no verdict.
    std::erase_if(sweep.claims, [&](const ClaimSpec& claim) { return !keeps_part(filters, claim.part); });
    // After --profile or --set an exclude may rightly find nothing left to remove.
    if (!adjusted) sweep.warnings.insert(sweep.warnings.end(), notes.begin(), notes.end());
    const bool empty = std::all_of(sweep.parts.begin(), sweep.parts.end(),
                                   [](const Part& part) { return part.points.empty() && part.skipped.empty(); });
    if (empty && options.filter.empty()) root.at.fail("no point is left; loosen exclude");
    if (empty) {
        throw UsageError(fmt::format("--filter {}: no point of {} is left; see --dry-run without it",
                                     shown(fmt::format("{}", fmt::join(options.filter, " --filter "))), sweep.path));
    }
    sweep.config_hash = hash_config(sweep);
    return sweep;
}

Sweep load_sweep(const std::filesystem::path& file, const Vocabulary& vocabulary, const LoadOptions& options) {
    return parse_sweep(read_bounded(file.string()), file, vocabulary, options);
}

}  // namespace headcount
