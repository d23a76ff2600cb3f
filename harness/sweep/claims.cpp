#include "harness/sweep/claims.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/sweep/keys.hpp"

namespace headcount {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

std::string read_identifier(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::scalar || node.text.empty() || node.text.size() > 64 ||
        node.text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
            std::string::npos) {
        node.at.fail(fmt::format("{} is up to 64 letters, digits, '.', '_' or '-', not {}", what, node.describe()));
    }
    return read_text(node, what);
}

std::string read_known(const YamlNode& node, std::string_view what, const std::vector<std::string>& known) {
    std::string text = read_text(node, what);
    if (!contains(known, text)) node.at.fail(unknown_name(what, shown(text), known));
    return text;
}

class ClaimDecoder {
public:
    ClaimDecoder(const YamlNode& map, const Vocabulary& vocabulary, const std::vector<Grid>& grids, bool adjusted,
                 std::vector<std::string>& warnings)
        : map_(map), vocabulary_(vocabulary), adjusted_(adjusted), warnings_(warnings) {
        check_keys(map, claim_keys(), "a claim");
        claim_.location = map.at.text();
        claim_.id = read_identifier(*map.find("id"), "id");
        claim_.says = read_text(*map.find("says"), "says");
        claim_.metric = read_known(*map.find("metric"), "metric", vocabulary.metrics);
        find_grid(grids);
    }

    ClaimSpec decode() {
        if (const YamlNode* ledger = map_.find("ledger")) {
            claim_.ledger = read_known(*ledger, "ledger", {"required", "executed"}) == "executed" ? Ledger::executed
                                                                                                  : Ledger::required;
        }
        claim_.across = decode_field_names(*map_.find("across"), "across", vocabulary_);
        for (const std::string& field : claim_.across) require_axis(field, map_.find("across")->at);
        if (const YamlNode* base = map_.find("base")) decode_base(*base);
        if (const YamlNode* where = map_.find("where")) decode_where(*where);
        decode_expect(*map_.find("expect"));
        decode_outcome();
        if (const YamlNode* source = map_.find("source")) claim_.source = read_identifier(*source, "source");
        check_with_owner();
        return claim_;
    }

private:
    void find_grid(const std::vector<Grid>& grids) {
        if (const YamlNode* part = map_.find("part")) {
            std::vector<std::string> names;
            for (const Grid& grid : grids) {
                if (!grid.name.empty()) names.push_back(grid.name);
            }
            claim_.part = read_known(*part, "part", names);
        }
        const auto found =
            std::find_if(grids.begin(), grids.end(), [&](const Grid& grid) { return grid.name == claim_.part; });
        grid_ = &*found;  // grids[0] is the main one, and a named part is known by now
        if (claim_.part.empty() && !grid_->varies()) {
            map_.at.fail(
                fmt::format("claim {} names no part, and the main grid has no axes; add part: NAME", claim_.id));
        }
    }

    void require_axis(const std::string& field, const Location& at) const {
        if (values_of(field)) return;
        std::vector<std::string> known;
        for (const Axis& axis : grid_->axes) known.insert(known.end(), axis.fields.begin(), axis.fields.end());
        for (const Axis& axis : grid_->zip.value_or(std::vector<Axis>{})) {
            known.insert(known.end(), axis.fields.begin(), axis.fields.end());
        }
        at.fail(fmt::format("claim {} compares across {}, which does not vary in {}; its axes: {}", claim_.id, field,
                            claim_.part.empty() ? "the main grid" : "part " + claim_.part, fmt::join(known, ", ")));
    }

    /// The values that a field takes in the grid; none when it does not vary.
    std::optional<std::vector<std::string>> values_of(const std::string& field) const {
        std::optional<std::vector<std::string>> values;
        const auto collect = [&](const std::vector<Axis>& axes) {
            for (const Axis& axis : axes) {
                for (std::size_t j = 0; j < axis.fields.size(); ++j) {
                    if (axis.fields[j] != field) continue;
                    if (!values) values.emplace();
                    for (const auto& row : axis.rows) values->push_back(row[j].text);
                }
            }
        };
        collect(grid_->axes);
        if (grid_->zip) collect(*grid_->zip);
        for (const Match& entry : grid_->include.value_or(std::vector<Match>{})) {
            for (const auto& [name, given] : entry.conditions) {
                if (name != field) continue;
                if (!values) values.emplace();
                values->push_back(given[0].text);
            }
        }
        return values;
    }

    // A value that no point has is a mistake in the file, but may be the user's wish after --set or --profile.
    void require_value(const std::string& field, const AxisValue& value) const {
        std::optional<std::vector<std::string>> values = values_of(field);
        if (!values) {
            for (const FieldValue& fixed : grid_->problem) {
                if (fixed.field == field) values = {fixed.value.text};
            }
        }
        if (!values || contains(*values, value.text)) return;
        const std::string message = fmt::format(
            "claim {} speaks of {} {}, which no point has; there is {}", claim_.id, field, value.text,
            fmt::join(values->begin(), values->begin() + std::min<std::ptrdiff_t>(std::ssize(*values), 12), ", "));
        if (!adjusted_) value.at.fail(message);
        warnings_.push_back(value.at.text() + ": " + message);
    }

