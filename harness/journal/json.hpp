// Records to JSON and back; one definition of the fields serves both directions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/journal/record.hpp"

namespace headcount {

using Json = nlohmann::ordered_json;

// Numbers that JSON cannot hold (NaN, infinities) are null and come back as NaN.
Json to_json(const OpCost& cost);
Json to_json(const OpPart& part);
Json to_json(const Protocol& protocol);
Json to_json(const ClaimSpec& claim);
Json to_json(const PartRecord& part);
Json to_json(const Sample& sample);
Json to_json(const CheckRecord& check);
Json to_json(const SpanRecord& span);
Json to_json(const RunRecord& run);
Json to_json(const ResumeRecord& resume);
Json to_json(const RoundRecord& round);
Json to_json(const TuningRecord& tuning);
Json to_json(const PointRecord& point);

// Fields that are absent keep their default, unknown ones are ignored: so older and newer writers of one
// schema version understand each other. Throws Error naming the field: wrong type, out of range.
void from_json(const Json& json, OpPart& part);
void from_json(const Json& json, Protocol& protocol);
void from_json(const Json& json, ClaimSpec& claim);
void from_json(const Json& json, Sample& sample);
void from_json(const Json& json, CheckRecord& check);
void from_json(const Json& json, SpanRecord& span);
void from_json(const Json& json, RunRecord& run);
void from_json(const Json& json, ResumeRecord& resume);
void from_json(const Json& json, RoundRecord& round);
void from_json(const Json& json, TuningRecord& tuning);
void from_json(const Json& json, PointRecord& point);

/// A field's value in its own type: 512, true, "core"; null for an option that the point does not have.
Json field_json(const Field& field, const Point& point);

/// One line of text, without line end; bytes that are not UTF-8 become U+FFFD.
std::string to_line(const Json& json);

}  // namespace headcount
