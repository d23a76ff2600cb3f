// Any bytes as a config, a published table or a convention: decoded or refused with a UsageError, within bounds, and
// the same twice.
#include <cstdint>
#include <string_view>

#include "harness/sweep/convention_config.hpp"
#include "harness/sweep/table_config.hpp"
#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/sweep/support.hpp"

using namespace headcount;
using fuzz::require;

namespace {

constexpr std::int64_t kMostPoints = 500;  // a bound on time: what is refused above it is refused the same way

void as_question(std::string_view text) {
    LoadOptions options;
    options.most_points = kMostPoints;
    Sweep sweep;
    try {
        sweep = parse_sweep(text, "fuzz.yaml", test::vocabulary(), options);
    } catch (const UsageError&) {
        return;
    }
    std::int64_t points = 0;
    for (const Part& part : sweep.parts) {
        points += std::ssize(part.points);
        for (const Point& point : part.points) {
            require(point_from_id(point.id(), test::vocabulary().fields) == point, "a point is its id");
        }
    }
    require(points <= kMostPoints, "no more points than allowed");
    const Sweep again = parse_sweep(text, "fuzz.yaml", test::vocabulary(), options);
    require(again.config_hash == sweep.config_hash, "the same text has the same hash");
}

void as_preset(std::string_view text) {
    try {
        parse_preset(text, "fuzz.yaml");
    } catch (const UsageError&) {
    }
}

void as_table(std::string_view text) {
    try {
        load_published_table(fuzz::MemoryFile(text).path());
    } catch (const UsageError&) {
    }
}

void as_convention(std::string_view text) {
    try {
        load_convention(fuzz::MemoryFile(text).path());
    } catch (const UsageError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    as_question(text);
    as_preset(text);
    as_table(text);
    as_convention(text);
    return 0;
}
