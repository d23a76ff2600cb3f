#include "harness/core/field_table.hpp"

#include <algorithm>
#include <utility>

#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {

namespace {

using Kind = FieldOwner::Kind;
constexpr std::array kKinds{Kind::variant, Kind::backend, Kind::task};
constexpr std::size_t place_of(Kind kind) { return static_cast<std::size_t>(kind); }
constexpr std::string_view word_of(Kind kind) {
    if (kind == Kind::variant) return "variant";
    return kind == Kind::backend ? "backend" : "task";
}

/// Takes what either allows: whose value it is, and so which of the two holds, is known when a point is resolved.
void widen(Field& field, const Field& other) {
    field.min = std::min(field.min, other.min);
    field.max = std::max(field.max, other.max);
    for (const std::string& choice : other.choices) {
        if (std::ranges::find(field.choices, choice) == field.choices.end()) field.choices.push_back(choice);
    }
}

}  // namespace

std::string FieldOwner::text() const { return std::string(word_of(kind)) + " " + name; }

FieldOwner FieldOwner::from_text(std::string_view text) {
    for (const Kind kind : kKinds) {
        FieldOwner owner{.kind = kind,
                         .name = std::string(text.substr(std::min<std::size_t>(text.find(' '), text.size() - 1) + 1))};
        if (!owner.name.empty() && owner.text() == text) return owner;
    }
    throw Error("'" + std::string(text) + "' owns no option; only a variant, a backend or a task does");
}

FieldTable::FieldTable() {
    for (const BaseField& base : base_fields()) all_.push_back(base.field);
}

void FieldTable::add(const FieldOwner& owner, const std::vector<Field>& own) {
    for (Field field : own) {
        field.facet = owner.kind == Kind::backend ? Facet::execution : Facet::meaning;
        const std::string who = owner.text();
        if (find_base_field(field.name) != nullptr) {
            throw Error(who + " declares the option " + field.name + ", which every point has; give it another name");
        }
        const auto [known, is_new] = own_.try_emplace(field.name, field);
        if (!is_new && (known->second.type != field.type || known->second.facet != field.facet)) {
            throw Error(who + " declares the option " + field.name + " as another kind of thing than " +
                        owners_of(field.name) + "; give it another name");
        }
        if (!is_new) {
            widen(known->second, field);
            *std::ranges::find(all_, field.name, &Field::name) = known->second;
        } else {
            const auto place = std::find_if(all_.begin(), all_.end(), [&](const Field& other) {
                return other.facet == Facet::data || (is_own(other.name) && other.name > field.name);
            });
            all_.insert(place, field);
        }
        of_.at(place_of(owner.kind))[owner.name].push_back(std::move(field));
    }
}

const Field* FieldTable::find(std::string_view name) const {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Field& field) { return field.name == name; });
    return found == all_.end() ? nullptr : &*found;
}

const Field& FieldTable::at(std::string_view name) const {
    if (const Field* field = find(name)) return *field;
    std::vector<std::string> known;
    for (const Field& field : all_) known.push_back(field.name);
    throw UsageError(unknown_name("field", name, known));
}

std::vector<FieldTable::Declaration> FieldTable::declarations() const {
    std::vector<Declaration> all;
    for (const Kind kind : kKinds) {
        for (const auto& [owner, fields] : of_.at(place_of(kind))) {
            for (const Field& field : fields) all.push_back({.owner = {.kind = kind, .name = owner}, .field = field});
        }
    }
    return all;
}

std::string FieldTable::owners_of(std::string_view name) const {
    std::string text;
    for (const Declaration& declaration : declarations()) {
        if (declaration.field.name != name) continue;
        const FieldOwner& owner = declaration.owner;
        text += text.empty() ? "" : ", ";
        text += owner.name == FieldOwner::kAnyone ? "every " + std::string(word_of(owner.kind)) : owner.text();
    }
    return text;
}

void FieldTable::set(PointSpec& spec, std::string_view name, std::string_view text) const {
    if (const BaseField* base = find_base_field(name)) {
        base->set(spec, base->field, text);
        return;
    }
    const Field& field = at(name);
    spec.own.insert_or_assign(field.name, canonical_text(field, text));
}

