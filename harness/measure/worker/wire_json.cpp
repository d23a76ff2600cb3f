#include "harness/measure/worker/wire_json.hpp"

#include <cstddef>
#include <utility>

namespace headcount::wire {
namespace {

/// The request of the variant whose kDo it is.
template <std::size_t I = 0>
Request named(const std::string& verb, const Json& json) {
    if constexpr (I == std::variant_size_v<Request>) {
        throw Error(fmt::format("the worker does not know the request '{}'", verb));
    } else {
        using R = std::variant_alternative_t<I, Request>;
        if (verb != R::kDo) return named<I + 1>(verb, json);
        R request;
        Reader::decode(R::kDo, json, request);
        return request;
    }
}

}  // namespace

Asked parse_request(const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) throw Error(fmt::format("no request: {}", line.substr(0, 100)));
    Asked asked{.request = named(json.value("do", std::string{}), json)};
    asked.timeout_s = json.value("timeout_s", asked.timeout_s);
    return asked;
}

std::string answer_line(const Refusal& refusal) {
    if (refusal.skipped) return to_line({{"skipped", refusal.reason}});
    Json json = {{"failed", refusal.reason}};
    if (refusal.lost) json["lost"] = true;
    if (!refusal.bound.empty()) json["bound"] = refusal.bound;
    return to_line(json);
}

}  // namespace headcount::wire
