// Compares points, claims, seed and protocol of two runs.
#include "harness/journal/question.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/journal/json.hpp"
#include "harness/journal/protocol_identity.hpp"

namespace headcount {
namespace {

std::string more(std::size_t count) { return count > 1 ? fmt::format(" (and {} more)", count - 1) : ""; }

std::vector<std::string> ids_of(const RunRecord& run) {
    std::vector<std::string> ids;
    for (const PartRecord& part : run.parts) {
        for (const std::string& id : part.point_ids) ids.push_back(part.name.empty() ? id : part.name + ": " + id);
    }
    return ids;
}

void note_missing(std::vector<std::string>& notes, const std::vector<std::string>& here, std::vector<std::string> there,
                  const std::string& name, std::string_view what) {
    std::sort(there.begin(), there.end());
    std::vector<std::string> only;
    for (const std::string& id : here) {
        if (!std::binary_search(there.begin(), there.end(), id)) only.push_back(id);
    }
    if (!only.empty()) notes.push_back(fmt::format("only {} has {} {}{}", name, what, only.front(), more(only.size())));
}

std::vector<std::string> claims_of(const RunRecord& run) {
    std::vector<std::string> claims;
    for (ClaimSpec claim : run.claims) {
        claim.says.clear();
        claim.location.clear();
        claim.source.clear();  // wording, place and source do not make another question
        claims.push_back(claim.id + " " + to_line(to_json(claim)));
    }
    return claims;
}

}  // namespace

std::string question_difference(const std::string& name, const RunRecord& one, const std::string& other_name,
                                const RunRecord& other) {
    std::vector<std::string> notes;
    note_missing(notes, ids_of(one), ids_of(other), name, "the point");
    note_missing(notes, ids_of(other), ids_of(one), other_name, "the point");
    note_missing(notes, claims_of(one), claims_of(other), name, "the claim");
    note_missing(notes, claims_of(other), claims_of(one), other_name, "the claim");
    if (one.seed != other.seed) notes.push_back(fmt::format("seed {} and {}", one.seed, other.seed));
    const Json protocol = measurement_identity(one.protocol);
    const Json other_protocol = measurement_identity(other.protocol);
    for (const auto& [key, value] : protocol.items()) {
        if (other_protocol.at(key) == value) continue;
        notes.push_back(fmt::format("protocol.{} {} and {}", key, to_line(value), to_line(other_protocol.at(key))));
    }
    if (notes.empty() && one.config_hash != other.config_hash) {
        notes.push_back(
            fmt::format("config {} ({}) and {} ({})", one.name, one.config_hash, other.name, other.config_hash));
    }
    return fmt::format("{}", fmt::join(notes, "; "));
}

}  // namespace headcount