std::vector<std::pair<std::string, std::string>> FieldTable::given(const PointSpec& spec) const {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const Field& field : all_) {
        if (const BaseField* base = find_base_field(field.name)) {
            std::string text;
            if (base->given(spec, text)) fields.emplace_back(field.name, std::move(text));
        } else if (const auto own = spec.own.find(field.name); own != spec.own.end()) {
            fields.emplace_back(field.name, own->second);
        }
    }
    return fields;
}

std::vector<const Field*> FieldTable::declared(const PointSpec& spec) const {
    std::vector<const Field*> fields;
    const auto add_all = [&](Kind kind, std::string_view owner) {
        const OptionsOf& options = of_.at(place_of(kind));
        for (const std::string_view name : {FieldOwner::kAnyone, owner}) {
            const auto found = options.find(name);
            if (found == options.end()) continue;
            for (const Field& field : found->second) fields.push_back(&field);
        }
    };
    add_all(Kind::variant, spec.variant.value_or(""));
    add_all(Kind::backend, spec.backend.value_or(""));
    if (spec.task && *spec.task != kNoTask) add_all(Kind::task, *spec.task);
    return fields;
}

Point FieldTable::resolve(const PointSpec& spec) const {
    if (!spec.variant) throw UsageError("variant is missing; name one (see: headcount list variants)");
    if (!spec.backend) throw UsageError("backend is missing; name one (see: headcount list backends)");
    Point point;
    point.variant = *spec.variant;
    point.backend = *spec.backend;
    point.problem = headcount::resolve(spec.problem);
    point.task = spec.task.value_or(point.task);
    point.num_threads = spec.num_threads.value_or(point.num_threads);
    point.seed = spec.seed.value_or(point.seed);
    if (own_.empty()) return point;
    std::vector<Setting> settings;
    for (const Field* field : declared(spec)) {
        const auto own = spec.own.find(field->name);
        if (own == spec.own.end()) {
            settings.push_back({.name = field->name, .text = field->otherwise, .is_default = true});
        } else {
            // Each owner has limits of its own.
            const std::string text = canonical_text(*field, own->second);
            settings.push_back({.name = field->name, .text = text, .is_default = text == field->otherwise});
        }
    }
    point.own = Settings(std::move(settings));
    return point;
}

std::string FieldTable::why_not_its_own(const PointSpec& spec) const {
    const std::vector<const Field*> fields = declared(spec);
    for (const auto& [name, text] : spec.own) {
        const auto same = [&option = name](const Field* field) { return field->name == option; };
        if (std::any_of(fields.begin(), fields.end(), same)) continue;
        std::string why = name + " is an option of " + owners_of(name) + "; variant " + spec.variant.value_or("?") +
                          " on backend " + spec.backend.value_or("?");
        if (spec.task) why.append(" with task ").append(*spec.task);
        return why.append(" does not have it");
    }
    return "";
}

Point FieldTable::point_from_id(std::string_view id) const {
    const auto fail = [&](const std::string& what) -> UsageError {
        return UsageError("point '" + std::string(id) + "': " + what +
                          "; write variant/backend/field=value,... as `headcount show` prints it");
    };
    const std::size_t first = id.find('/');
    const std::size_t second = first == std::string_view::npos ? first : id.find('/', first + 1);
    if (second == std::string_view::npos) throw fail("two slashes are missing");
    PointSpec spec;
    set(spec, "variant", id.substr(0, first));
    set(spec, "backend", id.substr(first + 1, second - first - 1));
    std::string_view rest = id.substr(second + 1);
    std::vector<std::string_view> seen;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        const std::string_view item = rest.substr(0, comma);
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos) throw fail("'" + std::string(item) + "' is not field=value");
        const std::string_view name = item.substr(0, equals);
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) throw fail(std::string(name) + " is given twice");
        seen.push_back(name);
        if (at(name).facet == Facet::who) throw fail(std::string(name) + " stands before the slashes");
        set(spec, name, item.substr(equals + 1));
    }
    if (const std::string why = why_not_its_own(spec); !why.empty()) throw fail(why);
    return resolve(spec);
}

const FieldTable& base_field_table() {
    static const FieldTable table;
    return table;
}

}  // namespace headcount
