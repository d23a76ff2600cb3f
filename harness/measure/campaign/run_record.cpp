// Builds the run record and compares two of them.
#include "harness/measure/campaign/run_record.hpp"

#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/core/hash.hpp"
#include "harness/core/shell_words.hpp"
#include "harness/journal/checksum.hpp"
#include "harness/journal/journal.hpp"
#include "harness/journal/json.hpp"
#include "harness/journal/machine_kind.hpp"
#include "harness/journal/protocol_identity.hpp"
#include "harness/journal/question.hpp"

namespace headcount {
namespace {

std::string run_hash(const RunRecord& run) {
    const Json what = {{"config", run.config_hash},
                       {"profile", run.profile},
                       {"seed", run.seed},
                       {"protocol", measurement_identity(run.protocol)},
                       {"machine", identity(run.environment)}};
    return "run-" + hex(fnv64(to_line(what)), 16);  // the prefix keeps readers from taking it for a number
}

std::string differing_keys(const Json& before, const Json& now) {
    std::string text;
    for (const auto& [key, value] : now.items()) {
        const auto old = before.find(key);
        if (old != before.end() && *old == value) continue;
        const std::string was = old == before.end() ? "absent" : to_line(*old);
        text += fmt::format("{}{} was {}, is {}", text.empty() ? "" : "; ", key, was, to_line(value));
    }
    return text;
}

std::string in_words(const std::vector<DifferingFact>& facts) {
    std::string text;
    for (const auto& [name, before, now] : facts) {
        text += fmt::format("{}{} was \"{}\", is \"{}\"", text.empty() ? "" : "; ", name, before, now);
    }
    return text;
}

/// A container has another host name each time it is started.
std::string remedy(const std::vector<DifferingFact>& facts) {
    if (facts.size() != 1 || facts.front().name != "host") return {};
    return fmt::format(
        "; if this is the same machine under another name, as in a container, say so: HEADCOUNT_HOST={} before the "
        "command",
        shell_word(facts.front().before));
}

bool only_claims_differ(const RunRecord& before, const RunRecord& now) {
    RunRecord same = now;
    same.claims = before.claims;
    same.config_hash = before.config_hash;
    return before.profile == now.profile && question_difference("", before, "", same).empty();
}

// All fields of the table that a point of this sweep may have: a reader years later asks this list, not his program.
std::vector<FieldRecord> fields_of(const Sweep& sweep) {
    std::vector<FieldRecord> fields;
    for (const Field& field : sweep.fields.all()) {
        if (!sweep.fields.is_own(field.name)) fields.push_back({.field = field, .of = {}});
    }
    std::set<std::string> owners;
    for (const Part& part : sweep.parts) {
        for (const Point& point : part.points) {
            owners.insert(FieldOwner{.kind = FieldOwner::Kind::variant, .name = point.variant}.text());
            owners.insert(FieldOwner{.kind = FieldOwner::Kind::backend, .name = point.backend}.text());
            if (!point.trains()) continue;
            for (const std::string& name : {std::string(FieldOwner::kAnyone), point.task}) {
                owners.insert(FieldOwner{.kind = FieldOwner::Kind::task, .name = name}.text());
            }
        }
    }
    for (const FieldTable::Declaration& declared : sweep.fields.declarations()) {
        const std::string owner = declared.owner.text();
        if (owners.contains(owner)) fields.push_back({.field = declared.field, .of = owner});
    }
    return fields;
}

}  // namespace

RunRecord make_run_record(const Sweep& sweep, const std::map<std::string, std::string>& environment) {
    RunRecord run;
    run.started = utc_now();
    run.name = sweep.name;
    run.question = sweep.question;
    run.config_path = sweep.path;
    run.config_text = sweep.text;
    run.profile = sweep.profile;
    run.config_hash = sweep.config_hash;
    run.seed = sweep.seed;
    run.protocol = sweep.protocol;
    run.fields = fields_of(sweep);
    for (const Part& part : sweep.parts) {
        PartRecord record{.name = part.name, .compare_by = part.compare_by, .axes = part.axes, .point_ids = {}};
        for (const Point& point : part.points) record.point_ids.push_back(point.id());
        run.parts.push_back(std::move(record));
    }
    run.claims = sweep.claims;
    run.left_out = sweep.left_out;
    run.environment = environment;
    run.run = run_hash(run);
    return run;
}

std::string difference(const RunRecord& before, const RunRecord& now) {
    if (!before.sources.empty()) return fmt::format("{} runs merged into one file", before.sources.size());
    if (before.config_hash != now.config_hash || before.profile != now.profile || before.seed != now.seed) {
        if (only_claims_differ(before, now)) {
            return "another question, of which only the claims differ (to judge what was measured by the new ones: "
                   "headcount verify RESULT --claims CONFIG)";
        }
        return fmt::format("another question (config {} {}, now {} {})", before.name, before.config_hash, now.name,
                           now.config_hash);
    }
    const std::string protocol =
        differing_keys(measurement_identity(before.protocol), measurement_identity(now.protocol));
    if (!protocol.empty()) return "another protocol (" + protocol + ")";
    const std::vector<DifferingFact> facts = differing_machine(before.environment, now.environment);
    if (!facts.empty()) return "another machine or build (" + in_words(facts) + ")" + remedy(facts);
    if (before.shard == now.shard) return {};
    const auto name = [](const std::string& shard) { return shard.empty() ? "the whole" : "shard " + shard; };
    return fmt::format("{} of this question, now {}", name(before.shard), name(now.shard));
}

std::string differing_protocol(const Protocol& before, const Protocol& now) {
    return differing_keys(to_json(before), to_json(now));
}

}  // namespace headcount
