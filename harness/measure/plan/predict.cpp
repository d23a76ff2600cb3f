#include "harness/measure/plan/predict.hpp"

#include <algorithm>

#include "harness/judge/definition.hpp"
#include "harness/measure/clock/gbench_sampler.hpp"
#include "harness/measure/clock/traced.hpp"
#include "harness/measure/point/count.hpp"
#include "harness/train/recipe.hpp"

namespace headcount {
namespace {

struct Rates {
    double flops, exps;
};
Rates guessed_rates(const Point& point) {
    if (point.backend == "naive") return {.flops = 4e9, .exps = 2e8};
    return {.flops = 6e10 * point.num_threads, .exps = 1e9 * point.num_threads};
}
constexpr double kBytesA_s = 2e10;        // read and written, from where small problems lie
constexpr double kCall_s = 1e-6;          // of a verb
constexpr double kCheckedFlop_s = 2e-10;  // of the definition in float64, in the rows that are checked
constexpr double kCheckedExp_s = 1e-8;
constexpr double kCheckedByte_s = 2e-9;  // of what it reads
constexpr double kMadeBytesA_s = 5e8;    // random numbers
// An engine is another program, which starts for the check and for the memory: a small one in 0.1 s, one over a library
// of a gigabyte in 1.4 s.
constexpr double kEngine_s = 0.3;

double steps_of(const Point& point) { return static_cast<double>(recipe_of(point).steps); }

double guessed_pass_s(const Point& point, const Count& count) {
    OpCost executed;
    for (const OpPart& part : count.ops) executed += part.executed_known ? part.executed : part.required;
    const Rates rates = guessed_rates(point);
    return static_cast<double>(executed.flops()) / rates.flops + static_cast<double>(executed.exps) / rates.exps +
           static_cast<double>(executed.bytes()) / kBytesA_s + static_cast<double>(count.ops.size()) * kCall_s;
}

}  // namespace

void guess_times(PlannedPoint& planned) {
    const Count& count = *planned.counted;
    planned.forward_s = guessed_pass_s(planned.point, count);
    if (planned.point.problem.kept_len() > 0) {
        Point whole = planned.point;
        whole.problem.cached = false;
        planned.renew_s = guessed_pass_s(whole, count_point(whole));
    }
    if (planned.point.trains()) planned.forward_s *= steps_of(planned.point);
    const Problem& problem = planned.point.problem;
    const OpCost required = count.total(Ledger::required);
    const double checked = static_cast<double>(judge::rows_to_check(problem, 0).size()) /
                           static_cast<double>(problem.batch * problem.q_len);
    planned.check_s = checked * (static_cast<double>(required.flops()) * kCheckedFlop_s +
                                 static_cast<double>(required.exps) * kCheckedExp_s) +
                      static_cast<double>(count.inputs_bytes) * kCheckedByte_s;
    planned.prepare_s = static_cast<double>(count.inputs_bytes) / kMadeBytesA_s + (planned.ours ? 0 : kEngine_s);
}

double pass_s(const PlannedPoint& planned) {
    return planned.point.trains() ? planned.forward_s / steps_of(planned.point) : planned.forward_s;
}

double visit_s(const PlannedPoint& planned, const Protocol& protocol) {
    if (planned.point.trains()) return planned.forward_s;
    const double pass = planned.forward_s;
    const double sample = pass < protocol.min_sample_s ? kSampleMargin * protocol.min_sample_s : pass;
    return planned.renew_s + sample + (pass < kNoWarmIterationAfter_s ? pass : 0);
}

double ready_s(const PlannedPoint& planned, const Protocol& protocol) {
    if (planned.point.trains()) return planned.prepare_s;
    return planned.prepare_s + planned.renew_s + 2 * std::max(planned.forward_s, protocol.min_sample_s);
}

double before_rounds_s(const PlannedPoint& planned) {
    const double check = planned.check_s + planned.renew_s + pass_s(planned);
    if (!planned.point.trains()) return check;
    const std::size_t rates = rates_to_try(recipe_of(planned.point)).size();
    return check + (rates > 1 ? static_cast<double>(rates) * planned.forward_s : 0);
}

double check_again_s(const PlannedPoint& planned) {
    if (!planned.ours || planned.point.trains()) return 0;
    return planned.check_s + planned.prepare_s + planned.renew_s + pass_s(planned);
}

double closing_s(const PlannedPoint& planned, double start_s) {
    const double pass = pass_s(planned);
    const double traced = planned.ours ? static_cast<double>(1 + traced_passes(pass)) * pass : 0;
    return traced + start_s + planned.prepare_s + 2 * planned.renew_s + pass;
}

void sum_rounds(Plan& plan, const Protocol& protocol) {
    for (PlannedGroup& group : plan.groups) {
        group.round_s = 0;
        for (const std::size_t index : group.points) group.round_s += visit_s(plan.points[index], protocol);
    }
}

}  // namespace headcount
