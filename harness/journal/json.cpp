// Each record through the codec: the only place that compiles it for them.
#include "harness/journal/json.hpp"

#include "harness/journal/codec.hpp"

namespace headcount {

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::measured: return "measured";
        case Outcome::counted: return "counted";
        case Outcome::skipped: return "skipped";
        case Outcome::failed: return "failed";
    }
    return "";
}

Json to_json(const OpCost& cost) { return Writer::encode(cost); }
Json to_json(const OpPart& part) { return Writer::encode(part); }
Json to_json(const Protocol& protocol) { return Writer::encode(protocol); }
Json to_json(const ClaimSpec& claim) { return Writer::encode(claim); }
Json to_json(const PartRecord& part) { return Writer::encode(part); }
Json to_json(const Sample& sample) { return Writer::encode(sample); }
Json to_json(const CheckRecord& check) { return Writer::encode(check); }
Json to_json(const SpanRecord& span) { return Writer::encode(span); }
Json to_json(const RunRecord& run) { return Writer::encode(run); }
Json to_json(const ResumeRecord& resume) { return Writer::encode(resume); }
Json to_json(const RoundRecord& round) { return Writer::encode(round); }
Json to_json(const TuningRecord& tuning) { return Writer::encode(tuning); }
Json to_json(const PointRecord& point) { return Writer::encode(point); }

void from_json(const Json& json, OpPart& part) { Reader::decode("op", json, part); }
void from_json(const Json& json, Protocol& protocol) { Reader::decode("protocol", json, protocol); }
void from_json(const Json& json, ClaimSpec& claim) { Reader::decode("claim", json, claim); }
void from_json(const Json& json, Sample& sample) { Reader::decode("sample", json, sample); }
void from_json(const Json& json, CheckRecord& check) { Reader::decode("check", json, check); }
void from_json(const Json& json, SpanRecord& span) { Reader::decode("span", json, span); }
void from_json(const Json& json, RunRecord& run) { Reader::decode("run", json, run); }
void from_json(const Json& json, ResumeRecord& resume) { Reader::decode("resume", json, resume); }
void from_json(const Json& json, RoundRecord& round) { Reader::decode("round", json, round); }
void from_json(const Json& json, TuningRecord& tuning) { Reader::decode("tuning", json, tuning); }
void from_json(const Json& json, PointRecord& point) { Reader::decode("point", json, point); }

Json field_json(const Field& field, const Point& point) {
    std::string text = get_field(point, field.name);
    if (text.empty()) return nullptr;
    if (field.type == FieldType::boolean) return text == "true";
    if (field.type == FieldType::integer) {
        if (const auto number = number_of(point, field.name)) return *number;
    }
    return text;
}

std::string to_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace headcount
