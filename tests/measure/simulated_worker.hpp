// A worker that runs nothing: its times come from a seeded model, its accidents from a list, its clock is ours.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/measure/worker/sampler.hpp"

namespace headcount {

/// What all simulated workers of one campaign share.
struct Simulation {
    double now_s = 0;                                        ///< the clock; every call advances it
    std::function<double(const std::string&, int)> seconds;  ///< of a point at its n-th visit
    std::map<std::string, std::string> wrong;                ///< point -> reason: its check fails, the worker lives
    std::map<std::string, std::string> bound;                ///< point -> the bound that its wrong check met
    std::map<std::string, int> crash_at_visit;               ///< point -> visit at which the worker dies
    std::set<std::string> crash_in_trace, crash_in_memory;
    std::function<double(const std::string&)> pass_s;  ///< of a calibration, which makes three; null: 1 ms in no time
    double prepare_s = 0;                              ///< the first calibration of a point after forget() takes longer
    double check_s = 0.001;
    std::set<std::string> crash_in_calibration;
    int interrupt_after_visits = -1;
    std::function<double(const std::string&, double)> validation_error;  ///< of a point trained with a learning rate
    int interrupt_after_trainings = -1;

    std::map<std::string, int> visits, checks, calibrations, traces, memories;
    std::vector<std::string> order;  ///< every visit
    struct Trained {
        std::string point;
        std::int64_t run;
        double learning_rate;
        friend bool operator==(const Trained&, const Trained&) = default;
    };
    std::vector<Trained> trained;  ///< every training that ended
    int workers = 0;
    double memory_s = 0;  ///< that the memory of a point takes
};

class SimulatedWorker final : public Worker {
public:
    explicit SimulatedWorker(Simulation& simulation) : s_(&simulation) { ++s_->workers; }

    Sample visit(const std::string& point) override {
        const int n = s_->visits[point]++;
        s_->order.push_back(point);
        const auto crash = s_->crash_at_visit.find(point);
        if (crash != s_->crash_at_visit.end() && crash->second == n) throw PointFailure("crashed: signal 11", true);
        if (s_->interrupt_after_visits >= 0 && static_cast<int>(s_->order.size()) > s_->interrupt_after_visits) {
            throw Interrupted("interrupted");
        }
        const double seconds = s_->seconds(point, n);
        s_->now_s += 2 * seconds;
        return {.point = point, .order = 0, .iterations = 1, .wall_s = seconds, .cpu_s = seconds};
    }
    CheckRecord check(const std::string& point) override {
        ++s_->checks[point];
        s_->now_s += s_->check_s;
        const auto wrong = s_->wrong.find(point);
        if (wrong != s_->wrong.end()) {
            PointFailure failure(wrong->second, false);
            failure.bound = s_->bound[point];
            throw failure;
        }
        return {.done = true, .max_error = 1e-7, .bound = 1e-5, .worst = "row 0", .rows_checked = 1, .rows_total = 1};
    }
    double calibrate(const std::string& point) override {
        if (s_->crash_in_calibration.contains(point)) throw PointFailure("crashed: signal 11", true);
        const double pass_s = s_->pass_s ? s_->pass_s(point) : 0.001;
        if (s_->pass_s) s_->now_s += 3 * pass_s;
        if (ready_.insert(point).second) s_->now_s += s_->prepare_s;
        ++s_->calibrations[point];
        return pass_s;
    }
    Sample train(const std::string& point, std::int64_t run, double learning_rate,
                 const std::filesystem::path& /*checkpoint*/) override {
        if (s_->interrupt_after_trainings >= 0 &&
            static_cast<int>(s_->trained.size()) >= s_->interrupt_after_trainings) {
            throw Interrupted("interrupted");
        }
        s_->trained.push_back({.point = point, .run = run, .learning_rate = learning_rate});
        Sample sample{.point = point, .order = 0, .iterations = 10, .wall_s = 0.1, .cpu_s = 0.1};
        sample.results["validation_error"] = s_->validation_error(point, learning_rate);
        if (run >= 0) sample.results["test_error"] = static_cast<double>(run + 1);
        s_->now_s += 1;
        return sample;
    }
    Traced trace(const std::string& point) override {
        ++s_->traces[point];
        if (s_->crash_in_trace.contains(point)) throw PointFailure("crashed: signal 6", true);
        return {.breakdown = {{.verb = "matmul", .role = "scores", .seconds = 0.1}}, .seconds = 0.1};
    }
    void forget(const std::string& point) override { ready_.erase(point); }
    PeakMemory peak_memory(const std::string& point) override {
        ++s_->memories[point];
        s_->now_s += s_->memory_s;
        if (s_->crash_in_memory.contains(point)) throw PointFailure("killed", true);
        return {.peak_bytes = 100, .process_peak_bytes = 200, .note = {}};
    }
    std::map<std::string, double> limits(const std::vector<int>& /*num_threads*/, LimitSet /*which*/) override {
        return {{"fma_gflops.f32.threads=1", 1.0}};
    }

private:
    Simulation* s_;
    std::set<std::string> ready_;
};

}  // namespace headcount
