#include "harness/measure/limits/windows.hpp"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <thread>

#include "harness/core/stopwatch.hpp"

namespace headcount::limits {
namespace {

/// How often makes a window; warms up too.
long times_in_a_window(const Work& work, double window_s) {
    long times = 1;
    for (double seconds = 0; times < (1L << 40);) {
        const auto start = std::chrono::steady_clock::now();
        work(times);
        seconds = seconds_since(start);
        if (seconds >= window_s) break;
        const double growth = std::min(10.0, 1.2 * window_s / std::max(seconds, 1e-7));
        times = std::max(times + 1, static_cast<long>(growth * static_cast<double>(times)));
    }
    return times;
}

}  // namespace

double sustained_rate(const std::vector<Work>& works, int windows, double window_s) {
    const long times = times_in_a_window(works.front(), window_s);
    std::vector<std::vector<double>> each(works.size());
    std::barrier together(static_cast<std::ptrdiff_t>(works.size()));
    const auto run = [&](std::size_t thread) {
        for (int window = 0; window < windows; ++window) {
            together.arrive_and_wait();
            const auto start = std::chrono::steady_clock::now();
            const double done = works[thread](times);
            each[thread].push_back(done / seconds_since(start));
        }
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 1; t < works.size(); ++t) threads.emplace_back(run, t);
        run(0);
    }
    std::vector<double> rates;
    for (std::size_t window = 0; window < static_cast<std::size_t>(windows); ++window) {
        double sum = 0;
        for (const auto& thread : each) sum += thread[window];
        rates.push_back(sum);
    }
    const auto middle = rates.begin() + windows / 2;
    std::nth_element(rates.begin(), middle, rates.end());
    return *middle;
}

}  // namespace headcount::limits
