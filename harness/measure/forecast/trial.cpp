#include "harness/measure/forecast/trial.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "harness/core/error.hpp"
#include "harness/measure/forecast/nearness.hpp"
#include "harness/measure/plan/predict.hpp"
#include "harness/measure/worker/worker_process.hpp"

namespace headcount {
namespace {

constexpr double kSample_s = 0.0003;  // of a trial: a tenth of a run's, and far above the clock's resolution
constexpr int kMore = 2;              // calibrations of short points: others may have had the processor meanwhile
constexpr double kMore_s = 0.01;
constexpr double kGiveUp_s = 0.3;       // a visit's bound; preparing and checking may take ten times as long
constexpr double kShareOfChecks = 0.3;  // of the time: a reference takes ten passes and more
constexpr double kShareOfOne = 0.125;   // of the time left, for a point while there are cheaper ones
constexpr double kShareOfLast = 0.5;    // likewise when there is none
constexpr int kMostWorkers = 3;         // that are lost: something is wrong, and the run will say what

class TrialRun {
public:
    TrialRun(const Plan& plan, const TrialOptions& options)
        : plan_(plan), options_(options), nearness_(plan), began_s_(options.now_s()) {
        for (std::size_t i = 0; i < plan.points.size(); ++i) {
            if (plan.points[i].fate == Fate::time && plan.points[i].ours) open_.push_back({.index = i});
        }
    }

    Trial take() {
        std::string failure = open_.empty() ? "no point of ours is timed" : "no point is short enough";
        for (int lost = 0; lost < kMostWorkers && !open_.empty(); ++lost) {
            try {
                const double start_s = options_.now_s();
                worker_ = options_.start_worker();
                trial_.start_s = options_.now_s() - start_s;
                while (const auto next = choose()) try_point(*next, failure);
                break;
            } catch (const Error& error) {  // the worker is gone, or cannot be started
                failure = error.what();
            }
        }
        trial_.seconds = options_.now_s() - began_s_;
        if (trial_.points.empty()) trial_.missing = failure;
        return std::move(trial_);
    }

private:
    struct Candidate {
        std::size_t index = 0;
        double distance = std::numeric_limits<double>::infinity();  ///< to the nearest point tried
        double scale = 1;                                           ///< how many times its guess that one took
    };

    /// Preparing it, and two calibrations.
    double cost_s(const Candidate& candidate) const {
        const PlannedPoint& planned = plan_.points[candidate.index];
        return planned.prepare_s + 4 * std::max(candidate.scale * pass_s(planned), kSample_s);
    }

    /// Takes the next point out of the open ones; none when nothing fits.
    std::optional<std::size_t> choose() {
        const double left_s = options_.most_s - (options_.now_s() - began_s_);
        const auto before = [&](const Candidate& a, const Candidate& b) {
            const bool is_new = a.distance >= Nearness::kOthers, other_is_new = b.distance >= Nearness::kOthers;
            if (is_new != other_is_new) return is_new;
            return is_new ? cost_s(a) < cost_s(b) : a.distance > b.distance;
        };
        for (const double share : {kShareOfOne, kShareOfLast}) {
            auto best = open_.end();
            for (auto one = open_.begin(); one != open_.end(); ++one) {
                if (cost_s(*one) > share * left_s) continue;
                if (best == open_.end() || before(*one, *best)) best = one;
            }
            if (best == open_.end()) continue;
            const std::size_t index = best->index;
            open_.erase(best);
            return index;
        }
        return std::nullopt;
    }

    /// Throws PointFailure where the worker is lost with the point.
    void try_point(std::size_t index, std::string& failure) {
        const PlannedPoint& planned = plan_.points[index];
        try {
            TriedPoint tried{.index = index};
            const double start_s = options_.now_s();
            const double first_s = worker_->calibrate(planned.id);
            const double ready_s = options_.now_s();
            // The first passes touch the memory, and libraries make their code.
            tried.pass_s = std::min(first_s, worker_->calibrate(planned.id));
            tried.prepare_s = std::max(0.0, (ready_s - start_s) - (options_.now_s() - ready_s));
            for (int more = 0; more < kMore && options_.now_s() - ready_s < kMore_s; ++more) {
                tried.pass_s = std::min(tried.pass_s, worker_->calibrate(planned.id));
            }
            check(planned, tried);
            worker_->forget(planned.id);
            note(tried);
        } catch (const PointFailure& lost_or_wrong) {
            if (lost_or_wrong.worker_lost) throw;
            failure = lost_or_wrong.what();
        }
    }

    void check(const PlannedPoint& planned, TriedPoint& tried) {
        const double left_s = kShareOfChecks * options_.most_s - checks_s_;
        if (check_scale_ * planned.check_s + tried.pass_s > kShareOfLast * left_s) return;
        const double start_s = options_.now_s();
        worker_->check(planned.id);
        const double took_s = options_.now_s() - start_s;
        checks_s_ += took_s;
        tried.check_s = std::max(0.0, took_s - tried.pass_s);
        if (planned.check_s > 0) check_scale_ = tried.check_s / planned.check_s;
    }

    void note(const TriedPoint& tried) {
        const double guess_s = pass_s(plan_.points[tried.index]);
        for (Candidate& other : open_) {
            const double distance = nearness_.distance(other.index, tried.index);
            if (distance >= other.distance) continue;
            other.distance = distance;
            if (guess_s > 0) other.scale = tried.pass_s / guess_s;
        }
        trial_.points.push_back(tried);
    }

    const Plan& plan_;
    const TrialOptions& options_;
    Nearness nearness_;
    double began_s_;
    std::vector<Candidate> open_;
    std::unique_ptr<Worker> worker_;
    double checks_s_ = 0, check_scale_ = 1;
    Trial trial_;
};

}  // namespace

double start_s_of(const Trial& trial) {
    constexpr double kUsual_s = 0.03;
    return trial.points.empty() ? kUsual_s : trial.start_s;
}

Trial take_trial(const Plan& plan, const TrialOptions& options) {
    if (plan.groups.empty()) return {.points = {}, .missing = "no point is timed"};
    return TrialRun(plan, options).take();
}

std::function<std::unique_ptr<Worker>()> trial_workers(const std::filesystem::path& executable, Protocol protocol,
                                                       std::int64_t memory_limit_bytes) {
    protocol.min_sample_s = kSample_s;
    protocol.timeout_s = std::min(protocol.timeout_s, kGiveUp_s);
    return [=] { return start_worker_process({.executable = executable}, protocol, memory_limit_bytes); };
}

}  // namespace headcount
