// Tables of names that figures read: shares of the time, libraries, instruction sets.
#include <set>

#include "harness/analysis/model/breakdown.hpp"
#include "harness/analysis/records/libraries.hpp"
#include "harness/analysis/show/export.hpp"

namespace headcount {
namespace {

Table pairs_of(std::string key, std::string value) {
    return {.columns = {{.name = std::move(key)}, {.name = std::move(value)}}, .rows = {}};
}

}  // namespace

Table shares_csv() {
    Table table = pairs_of("share", "label");
    for (const Share& share : kShares) table.rows.push_back({std::string(share.name), std::string(share.label)});
    return table;
}

Table instruction_sets_csv() {
    Table table = pairs_of("instruction_set", "label");
    for (const auto& [name, label] : instruction_sets()) table.rows.push_back({name, label});
    return table;
}

Table libraries_csv(const RecordSet& records) {
    Table table = pairs_of("backend", "library");
    std::set<std::string> backends;
    for (const Entry& entry : records.entries()) {
        if (entry.resolved) backends.insert(entry.point.backend);
    }
    for (const std::string& backend : backends) {
        table.rows.push_back({backend, library_of(backend, records.run().environment)});
    }
    return table;
}

}  // namespace headcount
