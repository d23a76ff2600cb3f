#include "harness/pruning/pruning.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/line_file.hpp"
#include "harness/pruning/forward_times.hpp"
#include "harness/pruning/orders.hpp"
#include "harness/train/examiner.hpp"
#include "harness/train/trainer.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

std::vector<std::int64_t> counts_of(const KeptHeads& kept) {
    std::vector<std::int64_t> counts;
    for (const std::vector<std::int64_t>& heads : kept) counts.push_back(std::ssize(heads));
    return counts;
}

/// Layers do not compare: each importance is divided by the root of the sum of squares of its layer (Molchanov et al.
/// 2017, Michel et al. 2019).
HeadNumbers comparable(HeadNumbers importance) {
    for (std::vector<double>& layer : importance) {
        double squares = 0;
        for (const double x : layer) squares += x * x;
        if (squares == 0) continue;
        for (double& x : layer) x /= std::sqrt(squares);
    }
    return importance;
}

/// Five digits: f32 carries seven, and a study has millions of errors.
double shortened(double x) { return std::stod(fmt::format("{:.5g}", x)); }

/// A model of one seed, trained and looked at.
struct Whole {
    Whole(const Point& point, std::int64_t its_seed)
        : seed(its_seed), trainer(point), examiner(point), test(examples_of(point, its_seed, Split::test)) {}
    std::int64_t seed;
    Trainer trainer;
    Examiner examiner;
    DataSet test;
};

class Study {
public:
    Study(const Point& point, const PruningStudyRecord& record, const PruningPlan& plan, const fs::path& path,
          const StudyWatch& watch)
        : point_(point),
          plan_(plan),
          watch_(&watch),
          trainings_(path.string() + ".trainings"),
          file_(path, kPruningStudyStart, "a study of pruning"),
          layers_(record.layers),
          heads_(record.num_heads),
          left_(numbers_left(layers_ * heads_, plan.prune_steps)) {
        begin(path, record);
        steps_ = plan.seeds * (2 + layers_ * heads_ + layers_ + 3 * std::ssize(left_)) + 1;
    }

    bool run() {
        for (std::int64_t seed = 0; seed < plan_.seeds; ++seed) {
            if (!study(seed)) return false;
            whole_.reset();
            std::error_code ignored;
            fs::remove_all(folder_of(seed), ignored);
        }
        std::error_code ignored;
        fs::remove_all(trainings_, ignored);
        return time();
    }

private:
    void begin(const fs::path& path, const PruningStudyRecord& record) {
        if (!is_pruning_study(path)) {
            file_.append(study_line(record) + '\n');
            study_.record = record;
            return;
        }
        study_ = read_pruning_study(path);
        const auto same = [&](const auto& mine, const auto& theirs, const char* what) {
            if (mine == theirs) return;
            throw UsageError(
                fmt::format("{}: holds a study of another {} ({}, now {}); choose another --output, or "
                            "set it aside with --fresh",
                            path.string(), what, theirs, mine));
        };
        same(record.point, study_.record.point, "point");
        same(record.seeds, study_.record.seeds, "number of seeds");
        same(record.prune_steps, study_.record.prune_steps, "number of steps");
    }

    template <class Record>
    void write(std::vector<Record>& records, Record record) {
        file_.append(study_line(record) + '\n');
        records.push_back(std::move(record));
    }

    /// False: somebody wants it to end.
    bool tell(std::int64_t seed, const std::string& what) {
        if (watch_->stop && watch_->stop()) return false;
        if (watch_->progress) watch_->progress(done_, steps_, fmt::format("seed {}: {}", seed, what));
        ++done_;
        return true;
    }

    fs::path folder_of(std::int64_t seed) const { return trainings_ / fmt::format("seed-{}", seed); }

