// From a grid to its points.
#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/core/point_index.hpp"
#include "harness/sweep/grid.hpp"

namespace headcount {
namespace {

/// A match against the rows of the axes: allowed[a][i] says whether row i of axis a agrees. Axes that the match
/// does not name have an empty list.
struct Compiled {
    std::vector<std::vector<bool>> allowed;
    std::vector<FieldValue> rest;  ///< conditions on fields that do not vary
    bool stands_alone = false;     ///< an include that would overwrite an axis: always a new combination
    bool used = false;
    bool kept = false;  ///< an include: somewhere one of its values was not overwritten by a later entry

    bool agrees(const std::vector<std::size_t>& rows) const {
        if (stands_alone) return false;
        for (std::size_t a = 0; a < rows.size(); ++a) {
            if (!allowed[a].empty() && !allowed[a][rows[a]]) return false;
        }
        return true;
    }
};

class Expansion {
public:
    Expansion(const Grid& grid, std::uint64_t seed, const FieldTable& fields, std::int64_t most_points)
        : grid_(grid), fields_(fields), axes_(grid.axes) {
        if (grid.zip) axes_.insert(axes_.end(), grid.zip->begin(), grid.zip->end());
        fixed_.seed = seed;
        for (const FieldValue& field : grid.problem) fields_.set(fixed_, field.field, field.value.text);
        check_size(most_points);
        const auto compile_all = [&](const std::optional<std::vector<Match>>& matches, bool excludes) {
            std::vector<Compiled> all;
            for (const Match& match : matches.value_or(std::vector<Match>{})) all.push_back(compile(match, excludes));
            return all;
        };
        may_repeat_ = grid.include.has_value() || std::any_of(axes_.begin(), axes_.end(), [&](const Axis& axis) {
                          return repeats_a_row(axis) || is_option(axis);
                      });
        excludes_ = compile_all(grid.exclude, true);
        includes_ = compile_all(grid.include, false);
    }

    Part run(std::vector<std::string>& warnings) {
        part_.name = grid_.name;
        part_.compare_by = grid_.compare_by.value_or(std::vector<std::string>{});
        for (const FieldValue& one : grid_.problem) part_.fixed.push_back(one.field);
        name_axes();
        rows_.assign(axes_.size(), 0);
        part_.points.reserve(static_cast<std::size_t>(combinations_) + includes_.size());
        if (may_repeat_) seen_.reserve(part_.points.capacity());
        if (!axes_.empty() || !grid_.include) descend(0, fixed_);
        for (std::size_t i = 0; i < includes_.size(); ++i) {
            if (includes_[i].used) continue;
            PointSpec spec = fixed_;
            for (const auto& [field, values] : (*grid_.include)[i].conditions) fields_.set(spec, field, values[0].text);
            add(spec, (*grid_.include)[i].at);
        }
        check_includes_are_kept();
        check_options_are_had();
        for (std::size_t i = 0; i < excludes_.size(); ++i) {
            if (excludes_[i].used) continue;
            warnings.push_back((*grid_.exclude)[i].at.text() + ": this entry of exclude matches nothing; remove it?");
        }
        return std::move(part_);
    }

private:
    // A point holds the values of every axis as they were written, so different rows make different points; only what
    // is listed twice or included besides can come again, and what varies an option that the point does not have.
    static bool repeats_a_row(const Axis& axis) {
        std::unordered_set<std::string> seen;
        return std::any_of(axis.rows.begin(), axis.rows.end(), [&](const std::vector<AxisValue>& row) {
            std::string text;
            for (const AxisValue& value : row) text += value.text + ",";
            return !seen.insert(text).second;
        });
    }

    // By multiplication, before anything is listed.
    void check_size(std::int64_t most_points) {
        for (const Axis& axis : axes_) {
            const auto rows = static_cast<std::int64_t>(axis.rows.size());
            if (rows > 0 && combinations_ > most_points / rows) {
                axis.at.fail(
                    fmt::format("too many combinations: with {} they exceed {}; shorten an axis or split the "
                                "sweep",
                                axis.fields[0], most_points));
            }
            combinations_ *= rows;
        }
    }