    void decode_base(const YamlNode& node) {
        if (node.kind != YamlNode::Kind::map) {
            if (claim_.across.size() != 1) {
                node.at.fail("with several axes in across, base is a map: {num_heads: 1, seq_len: 512}");
            }
            const AxisValue value = decode_value(node, claim_.across[0], vocabulary_);
            require_value(claim_.across[0], value);
            claim_.base[claim_.across[0]] = value.text;
            return;
        }
        const Match match = decode_match(node, "base", vocabulary_);
        for (const auto& [field, values] : match.conditions) {
            if (!contains(claim_.across, field)) {
                values[0].at.fail(
                    fmt::format("base names {}, which is not in across ({})", field, fmt::join(claim_.across, ", ")));
            }
            if (values.size() != 1) values[1].at.fail("base is one value a field");
            require_value(field, values[0]);
            claim_.base[field] = values[0].text;
        }
    }

    void decode_where(const YamlNode& node) {
        const Match match = decode_match(node, "where", vocabulary_);
        for (const auto& [field, values] : match.conditions) {
            for (const AxisValue& value : values) {
                require_value(field, value);
                claim_.where[field].push_back(value.text);
            }
        }
    }

    void decode_expect(const YamlNode& node) {
        expect_map(node, "expect");
        if (node.keys.size() != 1) node.at.fail("expect takes one kind: argument, such as {equal: exactly}");
        claim_.kind = node.keys[0].name;
        if (!contains(vocabulary_.claim_kinds, claim_.kind)) {
            node.keys[0].at.fail(unknown_name("claim kind", shown(claim_.kind), vocabulary_.claim_kinds));
        }
        const YamlNode& argument = node.items[0];
        if (argument.kind != YamlNode::Kind::scalar || argument.text.empty()) {
            argument.at.fail(
                fmt::format("{} takes a word, a number or an expression, not {}", claim_.kind, argument.describe()));
        }
        claim_.argument = argument.text;
    }

    void decode_outcome() {
        const YamlNode* outcome = map_.find("outcome");
        const bool exact = contains(vocabulary_.exact_claim_kinds, claim_.kind) ||
                           (contains(vocabulary_.either_claim_kinds, claim_.kind) &&
                            !contains(vocabulary_.measured_metrics, claim_.metric));
        if (exact && outcome == nullptr) {
            map_.at.fail(
                fmt::format("claim {} is exact ({}), so it declares what must come out; add outcome: supported "
                            "or outcome: refuted",
                            claim_.id, claim_.kind));
        }
        if (!exact && outcome != nullptr) {
            outcome->at.fail(fmt::format("claim {} is measured ({}) and may come out either way; remove outcome",
                                         claim_.id, claim_.kind));
        }
        if (outcome != nullptr) claim_.outcome = read_known(*outcome, "outcome", {"supported", "refuted"});
    }

    void check_with_owner() const {
        if (!vocabulary_.why_bad_claim) return;
        std::string why;
        try {
            why = vocabulary_.why_bad_claim(claim_);
        } catch (const UsageError& e) {
            why = e.what();
        }
        if (!why.empty()) map_.find("expect")->at.fail(fmt::format("claim {}: {}", claim_.id, why));
    }

    const YamlNode& map_;
    const Vocabulary& vocabulary_;
    bool adjusted_;
    std::vector<std::string>& warnings_;
    const Grid* grid_ = nullptr;
    ClaimSpec claim_;
};

}  // namespace

std::vector<ClaimSpec> decode_claims(const YamlNode& list, const Vocabulary& vocabulary, const std::vector<Grid>& grids,
                                     bool adjusted, std::vector<std::string>& warnings) {
    std::vector<ClaimSpec> claims;
    for (const YamlNode& item : expect_list(list, "claims").items) {
        ClaimSpec claim = ClaimDecoder(item, vocabulary, grids, adjusted, warnings).decode();
        for (const ClaimSpec& other : claims) {
            if (other.id == claim.id) {
                item.find("id")->at.fail(
                    fmt::format("claim id '{}' is used twice, first at {}; rename one", claim.id, other.location));
            }
        }
        claims.push_back(std::move(claim));
    }
    return claims;
}

namespace {

/// A grid that has the points of a part: a field is fixed or varies as it does in them.
Grid grid_of(const Part& part, const FieldTable& fields) {
    Grid grid;
    grid.name = part.name;
    grid.compare_by = part.compare_by;
    for (const Field& field : fields.all()) {
        Axis axis{.fields = {field.name}, .rows = {}, .at = {}};
        std::set<std::string> seen;
        for (const Point& point : part.points) {
            const std::string value = get_field(point, field.name);
            if (!value.empty() && seen.insert(value).second) axis.rows.push_back({{value, {}}});
        }
        if (axis.rows.size() == 1) grid.problem.push_back({field.name, axis.rows[0][0]});
        if (axis.rows.size() > 1) grid.axes.push_back(std::move(axis));
    }
    return grid;
}

}  // namespace

std::vector<ClaimSpec> load_claims(const std::filesystem::path& file, const Vocabulary& vocabulary,
                                   const std::vector<Part>& parts) {
    const std::string text = read_bounded(file.string());
    const YamlNode root = parse_yaml(text, file.string());
    expect_map(root, "a file of claims");
    const YamlNode* claims = root.find("claims");
    if (claims == nullptr) root.at.fail("no claims here; write a list under `claims`, as in a config");
    std::vector<Grid> grids{Grid{}};
    for (const Part& part : parts) {
        Grid grid = grid_of(part, vocabulary.fields);
        if (part.name.empty()) {
            grids[0] = std::move(grid);
        } else {
            grids.push_back(std::move(grid));
        }
    }
    std::vector<std::string> warnings;
    return decode_claims(*claims, vocabulary, grids, false, warnings);
}

}  // namespace headcount
