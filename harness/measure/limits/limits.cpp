#include "harness/measure/limits/limits.hpp"

#include <fmt/format.h>

#include "harness/backend/simd/kernels.hpp"
#include "harness/measure/limits/arithmetic.hpp"
#include "harness/measure/limits/bandwidth.hpp"
#include "harness/measure/limits/caches.hpp"
#include "harness/measure/limits/exponentials.hpp"
#include "harness/measure/limits/gemm.hpp"
#include "harness/measure/limits/windows.hpp"

namespace headcount {
namespace {

using namespace limits;

/// Writes rates under their names for one number of threads.
class Book {
public:
    Book(std::map<std::string, double>& limits, int threads) : limits_(&limits), threads_(threads) {}
    void set(const std::string& name, double value) {
        (*limits_)[fmt::format("{}.threads={}", name, threads_)] = value;
    }
    void rate(const std::string& name, double a_second) { set(name, a_second / 1e9); }

private:
    std::map<std::string, double>* limits_;
    int threads_;
};

/// Chooses the best instruction set again, whatever happened.
struct BestAgain {
    BestAgain() = default;
    BestAgain(const BestAgain&) = delete;
    BestAgain& operator=(const BestAgain&) = delete;
    ~BestAgain() { simd::force_target(""); }
};

void measure_arithmetic(Book& book, int threads) {
    book.rate("fma_gflops.f32", multiply_add_rate(DType::f32, threads, kManyWindows));
    book.rate("fma_gflops.bf16", multiply_add_rate(DType::bf16, threads, kManyWindows));
    book.rate("fma_gflops.f64", multiply_add_rate(DType::f64, threads, kManyWindows));
    for (const std::string& target : simd::runnable_targets()) {
        const BestAgain afterwards;
        simd::force_target(target);
        book.rate("fma_gflops.f32." + target, multiply_add_rate(DType::f32, threads, kFewWindows));
    }
}

void measure_reads(Book& book, int threads) {
    book.rate("read_gbps", memory_read_rate(threads, kManyWindows));
    std::int64_t nearer = 0;  // what a thread has in the caches before this one
    for (const Cache& cache : caches(threads)) {
        book.set("cache_bytes." + cache.name, static_cast<double>(cache.bytes));
        if (cache.share / 2 > nearer) {
            book.rate("read_gbps." + cache.name, cached_read_rate(cache.share / 2, threads, kFewWindows));
        }
        nearer = cache.share;
    }
}

void measure_streams(Book& book, int threads) {
    const StreamRates rates = stream_rates(threads, kFewWindows);
    book.rate("write_gbps", rates.write);
    book.rate("copy_gbps", rates.copy);
    book.rate("triad_gbps", rates.triad);
}

void measure_products(Book& book, int threads) {
    if (!gemm_missing().empty()) return;
    for (const GemmShape& shape : gemm_shapes()) {
        book.rate("gemm_gflops.f32." + shape.name, gemm_rate(shape, DType::f32, threads, kFewWindows));
    }
}

}  // namespace

std::map<std::string, double> measure_limits(const std::vector<int>& num_threads, LimitSet which) {
    std::map<std::string, double> measured;
    for (const int threads : num_threads) {
        Book book(measured, threads);
        if (which == LimitSet::peak) {
            book.rate("fma_gflops.f32", multiply_add_rate(DType::f32, threads, 1, kShortWindow_s));
            continue;
        }
        measure_arithmetic(book, threads);
        book.rate("exp_gops.f32", exp_rate(threads, kFewWindows));
        book.rate("exp2_gops.f32", exp2_rate(threads, kFewWindows));
        measure_reads(book, threads);
        if (which == LimitSet::bounds) continue;
        measure_streams(book, threads);
        measure_products(book, threads);
    }
    return measured;
}

}  // namespace headcount
