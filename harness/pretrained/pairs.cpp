#include "harness/pretrained/pairs.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/core/error.hpp"
#include "harness/core/hash.hpp"

namespace headcount {
namespace {

TokenIds ids_of(const nlohmann::json& json, std::int64_t tokens, std::int64_t most) {
    auto ids = json.get<TokenIds>();
    if (ids.empty() || static_cast<std::int64_t>(ids.size()) > most) {
        throw Error(fmt::format("a text of {} tokens, where 1 to {} are expected", ids.size(), most));
    }
    for (const std::int32_t id : ids) {
        if (id < 0 || id >= tokens) throw Error(fmt::format("token {} is none of the model's {}", id, tokens));
    }
    return ids;
}

}  // namespace

Pairs read_pairs(const std::filesystem::path& path, std::int64_t most, std::int64_t tokens) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw UsageError(fmt::format("{}: cannot be read; is the path right?", path.string()));
    Pairs pairs;
    std::string line;
    std::int64_t number = 0;
    try {
        while (pairs.size() < most && std::getline(file, line)) {
            pairs.hash = fnv64(line, number++ == 0 ? fnv64("pairs") : pairs.hash);
            const auto json = nlohmann::json::parse(line);
            if (number == 1) {
                if (json.value("kind", "") != "pairs") throw Error("its first line does not say kind pairs");
                pairs.source = json.value("source", "unknown");
                pairs.max_tokens = json.at("max_tokens").get<std::int64_t>();
                if (const auto known = json.value("vocabulary", tokens); known != tokens) {
                    throw Error(fmt::format("tokens of a model that has {}, and this one has {}", known, tokens));
                }
                continue;
            }
            TokenIds question = ids_of(json.at("query"), tokens, pairs.max_tokens);
            pairs.texts.push_back(ids_of(json.at("document"), tokens, pairs.max_tokens));
            pairs.questions.push_back(std::move(question));
        }
        if (pairs.size() < 2) throw Error("holds fewer than two pairs");
    } catch (const std::exception& error) {
        throw UsageError(fmt::format("{}:{}: {}; make it with harness/pretrained/pairs.py", path.string(),
                                     std::max<std::int64_t>(number, 1), error.what()));
    }
    return pairs;
}

}  // namespace headcount
