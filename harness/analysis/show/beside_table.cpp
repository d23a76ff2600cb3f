#include "harness/analysis/show/beside_table.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/analysis/model/time_bound.hpp"
#include "harness/analysis/records/oversubscription.hpp"
#include "harness/analysis/records/paired_rounds.hpp"
#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"
#include "harness/stats/interval.hpp"
#include "harness/stats/paired.hpp"

namespace headcount {
namespace {

/// An engine is known by its own name; a variant of ours by what it runs on as well.
std::string name_of(const Point& point) {
    return point.variant == "external" ? point.backend : point.variant + "/" + point.backend;
}

struct Shape {
    Point point;                                 ///< of any of its entries
    std::map<std::string, std::size_t> entries;  ///< by name_of()
};

struct Layout {
    std::vector<Shape> shapes;
    std::vector<std::string> others;  ///< in the order of the config
};

Layout layout_of(const RecordSet& records, const std::string& ours) {
    Layout layout;
    std::map<std::string, std::size_t> known;
    for (std::size_t i = 0; i < records.entries().size(); ++i) {
        const Entry& entry = records.entries()[i];
        if (!entry.resolved) continue;
        Point shape = entry.point;
        shape.variant = shape.backend = "any";
        const auto [found, fresh] = known.emplace(shape.id(), layout.shapes.size());
        if (fresh) layout.shapes.push_back({.point = shape, .entries = {}});
        const std::string name = name_of(entry.point);
        layout.shapes[found->second].entries.emplace(name, i);
        if (name != ours && std::ranges::find(layout.others, name) == layout.others.end())
            layout.others.push_back(name);
    }
    std::erase_if(layout.shapes, [&](const Shape& shape) { return !shape.entries.contains(ours); });
    return layout;
}

/// "layer, causal, L = 512, E = 512, H = 8, 2 threads": only what is not the default, and the number of heads.
std::string shape_text(const Point& point, const FieldTable& fields) {
    std::vector<std::string> flags, sizes, rest;
    const bool layer = point.problem.scope == Scope::layer;
    if (layer) flags.emplace_back(point.problem.bias ? "layer with bias" : "layer");
    for (const Field& field : fields.all()) {
        if (field.facet == Facet::who || (is_default(point, field.name) && field.name != "num_heads")) continue;
        const std::string text = get_field(point, field.name);
        if (!field.symbol.empty()) {
            sizes.push_back(fmt::format("{} = {}", field.symbol, text));
        } else if (field.name == "num_threads") {
            rest.push_back(fmt::format("{} threads", text));
        } else if (field.type == FieldType::boolean) {
            if (!(layer && field.name == "bias")) flags.push_back(field.name);
        } else if (field.type == FieldType::choice) {
            if (field.name != "scope") rest.push_back(text);
        } else {
            rest.push_back(fmt::format("{} = {}", field.name, text));
        }
    }
    flags.insert(flags.end(), sizes.begin(), sizes.end());
    flags.insert(flags.end(), rest.begin(), rest.end());
    return fmt::format("{}", fmt::join(flags, ", "));
}

/// Of the measured limit that the time stands under: of the multiply-adds, or of the bandwidth of memory where that
/// binds or few queries read many keys.
struct LimitShare {
    double peak = -1, bandwidth = -1;  ///< negative: not known, or the other one speaks
};

LimitShare limit_share(const Entry& entry, double seconds) {
    const Problem& p = entry.point.problem;
    if (p.q_len < p.kv_len || time_bound(entry).binding().starts_with("memory")) {
        const double bandwidth = bandwidth_share(entry, seconds);
        if (bandwidth >= 0) return {.bandwidth = bandwidth};
    }
    const auto& limits = entry.machine->values;
    const auto peak = limits.find(fmt::format("fma_gflops.{}.threads={}", to_string(p.dtype), entry.point.num_threads));
    if (peak == limits.end() || peak->second <= 0) return {};
    return {.peak = product_flops(entry.record) / seconds / (1e9 * peak->second)};
}

std::string to_text(const LimitShare& share) {
    if (share.bandwidth >= 0) return fmt::format("{:.0f} % of reads", 100 * share.bandwidth);
    return share.peak >= 0 ? fmt::format("{:.0f} %", 100 * share.peak) : "";
}

/// Three significant digits, trailing zeros included: "2.30", "38.9", "133".
std::string milliseconds(double seconds) {
    const double ms = 1e3 * seconds;
    return fmt::format("{:.{}f}", ms, ms >= 100 ? 0 : ms >= 10 ? 1 : ms >= 1 ? 2 : 4);
}

std::string milliseconds(const Interval& time) {
    if (!time.bounded()) return milliseconds(time.estimate);
    return fmt::format("{} [{}, {}]", milliseconds(time.estimate), milliseconds(time.low), milliseconds(time.high));
}

std::string factor(const Interval& ratio) {
    if (!ratio.bounded()) return fmt::format("{:.2f}", ratio.estimate);
    return fmt::format("{:.2f} [{:.2f}, {:.2f}]", ratio.estimate, ratio.low, ratio.high);
}

/// What one implementation took on one shape, and how it stands to ours.
struct Cell {
    Interval time{};
    std::optional<Interval> ratio{};
    std::size_t rounds = 0, paired = 0;
    LimitShare share{};
    std::string absent{};  ///< "skipped", "failed", "not run"
};

class View {
public:
    View(const RecordSet& records, const BesideOptions& options)
        : records_(records),
          ours_(options.variant == "external" ? options.backend : options.variant + "/" + options.backend),
          layout_(layout_of(records, ours_)) {
        if (layout_.shapes.empty()) {
            throw UsageError(fmt::format("table --beside: the result has no point of {}; it has {}", ours_,
                                         fmt::join(layout_.others, ", ")));
        }
    }

