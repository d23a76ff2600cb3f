// Serves one request after another: check, calibrate, visit, trace, memory, limits.
#include "harness/measure/worker/worker.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "harness/core/error.hpp"
#include "harness/core/op_cost.hpp"
#include "harness/journal/json.hpp"
#include "harness/measure/clock/gbench_sampler.hpp"
#include "harness/measure/engine/engines.hpp"
#include "harness/measure/engine/external_forward.hpp"
#include "harness/measure/limits/limits.hpp"
#include "harness/measure/machine/process_memory.hpp"
#include "harness/measure/point/check.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/measure/process/child.hpp"
#include "harness/measure/worker/wire.hpp"

namespace headcount {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Server {
public:
    Json answer(const Json& request) {
        const auto verb = request.value("do", std::string{});
        const auto id = request.value("point", std::string{});
        // An engine's hang is told with its last words, just before the parent would end us both.
        constexpr double kSooner = 0.9;
        answer_by_ = EngineProcess::Clock::now() +
                     std::chrono::duration_cast<EngineProcess::Clock::duration>(
                         std::chrono::duration<double>(kSooner * request.value("timeout_s", kPatience_s)));
        if (verb == wire::visit) return visit(id);
        if (verb == wire::check) return check(id);
        if (verb == wire::calibrate) return calibrate(id, request);
        if (verb == wire::trace) return trace(id);
        if (verb == wire::forget) return forget(id);
        if (verb == wire::memory) return memory(id);
        if (verb == wire::limits) return limits(request);
        if (verb == wire::bound) return bound(request.at("bytes").get<std::int64_t>());
        throw Error(fmt::format("the worker does not know the request '{}'", verb));
    }

private:
    PointData& data_of(const std::string& id) {
        auto& slot = data_[id];
        if (!slot) slot = std::make_unique<PointData>(make_point_data(point_from_id(id, known_fields())));
        PointData& data = *slot;
        if (is_external(data.point)) {
            if (!data.external) {
                data.external = std::make_unique<ExternalForward>(data, references_.of(data), engines_);
            }
            data.external->answer_by(answer_by_);
        }
        return data;
    }

    Json check(const std::string& id) {
        const CheckRecord record = check_point(data_of(id), &references_);
        Json json = to_json(record);
        json["passed"] = !record.done || passed(record);
        return json;
    }

    Json calibrate(const std::string& id, const Json& request) {
        PointData& data = data_of(id);
        options_ = {.min_sample_s = request.at("min_sample_s").get<double>(),
                    .cold_cache = request.at("cold_cache").get<bool>()};
        return Json(calibrate(id, data));
    }

    double calibrate(const std::string& id, PointData& data) {
        if (!data.external) {
            return sampler_.calibrate(
                id, [&data] { run_forward(data); }, options_);
        }
        ExternalForward& external = *data.external;
        const double pass_s = sampler_.calibrate(
            id, [&external](std::int64_t times) { return external.run(times); }, options_);
        external.audit(pass_s);
        return pass_s;
    }

    Json visit(const std::string& id) {
        PointData& data = data_of(id);
        if (!sampler_.knows(id)) calibrate(id, data);
        if (!data.external) return to_json(sampler_.visit(id));
        data.external->poison_output();
        const Sample sample = sampler_.visit(id);
        data.external->verify();
        return to_json(sample);
    }

    /// Several passes. The mean over the middle half of them, ordered by their totals, speaks: preempted passes do
    /// not count, and unlike medians of each span its parts still sum to its total.
    Json trace(const std::string& id) {
        PointData& data = data_of(id);
        struct Pass {
            double seconds = 0;
            OpLog log;
        };
        constexpr std::size_t kFew = 5, kMany = 21;
        constexpr double kLong_s = 2.0, kShort_s = 0.05;  // slow points speak in one pass, fast ones need many
        std::vector<Pass> passes;
        run_forward(data);
        for (double spent = 0; passes.empty() || (passes.size() < kFew && spent < kLong_s) ||
                               (passes.size() < kMany && spent < kShort_s);) {
            Pass& pass = passes.emplace_back();
            data.backend->listen(&pass.log);
            const auto start = std::chrono::steady_clock::now();
            run_forward(data);
            pass.seconds = seconds_since(start);
            data.backend->listen(nullptr);
            spent += pass.seconds;
        }
        std::sort(passes.begin(), passes.end(), [](const Pass& a, const Pass& b) { return a.seconds < b.seconds; });
        const std::size_t quarter = passes.size() / 4;
        const std::span<const Pass> middle(passes.begin() + static_cast<std::ptrdiff_t>(quarter),
                                           passes.end() - static_cast<std::ptrdiff_t>(quarter));
        const auto share = 1.0 / static_cast<double>(middle.size());
        double seconds = 0;
        std::vector<SpanRecord> breakdown;
        for (const Pass& pass : middle) {
            seconds += pass.seconds * share;
            for (const OpSpan& span : pass.log.spans) {
                const auto same = [&](const SpanRecord& r) { return r.verb == span.verb && r.role == span.role; };
                const auto found = std::find_if(breakdown.begin(), breakdown.end(), same);
                if (found == breakdown.end()) {
                    breakdown.push_back({.verb = span.verb, .role = span.role, .seconds = span.seconds * share});
                } else {
                    found->seconds += span.seconds * share;
                }
            }
        }
        Json json = {{"seconds", seconds}, {"breakdown", Json::array()}};
        for (const SpanRecord& span : breakdown) json["breakdown"].push_back(to_json(span));
        return json;
    }

