// What of a protocol identifies a measurement, and what only bounds it.
#pragma once

#include <array>

#include "harness/journal/json.hpp"

namespace headcount {

/// Time and safety: they decide how much is measured before a run stops, never what a sample means (a point with more
/// threads than processors is marked by what it ran on, not by what allowed it). Everything else
/// does (how a sample is taken, and after how many rounds results are looked at: a rule of stopping that was changed in
/// the light of results would void the intervals), so a run goes on only where everything else is equal.
inline constexpr std::array kChangeableProtocol{"budget_s", "timeout_s", "memory_limit_bytes", "oversubscribe"};

/// The protocol without what may change when a run goes on.
inline Json measurement_identity(const Protocol& protocol) {
    Json json = to_json(protocol);
    for (const char* name : kChangeableProtocol) json.erase(name);
    return json;
}

}  // namespace headcount
