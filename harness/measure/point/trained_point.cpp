#include "harness/measure/point/trained_point.hpp"

#include <utility>

#include <fmt/format.h>

#include "harness/measure/point/inputs.hpp"

namespace headcount {

TrainedPoint::TrainedPoint(Point point, ReferenceCache& references)
    : point_(std::move(point)), references_(references), visit_([this] { trainer().step_again(); }) {}

Trainer& TrainedPoint::trainer() {
    if (!trainer_) trainer_.emplace(point_);
    return *trainer_;
}

CheckRecord TrainedPoint::check() {
    Point attention = point_;
    attention.task = kNoTask;
    attention.problem.pass = PassKind::both;
    PointData data = make_point_data(attention);
    return check_point(data, &references_);
}

Sample TrainedPoint::train(std::int64_t run, double learning_rate, const std::filesystem::path& checkpoint) {
    const Training training = trainer().train(run, learning_rate, {.folder = checkpoint});
    if (training.diverged_at >= 0 && run >= 0) {
        throw Error(fmt::format("run {} diverged at step {} with learning rate {}: its loss is no number", run,
                                training.diverged_at, learning_rate));
    }
    Sample sample;
    sample.iterations = recipe_of(point_).steps;
    const auto steps = static_cast<double>(training.diverged_at >= 0 ? training.diverged_at + 1 : sample.iterations);
    sample.wall_s = training.seconds / steps;
    sample.cpu_s = training.cpu_seconds / steps;
    sample.results = {{"learning_rate", learning_rate},
                      {"validation_error", training.validation_error},
                      {"test_error", training.test_error}};
    if (run < 0) sample.results.erase("test_error");  // nothing may be chosen by it
    sample.curve = training.curve;
    return sample;
}

Traced TrainedPoint::trace() {
    return headcount::trace([this] { trainer().step_again(); }, trainer().backend());
}

PeakMemory TrainedPoint::peak_memory() {
    const Bytes before = process_memory("VmHWM");
    trainer().step_again();
    return growth(before, process_memory("VmHWM"), trainer().temporaries_bytes());
}

}  // namespace headcount