    static Json limits(const Json& request) {
        return measure_limits(request.at("num_threads").get<std::vector<int>>(),
                              static_cast<LimitSet>(request.at("which").get<int>()));
    }

    Json forget(const std::string& id) {
        sampler_.forget(id);
        data_.erase(id);
        return nullptr;
    }

    Json memory(const std::string& id) {
        const Point point = point_from_id(id, known_fields());
        if (is_external(point)) return memory_of_engine(id, point);
        const Bytes before = process_memory("VmHWM");
        PointData data = make_point_data(point);
        run_forward(data);
        return memory_between(before, process_memory("VmHWM"), data.workspace.peak_bytes());
    }

    /// Of the engine's process; how much of it is workspace only the engine knows.
    Json memory_of_engine(const std::string& id, const Point& point) {
        const Bytes before = engines_.of(point.backend, point.num_threads, answer_by_)->peak_memory();
        PointData& data = data_of(id);
        run_forward(data);
        return memory_between(before, data.external->peak_memory(), -1);
    }

    static Json memory_between(const Bytes& before, const Bytes& after, std::int64_t workspace_bytes) {
        Json json = {{"peak_bytes", workspace_bytes}, {"process_peak_bytes", -1}, {"note", ""}};
        if (workspace_bytes < 0) json["note"] = "an engine's workspace is not known";
        if (before.value >= 0 && after.value >= 0) {
            json["process_peak_bytes"] = after.value - before.value;
        } else {
            json["note"] = before.value < 0 ? before.unavailable : after.unavailable;
        }
        return json;
    }

    /// Limits the address space to what there is now plus `bytes`, with room for stacks and libraries.
    static Json bound(std::int64_t bytes) {
        constexpr std::int64_t kRoom = std::int64_t{2} << 30;  // per-thread arenas and stacks reserve, not use
        const Bytes now = process_memory("VmSize");
        if (now.value < 0 || bytes <= 0) return nullptr;
        rlimit limit{};
        if (getrlimit(RLIMIT_AS, &limit) != 0) return nullptr;
        const auto wanted = static_cast<rlim_t>(now.value + bytes + kRoom);
        if (limit.rlim_cur == RLIM_INFINITY || wanted < limit.rlim_cur) {
            limit.rlim_cur = wanted;
            setrlimit(RLIMIT_AS, &limit);
        }
        return nullptr;
    }

    static constexpr double kPatience_s = 600;  // where a request does not say

    EnginePool engines_;  // outlives the points that free what they had prepared there
    EngineProcess::Clock::time_point answer_by_ = EngineProcess::Clock::time_point::max();
    std::map<std::string, std::unique_ptr<PointData>, std::less<>> data_;
    ReferenceCache references_;
    GbenchSampler sampler_;
    VisitOptions options_;
};

}  // namespace

int serve_worker(std::istream& requests, int answer_fd) {
    Server server;
    std::string line;
    while (std::getline(requests, line)) {
        Json answer;
        try {
            answer["ok"] = server.answer(Json::parse(line));
        } catch (const std::bad_alloc&) {
            answer = {{"failed", "out of memory"}};
        } catch (const EngineUnsupported& error) {
            answer = {{"skipped", error.what()}};
        } catch (const EngineFailure& error) {
            answer = {{"failed", error.what()}, {"lost", true}};
        } catch (const std::exception& error) {
            answer = {{"failed", error.what()}};
        }
        if (!write_all(answer_fd, to_line(answer) + '\n')) return 1;  // the parent is gone
    }
    return 0;
}

int worker_main() {
    if (::fcntl(wire::kAnswerFd, F_GETFD) < 0) {
        throw UsageError("headcount worker: is started by `headcount run`, not by hand");
    }
    // A dead parent must not leave a worker that steals time from the next run; Ctrl-C is the parent's to handle.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    return serve_worker(std::cin, wire::kAnswerFd);
}

}  // namespace headcount
