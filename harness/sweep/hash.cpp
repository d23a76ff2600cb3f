// The identity of a config.
#include "harness/core/hash.hpp"

#include <fmt/format.h>

#include "harness/sweep/load.hpp"

namespace headcount {
namespace {

class Hash {
public:
    /// Every piece ends with a byte that no piece contains, so that pieces cannot run together.
    void add(std::string_view piece) { value_ = fnv64("\x1f", fnv64(piece, value_)); }
    std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = fnv64("");
};

}  // namespace

std::string hash_config(const Sweep& sweep) {
    Hash hash;
    hash.add("headcount sweep 1");
    hash.add(std::to_string(sweep.seed));
    std::string id;
    for (const Part& part : sweep.parts) {
        hash.add("part");
        hash.add(part.name);
        for (const std::string& field : part.compare_by) hash.add(field);
        hash.add("points");
        for (const Point& point : part.points) {
            id.clear();
            point.append_id(id);
            hash.add(id);
        }
        hash.add("skipped");
        for (const SkippedPoint& point : part.skipped) hash.add(point.id);
    }
    for (const ClaimSpec& claim : sweep.claims) {
        hash.add("claim");
        for (const std::string_view text :
             {std::string_view(claim.id), std::string_view(claim.metric), to_string(claim.ledger),
              std::string_view(claim.part), std::string_view(claim.kind), std::string_view(claim.argument),
              std::string_view(claim.outcome)}) {
            hash.add(text);
        }
        for (const std::string& field : claim.across) hash.add(field);
        hash.add("base");
        for (const auto& [field, value] : claim.base) {
            hash.add(field);
            hash.add(value);
        }
        hash.add("where");
        for (const auto& [field, values] : claim.where) {
            hash.add(field);
            for (const std::string& value : values) hash.add(value);
        }
    }
    return fmt::format("{:016x}", hash.value());
}

}  // namespace headcount
