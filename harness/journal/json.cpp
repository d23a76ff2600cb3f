// The field lists of all records and the two visitors that walk them.
#include "harness/journal/json.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

template <class T, class Record>
concept Is = std::same_as<std::remove_const_t<T>, Record>;

template <class V, Is<OpCost> R>
void fields(V& v, R& r) {
    v("multiplies", r.multiplies);
    v("adds", r.adds);
    v("compares", r.compares);
    v("divides", r.divides);
    v("exps", r.exps);
    v("bytes_read", r.bytes_read);
    v("bytes_written", r.bytes_written);
}

template <class V, Is<OpPart> R>
void fields(V& v, R& r) {
    v("op", r.op);
    v("role", r.role);
    v("required", r.required);
    v.where("executed", r.executed, r.executed_known);
}

template <class V, Is<Protocol> R>
void fields(V& v, R& r) {
    v("min_rounds", r.min_rounds);
    v("max_rounds", r.max_rounds);
    v("target_rel_ci", r.target_rel_ci);
    v("min_sample_s", r.min_sample_s);
    v("budget_s", r.budget_s);
    v("timeout_s", r.timeout_s);
    v("cold_cache", r.cold_cache);
    v("memory_limit_bytes", r.memory_limit_bytes);
}

template <class V, Is<ClaimSpec> R>
void fields(V& v, R& r) {
    v("id", r.id);
    v("says", r.says);
    v("metric", r.metric);
    v("ledger", r.ledger);
    v("across", r.across);
    v("base", r.base);
    v("where", r.where);
    v("part", r.part);
    v("kind", r.kind);
    v("argument", r.argument);
    v("outcome", r.outcome);
    v("location", r.location);
}

template <class V, Is<PartRecord> R>
void fields(V& v, R& r) {
    v("name", r.name);
    v("compare_by", r.compare_by);
    v("axes", r.axes);
    v("point_ids", r.point_ids);
}

template <class V, Is<Sample> R>
void fields(V& v, R& r) {
    v("point", r.point);
    v("order", r.order);
    v("iterations", r.iterations);
    v("wall_s", r.wall_s);
    v("cpu_s", r.cpu_s);
    v("involuntary_switches", r.involuntary_switches);
    v("page_faults", r.page_faults);
    v.unless_empty("counters", r.counters);
}

template <class V, Is<CheckRecord> R>
void fields(V& v, R& r) {
    v("done", r.done);
    v("max_error", r.max_error);
    v("bound", r.bound);
    v("worst", r.worst);
    v("rows_checked", r.rows_checked);
    v("rows_total", r.rows_total);
}

template <class V, Is<MemoryRecord> R>
void fields(V& v, R& r) {
    v("predicted_bytes", r.predicted_bytes);
    v("peak_bytes", r.peak_bytes);
    v("process_peak_bytes", r.process_peak_bytes);
    v("inputs_bytes", r.inputs_bytes);
    v("note", r.note);
}

template <class V, Is<SpanRecord> R>
void fields(V& v, R& r) {
    v("verb", r.verb);
    v("role", r.role);
    v("seconds", r.seconds);
}

template <class V, Is<SelfComparison> R>
void fields(V& v, R& r) {
    v("points", r.points);
    v("wall_s", r.wall_s);
    v("seconds", r.seconds);
}

template <class V, Is<SourceRecord> R>
void fields(V& v, R& r) {
    v("id", r.id);
    v("run", r.run);
    v("shard", r.shard);
    v("started", r.started);
    v("command", r.command);
    v("environment", r.environment);
    v("limits", r.limits);
    v.unless_empty("self_comparison", r.self_comparison);
}

template <class V, Is<RunRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version);
    v("run", r.run);
    v("started", r.started);
    v("name", r.name);
    v("question", r.question);
    v("config_path", r.config_path);
    v("config_text", r.config_text);
    v("profile", r.profile);
    v("config_hash", r.config_hash);
    v("command", r.command);
    v("seed", r.seed);
    v("protocol", r.protocol);
    v("parts", r.parts);
    v("claims", r.claims);
    v("environment", r.environment);
    v("limits", r.limits);
    v.unless_empty("self_comparison", r.self_comparison);
    v("shard", r.shard);
    v("sources", r.sources);
}

