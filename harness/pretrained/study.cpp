#include "harness/pretrained/study.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/core/stopwatch.hpp"
#include "harness/journal/line_file.hpp"
#include "harness/pretrained/batches.hpp"
#include "harness/pretrained/diversity.hpp"
#include "harness/pretrained/retrieval.hpp"
#include "harness/pruning/orders.hpp"

namespace headcount {
namespace {

const HeadConditionRecord* find_condition(const HeadStudy& study, const std::string& name) {
    const auto found =
        std::ranges::find_if(study.conditions, [&](const HeadConditionRecord& c) { return c.name == name; });
    return found == study.conditions.end() ? nullptr : &*found;
}

std::string without(std::int64_t layer, std::int64_t head) { return fmt::format("without {}.{}", layer, head); }

/// Mean reciprocal rank over the even questions.
double mrr_of_even(const HeadConditionRecord& condition) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < condition.ranks.size(); i += 2, ++count) {
        sum += 1 / static_cast<double>(condition.ranks[i]);
    }
    return sum / static_cast<double>(count);
}

/// What the model makes of one text, with attention by this variant.
std::vector<float> made_of(const Encoder& encoder, const Point& point, const TokenIds& text) {
    EncoderRunner runner(encoder, point);
    Batches batches({&text}, encoder.shape().embed_dim);
    batches.embed(runner);
    const Tensor row = *batches.finish(runner, 0);
    const float* const values = static_cast<const float*>(row.data);
    return {values, values + row.cols()};
}

/// Not every variant computes the attention that a model was trained with. Throws UsageError.
void require_same_function(const Encoder& encoder, const Point& point, const TokenIds& text) {
    constexpr float kFarthest = 1e-3F;  // of a row of length 1; rounding carries f32 to 1e-6
    Point plain = point;
    plain.variant = "multi_head";
    plain.backend = "naive";
    plain.num_threads = 1;
    plain.own = {};
    const std::vector<float> made = made_of(encoder, point, text), wanted = made_of(encoder, plain, text);
    for (std::size_t i = 0; i < made.size(); ++i) {
        if (std::abs(made[i] - wanted[i]) < kFarthest) continue;
        throw UsageError(fmt::format("variant {} on {} does not compute the attention of this model; take multi_head",
                                     point.variant, point.backend));
    }
}

/// All texts, the questions first.
std::vector<const TokenIds*> texts_of(const Pairs& pairs) {
    std::vector<const TokenIds*> texts;
    for (const TokenIds& text : pairs.questions) texts.push_back(&text);
    for (const TokenIds& text : pairs.texts) texts.push_back(&text);
    return texts;
}

class Study {
public:
    Study(const Encoder& encoder, const Pairs& pairs, const Point& point, const HeadStudyRecord& record,
          const HeadStudyPlan& plan, const std::filesystem::path& path, const StudyWatch& watch)
        : encoder_(&encoder),
          pairs_(&pairs),
          point_(point),
          plan_(plan),
          watch_(&watch),
          file_(path, kHeadStudyStart, "a study of heads"),
          runner_(encoder, point),
          batches_(texts_of(pairs), encoder.shape().embed_dim) {
        begin(path, record);
    }