    /// With each of the learning rates; keeps the model that errs least on validation examples.
    void train(Trainer& trainer, std::int64_t seed, const std::vector<std::int64_t>& heads) {
        const Checkpoint checkpoint{.folder = folder_of(seed)};
        const std::vector<double> rates = rates_to_try(recipe_of(point_));
        PruningTrainingRecord best{.seed = seed, .heads = heads};
        best.validation_error = std::numeric_limits<double>::infinity();
        for (const double rate : rates) {
            const Training training = trainer.train(seed, rate, checkpoint);
            if (training.validation_error >= best.validation_error) continue;
            best.learning_rate = rate;
            best.validation_error = training.validation_error;
            best.test_error = training.test_error;
            best.seconds = training.seconds;
        }
        if (!std::isfinite(best.validation_error)) {
            throw Error(
                fmt::format("seed {}: the training with {} heads a layer diverged", seed, fmt::join(heads, " and ")));
        }
        if (best.learning_rate != rates.back()) trainer.train(seed, best.learning_rate, checkpoint);  // has ended
        const auto known = [&](const PruningTrainingRecord& r) { return r.seed == seed && r.heads == heads; };
        if (std::ranges::none_of(study_.trainings, known)) write(study_.trainings, std::move(best));
    }

    Whole& whole(std::int64_t seed) {
        if (!whole_ || whole_->seed != seed) {
            whole_ = std::make_unique<Whole>(point_, seed);
            train(whole_->trainer, seed, counts_of(all_heads(layers_, heads_)));
        }
        return *whole_;
    }

    /// Unless it is known. `errors` may train and comes last.
    template <class F>
    bool condition(std::int64_t seed, const std::string& name, const std::vector<HeadPlace>& removed,
                   const std::vector<std::int64_t>& heads, const F& errors) {
        if (study_.condition(seed, name) != nullptr) {
            ++done_;
            return true;
        }
        if (!tell(seed, name)) return false;
        PruningConditionRecord record{.seed = seed, .name = name, .heads = heads, .removed = removed, .errors = {}};
        for (const double error : errors()) record.errors.push_back(shortened(error));
        write(study_.conditions, std::move(record));
        return true;
    }

    bool masked(std::int64_t seed, const std::string& name, const std::vector<HeadPlace>& removed) {
        return condition(seed, name, removed, counts_of(kept_without(layers_, heads_, removed)), [&] {
            Whole& model = whole(seed);
            model.examiner.take(*model.trainer.net().model);
            for (const HeadPlace& place : removed) model.examiner.gate(place.layer, place.head, 0);
            return model.examiner.errors(model.test);
        });
    }

    bool pruned(std::int64_t seed, const std::string& name, const std::vector<HeadPlace>& removed) {
        const KeptHeads kept = kept_without(layers_, heads_, removed);
        return condition(seed, name, removed, counts_of(kept), [&] {
            Whole& model = whole(seed);
            Examiner examiner(point_, counts_of(kept));
            examiner.take_kept(*model.trainer.net().model, kept);
            return examiner.errors(model.test);
        });
    }

    /// Trained with as many heads in each layer as pruning left.
    bool small(std::int64_t seed, const std::string& name, const std::vector<std::int64_t>& heads) {
        return condition(seed, name, {}, heads, [&] {
            Trainer trainer(point_, heads);
            train(trainer, seed, heads);
            Examiner examiner(point_, heads);
            examiner.take(*trainer.net().model);
            return examiner.errors(examples_of(point_, seed, Split::test));
        });
    }

    bool weigh(std::int64_t seed) {
        if (study_.importance(seed) != nullptr) {
            ++done_;
            return true;
        }
        if (!tell(seed, "importance")) return false;
        Whole& model = whole(seed);
        model.examiner.take(*model.trainer.net().model);
        PruningImportanceRecord record{.seed = seed, .importance = {}, .order = {}};
        record.importance = model.examiner.importance(examples_of(point_, seed, Split::validation));
        record.order = by_importance(comparable(record.importance));
        write(study_.importances, std::move(record));
        return true;
    }

