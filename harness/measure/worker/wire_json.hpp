// Requests and answers as lines of JSON, by the journal's codec: {"do": "visit", "point": id, "timeout_s": s, ...} is
// answered by {"ok": value}, {"failed": reason}, {"failed": reason, "lost": true, "bound": name} or {"skipped":
// reason}.
#pragma once

#include <string>
#include <type_traits>
#include <variant>

#include "harness/journal/codec.hpp"
#include "harness/measure/worker/wire.hpp"

namespace headcount {

template <class V, Is<Traced> R>
void fields(V& v, R& r) {
    v("seconds", r.seconds);
    v("breakdown", r.breakdown);
}

template <class V, Is<PeakMemory> R>
void fields(V& v, R& r) {
    v("peak_bytes", r.peak_bytes);
    v("process_peak_bytes", r.process_peak_bytes);
    v("note", r.note);
}

namespace wire {

template <class V, Is<Nothing> R>
void fields(V& /*v*/, R& /*r*/) {}

template <class V, Is<Checked> R>
void fields(V& v, R& r) {
    fields(v, r.record);
    v("passed", r.passed);
}

template <class T>
concept AboutAPoint = Is<T, Check> || Is<T, CheckAgain> || Is<T, Trace> || Is<T, Forget> || Is<T, Memory>;

template <class V, AboutAPoint R>
void fields(V& v, R& r) {
    v("point", r.point);
}

template <class V, Is<Visit> R>
void fields(V& v, R& r) {
    v("point", r.point);
    v("round", r.round);
}

template <class V, Is<Calibrate> R>
void fields(V& v, R& r) {
    v("point", r.point);
    v("min_sample_s", r.min_sample_s);
    v("cold_cache", r.cold_cache);
}

template <class V, Is<Train> R>
void fields(V& v, R& r) {
    v("point", r.point);
    v("number", r.number);
    v("learning_rate", r.learning_rate);
    v("checkpoint", r.checkpoint);
}

template <class V, Is<Limits> R>
void fields(V& v, R& r) {
    v("num_threads", r.num_threads);
    v("which", r.which);
}

template <class V, Is<AddressSpace> R>
void fields(V& v, R& r) {
    v("bytes", r.bytes);
}

/// A request as it arrived, and how long its asker waits.
struct Asked {
    Request request;
    double timeout_s = 600;
};

template <class R>
std::string request_line(const R& request, double timeout_s) {
    Json json = Writer::encode(request);
    json["do"] = R::kDo;
    json["timeout_s"] = timeout_s;
    return to_line(json);
}

/// Throws Error: no JSON object, a request that is not known, a field of the wrong type.
Asked parse_request(const std::string& line);

template <class Answer>
std::string answer_line(const Answer& answer) {
    if constexpr (std::is_same_v<Answer, Nothing>) return R"({"ok":null})";
    return to_line({{"ok", Writer::encode(answer)}});
}
std::string answer_line(const Refusal& refusal);

/// Throws Error when the line is neither an answer nor a refusal.
template <class Answer>
std::variant<Answer, Refusal> parse_answer(const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object())
        throw Error(fmt::format("the worker's answer cannot be understood: {}", line.substr(0, 100)));
    if (json.contains("skipped")) return Refusal{.reason = json.at("skipped").get<std::string>(), .skipped = true};
    if (json.contains("failed")) {
        return Refusal{.reason = json.at("failed").get<std::string>(),
                       .lost = json.value("lost", false),
                       .bound = json.value("bound", std::string{})};
    }
    Answer answer{};
    if constexpr (!std::is_same_v<Answer, Nothing>) Reader::decode("ok", json.value("ok", Json()), answer);
    return answer;
}

}  // namespace wire
}  // namespace headcount
