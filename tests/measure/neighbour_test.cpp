// Real workers: does one that is alive and idle sleep? With a control in which it is allowed not to.
#include "harness/measure/doctor/neighbour.hpp"

#include <algorithm>
#include <cstdlib>

#include "harness/core/field_table.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/worker/worker.hpp"
#include "harness/measure/worker/worker_process.hpp"
#include "tests/catch.hpp"
#include "tests/measure/simulated_worker.hpp"

using namespace headcount;

namespace {

constexpr char kTwoThreads[] = "multi_head/blas/seq_len=128,embed_dim=256,num_heads=4,num_threads=2";
constexpr double kTicks_s = 0.03;  // the kernel counts in 10 ms; answering the last request may end in one of them

/// This very program as a worker, by the hidden test below.
std::unique_ptr<Worker> start_real_worker(bool passive_waiting) {
    const WorkerCommand command{
        .executable = "/proc/self/exe", .arguments = {"serves as a worker"}, .passive_waiting = passive_waiting};
    return start_worker_process(command, Protocol{}, 0);
}

bool can_run_blas() {
    const std::string why_not = why_unsupported(point_from_id(kTwoThreads));
    if (!why_not.empty()) WARN("not tested here: " + why_not);
    return why_not.empty();
}

double idle_cpu_of_real_worker(bool passive_waiting, double for_s) {
    const auto worker = start_real_worker(passive_waiting);
    worker->calibrate(kTwoThreads);
    worker->visit(kTwoThreads);
    return idle_cpu_s(*worker, for_s);
}

}  // namespace

TEST_CASE("serves as a worker", "[.worker]") { CHECK(worker_main() == 0); }

TEST_CASE("a worker that ran two threads uses no processor while it is idle, and would if it were let spin") {
    if (!can_run_blas()) return;
    const double asleep_s = idle_cpu_of_real_worker(true, 1);
    CHECK(asleep_s >= 0);
    CHECK(asleep_s <= kTicks_s);
    // The control: the longest spin that the libraries know, some 0.4 s. Were it not seen, the check above would say
    // nothing. On a crowded machine a spinning thread may get no processor for as long: then it is tried again.
    ::setenv("OPENBLAS_THREAD_TIMEOUT", "30", 1);
    ::setenv("OMP_WAIT_POLICY", "ACTIVE", 1);
    double spinning_s = 0;
    for (int attempt = 0; attempt < 40 && spinning_s <= 2 * kTicks_s; ++attempt) {
        spinning_s = idle_cpu_of_real_worker(false, 1);
    }
    ::unsetenv("OPENBLAS_THREAD_TIMEOUT");
    ::unsetenv("OMP_WAIT_POLICY");
    CHECK(spinning_s > 2 * kTicks_s);
}

TEST_CASE("alone and beside come in as many rounds each, every visit after a neighbour's run, in shuffled order") {
    Simulation simulation;
    simulation.seconds = [](const std::string&, int) { return 0.001; };
    const std::string timed = "multi_head/naive/seq_len=8,embed_dim=8";
    const std::string busy = "multi_head/naive/seq_len=16,embed_dim=8";
    const NeighbourCheck check = check_neighbour([&] { return std::make_unique<SimulatedWorker>(simulation); },
                                                 {.timed = timed, .busy = busy, .budget_s = 10, .idle_for_s = 0.001});
    CHECK(check.alone_s.size() == 40);
    CHECK(check.beside_s.size() == 40);
    CHECK(check.idle_cpu_s == -1);  // a simulation has no processor time
    CHECK(simulation.checks[timed] == 1);
    CHECK(simulation.visits[timed] == 80);
    CHECK(simulation.visits[busy] == 81);  // and once for the idle one
    CHECK(simulation.workers == 1 + 1 + 80);
    // Behind the idle one, neighbour and timed point alternate.
    REQUIRE(simulation.order.size() == 161);
    for (std::size_t i = 1; i < simulation.order.size(); ++i) CHECK(simulation.order[i] == (i % 2 == 1 ? busy : timed));
}

TEST_CASE("a budget that is over after one round still gives the rounds of an interval") {
    Simulation simulation;
    simulation.seconds = [](const std::string&, int) { return 0.001; };
    const NeighbourCheck check = check_neighbour([&] { return std::make_unique<SimulatedWorker>(simulation); },
                                                 {.timed = "multi_head/naive/seq_len=8,embed_dim=8",
                                                  .busy = "multi_head/naive/seq_len=16,embed_dim=8",
                                                  .budget_s = 1e-9,
                                                  .idle_for_s = 0});
    CHECK(check.alone_s.size() == 10);
}