template <class V, Is<ResumeRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version);
    v("run", r.run);
    v("started", r.started);
    v("command", r.command);
    v("protocol", r.protocol);
    v("changed", r.changed);
    v("points", r.points);
    v("rounds", r.rounds);
}

template <class V, Is<RoundRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version);
    v("run", r.run);
    v("group", r.group);
    v("round", r.round);
    v("stratum", r.stratum);
    v("finished", r.finished);
    v("seconds", r.seconds);
    v("load_1min", r.load_1min);
    v("foreign_load", r.foreign_load);
    v("steal_s", r.steal_s);
    v("disturbed", r.disturbed);
    v.unless_empty("changed", r.changed);
    v.unless_empty("limits", r.limits);
    v("samples", r.samples);
}

template <class V, Is<PointRecord> R>
void fields(V& v, R& r) {
    v("schema_version", r.schema_version);
    v("run", r.run);
    v("point", r.point);
    v("group", r.group);
    v("outcome", r.outcome);
    v("reason", r.reason);
    v("ops", r.ops);
    v("parameters", r.parameters);
    v("kv_cache_bytes", r.kv_cache_bytes);
    v("score_bytes", r.score_bytes);
    v("query_block", r.query_block);
    v("memory", r.memory);
    v("check", r.check);
    v("breakdown", r.breakdown);
    v("traced_s", r.traced_s);
    v("rounds", r.rounds);
    v("stopped_because", r.stopped_because);
    v("budget_s", r.budget_s);
    v("spent_s", r.spent_s);
}

struct Writer {
    Json json = Json::object();

    template <class T>
    void operator()(const char* name, const T& value) {
        json[name] = encode(value);
    }
    /// `known` says whether there is such a value.
    template <class T>
    void where(const char* name, const T& value, bool known) {
        if (known) json[name] = encode(value);
    }
    /// For what most machines do not have and a million samples would repeat.
    template <class T>
    void unless_empty(const char* name, const T& value) {
        if (!value.empty()) json[name] = encode(value);
    }

    template <class T>
    static Json encode(const T& value) {
        if constexpr (std::same_as<T, double>) {
            return std::isfinite(value) ? Json(value) : Json(nullptr);
        } else if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
            return Json(value);
        } else if constexpr (std::is_enum_v<T>) {
            return Json(std::string(to_string(value)));
        } else {
            Writer inner;
            fields(inner, value);
            return std::move(inner.json);
        }
    }
    template <class T>
    static Json encode(const std::vector<T>& values) {
        Json array = Json::array();
        for (const T& value : values) array.push_back(encode(value));
        return array;
    }
    template <class T>
    static Json encode(const std::map<std::string, T>& values) {
        Json object = Json::object();
        for (const auto& [key, value] : values) object[key] = encode(value);
        return object;
    }
};

struct Reader {
    const Json& json;

    template <class T>
    void operator()(const char* name, T& value) {
        const auto found = json.find(name);
        if (found != json.end()) decode(name, *found, value);
    }
    template <class T>
    void where(const char* name, T& value, bool& known) {
        known = json.contains(name);
        (*this)(name, value);
    }
    template <class T>
    void unless_empty(const char* name, T& value) {
        (*this)(name, value);
    }

    [[noreturn]] static void wrong(const char* name, const Json& json, const char* expected) {
        throw Error(fmt::format("field '{}' is a {}, not {}", name, json.type_name(), expected));
    }

