#include "harness/cli/progress.hpp"

#include <cmath>
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/core/printable.hpp"

namespace headcount {
namespace {

std::string short_time(double seconds) {
    const auto whole = static_cast<long long>(std::ceil(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
    return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

std::string state_text(const ProgressState& state) {
    return fmt::format("{}/{} points, {} rounds, at most {} left", state.points_done, state.points_total,
                       state.rounds_done, short_time(state.left_s));
}

// Failures and remarks are worth a line of their own in both forms.
std::string point_text(const PointRecord& record) {
    if (record.outcome != Outcome::failed) return "";
    return printable(fmt::format("failed: {}: {}", record.point, record.reason));
}

class Quiet final : public Progress {
public:
    void on_point(const PointRecord& record) override {
        if (const std::string text = point_text(record); !text.empty()) fmt::print(stderr, "{}\n", text);
    }
    void on_message(const std::string& message) override { fmt::print(stderr, "{}\n", printable_lines(message)); }
};

class Lines final : public Progress {
public:
    void on_state(const ProgressState& state) override {
        constexpr double kEvery_s = 10;  // a log of an hour stays readable
        const bool last = state.points_done == state.points_total;
        if (state.elapsed_s < next_s_ && !(last && !said_last_)) return;
        next_s_ = state.elapsed_s + kEvery_s;
        said_last_ = last;
        fmt::print(stderr, "{:>6.0f} s  {}; {}\n", state.elapsed_s, state_text(state), state.doing);
    }
    void on_point(const PointRecord& record) override {
        if (const std::string text = point_text(record); !text.empty()) fmt::print(stderr, "{}\n", text);
    }
    void on_message(const std::string& message) override { fmt::print(stderr, "{}\n", printable_lines(message)); }

private:
    double next_s_ = 0;
    bool said_last_ = false;
};

class Bar final : public Progress {
public:
    ~Bar() override { clear(); }
    void on_state(const ProgressState& state) override {
        constexpr double kEvery_s = 0.1;  // faster than that nobody reads, and the terminal costs time
        if (state.elapsed_s < next_s_ && state.points_done != state.points_total) return;
        next_s_ = state.elapsed_s + kEvery_s;
        constexpr int kCells = 24;
        const double share = state.points_total == 0
                                 ? 1.0
                                 : static_cast<double>(state.points_done) / static_cast<double>(state.points_total);
        const int full = static_cast<int>(share * kCells);
        std::string line =
            fmt::format("[{:#<{}}{:.<{}}] {}  {}", "", full, "", kCells - full, state_text(state), state.doing);
        winsize size{};
        const std::size_t width =
            ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
        if (line.size() > width) line.resize(width);
        fmt::print(stderr, "\r\x1b[K{}", line);
        std::fflush(stderr);
        shown_ = true;
    }
    void on_point(const PointRecord& record) override {
        if (const std::string text = point_text(record); !text.empty()) on_message(text);
    }
    void on_message(const std::string& message) override {
        clear();
        fmt::print(stderr, "{}\n", printable_lines(message));
    }

private:
    void clear() {
        if (shown_) fmt::print(stderr, "\r\x1b[K");
        shown_ = false;
    }
    double next_s_ = 0;
    bool shown_ = false;
};

}  // namespace

std::unique_ptr<Progress> make_progress(bool quiet) {
    if (quiet) return std::make_unique<Quiet>();
    if (isatty(STDERR_FILENO) == 1) return std::make_unique<Bar>();
    return std::make_unique<Lines>();
}

}  // namespace headcount
