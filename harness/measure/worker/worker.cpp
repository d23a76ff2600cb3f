// Serves one request after another.
#include "harness/measure/worker/worker.hpp"

#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <variant>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "harness/core/error.hpp"
#include "harness/measure/clock/gbench_sampler.hpp"
#include "harness/measure/limits/limits.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "harness/measure/process/child.hpp"
#include "harness/measure/process/running_clock.hpp"
#include "harness/measure/worker/point_maker.hpp"
#include "harness/measure/worker/wire_json.hpp"

namespace headcount {
namespace {

/// Limits the address space to what there is now plus `bytes`, with room for stacks and libraries.
void limit_address_space(std::int64_t bytes) {
    constexpr std::int64_t kRoom = std::int64_t{2} << 30;  // per-thread arenas and stacks reserve, not use
    const Bytes now = process_memory("VmSize");
    if (now.value < 0 || bytes <= 0) return;
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0) return;
    const auto wanted = static_cast<rlim_t>(now.value + bytes + kRoom);
    if (limit.rlim_cur == RLIM_INFINITY || wanted < limit.rlim_cur) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_AS, &limit);
    }
}

/// A serve() for each request of wire.hpp.
class Server {
public:
    std::string answer(const std::string& line) {
        const wire::Asked asked = wire::parse_request(line);
        // An engine's hang is told with its last words, just before the parent would end us both.
        constexpr double kSooner = 0.9;
        answer_by_ = RunningClock::in(kSooner * asked.timeout_s);
        return std::visit([this](const auto& request) { return wire::answer_line(this->serve(request)); },
                          asked.request);
    }

private:
    wire::Checked serve(const wire::Check& request) {
        const CheckRecord record = ready(request.point).check();
        return {.record = record, .passed = !record.done || passed(record)};
    }

    wire::Checked serve(const wire::CheckAgain& request) {
        const CheckRecord record = ready(request.point).check_again();
        return {.record = record, .passed = !record.done || passed(record)};
    }

    double serve(const wire::Calibrate& request) {
        options_ = {.min_sample_s = request.min_sample_s, .cold_cache = request.cold_cache};
        return calibrate(request.point);
    }

    Sample serve(const wire::Visit& request) {
        ready(request.point);  // with the new deadline
        if (!sampler_.knows(request.point)) calibrate(request.point);
        ready(request.point).show_inputs_of(request.round);
        return sampler_.visit(request.point);
    }

    Sample serve(const wire::Train& request) {
        return ready(request.point).train(request.number, request.learning_rate, request.checkpoint);
    }

    Traced serve(const wire::Trace& request) { return ready(request.point).trace(); }

    wire::Nothing serve(const wire::Forget& request) {
        sampler_.forget(request.point);
        points_.erase(request.point);
        return {};
    }

    PeakMemory serve(const wire::Memory& request) {
        const auto fresh = maker_.make(point_from_id(request.point, known_fields()));
        fresh->answer_by(answer_by_);
        return fresh->peak_memory();
    }

    static std::map<std::string, double> serve(const wire::Limits& request) {
        return measure_limits(request.num_threads, request.which);
    }

    static wire::Nothing serve(const wire::AddressSpace& request) {
        limit_address_space(request.bytes);
        return {};
    }

    Runnable& ready(const std::string& id) {
        auto& point = points_[id];
        if (!point) point = maker_.make(point_from_id(id, known_fields()));
        point->answer_by(answer_by_);
        return *point;
    }

    double calibrate(const std::string& id) {
        Runnable& point = ready(id);
        const double pass_s = sampler_.calibrate(id, point.visit(), options_);
        point.audit(pass_s);
        return pass_s;
    }

    PointMaker maker_;
    RunningClock::time_point answer_by_ = RunningClock::time_point::max();
    std::map<std::string, std::unique_ptr<Runnable>, std::less<>> points_;
    GbenchSampler sampler_;
    VisitOptions options_;
};

std::string answer_to(Server& server, const std::string& line) {
    try {
        return server.answer(line);
    } catch (const std::bad_alloc&) {
        return wire::answer_line(wire::Refusal{.reason = "out of memory", .bound = "memory_limit_bytes"});
    } catch (const EngineUnsupported& error) {
        return wire::answer_line(wire::Refusal{.reason = error.what(), .skipped = true});
    } catch (const EngineFailure& error) {
        return wire::answer_line(wire::Refusal{.reason = error.what(), .lost = true, .bound = error.bound});
    } catch (const std::exception& error) {
        return wire::answer_line(wire::Refusal{.reason = error.what()});
    }
}

}  // namespace

int serve_worker(std::istream& requests, int answer_fd) {
    Server server;
    std::string line;
    while (std::getline(requests, line)) {
        if (!write_all(answer_fd, answer_to(server, line) + '\n')) return 1;  // the parent is gone
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
