// Journals made by hand: points with counts and samples that a test chooses.
#pragma once

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "harness/core/field_table.hpp"
#include "harness/journal/journal.hpp"

namespace headcount::testing {

/// multi_head on naive with the given fields set, e.g. point({{"num_heads", "8"}, {"seq_len", "128"}}).
inline Point point(const std::vector<std::pair<std::string, std::string>>& fields) {
    PointSpec spec;
    set_field(spec, "variant", "multi_head");
    set_field(spec, "backend", "naive");
    bool has_length = false;
    bool has_width = false;
    for (const auto& [field, value] : fields) {
        set_field(spec, field, value);
        has_length = has_length || field == "seq_len" || field == "q_len";
        has_width = has_width || field == "embed_dim" || field == "head_dim";
    }
    if (!has_length) set_field(spec, "seq_len", "64");
    if (!has_width) set_field(spec, "embed_dim", "64");
    return resolve(spec);
}

/// One matmul of role "scores" with these multiplies, required and executed.
inline OpPart scores(std::int64_t required, std::int64_t executed) {
    OpPart part;
    part.op = "matmul";
    part.role = "scores";
    part.required.multiplies = required;
    part.executed.multiplies = executed;
    return part;
}

class JournalBuilder {
public:
    explicit JournalBuilder(std::vector<std::string> axes) {
        journal.run.run = "test";
        journal.run.name = "made_by_hand";
        journal.run.config_path = "configs/made by hand.yaml";
        PartRecord part;
        part.axes = std::move(axes);
        part.compare_by = {"num_heads"};
        journal.run.parts.push_back(std::move(part));
    }

    PointRecord& add(const Point& p, std::int64_t required, std::int64_t executed) {
        journal.run.parts.front().point_ids.push_back(p.id());
        PointRecord record;
        record.point = p.id();
        record.counted.ops = {scores(required, executed)};
        journal.points.push_back(std::move(record));
        return journal.points.back();
    }
    PointRecord& add(const Point& p, std::int64_t multiplies) { return add(p, multiplies, multiplies); }

    /// A point with times: seconds(round).
    void add_timed(const Point& p, const std::string& group, int rounds, const std::function<double(int)>& seconds) {
        PointRecord& record = add(p, 1);
        record.outcome = Outcome::measured;
        record.group = group;
        for (int round = 0; round < rounds; ++round) {
            RoundRecord* line = nullptr;
            for (RoundRecord& known : journal.rounds) {
                if (known.group == group && known.round == round) line = &known;
            }
            if (line == nullptr) {
                RoundRecord fresh;
                fresh.group = group;
                fresh.round = round;
                journal.rounds.push_back(std::move(fresh));
                line = &journal.rounds.back();
            }
            Sample sample;
            sample.point = p.id();
            sample.order = static_cast<int>(line->samples.size());
            sample.wall_s = seconds(round);
            sample.cpu_s = sample.wall_s;
            line->samples.push_back(std::move(sample));
        }
    }

    ClaimSpec& claim(const std::string& id, const std::string& kind, const std::string& argument,
                     const std::string& metric = "core.multiplies") {
        ClaimSpec spec;
        spec.id = id;
        spec.says = "says " + id;
        spec.metric = metric;
        spec.kind = kind;
        spec.argument = argument;
        spec.across = {"num_heads"};
        spec.location = "made_by_hand.yaml:1:1";
        journal.run.claims.push_back(std::move(spec));
        return journal.run.claims.back();
    }

    Journal journal;
};

/// Seconds of a round: `ratio` milliseconds with log noise and a log drift a round; the same for the same seed.
inline std::function<double(int)> times(double ratio, double noise, unsigned seed, double drift = 0) {
    return [=](int round) {
        std::mt19937_64 random(seed * 1000003U + static_cast<unsigned>(round));
        std::normal_distribution<double> draw(0, noise);
        return 1e-3 * ratio * std::exp(draw(random) + drift * round);
    };
}

}  // namespace headcount::testing
