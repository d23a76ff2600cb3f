#include "harness/journal/pruning_study.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/line.hpp"
#include "harness/journal/study_lines.hpp"

namespace headcount {
namespace {

template <class T>
void read(const Json& json, const char* name, T& into) {
    into = json.at(name).get<T>();
}

PruningStudyRecord record_from(const Json& json) {
    PruningStudyRecord r;
    read(json, "schema_version", r.schema_version);
    read(json, "started", r.started);
    read(json, "command", r.command);
    read(json, "environment", r.environment);
    read(json, "point", r.point);
    read(json, "task", r.task);
    read(json, "variant", r.variant);
    read(json, "backend", r.backend);
    read(json, "layers", r.layers);
    read(json, "num_heads", r.num_heads);
    read(json, "head_dim", r.head_dim);
    read(json, "batch", r.batch);
    read(json, "examples", r.examples);
    read(json, "unit", r.unit);
    read(json, "seeds", r.seeds);
    read(json, "prune_steps", r.prune_steps);
    return r;
}

/// Reads the lines behind the first, and refuses what does not fit it.
class Scan {
public:
    explicit Scan(PruningStudy& study) : study_(&study) {}

    void take(const Json& json) {
        const auto kind = json.at("kind").get<std::string>();
        if (kind == "training") return take_training(json);
        if (kind == "importance") return take_importance(json);
        if (kind == "condition") return take_condition(json);
        if (kind == "timing") return take_timing(json);
        throw Error(fmt::format("its kind '{}' is not known", kind));
    }

private:
    void take_training(const Json& json) {
        PruningTrainingRecord training;
        training.seed = seed_of(json);
        training.heads = heads_of(json);
        read(json, "learning_rate", training.learning_rate);
        read(json, "validation_error", training.validation_error);
        read(json, "test_error", training.test_error);
        read(json, "seconds", training.seconds);
        study_->trainings.push_back(std::move(training));
    }
    void take_importance(const Json& json) {
        PruningImportanceRecord importance;
        importance.seed = seed_of(json);
        read(json, "importance", importance.importance);
        if (std::ssize(importance.importance) != study_->record.layers) throw Error("it has another number of layers");
        for (const std::vector<double>& layer : importance.importance) {
            if (std::ssize(layer) != study_->record.num_heads) throw Error("it has another number of heads");
        }
        importance.order = places_of(json, "order");
        if (std::ssize(importance.order) != study_->record.layers * study_->record.num_heads) {
            throw Error("its order has not all heads");
        }
        if (study_->importance(importance.seed) != nullptr) throw Error("it repeats the importance of a seed");
        study_->importances.push_back(std::move(importance));
    }
    void take_condition(const Json& json) {
        PruningConditionRecord condition;
        condition.seed = seed_of(json);
        read(json, "name", condition.name);
        condition.heads = heads_of(json);
        condition.removed = places_of(json, "removed");
        read(json, "errors", condition.errors);
        if (std::ssize(condition.errors) != study_->record.examples) {
            throw Error("it has another number of examples than the study");
        }
        if (study_->condition(condition.seed, condition.name) != nullptr) {
            throw Error("it repeats condition " + condition.name);
        }
        study_->conditions.push_back(std::move(condition));
    }
    void take_timing(const Json& json) {
        PruningTimingRecord timing;
        timing.heads = heads_of(json);
        read(json, "seconds", timing.seconds);
        if (study_->timing(timing.heads) != nullptr) throw Error("it repeats the times of a size");
        study_->timings.push_back(std::move(timing));
    }