    bool run() {
        const std::int64_t layers = encoder_->shape().layers, heads = encoder_->shape().num_heads;
        steps_ = 1 + layers * heads + layers + (1 + plan_.random_orders) * std::ssize(steps_down()) + 2 * folds() + 1;
        bool goes_on = condition("whole", {});
        for (std::int64_t layer = 0; layer < layers && goes_on; ++layer) {
            for (std::int64_t head = 0; head < heads && goes_on; ++head) {
                goes_on = condition(without(layer, head), {{.layer = layer, .head = head}});
            }
        }
        if (!goes_on) return false;
        const std::vector<std::vector<double>> importance = importance_of(study_);
        for (std::int64_t layer = 0; layer < layers && goes_on; ++layer) {
            const std::vector<double>& of_layer = importance[static_cast<std::size_t>(layer)];
            const std::int64_t best = std::ranges::max_element(of_layer) - of_layer.begin();
            goes_on = condition(fmt::format("only {}.{}", layer, best), all_of_layer_but(layer, heads, best));
        }
        const std::vector<HeadPlace> order = by_importance(importance);
        goes_on = goes_on && prune("importance", order);
        for (std::int64_t i = 1; i <= plan_.random_orders && goes_on; ++i) {
            goes_on = prune(fmt::format("random {}", i), shuffled(order, static_cast<std::uint64_t>(i)));
        }
        return goes_on && look() && time(order);
    }

private:
    void begin(const std::filesystem::path& path, const HeadStudyRecord& record) {
        if (!is_head_study(path)) {
            file_.append(study_line(record) + '\n');
            study_.record = record;
            return;
        }
        study_ = read_head_study(path);
        const HeadStudyRecord& old = study_.record;
        const auto same = [&](const auto& mine, const auto& theirs, const char* what) {
            if (mine == theirs) return;
            throw UsageError(
                fmt::format("{}: holds a study with another {} ({}, now {}); choose another --output, or "
                            "set it aside with --fresh",
                            path.string(), what, theirs, mine));
        };
        same(record.model_hash, old.model_hash, "model");
        same(record.texts_hash, old.texts_hash, "set of texts");
        same(record.pairs, old.pairs, "number of pairs");
        same(record.variant, old.variant, "variant");
        same(record.backend, old.backend, "backend");
        same(record.num_threads, old.num_threads, "number of threads");
    }

    /// False: somebody wants it to end.
    bool tell(const std::string& what) {
        if (watch_->stop && watch_->stop()) return false;
        if (watch_->progress) watch_->progress(done_, steps_, what);
        ++done_;
        return true;
    }

    bool condition(const std::string& name, const std::vector<HeadPlace>& removed) {
        if (find_condition(study_, name) != nullptr) {
            ++done_;
            return true;
        }
        if (!tell(name)) return false;
        std::int64_t first = encoder_->shape().layers;
        for (const HeadPlace& place : removed) first = std::min(first, place.layer);
        advance_to(first);
        runner_.keep(all_without(removed));
        const double since = steady_s();
        const std::optional<Tensor> rows = batches_.finish(runner_, first, watch_->stop);
        if (!rows) return false;
        const std::int64_t n = pairs_->size();
        HeadConditionRecord record{.name = name,
                                   .removed = removed,
                                   .ranks = ranks_of(runner_.backend(), rows->row_range(0, n), rows->row_range(n, n)),
                                   .seconds = steady_s() - since};
        file_.append(study_line(record) + '\n');
        study_.conditions.push_back(std::move(record));
        return true;
    }

    KeptHeads all_without(const std::vector<HeadPlace>& removed) const {
        return kept_without(encoder_->shape().layers, encoder_->shape().num_heads, removed);
    }

    /// The whole model up to `layer`, which is where a condition begins to differ.
    void advance_to(std::int64_t layer) {
        if (!at_ || *at_ > layer) {
            batches_.embed(runner_);
            at_ = 0;
        }
        if (*at_ < layer) runner_.keep(all_heads(encoder_->shape()));
        for (; *at_ < layer; ++*at_) batches_.advance(runner_, *at_);
    }

    std::vector<std::int64_t> steps_down() const {
        return numbers_left(encoder_->shape().layers * encoder_->shape().num_heads, plan_.prune_steps);
    }

    bool prune(const std::string& name, const std::vector<HeadPlace>& order) {
        return std::ranges::all_of(steps_down(), [&](std::int64_t left) {
            return condition(fmt::format("{} {}", name, left), all_but(order, left));
        });
    }

    /// Folds share no text: their measures are as good as independent.
    std::int64_t folds() const { return std::min(plan_.folds, pairs_->size()); }

