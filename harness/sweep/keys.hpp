// The keys a config may hold: one table drives both the strict decoder and the JSON Schema.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/core/sweep.hpp"
#include "harness/sweep/yaml.hpp"

namespace headcount {

/// What stands under a key; schema.cpp defines each in JSON Schema, the decoders read it.
enum class Shape : std::uint8_t {
    text,
    identifier,   ///< letters, digits and . _ - only
    integer,      ///< with min and max
    problem,      ///< field: value
    fields,       ///< field: value, without preset
    axes,         ///< field: list or range
    zip,          ///< one map of axes, or a list of such maps
    matches,      ///< list of field: value or list of values
    includes,     ///< list of field: value
    match,        ///< field: value or list of values
    field_names,  ///< a field or a list of fields
    base,         ///< a value, or field: value
    protocol,
    claims,
    parts,
    profiles,
    grids,  ///< name: grid, for profiles
    metric,
    ledger,
    expect,
    outcome,
    activation,
    reasons,  ///< name: text
};
/// Its name here is that of its definition in the schema.
std::string_view to_string(Shape shape);

struct Key {
    std::string_view name;
    Shape shape;
    std::string_view doc;
    bool required = false;
    std::int64_t min = 0, max = 0;
};

const std::vector<Key>& sweep_keys();    ///< the file's top level
const std::vector<Key>& part_keys();     ///< one entry of `parts`
const std::vector<Key>& profile_keys();  ///< one entry of `profiles`
const std::vector<Key>& claim_keys();    ///< one entry of `claims`
const std::vector<Key>& preset_keys();   ///< a file of configs/presets, besides the fields of a problem
const std::vector<Key>& times_keys();    ///< {from, to, times}
const std::vector<Key>& step_keys();     ///< {from, to, step}

struct ProtocolKey {
    std::string_view name;
    std::variant<int Protocol::*, std::int64_t Protocol::*, double Protocol::*, bool Protocol::*> member;
    double min = 0, max = 0;
    std::string_view doc;
};
const std::vector<ProtocolKey>& protocol_keys();

/// Throws UsageError at the first key that the table lacks (with a suggestion), or at the map when a required
/// one is missing. `what` names the map in messages: "claim".
void check_keys(const YamlNode& map, const std::vector<Key>& keys, std::string_view what);
/// Each setting alone; whether they agree is known when all have been given, those of a profile and of --set too.
void decode_protocol(const YamlNode& map, Protocol& protocol);
/// What is wrong between settings, with the remedy; empty: nothing.
std::string why_contradictory(const Protocol& protocol);

}  // namespace headcount
