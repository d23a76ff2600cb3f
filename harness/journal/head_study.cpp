#include "harness/journal/head_study.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/line.hpp"
#include "harness/journal/study_lines.hpp"

namespace headcount {
namespace {

Json json_of(const HeadPlace& place) { return Json::array({place.layer, place.head}); }

Json json_of(const HeadGaze& gaze) {
    return {{"entropy", gaze.entropy}, {"to_self", gaze.to_self},   {"to_previous", gaze.to_previous},
            {"to_next", gaze.to_next}, {"to_first", gaze.to_first}, {"to_last", gaze.to_last}};
}

Json json_of(const LayerDiversity& layer) {
    Json heads = Json::array();
    for (const HeadGaze& gaze : layer.heads) heads.push_back(json_of(gaze));
    return {{"heads", heads}, {"js_divergence", layer.js_divergence}, {"cka", layer.cka}, {"subspace", layer.subspace}};
}

template <class T>
Json array_of(const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) array.push_back(json_of(value));
    return array;
}

HeadStudyRecord record_from(const Json& json) {
    HeadStudyRecord r;
    r.schema_version = json.at("schema_version").get<int>();
    r.started = json.at("started").get<std::string>();
    r.command = json.at("command").get<std::vector<std::string>>();
    r.environment = json.at("environment").get<std::map<std::string, std::string>>();
    r.model = json.at("model").get<std::string>();
    r.model_hash = json.at("model_hash").get<std::string>();
    r.layers = json.at("layers").get<std::int64_t>();
    r.num_heads = json.at("num_heads").get<std::int64_t>();
    r.embed_dim = json.at("embed_dim").get<std::int64_t>();
    r.head_dims = json.value("head_dims", r.head_dims);
    r.texts_source = json.at("texts_source").get<std::string>();
    r.texts_hash = json.at("texts_hash").get<std::string>();
    r.pairs = json.at("pairs").get<std::int64_t>();
    r.max_tokens = json.at("max_tokens").get<std::int64_t>();
    r.variant = json.at("variant").get<std::string>();
    r.backend = json.at("backend").get<std::string>();
    r.num_threads = json.at("num_threads").get<int>();
    return r;
}

/// Reads the lines behind the first, and refuses what does not fit it.
class Scan {
public:
    explicit Scan(HeadStudy& study) : study_(&study) {}