    std::int64_t seed_of(const Json& json) const {
        const auto seed = json.at("seed").get<std::int64_t>();
        require(seed, study_->record.seeds, "seed");
        return seed;
    }
    std::vector<HeadPlace> places_of(const Json& json, const char* name) const {
        std::vector<HeadPlace> places;
        for (const Json& place : json.at(name)) {
            places.push_back({.layer = place.at(0).get<std::int64_t>(), .head = place.at(1).get<std::int64_t>()});
            require(places.back().layer, study_->record.layers, "layer");
            require(places.back().head, study_->record.num_heads, "head");
        }
        return places;
    }
    std::vector<std::int64_t> heads_of(const Json& json) const {
        auto heads = json.at("heads").get<std::vector<std::int64_t>>();
        if (std::ssize(heads) != study_->record.layers) throw Error("it has another number of layers than the study");
        for (const std::int64_t in_layer : heads) require(in_layer, study_->record.num_heads + 1, "number of heads");
        return heads;
    }
    static void require(std::int64_t value, std::int64_t bound, const char* what) {
        if (value < 0 || value >= bound) throw Error(fmt::format("{} {} is out of range", what, value));
    }

    PruningStudy* study_;
};

Json json_of(const std::vector<HeadPlace>& places) {
    Json array = Json::array();
    for (const HeadPlace& place : places) array.push_back(Json::array({place.layer, place.head}));
    return array;
}

template <class T, class F>
const T* find(const std::vector<T>& records, F is_it) {
    const auto found = std::ranges::find_if(records, is_it);
    return found == records.end() ? nullptr : &*found;
}

}  // namespace

const PruningConditionRecord* PruningStudy::condition(std::int64_t seed, std::string_view name) const {
    return find(conditions, [&](const PruningConditionRecord& c) { return c.seed == seed && c.name == name; });
}
const PruningImportanceRecord* PruningStudy::importance(std::int64_t seed) const {
    return find(importances, [&](const PruningImportanceRecord& i) { return i.seed == seed; });
}
const PruningTimingRecord* PruningStudy::timing(const std::vector<std::int64_t>& heads) const {
    return find(timings, [&](const PruningTimingRecord& t) { return t.heads == heads; });
}

std::string study_line(const PruningStudyRecord& r) {
    return framed_line("pruning_study", {{"schema_version", r.schema_version},
                                         {"started", r.started},
                                         {"command", r.command},
                                         {"environment", r.environment},
                                         {"point", r.point},
                                         {"task", r.task},
                                         {"variant", r.variant},
                                         {"backend", r.backend},
                                         {"layers", r.layers},
                                         {"num_heads", r.num_heads},
                                         {"head_dim", r.head_dim},
                                         {"batch", r.batch},
                                         {"examples", r.examples},
                                         {"unit", r.unit},
                                         {"seeds", r.seeds},
                                         {"prune_steps", r.prune_steps}});
}

std::string study_line(const PruningTrainingRecord& r) {
    return framed_line("training", {{"seed", r.seed},
                                    {"heads", r.heads},
                                    {"learning_rate", r.learning_rate},
                                    {"validation_error", r.validation_error},
                                    {"test_error", r.test_error},
                                    {"seconds", r.seconds}});
}

std::string study_line(const PruningImportanceRecord& r) {
    return framed_line("importance", {{"seed", r.seed}, {"importance", r.importance}, {"order", json_of(r.order)}});
}

std::string study_line(const PruningConditionRecord& r) {
    return framed_line("condition", {{"seed", r.seed},
                                     {"name", r.name},
                                     {"heads", r.heads},
                                     {"removed", json_of(r.removed)},
                                     {"errors", r.errors}});
}

std::string study_line(const PruningTimingRecord& r) {
    return framed_line("timing", {{"heads", r.heads}, {"seconds", r.seconds}});
}

bool is_pruning_study(const std::filesystem::path& path) { return file_begins(path, kPruningStudyStart); }

PruningStudy read_pruning_study(const std::filesystem::path& path) {
    if (!is_pruning_study(path)) {
        throw UsageError(fmt::format("{}: is no study of pruning; `headcount heads POINT` writes one", path.string()));
    }
    PruningStudy study;
    Scan scan(study);
    study.warnings = read_study_lines(
        path,
        [&](const Json& json) {
            study.record = record_from(json);
            require_known_version(path, study.record.schema_version, PruningStudyRecord{}.schema_version);
        },
        [&](const Json& json) { scan.take(json); });
    return study;
}

}  // namespace headcount