    bool study(std::int64_t seed) {
        bool goes_on = masked(seed, "whole", {}) && weigh(seed);
        for (std::int64_t layer = 0; layer < layers_ && goes_on; ++layer) {
            for (std::int64_t head = 0; head < heads_ && goes_on; ++head) {
                goes_on = masked(seed, fmt::format("without {}.{}", layer, head), {{.layer = layer, .head = head}});
            }
        }
        if (!goes_on) return false;
        const HeadNumbers importance = study_.importance(seed)->importance;
        for (std::int64_t layer = 0; layer < layers_ && goes_on; ++layer) {
            const std::vector<double>& of_layer = importance[static_cast<std::size_t>(layer)];
            const std::int64_t best = std::ranges::max_element(of_layer) - of_layer.begin();
            goes_on = masked(seed, fmt::format("only {}.{}", layer, best), all_of_layer_but(layer, heads_, best));
        }
        const std::vector<HeadPlace> order = study_.importance(seed)->order;
        const std::vector<HeadPlace> random = shuffled(order, static_cast<std::uint64_t>(seed) + 1);
        return goes_on && std::ranges::all_of(left_, [&](std::int64_t left) {
                   const std::vector<HeadPlace> removed = all_but(order, left);
                   return pruned(seed, fmt::format("importance {}", left), removed) &&
                          pruned(seed, fmt::format("random {}", left), all_but(random, left)) &&
                          small(seed, fmt::format("small {}", left), counts_of(kept_without(layers_, heads_, removed)));
               });
    }

    /// All sizes at once, so that a round has them all.
    bool time() {
        std::vector<std::vector<std::int64_t>> sizes;
        for (const PruningConditionRecord& condition : study_.conditions) sizes.push_back(condition.heads);
        std::ranges::sort(sizes, std::greater<>{});
        sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
        if (std::ranges::all_of(sizes, [&](const auto& heads) { return study_.timing(heads) != nullptr; })) return true;
        if (watch_->stop && watch_->stop()) return false;
        if (watch_->progress) watch_->progress(done_, steps_, fmt::format("times of {} sizes", sizes.size()));
        std::string lines;
        for (PruningTimingRecord& record : ForwardTimer(point_, sizes).measure(plan_.timing_rounds)) {
            lines += study_line(record) + '\n';
        }
        file_.append(lines);
        return true;
    }

    Point point_;
    PruningPlan plan_;
    const StudyWatch* watch_;
    fs::path trainings_;
    LineFile file_;
    std::int64_t layers_, heads_;
    std::vector<std::int64_t> left_;
    PruningStudy study_;
    std::unique_ptr<Whole> whole_;
    std::int64_t done_ = 0, steps_ = 0;
};

}  // namespace

std::string why_no_pruning(const Point& point) {
    if (!point.trains()) return "a point without task has no model; name one, such as task=k_lookup";
    if (std::string why = why_no_training(point); !why.empty()) return why;
    return why_no_heads(point);
}

PruningStudyRecord pruning_record(const Point& point, const PruningPlan& plan) {
    const Problem& p = point.problem;
    PruningStudyRecord record;
    record.point = point.id();
    record.task = point.task;
    record.variant = point.variant;
    record.backend = point.backend;
    record.layers = layers_of(point);
    record.num_heads = p.num_heads;
    record.head_dim = p.head_dim;
    record.batch = p.batch;
    record.examples = recipe_of(point).test_examples;
    record.unit = decodes(point) ? "bits" : "NMSE";
    record.seeds = plan.seeds;
    record.prune_steps = plan.prune_steps;
    return record;
}

bool run_pruning_study(const Point& point, const PruningStudyRecord& record, const PruningPlan& plan,
                       const std::filesystem::path& path, const StudyWatch& watch) {
    if (const std::string why = why_no_pruning(point); !why.empty()) throw UsageError(why);
    return Study(point, record, plan, path, watch).run();
}

}  // namespace headcount