    Table shapes() const {
        Table table{.columns = {{.name = "shape"},
                                {.name = ours_ + ", ms", .align = Align::right},
                                {.name = "of peak", .align = Align::right}},
                    .rows = {},
                    .caption = fmt::format("Median ms of one pass with its 95 % interval; of the others, ms and in "
                                           "parentheses their time over that of {}, paired by round, with its 95 % "
                                           "interval. Peak: measured multiply-adds of as many threads; reads: measured "
                                           "bandwidth of memory",
                                           ours_)};
        for (const std::string& other : layout_.others) {
            table.columns.push_back({.name = other, .align = Align::right, .wraps = true});
        }
        for (const Shape& shape : layout_.shapes) {
            const Cell mine = cell(shape, ours_);
            std::vector<std::string> row{shape_text(shape.point, records_.fields()) + mark(shape),
                                         mine.rounds == 0 ? mine.absent : milliseconds(mine.time), to_text(mine.share)};
            for (const std::string& other : layout_.others) row.push_back(text(cell(shape, other)));
            table.rows.push_back(std::move(row));
        }
        table.notes.push_back(oversubscription_note(records_));
        return table;
    }

    Table long_form() const {
        Table table{.columns = {{.name = "point"}, {.name = "shape"}, {.name = "engine"}}, .rows = {}, .caption = ""};
        for (const char* name : {"n_rounds", "median_s", "low_s", "high_s", "share_of_peak", "share_of_reads",
                                 "n_paired", "ratio", "ratio_low", "ratio_high", "oversubscribed"}) {
            table.columns.push_back({.name = name, .align = Align::right});
        }
        table.columns.push_back({.name = "absent_because"});
        for (const Shape& shape : layout_.shapes) {
            std::vector<std::string> names{ours_};
            names.insert(names.end(), layout_.others.begin(), layout_.others.end());
            for (const std::string& name : names) {
                const auto found = shape.entries.find(name);
                if (found == shape.entries.end()) continue;
                const Entry& entry = records_.entries()[found->second];
                const Cell cell = this->cell(shape, name);
                std::vector<std::string> row{entry.id, shape_text(shape.point, records_.fields()), name,
                                             fmt::format("{}", cell.rounds)};
                add_interval(row, cell.rounds > 0 ? std::optional(cell.time) : std::nullopt);
                row.push_back(cell.share.peak >= 0 ? fmt::format("{}", cell.share.peak) : "");
                row.push_back(cell.share.bandwidth >= 0 ? fmt::format("{}", cell.share.bandwidth) : "");
                row.push_back(fmt::format("{}", cell.paired));
                add_interval(row, cell.ratio);
                row.emplace_back(cell.rounds == 0 ? "" : oversubscription(entry).empty() ? "false" : "true");
                row.push_back(entry.absent_because());
                table.rows.push_back(std::move(row));
            }
        }
        return table;
    }

private:
    /// " (oversubscribed: 8 threads on 2 processors)", of any that was timed.
    std::string mark(const Shape& shape) const {
        for (const auto& [name, index] : shape.entries) {
            const std::string text = oversubscription(records_.entries()[index]);
            if (!text.empty()) return fmt::format(" ({})", text);
        }
        return {};
    }

    static void add_interval(std::vector<std::string>& row, const std::optional<Interval>& interval) {
        const bool bounded = interval && interval->bounded();
        row.push_back(interval ? fmt::format("{}", interval->estimate) : "");
        row.push_back(bounded ? fmt::format("{}", interval->low) : "");
        row.push_back(bounded ? fmt::format("{}", interval->high) : "");
    }

    static std::string text(const Cell& cell) {
        if (cell.rounds == 0) return cell.absent;
        std::string text = milliseconds(cell.time.estimate);
        if (cell.ratio) text += fmt::format(" ({})", factor(*cell.ratio));
        return text;
    }

    Cell cell(const Shape& shape, const std::string& name) const {
        const auto found = shape.entries.find(name);
        if (found == shape.entries.end()) return {};
        const Entry& entry = records_.entries()[found->second];
        if (entry.samples.empty()) {
            return {.absent = entry.recorded ? std::string(to_string(entry.record.outcome)) : std::string("not run")};
        }
        const std::vector<double> seconds = entry.seconds();
        Cell cell{.time = median_interval(seconds), .rounds = seconds.size()};
        cell.share = limit_share(entry, cell.time.estimate);
        const Entry& ours = records_.entries()[shape.entries.at(ours_)];
        if (name == ours_ || ours.samples.empty()) return cell;
        const PairedRounds rounds = paired_rounds(entry, ours);
        cell.paired = rounds.value.size();
        if (cell.paired > 0) cell.ratio = PairedRatio(rounds.value, rounds.base).interval();
        return cell;
    }

    const RecordSet& records_;
    std::string ours_;
    Layout layout_;
};

}  // namespace

Table beside_table(const RecordSet& records, const BesideOptions& options) {
    const View view(records, options);
    return options.one_row_each ? view.long_form() : view.shapes();
}

std::string absent_text(const RecordSet& records) {
    std::map<std::string, int> reasons;
    for (const Entry& entry : records.entries()) {
        if (!entry.resolved || !entry.samples.empty()) continue;
        const std::string why = entry.absent_because();
        if (!why.empty()) ++reasons[printable(name_of(entry.point) + ": " + why)];
    }
    std::string text;
    for (const auto& [reason, count] : reasons) {
        text += fmt::format("{} ({} point{})\n", reason, count, count == 1 ? "" : "s");
    }
    return text;
}

}  // namespace headcount