    static void decode(const char* name, const Json& from, bool& to) {
        if (!from.is_boolean()) wrong(name, from, "true or false");
        to = from.get<bool>();
    }
    static void decode(const char* name, const Json& from, double& to) {
        if (from.is_null()) {
            to = std::numeric_limits<double>::quiet_NaN();
        } else if (from.is_number()) {
            to = from.get<double>();
        } else {
            wrong(name, from, "a number");
        }
    }
    template <std::integral T>
    static void decode(const char* name, const Json& from, T& to) {
        if (!from.is_number_integer()) wrong(name, from, "an integer");
        const bool fits = from.is_number_unsigned() ? std::in_range<T>(from.get<std::uint64_t>())
                                                    : std::in_range<T>(from.get<std::int64_t>());
        if (!fits) throw Error(fmt::format("field '{}' is out of range", name));
        to = from.is_number_unsigned() ? static_cast<T>(from.get<std::uint64_t>())
                                       : static_cast<T>(from.get<std::int64_t>());
    }
    static void decode(const char* name, const Json& from, std::string& to) {
        if (!from.is_string()) wrong(name, from, "text");
        to = from.get_ref<const std::string&>();
    }
    static void decode(const char* name, const Json& from, Ledger& to) {
        to = one_of<Ledger>(name, from, {Ledger::required, Ledger::executed});
    }
    static void decode(const char* name, const Json& from, Outcome& to) {
        to = one_of<Outcome>(name, from, {Outcome::measured, Outcome::counted, Outcome::skipped, Outcome::failed});
    }
    template <class E>
    static E one_of(const char* name, const Json& from, std::initializer_list<E> choices) {
        std::string text;
        decode(name, from, text);
        for (const E choice : choices) {
            if (to_string(choice) == text) return choice;
        }
        throw Error(fmt::format("field '{}' has the unknown value '{}'", name, text));
    }
    template <class T>
    static void decode(const char* name, const Json& from, std::vector<T>& to) {
        if (!from.is_array()) wrong(name, from, "a list");
        to.clear();
        to.reserve(from.size());
        for (const Json& item : from) decode(name, item, to.emplace_back());
    }
    template <class T>
    static void decode(const char* name, const Json& from, std::map<std::string, T>& to) {
        if (!from.is_object()) wrong(name, from, "an object");
        to.clear();
        for (const auto& [key, item] : from.items()) decode(name, item, to[key]);
    }
    template <class T>
    requires std::is_class_v<T>
    static void decode(const char* name, const Json& from, T& to) {
        if (!from.is_object()) wrong(name, from, "an object");
        Reader inner{from};
        fields(inner, to);
    }
};

}  // namespace

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
Json to_json(const MemoryRecord& memory) { return Writer::encode(memory); }
Json to_json(const SpanRecord& span) { return Writer::encode(span); }
Json to_json(const RunRecord& run) { return Writer::encode(run); }
Json to_json(const ResumeRecord& resume) { return Writer::encode(resume); }
Json to_json(const RoundRecord& round) { return Writer::encode(round); }
Json to_json(const PointRecord& point) { return Writer::encode(point); }

void from_json(const Json& json, OpPart& part) { Reader::decode("op", json, part); }
void from_json(const Json& json, Protocol& protocol) { Reader::decode("protocol", json, protocol); }
void from_json(const Json& json, ClaimSpec& claim) { Reader::decode("claim", json, claim); }
void from_json(const Json& json, Sample& sample) { Reader::decode("sample", json, sample); }
void from_json(const Json& json, CheckRecord& check) { Reader::decode("check", json, check); }
void from_json(const Json& json, MemoryRecord& memory) { Reader::decode("memory", json, memory); }
void from_json(const Json& json, SpanRecord& span) { Reader::decode("span", json, span); }
void from_json(const Json& json, RunRecord& run) { Reader::decode("run", json, run); }
void from_json(const Json& json, ResumeRecord& resume) { Reader::decode("resume", json, resume); }
void from_json(const Json& json, RoundRecord& round) { Reader::decode("round", json, round); }
void from_json(const Json& json, PointRecord& point) { Reader::decode("point", json, point); }

std::string to_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace headcount
