// A neighbour for every visit, and what it costs while it idles.
#include "harness/measure/doctor/neighbour.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "harness/core/stopwatch.hpp"
#include "harness/measure/campaign/rounds.hpp"

namespace headcount {
namespace {

constexpr int kFewestRounds = 10, kMostRounds = 40;

/// A worker whose threads have all worked once.
std::unique_ptr<Worker> neighbour(const std::function<std::unique_ptr<Worker>()>& start, const std::string& busy) {
    auto worker = start();
    worker->calibrate(busy);
    worker->visit(busy);
    return worker;
}

}  // namespace

double idle_cpu_s(const Worker& worker, double for_s) {
    const double before = worker.cpu_seconds();
    std::this_thread::sleep_for(std::chrono::duration<double>(for_s));
    const double after = worker.cpu_seconds();
    return before < 0 || after < 0 ? -1 : after - before;
}

NeighbourCheck check_neighbour(const std::function<std::unique_ptr<Worker>()>& start,
                               const NeighbourQuestion& question) {
    NeighbourCheck check;
    check.idle_for_s = question.idle_for_s;
    const auto timed = start();
    timed->check(question.timed);
    timed->calibrate(question.timed);
    check.idle_cpu_s = idle_cpu_s(*neighbour(start, question.busy), question.idle_for_s);
    const auto visit = [&](bool beside) {
        auto other = neighbour(start, question.busy);
        if (!beside) other.reset();
        (beside ? check.beside_s : check.alone_s).push_back(timed->visit(question.timed).wall_s);
    };
    const double start_s = steady_s();
    int rounds = 1;
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t which : shuffled_order(2, 1, "neighbour", round)) visit(which == 1);
        if (round == 0) {
            const double fit = std::min(question.budget_s / (steady_s() - start_s), static_cast<double>(kMostRounds));
            rounds = std::max(kFewestRounds, static_cast<int>(fit));
        }
    }
    return check;
}

}  // namespace headcount
