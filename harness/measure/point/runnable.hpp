// A point that can be run: by a backend of ours, or by an engine in another process.
#pragma once

#include <cstdint>
#include <filesystem>

#include "harness/core/error.hpp"
#include "harness/journal/record.hpp"
#include "harness/measure/clock/traced.hpp"
#include "harness/measure/clock/visit.hpp"
#include "harness/measure/machine/process_memory.hpp"
#include "harness/measure/process/running_clock.hpp"

namespace headcount {

/// Made cheaply; inputs, weights and memory are there from the first call that needs them. Calls throw Error when the
/// point cannot run or memory is refused, UsageError for unknown names.
class Runnable {
public:
    virtual ~Runnable() = default;
    /// Until when the next calls have to be answered, where another process is asked.
    virtual void answer_by(RunningClock::time_point /*deadline*/) {}
    /// One pass on a poisoned output, compared with the reference.
    virtual CheckRecord check() = 0;
    /// Valid as long as this object.
    virtual Visit& visit() = 0;
    /// Gives it other numbers as inputs, those of that round: to be called before a visit, outside its clock. Equal
    /// rounds give equal numbers.
    virtual void show_inputs_of(std::int64_t /*round*/) {}
    /// After the last visit: compares once more, on inputs that it has not seen. `done` is false where every visit was
    /// compared or computed something new.
    virtual CheckRecord check_again() { return {}; }
    /// The model of a point with a task, trained from the beginning: of the sample, passes are steps. Runs from 0 on
    /// are for results, those below for choosing a learning rate. It keeps where it stands in the
    /// folder `checkpoint`, unless that is empty. Throws Error where nothing is trained.
    virtual Sample train(std::int64_t /*run*/, double /*learning_rate*/, const std::filesystem::path& /*checkpoint*/) {
        throw Error("the point has no task");
    }
    /// After calibration said that a pass takes so long: can that be true? Throws Error when not.
    virtual void audit(double /*pass_s*/) {}
    /// Throws Error where there are no verbs to look at.
    virtual Traced trace() = 0;
    /// What a first pass adds to the peak of its process: to be asked of a fresh one.
    virtual PeakMemory peak_memory() = 0;
};

}  // namespace headcount
