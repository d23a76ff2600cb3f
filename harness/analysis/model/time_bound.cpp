#include "harness/analysis/model/time_bound.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "harness/core/dtype.hpp"

namespace headcount {
namespace {

// 2^x in f32 to 2 ulp takes a polynomial of degree 5 (lanes-inl.hpp): five multiply-adds on the units that the products
// need; all else in an exponential may run beside them.
constexpr double kFlopsInExp = 10;

/// The limits of one run for one number of threads.
class Limits {
public:
    Limits(const MachineLimits& machine, int threads) : limits_(&machine.values), threads_(threads) {}

    /// In units a second (or bytes, for sizes as they are); 0 when it was not measured.
    double rate(std::string_view name) const { return 1e9 * value(name); }
    double value(std::string_view name) const {
        const auto found = limits_->find(key(name));
        return found == limits_->end() ? 0.0 : found->second;
    }
    std::string key(std::string_view name) const { return fmt::format("{}.threads={}", name, threads_); }

    /// The fastest instruction set: medians of the same peak differ by noise.
    double peak(DType dtype) const {
        const std::string stem = fmt::format("fma_gflops.{}.", to_string(dtype));
        const std::string ending = fmt::format("threads={}", threads_);
        double best = 0;
        for (auto it = limits_->lower_bound(stem); it != limits_->end() && it->first.starts_with(stem); ++it) {
            const std::string rest = it->first.substr(stem.size());
            if (rest == ending || rest.ends_with("." + ending)) best = std::max(best, 1e9 * it->second);
        }
        return best;
    }

private:
    const std::map<std::string, double>* limits_;
    int threads_;
};

double required_exps(const PointRecord& record) {
    double exps = 0;
    for (const OpPart& part : record.counted.ops) exps += static_cast<double>(part.required.exps);
    return exps;
}

void bound_arithmetic(TimeBound& bound, const Entry& entry, const Limits& limits, double peak) {
    bound.arithmetic = product_flops(entry.record) / peak;
    const double exps = required_exps(entry.record);
    if (accumulator_of(entry.point.problem.dtype) == DType::f32) {
        const double peak_of_exps = limits.peak(DType::f32);
        if (peak_of_exps > 0) bound.arithmetic += kFlopsInExp * exps / peak_of_exps;
        const double rate = limits.rate("exp2_gops.f32");
        if (rate > 0) {
            bound.exps = exps / rate;
        } else if (exps > 0) {
            bound.left_out.emplace_back("the rate of our own exponential was not measured");
        }
    } else if (exps > 0) {
        bound.left_out.push_back(
            fmt::format("exponentials in {} are not measured", to_string(entry.point.problem.dtype)));
    }
}

// What does not fit into the caches before a level has to come from that level or from beyond it.
void bound_memory(TimeBound& bound, const Entry& entry, const Limits& limits) {
    auto bytes = static_cast<double>(compulsory_bytes(entry.point.problem, entry.record.counted));
    const auto from = [&](const std::string& level, double rate) {
        if (!(rate > 0) || bytes / rate <= bound.memory) return;
        bound.memory = bytes / rate;
        bound.level = level;
    };
    if (entry.machine->cold_cache) {
        from("DRAM", limits.rate("read_gbps"));
        return;
    }
    static constexpr std::array<std::string_view, 4> kLevels{"L1", "L2", "L3", "L4"};
    double caches = 0;
    for (const std::string_view level : kLevels) {
        const double size = limits.value(fmt::format("cache_bytes.{}", level));
        if (!(size > 0)) continue;
        from(std::string(level), limits.rate(fmt::format("read_gbps.{}", level)));
        bytes = std::max(0.0, bytes - size);
        caches += size;
    }
    if (caches > 0) {
        from("DRAM", limits.rate("read_gbps"));
    } else {
        bound.left_out.emplace_back("caches and their bandwidths were not measured");
    }
}

}  // namespace

std::int64_t compulsory_bytes(const Problem& p, const Count& counted) {
    const std::int64_t live = p.mask().live_rows(p.q_len, p.kv_len);
    const std::int64_t element = size_in_bytes(p.dtype);
    if (p.scope == Scope::core) {
        return element * p.batch * (live * p.query_width() + p.kv_len * (p.key_width() + p.value_width()));
    }
    if (p.scope == Scope::projections) {
        return element * (counted.parameters + p.batch * p.q_len * (p.embed_dim + p.context_width()));
    }
    const std::int64_t rows = p.q_len == p.kv_len ? p.kv_len : live + p.kv_len - p.kept_len();
    const std::int64_t kept = counted.kv_cache_bytes / p.kv_len * p.kept_len();
    return kept + element * (counted.parameters + p.batch * rows * p.embed_dim);
}

double TimeBound::seconds() const { return std::max({arithmetic, exps, memory}); }

std::string TimeBound::binding() const {
    if (!missing.empty()) return "";
    if (arithmetic >= exps && arithmetic >= memory) return "arithmetic";
    return exps >= memory ? "exp" : fmt::format("memory ({})", level);
}

TimeBound time_bound(const Entry& entry) {
    if (!entry.counts()) {
        const std::string why = entry.absent_because();
        return {.missing = why.empty() ? "no operations were recorded" : why};
    }
    if (!entry.resolved) return {.missing = "its id names no problem"};
    if (!entry.machine) return {.missing = "it is counted, not a result: no limits were measured"};
    const Limits limits(*entry.machine, entry.point.num_threads);
    const DType dtype = entry.point.problem.dtype;
    const double peak = limits.peak(dtype);
    if (!(peak > 0)) {
        return {.missing = fmt::format("its run did not measure {}",
                                       limits.key(fmt::format("fma_gflops.{}", to_string(dtype))))};
    }
    TimeBound bound;
    bound_arithmetic(bound, entry, limits, peak);
    bound_memory(bound, entry, limits);
    return bound;
}

double product_flops(const PointRecord& record) {
    double flops = 0;
    for (const OpPart& part : record.counted.ops) {
        if (part.op == "matmul") flops += 2 * static_cast<double>(part.required.multiplies);
    }
    return flops;
}

std::size_t samples_below(const TimeBound& bound, const Entry& entry) {
    if (!bound.missing.empty()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        entry.samples, [&](const RoundSample& round) { return round.sample.wall_s < bound.seconds(); }));
}

std::string broken_bound(const TimeBound& bound, const Entry& entry) {
    const std::size_t below = samples_below(bound, entry);
    if (below == 0) return "";
    return fmt::format("{} of {} samples are faster than the bound: the limits were measured on a disturbed machine",
                       below, entry.samples.size());
}

double bandwidth_share(const Entry& entry, double seconds) {
    if (!entry.counts() || !entry.resolved || !entry.machine || !(seconds > 0)) return -1;
    const double rate = Limits(*entry.machine, entry.point.num_threads).rate("read_gbps");
    if (!(rate > 0)) return -1;
    return static_cast<double>(compulsory_bytes(entry.point.problem, entry.record.counted)) / seconds / rate;
}

}  // namespace headcount
