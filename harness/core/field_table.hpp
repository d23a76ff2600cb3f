// All fields a point may have: those of every point, and what variants, backends and tasks add.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/field.hpp"
#include "harness/core/point.hpp"

namespace headcount {

/// Who adds an option.
struct FieldOwner {
    enum class Kind : std::uint8_t { variant, backend, task } kind;
    std::string name;  ///< kAnyone: whichever

    static constexpr std::string_view kAnyone = "*";
    /// "variant local"; the other way round throws Error.
    std::string text() const;
    static FieldOwner from_text(std::string_view text);
};

/// Reads and completes points. A program has one with what its registries declare
/// (harness/measure/point/known_fields.hpp), a journal one with what its run declared, so that it is read the same way
/// for ever.
class FieldTable {
public:
    /// The fields that every point has.
    FieldTable();

    /// What a variant, a backend or a task declares; the kind of owner sets the facet. Of one name several may: the
    /// table allows what any does, resolve() what the point's owner does, with its default. Throws Error when a name
    /// shadows a field of all points, or is of two types.
    void add(const FieldOwner& owner, const std::vector<Field>& own);

    /// In the order of ids: those of all points, then options by name, then the seed.
    const std::vector<Field>& all() const { return all_; }
    /// Null for an unknown name.
    const Field* find(std::string_view name) const;
    /// Throws UsageError with a suggestion for an unknown name.
    const Field& at(std::string_view name) const;
    /// One that not every point has.
    bool is_own(std::string_view name) const { return own_.find(name) != own_.end(); }
    /// "variant local, backend simd", "every task": who declares it, for messages.
    std::string owners_of(std::string_view name) const;

    /// One declaration, as a journal's first line keeps it.
    struct Declaration {
        FieldOwner owner;
        Field field;
    };
    std::vector<Declaration> declarations() const;

    /// Sets a field from text ("512", "true", "core"). Throws UsageError: unknown field, wrong type, out of range.
    void set(PointSpec& spec, std::string_view field, std::string_view text) const;
    /// The fields that a spec sets, as names and canonical text, in the order of all(); equal lengths as seq_len.
    std::vector<std::pair<std::string, std::string>> given(const PointSpec& spec) const;
    /// Options that the point's variant, backend and task do not declare are left out: an axis of another's option does
    /// not vary for it. Throws UsageError when variant or backend is absent, or as resolve(ProblemSpec).
    Point resolve(const PointSpec& spec) const;
    /// "window is an option of variant local; variant multi_head on backend blas does not have it", or "".
    std::string why_not_its_own(const PointSpec& spec) const;
    /// Reads Point::id(), or any "variant/backend/field=value,..." in any order. Throws UsageError; also for an option
    /// that variant, backend and task do not declare.
    Point point_from_id(std::string_view id) const;

private:
    using OptionsOf = std::map<std::string, std::vector<Field>, std::less<>>;  ///< by the owner's name

    /// Of the variant, backend and task that the spec names.
    std::vector<const Field*> declared(const PointSpec& spec) const;

    std::vector<Field> all_;
    std::map<std::string, Field, std::less<>> own_;
    std::array<OptionsOf, 3> of_;  ///< by FieldOwner::Kind
};

/// Of the fields that every point has alone.
const FieldTable& base_field_table();

inline void set_field(PointSpec& spec, std::string_view field, std::string_view text,
                      const FieldTable& table = base_field_table()) {
    table.set(spec, field, text);
}
inline Point resolve(const PointSpec& spec, const FieldTable& table = base_field_table()) {
    return table.resolve(spec);
}
inline Point point_from_id(std::string_view id, const FieldTable& table = base_field_table()) {
    return table.point_from_id(id);
}

}  // namespace headcount