    bool look() {
        const std::int64_t each = std::min(plan_.texts_a_fold, pairs_->size() / folds());
        for (std::int64_t fold = 0; fold < folds(); ++fold) {
            std::vector<const TokenIds*> texts;
            for (std::int64_t i = 0; i < each; ++i) {
                texts.push_back(&pairs_->texts[static_cast<std::size_t>(fold * each + i)]);
            }
            for (const bool trained : {true, false}) {
                const std::string model = trained ? "trained" : "untrained";
                const auto same = [&](const HeadDiversityRecord& d) { return d.model == model && d.fold == fold; };
                if (std::ranges::any_of(study_.diversities, same)) {
                    ++done_;
                    continue;
                }
                if (!tell(fmt::format("how alike heads are: {}, fold {}", model, fold))) return false;
                HeadDiversityRecord record = trained ? look_at(*encoder_, texts) : look_at_untrained(fold, texts);
                record.model = model;
                record.fold = fold;
                file_.append(study_line(record) + '\n');
                study_.diversities.push_back(std::move(record));
            }
        }
        return true;
    }
    HeadDiversityRecord look_at(const Encoder& encoder, const std::vector<const TokenIds*>& texts) const {
        EncoderRunner runner(encoder, point_);
        return diversity_of(runner, texts);
    }
    HeadDiversityRecord look_at_untrained(std::int64_t seed, const std::vector<const TokenIds*>& texts) const {
        return look_at(Encoder::untrained(*encoder_, static_cast<std::uint64_t>(seed)), texts);
    }

    /// All numbers of heads take turns in each round, so that what the machine does to one it does to all.
    bool time(const std::vector<HeadPlace>& order) {
        if (!study_.timings.empty()) return true;
        if (!tell("times")) return false;
        std::vector<std::int64_t> left = steps_down();
        left.insert(left.begin(), static_cast<std::int64_t>(order.size()));
        std::vector<const TokenIds*> texts;
        for (std::int64_t i = 0; i < std::min(plan_.timing_texts, pairs_->size()); ++i) {
            texts.push_back(&pairs_->texts[static_cast<std::size_t>(i)]);
        }
        Batches one_by_one(texts, encoder_->shape().embed_dim, 1);
        one_by_one.embed(runner_);
        std::vector<HeadTimingRecord> records;
        for (const std::int64_t heads : left) {
            records.push_back({.heads_left = heads, .texts = static_cast<std::int64_t>(texts.size()), .seconds = {}});
        }
        for (std::int64_t round = -1; round < plan_.timing_rounds; ++round) {  // the first warms up
            for (HeadTimingRecord& record : records) {
                runner_.keep(all_without(all_but(order, record.heads_left)));
                const double since = steady_s();
                one_by_one.finish(runner_, 0);
                if (round >= 0) record.seconds.push_back(steady_s() - since);
            }
        }
        std::string lines;
        for (const HeadTimingRecord& record : records) lines += study_line(record) + '\n';
        file_.append(lines);
        return true;
    }

    const Encoder* encoder_;
    const Pairs* pairs_;
    Point point_;
    HeadStudyPlan plan_;
    const StudyWatch* watch_;
    LineFile file_;
    EncoderRunner runner_;
    Batches batches_;
    HeadStudy study_;
    std::optional<std::int64_t> at_;  ///< the layer that the texts have come to
    std::int64_t done_ = 0, steps_ = 0;
};

}  // namespace

std::vector<std::vector<double>> importance_of(const HeadStudy& study) {
    const auto found = [&](const std::string& name) -> const HeadConditionRecord& {
        const HeadConditionRecord* condition = find_condition(study, name);
        if (condition == nullptr) throw Error("the study has no condition '" + name + "'; run the same command again");
        return *condition;
    };
    const double whole = mrr_of_even(found("whole"));
    std::vector<std::vector<double>> importance;
    for (std::int64_t layer = 0; layer < study.record.layers; ++layer) {
        importance.emplace_back();
        for (std::int64_t head = 0; head < study.record.num_heads; ++head) {
            importance.back().push_back(whole - mrr_of_even(found(without(layer, head))));
        }
    }
    return importance;
}

bool run_head_study(const Encoder& encoder, const Pairs& pairs, const Point& point, const HeadStudyRecord& record,
                    const HeadStudyPlan& plan, const std::filesystem::path& path, const StudyWatch& watch) {
    require_same_function(encoder, point, pairs.questions.front());  // before a file is made
    return Study(encoder, pairs, point, record, plan, path, watch).run();
}

}  // namespace headcount