    Compiled compile(const Match& match, bool excludes) const {
        Compiled compiled{.allowed = std::vector<std::vector<bool>>(axes_.size()), .rest = {}};
        for (const auto& [field, values] : match.conditions) {
            const auto has = [&values = values](const AxisValue& value) {
                return std::any_of(values.begin(), values.end(),
                                   [&](const AxisValue& v) { return v.text == value.text; });
            };
            bool varies = false;
            for (std::size_t a = 0; a < axes_.size(); ++a) {
                const auto column = std::find(axes_[a].fields.begin(), axes_[a].fields.end(), field);
                if (column == axes_[a].fields.end()) continue;
                varies = true;
                const auto j = static_cast<std::size_t>(column - axes_[a].fields.begin());
                std::vector<bool>& allowed = compiled.allowed[a];
                if (allowed.empty()) allowed.assign(axes_[a].rows.size(), true);
                for (std::size_t i = 0; i < allowed.size(); ++i) {
                    if (!has(axes_[a].rows[i][j])) allowed[i] = false;
                }
            }
            if (varies) continue;
            if (!excludes && overwrites_an_axis(field)) compiled.stands_alone = true;
            if (excludes) {
                check_fixed(field, values, has, compiled);
            } else {
                compiled.rest.push_back({field, values[0]});
            }
        }
        return compiled;
    }

    // seq_len stands for both lengths: including one beside an axis of the other would overwrite that axis.
    bool overwrites_an_axis(std::string_view field) const {
        return std::any_of(fields_.all().begin(), fields_.all().end(), [&](const Field& other) {
            return other.name != field && one_sets_the_other(field, other.name) && grid_.has_axis(other.name);
        });
    }

    bool is_option(const Axis& axis) const {
        return std::any_of(axis.fields.begin(), axis.fields.end(),
                           [&](const std::string& field) { return fields_.is_own(field); });
    }

    // An option that none of the points has is a mistake: it would be dropped without a word.
    void check_options_are_had() const {
        const auto had = [&](const std::string& field) {
            return std::any_of(part_.points.begin(), part_.points.end(),
                               [&](const Point& point) { return point.own.find(field) != nullptr; });
        };
        const auto check = [&](const std::string& field, const Location& at) {
            if (!fields_.is_own(field) || part_.points.empty() || had(field)) return;
            at.fail(fmt::format("no variant, backend or task here has the option {}; {} has it", field,
                                fields_.owners_of(field)));
        };
        for (const FieldValue& fixed : grid_.problem) check(fixed.field, fixed.value.at);
        for (const Axis& axis : axes_) {
            for (const std::string& field : axis.fields) check(field, axis.at);
        }
    }

    // exclude may also name a fixed field: it then holds for every combination or for none.
    template <class Has>
    void check_fixed(const std::string& field, const std::vector<AxisValue>& values, const Has& has,
                     Compiled& compiled) const {
        for (const FieldValue& fixed : grid_.problem) {
            if (fixed.field != field) continue;
            if (!has(fixed.value)) compiled.rest.push_back(fixed);  // never agrees, see excluded()
            return;
        }
        std::vector<std::string> known;
        for (const Axis& axis : axes_) known.insert(known.end(), axis.fields.begin(), axis.fields.end());
        for (const FieldValue& fixed : grid_.problem) known.push_back(fixed.field);
        values[0].at.fail(fmt::format("exclude names {}, which neither varies nor is fixed here; known: {}", field,
                                      fmt::join(known, ", ")));
    }

    bool excluded() {
        bool any = false;
        for (Compiled& entry : excludes_) {
            if (!entry.rest.empty() || !entry.agrees(rows_)) continue;
            entry.used = true;
            any = true;
        }
        return any;
    }

    void name_axes() {
        const auto add_name = [&](const std::string& field) {
            if (std::find(part_.axes.begin(), part_.axes.end(), field) == part_.axes.end()) part_.axes.push_back(field);
        };
        for (const Axis& axis : axes_) {
            for (const std::string& field : axis.fields) add_name(field);
        }
        for (const Compiled& entry : includes_) {
            for (const FieldValue& added : entry.rest) add_name(added.field);
        }
    }

    void descend(std::size_t level, const PointSpec& so_far) {
        if (level == axes_.size()) {
            leaf(so_far);
            return;
        }
        const Axis& axis = axes_[level];
        PointSpec spec = so_far;
        for (std::size_t i = 0; i < axis.rows.size(); ++i) {
            rows_[level] = i;
            for (std::size_t j = 0; j < axis.fields.size(); ++j)
                fields_.set(spec, axis.fields[j], axis.rows[i][j].text);
            descend(level + 1, spec);
        }
    }

    void leaf(PointSpec spec) {
        if (excluded()) return;
        std::unordered_map<std::string_view, Compiled*> last;  // of the entries that set this field
        for (Compiled& entry : includes_) {
            if (!entry.agrees(rows_)) continue;
            entry.used = true;
            for (const FieldValue& added : entry.rest) {
                fields_.set(spec, added.field, added.value.text);
                last[added.field] = &entry;
            }
        }
        for (const auto& [field, entry] : last) entry->kept = true;
        add(spec, grid_.at);
    }

