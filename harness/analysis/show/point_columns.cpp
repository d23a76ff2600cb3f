#include "harness/analysis/show/point_columns.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/model/time_bound.hpp"
#include "harness/analysis/records/oversubscription.hpp"
#include "harness/core/error.hpp"
#include "harness/core/names.hpp"
#include "harness/stats/modes.hpp"

namespace headcount {
namespace {

std::string full(double value) { return fmt::format("{}", value); }
std::string milliseconds(double seconds) { return fmt::format("{:.4g}", 1e3 * seconds); }
std::string percent(double share) { return share < 0 ? "" : fmt::format("{:.0f} %", 100 * share); }

/// Cells of what was timed alone.
template <class Text>
auto of_timed(Text text) {
    return [text](const PointRow& row) { return row.summary.rounds == 0 ? std::string() : text(row); };
}

/// Cells of what has a ratio to another point.
template <class Text>
auto of_ratio(Text text) {
    return of_timed(
        [text](const PointRow& row) { return row.summary.base && !row.is_base ? text(row) : std::string(); });
}

/// One end of an interval, in full; "" where it has none.
auto end_of(Interval PointSummary::*interval, double Interval::*end) {
    return [=](const PointRow& row) {
        const Interval& of = row.summary.*interval;
        return of.bounded() ? full(of.*end) : std::string();
    };
}

PointColumn rounds() {
    const auto text = of_timed([](const PointRow& row) { return fmt::format("{}", row.summary.rounds); });
    return {.key = "rounds",
            .doc = "rounds in which it was timed",
            .people = {"rounds", text},
            .programs = {{"n_rounds", text}}};
}

PointColumn time() {
    return {
        .key = "time",
        .doc = "median time of one pass, ms",
        .people = {"median ms", of_timed([](const PointRow& row) { return milliseconds(row.summary.time.estimate); })},
        .programs = {{"median_s", of_timed([](const PointRow& row) { return full(row.summary.time.estimate); })}}};
}

PointColumn interval() {
    return {.key = "interval",
            .doc = "95 % interval of the median, ms",
            .people = {"95 % ms", of_timed([](const PointRow& row) {
                           const Interval& time = row.summary.time;
                           return time.bounded()
                                      ? fmt::format("[{}, {}]", milliseconds(time.low), milliseconds(time.high))
                                      : std::string();
                       })},
            .programs = {{"low_s", of_timed(end_of(&PointSummary::time, &Interval::low))},
                         {"high_s", of_timed(end_of(&PointSummary::time, &Interval::high))}}};
}

/// Cells of what was timed and has its counts: a point of an unfinished run may have times alone.
template <class Text>
auto of_finished(Text text) {
    return of_timed([text](const PointRow& row) { return row.entry.recorded ? text(row) : std::string(); });
}

double gflops(const PointRow& row) { return product_flops(row.entry.record) / row.summary.time.estimate / 1e9; }

/// Of the peak that was measured for its type and threads; -1: none was.
double share_of_peak(const PointRow& row) {
    const Point& point = row.entry.point;
    const auto& limits = row.entry.machine->values;
    const auto peak =
        limits.find(fmt::format("fma_gflops.{}.threads={}", to_string(point.problem.dtype), point.num_threads));
    return peak == limits.end() || peak->second <= 0 ? -1 : gflops(row) / peak->second;
}

PointColumn rate() {
    return {.key = "rate",
            .doc = "required products over the median, GFLOP/s",
            .people = {"GFLOP/s", of_finished([](const PointRow& row) { return fmt::format("{:.1f}", gflops(row)); })},
            .programs = {{"gflops", of_finished([](const PointRow& row) { return full(gflops(row)); })}}};
}

PointColumn peak() {
    return {.key = "peak",
            .doc = "share of the multiply-add peak measured for its type and threads",
            .people = {"of peak", of_finished([](const PointRow& row) { return percent(share_of_peak(row)); })},
            .programs = {{"share_of_peak", of_finished([](const PointRow& row) {
                              const double share = share_of_peak(row);
                              return share < 0 ? std::string() : full(share);
                          })}}};
}

PointColumn ratio() {
    return {.key = "ratio",
            .doc = "time over the base's, paired by round",
            .people = {"ratio",
                       of_ratio([](const PointRow& row) { return fmt::format("{:.3f}", row.summary.ratio.estimate); })},
            .programs = {{"ratio", of_ratio([](const PointRow& row) { return full(row.summary.ratio.estimate); })}}};
}

PointColumn ratio_interval() {
    return {.key = "ratio_interval",
            .doc = "95 % interval of the ratio",
            .people = {"95 % ratio", of_ratio([](const PointRow& row) {
                           const Interval& ratio = row.summary.ratio;
                           return ratio.bounded() ? fmt::format("[{:.3f}, {:.3f}]", ratio.low, ratio.high)
                                                  : std::string();
                       })},
            .programs = {{"ratio_low", of_ratio(end_of(&PointSummary::ratio, &Interval::low))},
                         {"ratio_high", of_ratio(end_of(&PointSummary::ratio, &Interval::high))}}};
}

PointColumn ratio_base() {
    return {.key = "ratio_base",
            .doc = "the point that the ratio is to",
            .people = {"base", [](const PointRow& row) { return row.is_base ? "itself" : row.differs; }, Align::left},
            .programs = {{"ratio_base", [](const PointRow& row) { return row.base_id; }, Align::left}}};
}

PointColumn bound() {
    const auto over = [](const PointRow& row, bool rounded) {
        const TimeBound bound = time_bound(row.entry);
        if (!bound.missing.empty()) return std::string();
        const double factor = row.summary.time.estimate / bound.seconds();
        return rounded ? fmt::format("{:.2f}", factor) : full(factor);
    };
    return {.key = "bound",
            .doc = "time over the least that the machine's measured limits allow",
            .people = {"time / bound", of_timed([over](const PointRow& row) { return over(row, true); })},
            .programs = {{"time_over_bound", of_timed([over](const PointRow& row) { return over(row, false); })}}};
}

PointColumn bound_by() {
    const auto text = of_timed([](const PointRow& row) {
        const TimeBound bound = time_bound(row.entry);
        if (!bound.missing.empty()) return std::string();
        return bound.binding() + (bound.left_out.empty() ? "" : ", partial");
    });
    return {.key = "bound_by",
            .doc = "the limit that binds; partial: some part of the machine was not measured",
            .people = {"bound by", text, Align::left},
            .programs = {{"bound_by", text, Align::left}}};
}

PointColumn bandwidth() {
    return {.key = "bandwidth",
            .doc = "share of the measured bandwidth of reading from memory",
            .people = {"of DRAM read", of_timed([](const PointRow& row) {
                           return percent(bandwidth_share(row.entry, row.summary.time.estimate));
                       })},
            .programs = {{"bandwidth_share", of_timed([](const PointRow& row) {
                              const double share = bandwidth_share(row.entry, row.summary.time.estimate);
                              return share < 0 ? std::string() : full(share);
                          })}}};
}

PointColumn outcome() {
    const auto text = [](const PointRow& row) {
        return std::string(row.entry.recorded ? to_string(row.entry.record.outcome) : "planned");
    };
    return {.key = "outcome",
            .doc = "measured, counted, skipped, failed or planned",
            .people = {"outcome", text, Align::left},
            .programs = {{"outcome", text, Align::left}}};
}

PointColumn error() {
    const auto value = [](const PointRow& row) { return find_metric("max_error").value(row.entry, Ledger::required); };
    return {.key = "error",
            .doc = "worst error of its output against the float64 definition",
            .people = {"worst error",
                       [value](const PointRow& row) {
                           const Value error = value(row);
                           return error.rounds.empty() ? "" : fmt::format("{:.2g}", error.rounds.front().value);
                       }},
            .programs = {{"max_error", [value](const PointRow& row) {
                              const Value error = value(row);
                              return error.rounds.empty() ? "" : full(error.rounds.front().value);
                          }}}};
}

PointColumn note() {
    const auto text = [](const PointRow& row) { return fmt::format("{}", fmt::join(notes_of(row, false), "; ")); };
    return {.key = "note",
            .doc = "why there is no time, and what one middle value does not tell",
            .people = {"note", text, Align::left},
            .programs = {{"note", text, Align::left}}};
}

PointColumn of_field(const Field& field) {
    const auto text = [name = field.name](const PointRow& row) {
        return row.entry.resolved ? get_field(row.entry.point, name) : "";
    };
    const Align align = field.is_number() ? Align::right : Align::left;
    return {.key = field.name,
            .doc = field.doc,
            .people = {field.name, text, align},
            .programs = {{field.name, text, align}}};
}

/// "exps" for total.exps, "score bytes" for score_bytes.
std::string title_of(const Metric& metric) {
    std::string title = metric.name.starts_with("total.") ? metric.name.substr(6) : metric.name;
    std::ranges::replace(title, '_', ' ');
    return title + (metric.unit.empty() || metric.unit == "B" ? "" : ", " + metric.unit);
}

PointColumn of_metric(const Metric& metric) {
    const auto value = [&metric](const PointRow& row) { return metric.value(row.entry, Ledger::required); };
    const auto median = [](const Value& v) {
        std::vector<double> values;
        for (const RoundValue& round : v.rounds) values.push_back(round.value);
        return quantile(values, 0.5);
    };
    const auto text = [value, median](const PointRow& row, bool rounded) {
        const Value v = value(row);
        if (v.exact) return to_text(*v.exact);
        if (v.rounds.empty()) return std::string();
        return rounded ? fmt::format("{:.4g}", median(v)) : full(median(v));
    };
    const std::string unit = metric.unit.empty() || metric.name.ends_with("bytes") ? "" : "_" + metric.unit;
    return {.key = metric.name,
            .doc = metric.doc,
            .people = {title_of(metric), [text](const PointRow& row) { return text(row, true); }},
            .programs = {{metric.name + unit, [text](const PointRow& row) { return text(row, false); }}}};
}

}  // namespace

const std::vector<PointColumn>& point_columns() {
    static const std::vector<PointColumn> columns{outcome(),  rounds(),    time(),           interval(),   rate(),
                                                  peak(),     ratio(),     ratio_interval(), ratio_base(), bound(),
                                                  bound_by(), bandwidth(), error(),          note()};
    return columns;
}

PointColumn find_point_column(const RecordSet& records, std::string_view key) {
    const auto found = std::ranges::find(point_columns(), key, &PointColumn::key);
    if (found != point_columns().end()) return *found;
    if (const Field* field = records.fields().find(key)) return of_field(*field);
    std::vector<std::string> known = metric_names();
    if (std::ranges::find(known, key) != known.end()) return of_metric(find_metric(key));
    std::vector<std::string> own;
    for (const PointColumn& column : point_columns()) own.push_back(column.key);
    known.insert(known.end(), own.begin(), own.end());
    for (const Field& field : records.fields().all()) known.push_back(field.name);
    const std::string guess = nearest_name(key, known);
    throw UsageError(
        fmt::format("unknown column '{}'{}; a field of the points, a metric (headcount list metrics) or "
                    "one of {}",
                    key, guess.empty() ? "" : fmt::format("; did you mean '{}'?", guess), fmt::join(own, ", ")));
}

std::vector<std::string> notes_of(const PointRow& row, bool brief) {
    const PointSummary& summary = row.summary;
    std::vector<std::string> notes;
    const auto add = [&](std::string text) {
        if (!text.empty()) notes.push_back(std::move(text));
    };
    if (!row.entry.resolved) add(row.entry.id);
    if (row.is_base && !brief) add("base");
    if (!row.entry.recorded && summary.rounds > 0) {
        add("unfinished");
    } else {
        add(row.entry.absent_because());
    }
    add(oversubscription(row.entry));
    if (summary.rounds > 0 && !summary.time.bounded()) add("too few rounds for an interval");
    if (summary.autocorrelated)
        add(brief ? "rounds that resemble each other: the interval is widened" : "autocorrelated");
    const bool tail = summary.rounds > 0 && summary.p95 > kHeavyTail * summary.time.estimate;
    if (summary.several_modes || tail) {
        const std::string what = tail ? "heavy tail" : "several modes";
        add(brief ? what
                  : fmt::format("{}: 5 % below {}, 95 % below {} ms", what, milliseconds(summary.p5),
                                milliseconds(summary.p95)));
    }
    std::string broken = broken_bound(time_bound(row.entry), row.entry);
    if (const std::size_t samples = broken.find(" samples"); brief && samples != std::string::npos) {
        broken.replace(0, samples, "some");
    }
    add(std::move(broken));
    return notes;
}

}  // namespace headcount
