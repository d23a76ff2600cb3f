#include "harness/measure/engine/engine_forward.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/journal/json.hpp"

namespace headcount {
namespace {

Json problem_json(const Problem& p) {
    Json problem = Json::object();
    Point point;
    point.problem = p;
    for (const BaseField& base : base_fields()) {
        const Facet facet = base.field.facet;
        const bool of_problem = facet == Facet::size || facet == Facet::width || facet == Facet::meaning;
        if (of_problem && !base.field.is_alias()) problem[base.field.name] = field_json(base.field, point);
    }
    return problem;
}

/// {"q": {"offset": 0, "shape": [1, 512, 512]}, ...}
Json tensors_json(const Layout& layout, const char* base) {
    Json tensors = Json::object();
    const auto add = [&](const char* name, const Tensor& t, Json shape) {
        tensors[name] = {{"offset", static_cast<const char*>(t.data) - base}, {"shape", std::move(shape)}};
    };
    const auto rows = [&](const char* name, const Tensor& t) { add(name, t, {t.batch(), t.rows(), t.cols()}); };
    if (layout.inputs.problem.scope == Scope::core) {
        rows("q", layout.inputs.q);
        rows("k", layout.inputs.k);
        rows("v", layout.inputs.v);
    } else {
        rows("x_q", layout.inputs.x_q);
        rows("x_kv", layout.inputs.x_kv);
    }
    for (const char* name : {"wq", "wk", "wv", "wo"}) {
        if (const Tensor* weight = layout.canonical.find(name)) add(name, *weight, {weight->rows(), weight->cols()});
    }
    for (const char* name : {"bq", "bk", "bv", "bo"}) {
        if (const Tensor* bias = layout.canonical.find(name)) add(name, *bias, Json::array({bias->cols()}));
    }
    rows("out", layout.out);
    return tensors;
}

int next_handle() {
    static int last = 0;
    return ++last;
}

}  // namespace

EngineForward::EngineForward(PointData& data, const SharedMemory& memory, ReferenceCache& references, EnginePool& pool)
    : data_(data),
      rotation_(data),
      point_(data.point),
      layout_(data.layout),
      file_(memory.path()),
      base_(static_cast<const char*>(memory.data())),
      pool_(pool),
      handle_(next_handle()) {
    for (std::uint64_t set = 0; set < kSets; ++set) {
        rotation_.show(set);
        expected_.push_back(references.of(data));
    }
    rotation_.show(kFirstInputs);
}

EngineForward::~EngineForward() {
    if (!prepared_ || !process_->alive()) return;
    try {
        constexpr std::chrono::seconds kSoon{10};
        process_->ask(request("free"), RunningClock::now() + kSoon);
    } catch (const std::exception&) {
        // An engine that cannot free shows at its next request.
    }
}

Json EngineForward::request(const char* verb) const { return {{"do", verb}, {"handle", handle_}}; }

EngineProcess& EngineForward::process() {
    prepare();
    return *process_;
}

void EngineForward::prepare() {
    if (prepared_) return;
    process_ = pool_.of(point_.backend, point_.num_threads, deadline_);
    Json json = request("prepare");
    json["problem"] = problem_json(point_.problem);
    json["num_threads"] = point_.num_threads;
    json["file"] = file_;
    json["tensors"] = tensors_json(layout_, base_);
    process_->ask(json, deadline_);
    prepared_ = true;
}

void EngineForward::show(std::uint64_t set) {
    if (data_.input_set == set) return;
    rotation_.show(set);
    if (!prepared_) return;
    if (process().hello().rereads) {
        process().ask(request("inputs"), deadline_);
        return;
    }
    process().ask(request("free"), deadline_);
    prepared_ = false;
    prepare();
}

const judge::ReferenceRows& EngineForward::expected() const {
    if (data_.input_set >= kSets) throw Error("engine: no reference for these inputs");
    return expected_[data_.input_set];
}

Timed EngineForward::ask_to_run(std::int64_t passes) {
    Json json = request("run");
    json["times"] = passes;
    const EngineProcess::Answer answer = process().ask(json, deadline_);
    const auto number = [&](const char* key) {
        const auto found = answer.ok.find(key);
        return found != answer.ok.end() && found->is_number() ? found->get<double>() : std::nan("");
    };
    const Timed timed{.passes = passes,
                      .claimed = {.wall_s = number("wall_s"), .cpu_s = number("cpu_s")},
                      .seen = {.wall_s = answer.wall_s, .cpu_s = answer.cpu_s, .waited_s = answer.waited_s}};
    if (const std::string why = impossible(timed.claimed, timed.seen); !why.empty()) disbelieve(why);
    return timed;
}

void EngineForward::disbelieve(const std::string& why) const {
    throw Error(fmt::format("engine {}: its clocks cannot be believed: {}", point_.backend, why));
}

Clocked EngineForward::run(std::int64_t times) {
    const Timed timed = ask_to_run(times);
    const std::string why = doubtful(timed.claimed, timed.seen, point_.num_threads);
    doubts_ = why.empty() ? 0 : doubts_ + 1;
    if (doubts_ >= enough_doubts_) {
        examine(timed, why);
        doubts_ = 0;
        enough_doubts_ *= 2;  // it answered for this; the next examination is for what comes again and again
    }
    return timed.claimed;
}

/// Is what the claims leave out a part of the passes? Throws Error when it is.
void EngineForward::examine(const Timed& doubted, const std::string& why) {
    constexpr double kFew_s = 0.05, kMany_s = 2, kTenfold = 10;
    constexpr int kRequests = 3;
    const auto left_s = [&] { return std::chrono::duration<double>(deadline_ - RunningClock::now()).count(); };
    const auto said_s = [](const Timed& t) { return std::min(t.claimed.wall_s, t.claimed.cpu_s); };
    // Passes enough to be seen beside what belongs to none of them.
    Timed few = doubted;
    while (said_s(few) < kFew_s && few.seen.wall_s < kMany_s / 4 && kTenfold * few.seen.wall_s < left_s() / 4) {
        const double factor = std::clamp(kFew_s / std::max(said_s(few), 1e-9), 2.0, kTenfold);
        few = ask_to_run(few.passes * static_cast<std::int64_t>(factor));
    }
    const auto times = static_cast<std::int64_t>(std::clamp(kMany_s / few.seen.wall_s, 2.0, 8.0));
    if (left_s() < 2 * kRequests * static_cast<double>(1 + times) * few.seen.wall_s) {
        // Passes of many seconds: what belongs to none of them is small beside.
        constexpr double kAroundPasses_s = 0.25;
        Clocked seen = doubted.seen;
        seen.wall_s -= kAroundPasses_s;
        seen.cpu_s = std::max(0.0, seen.cpu_s - kAroundPasses_s);
        if (doubtful(doubted.claimed, seen, point_.num_threads).empty()) return;
        disbelieve(fmt::format("{}, {} times in a row", why, doubts_));
    }
    std::vector<Timed> of_few, of_many;
    for (int i = 0; i < kRequests; ++i) {
        of_few.push_back(ask_to_run(few.passes));
        of_many.push_back(ask_to_run(times * few.passes));
    }
    const std::string grown = grows(of_few, of_many, point_.num_threads);
    if (grown.empty()) return;
    disbelieve(fmt::format("{}, {} times in a row; examined with {} and {} passes, {}", why, doubts_, few.passes,
                           times * few.passes, grown));
}

void EngineForward::audit(double pass_s) {
    constexpr double kLong_s = 0.02;
    constexpr double kMost = 1e6;
    const auto times = static_cast<std::int64_t>(std::clamp(kLong_s / std::max(pass_s, 1e-9), 1.0, kMost));
    do {
        run(times);
    } while (doubts_ > 0);
}

void EngineForward::output() { process().ask(request("output"), deadline_); }

void EngineForward::poison_output() { poison(layout_.out); }

void EngineForward::verify() {
    output();
    const CheckRecord record = compare(layout_.out, expected());
    if (passed(record)) return;
    throw Error(fmt::format("engine {}: wrong result after a timed run: error {:.3g} where {:.3g} is allowed, at {}",
                            point_.backend, record.max_error, record.bound, record.worst));
}

Bytes EngineForward::peak_memory() { return process().peak_memory(); }

}  // namespace headcount
