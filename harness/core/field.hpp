// One settable field of a point: the single definition behind axes, `--set`, flags, ids, the schema and exports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

enum class FieldType : std::uint8_t { name, integer, boolean, choice };

/// What a field says of a point. Whoever needs "all fields that ..." asks for a facet and keeps no list.
enum class Facet : std::uint8_t {
    who,        ///< variant, backend
    size,       ///< how much there is: batch and lengths
    width,      ///< how one token is divided: embedding, heads and their widths
    meaning,    ///< which function is computed, of which type; the options of variants too
    execution,  ///< how it is computed, with the same result; the options of backends
    data,       ///< on which numbers
};
constexpr std::string_view to_string(FieldType type) {
    constexpr std::string_view kNames[] = {"name", "integer", "boolean", "choice"};
    return kNames[static_cast<std::size_t>(type)];
}
constexpr std::string_view to_string(Facet facet) {
    constexpr std::string_view kNames[] = {"who", "size", "width", "meaning", "execution", "data"};
    return kNames[static_cast<std::size_t>(facet)];
}

/// No extent and no option may be larger: products of two still fit into 64 bits with room for dtype and heads.
inline constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;

struct Field {
    std::string name;
    FieldType type = FieldType::integer;
    Facet facet = Facet::meaning;
    std::int64_t min = 0, max = 0;     ///< integers only
    std::vector<std::string> choices;  ///< choices only
    std::string otherwise;             ///< canonical text of the default; "" where it is required or follows
    std::string doc;
    std::string symbol;                   ///< "H": what equations and tables call it; "" for none
    std::vector<std::string> follows;     ///< fields that its default is made from, however indirectly
    std::vector<std::string> stands_for;  ///< fields that it sets together: seq_len sets q_len and kv_len

    bool is_number() const { return type == FieldType::integer || type == FieldType::boolean; }
    bool follows_from(std::string_view other) const;
    /// It is another way to write other fields, and holds nothing of its own.
    bool is_alias() const { return !stands_for.empty(); }
};

/// "512", "true", "core": the one text of a value. Throws UsageError: wrong type, out of range, not a choice.
std::string canonical_text(const Field& field, std::string_view text);

/// The number behind a field's text, with its limits checked. Throws UsageError.
std::int64_t parse_integer(const Field& field, std::string_view text);
bool parse_boolean(const Field& field, std::string_view text);
/// A name as registries hold it: it stands in ids, file names and figures, so nothing else may.
std::string parse_name(const Field& field, std::string_view text);
const std::string& parse_choice(const Field& field, std::string_view text);

}  // namespace headcount