    // A special entry may overwrite a general one. One that is overwritten wherever it applies was meant otherwise.
    void check_includes_are_kept() const {
        for (std::size_t i = 0; i < includes_.size(); ++i) {
            const Compiled& entry = includes_[i];
            if (!entry.used || entry.kept || entry.rest.empty()) continue;
            (*grid_.include)[i].at.fail(
                fmt::format("a later entry of include overwrites {} wherever this one applies; for points of both "
                            "values, make {} an axis",
                            entry.rest[0].field, entry.rest[0].field));
        }
    }

    void add(const PointSpec& spec, const Location& where) {
        try {
            part_.points.push_back(fields_.resolve(spec));  // never beyond what run() reserved: seen_ points into it
            if (may_repeat_ && !seen_.add(part_.points.back()).second) part_.points.pop_back();
        } catch (const UsageError& e) {
            if (!sizes_do_not_divide(spec.problem)) {
                const bool complete = spec.variant && spec.backend && (spec.problem.q_len || spec.problem.kv_len) &&
                                      (spec.problem.embed_dim || spec.problem.head_dim);
                if (!complete) fail_incomplete(where, e.what());
                location_of_largest(where).fail(e.what());
            }
            SkippedPoint skipped{.id = describe(spec), .reason = e.what()};
            if (seen_skipped_.insert(skipped.id).second) part_.skipped.push_back(std::move(skipped));
        }
    }

    // An option may have turned a fixed field into an axis, from which an entry of include takes nothing: then the
    // option is to blame, not the line that worked before it.
    [[noreturn]] void fail_incomplete(const Location& where, std::string_view what) const {
        const auto option =
            std::find_if(axes_.begin(), axes_.end(), [](const Axis& axis) { return axis.at.line == 0; });
        if (option == axes_.end()) where.fail(what);
        option->at.fail(
            fmt::format("{}: {} varies now, and the combination at {} has no value of it; set one value, or "
                        "only in a part without such an entry (PART/{}=...)",
                        what, option->fields[0], where.text(), option->fields[0]));
    }

    // The only failures that belong to single combinations; any other makes the config wrong.
    static bool sizes_do_not_divide(const ProblemSpec& p) {
        const std::int64_t heads = p.num_heads.value_or(1);
        if (p.num_kv_heads && heads % *p.num_kv_heads != 0) return true;
        return !p.head_dim && p.embed_dim && *p.embed_dim % heads != 0;
    }

    // What is said of sizes and meaning, even where it is the default; how and on which data only where it is not.
    std::string describe(const PointSpec& spec) const {
        std::string text = spec.variant.value_or("?") + "/" + spec.backend.value_or("?") + "/";
        bool first = true;
        for (const auto& [name, value] : fields_.given(spec)) {
            const Field& field = fields_.at(name);
            if (field.facet == Facet::who) continue;
            const bool quiet = field.facet == Facet::execution || field.facet == Facet::data;
            if (quiet && value == field.otherwise) continue;
            text += fmt::format("{}{}={}", first ? "" : ",", name, value);
            first = false;
        }
        return text;
    }

    static bool is_size(const Field& field) {
        return field.type == FieldType::integer && (field.facet == Facet::size || field.facet == Facet::width);
    }

    // What does not fit is most likely the largest number that the combination was made of.
    Location location_of_largest(const Location& otherwise) const {
        const AxisValue* largest = nullptr;
        const auto consider = [&](const std::string& field, const AxisValue& value) {
            if (!is_size(fields_.at(field))) return;
            if (largest == nullptr || std::stoll(value.text) > std::stoll(largest->text)) largest = &value;
        };
        for (const FieldValue& fixed : grid_.problem) consider(fixed.field, fixed.value);
        for (std::size_t a = 0; a < rows_.size(); ++a) {
            for (std::size_t j = 0; j < axes_[a].fields.size(); ++j) {
                if (!axes_[a].rows.empty()) consider(axes_[a].fields[j], axes_[a].rows[rows_[a]][j]);
            }
        }
        return largest == nullptr ? otherwise : largest->at;
    }

    const Grid& grid_;
    const FieldTable& fields_;
    Part part_;
    std::vector<Axis> axes_;
    PointSpec fixed_;
    std::vector<Compiled> excludes_, includes_;
    std::int64_t combinations_ = 1;
    bool may_repeat_ = false;
    std::vector<std::size_t> rows_;
    PointIndex seen_;
    std::unordered_set<std::string> seen_skipped_;
};

}  // namespace

Part expand(const Grid& grid, std::uint64_t seed, const FieldTable& fields, std::vector<std::string>& warnings,
            std::int64_t most_points) {
    return Expansion(grid, seed, fields, most_points).run(warnings);
}

}  // namespace headcount