    void take(const Json& json) {
        const auto kind = json.at("kind").get<std::string>();
        if (kind == "condition") {
            take_condition(json);
        } else if (kind == "timing") {
            study_->timings.push_back({.heads_left = json.at("heads_left").get<std::int64_t>(),
                                       .texts = json.at("texts").get<std::int64_t>(),
                                       .seconds = json.at("seconds").get<std::vector<double>>()});
        } else if (kind == "diversity") {
            take_diversity(json);
        } else {
            throw Error(fmt::format("its kind '{}' is not known", kind));
        }
    }

private:
    void take_condition(const Json& json) {
        HeadConditionRecord condition{.name = json.at("name").get<std::string>(),
                                      .removed = {},
                                      .ranks = json.at("ranks").get<std::vector<std::int64_t>>(),
                                      .seconds = json.at("seconds").get<double>()};
        for (const Json& place : json.at("removed")) {
            condition.removed.push_back(
                {.layer = place.at(0).get<std::int64_t>(), .head = place.at(1).get<std::int64_t>()});
            require(condition.removed.back().layer, study_->record.layers, "layer");
            require(condition.removed.back().head, study_->record.num_heads, "head");
        }
        if (static_cast<std::int64_t>(condition.ranks.size()) != study_->record.pairs) {
            throw Error("it has another number of questions than the study");
        }
        for (const std::int64_t rank : condition.ranks) require(rank - 1, study_->record.pairs, "rank");
        const auto same = [&](const HeadConditionRecord& earlier) { return earlier.name == condition.name; };
        if (std::ranges::any_of(study_->conditions, same)) throw Error("it repeats condition " + condition.name);
        study_->conditions.push_back(std::move(condition));
    }
    void take_diversity(const Json& json) {
        HeadDiversityRecord diversity{.model = json.at("model").get<std::string>(),
                                      .fold = json.at("fold").get<std::int64_t>(),
                                      .texts = json.at("texts").get<std::int64_t>(),
                                      .layers = {}};
        for (const Json& layer : json.at("layers")) diversity.layers.push_back(layer_from(layer));
        if (static_cast<std::int64_t>(diversity.layers.size()) != study_->record.layers) {
            throw Error("it has another number of layers than the study");
        }
        study_->diversities.push_back(std::move(diversity));
    }
    LayerDiversity layer_from(const Json& json) const {
        const auto heads = static_cast<std::size_t>(study_->record.num_heads);
        const auto matrix = [&](const char* name) {
            auto values = json.at(name).get<std::vector<double>>();
            if (values.size() != heads * heads) throw Error(std::string(name) + " is no matrix of all heads");
            return values;
        };
        LayerDiversity layer{.heads = {},
                             .js_divergence = matrix("js_divergence"),
                             .cka = matrix("cka"),
                             .subspace = matrix("subspace")};
        for (const Json& gaze : json.at("heads")) {
            layer.heads.push_back({.entropy = gaze.at("entropy").get<double>(),
                                   .to_self = gaze.at("to_self").get<double>(),
                                   .to_previous = gaze.at("to_previous").get<double>(),
                                   .to_next = gaze.at("to_next").get<double>(),
                                   .to_first = gaze.at("to_first").get<double>(),
                                   .to_last = gaze.at("to_last").get<double>()});
        }
        if (layer.heads.size() != heads) throw Error("it has another number of heads than the study");
        return layer;
    }
    static void require(std::int64_t value, std::int64_t bound, const char* what) {
        if (value < 0 || value >= bound) throw Error(fmt::format("{} {} is out of range", what, value));
    }

    HeadStudy* study_;
};

}  // namespace

std::string study_line(const HeadStudyRecord& r) {
    Json json{{"schema_version", r.schema_version},
              {"started", r.started},
              {"command", r.command},
              {"environment", r.environment},
              {"model", r.model},
              {"model_hash", r.model_hash},
              {"layers", r.layers},
              {"num_heads", r.num_heads},
              {"embed_dim", r.embed_dim},
              {"texts_source", r.texts_source},
              {"texts_hash", r.texts_hash},
              {"pairs", r.pairs},
              {"max_tokens", r.max_tokens},
              {"variant", r.variant},
              {"backend", r.backend},
              {"num_threads", r.num_threads}};
    if (!r.head_dims.empty()) json["head_dims"] = r.head_dims;
    return framed_line("head_study", json);
}

std::string study_line(const HeadConditionRecord& r) {
    return framed_line(
        "condition", {{"name", r.name}, {"removed", array_of(r.removed)}, {"ranks", r.ranks}, {"seconds", r.seconds}});
}

std::string study_line(const HeadTimingRecord& r) {
    return framed_line("timing", {{"heads_left", r.heads_left}, {"texts", r.texts}, {"seconds", r.seconds}});
}

std::string study_line(const HeadDiversityRecord& r) {
    return framed_line("diversity",
                       {{"model", r.model}, {"fold", r.fold}, {"texts", r.texts}, {"layers", array_of(r.layers)}});
}

bool is_head_study(const std::filesystem::path& path) { return file_begins(path, kHeadStudyStart); }

HeadStudy read_head_study(const std::filesystem::path& path) {
    if (!is_head_study(path)) {
        throw UsageError(fmt::format("{}: is no study of heads; `headcount heads` writes one", path.string()));
    }
    HeadStudy study;
    Scan scan(study);
    study.warnings = read_study_lines(
        path,
        [&](const Json& json) {
            study.record = record_from(json);
            require_known_version(path, study.record.schema_version, HeadStudyRecord{}.schema_version);
        },
        [&](const Json& json) { scan.take(json); });
    return study;
}

}  // namespace headcount
