// What campaign and worker say to each other: a struct for each request, and what its answer is.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "harness/journal/record.hpp"
#include "harness/measure/clock/traced.hpp"
#include "harness/measure/limits/limit_set.hpp"
#include "harness/measure/machine/process_memory.hpp"

namespace headcount::wire {

struct Nothing {};

struct Checked {
    CheckRecord record;
    bool passed = false;
};

struct Check {
    static constexpr const char* kDo = "check";
    using Answer = Checked;
    std::string point{};
};

/// Answers the seconds of a pass.
struct Calibrate {
    static constexpr const char* kDo = "calibrate";
    using Answer = double;
    std::string point{};
    double min_sample_s = 0;
    bool cold_cache = false;
};

struct Visit {
    static constexpr const char* kDo = "visit";
    using Answer = Sample;
    std::string point{};
    std::int64_t round = 0;  ///< whose inputs it computes on
};

/// As Runnable::check_again().
struct CheckAgain {
    static constexpr const char* kDo = "check_again";
    using Answer = Checked;
    std::string point{};
};

struct Train {
    static constexpr const char* kDo = "train";
    using Answer = Sample;
    std::string point{};
    std::int64_t number = 0;  ///< of the run, whose seeds follow from it
    double learning_rate = 0;
    std::string checkpoint{};  ///< the folder that keeps where trainings stand; empty: none
};

struct Trace {
    static constexpr const char* kDo = "trace";
    using Answer = Traced;
    std::string point{};
};

struct Forget {
    static constexpr const char* kDo = "forget";
    using Answer = Nothing;
    std::string point{};
};

struct Memory {
    static constexpr const char* kDo = "memory";
    using Answer = PeakMemory;
    std::string point{};
};

struct Limits {
    static constexpr const char* kDo = "limits";
    using Answer = std::map<std::string, double>;
    std::vector<int> num_threads{};
    LimitSet which = LimitSet::bounds;
};

/// The most that the worker may allocate.
struct AddressSpace {
    static constexpr const char* kDo = "address_space";
    using Answer = Nothing;
    std::int64_t bytes = 0;
};

using Request = std::variant<Check, CheckAgain, Calibrate, Visit, Train, Trace, Forget, Memory, Limits, AddressSpace>;

/// Instead of an answer.
struct Refusal {
    std::string reason;
    bool lost = false;       ///< an engine went down with what other points had prepared in it: start the worker anew
    bool skipped = false;    ///< an engine cannot do this problem; nothing failed
    std::string bound = {};  ///< of the protocol, where that ended it: "timeout_s", "memory_limit_bytes"
};

/// Requests come on standard input; answers go to this descriptor, which stray output cannot reach.
inline constexpr int kAnswerFd = 3;

}  // namespace headcount::wire
