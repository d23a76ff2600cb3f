// Any bytes as a point id: a point whose id leads back to it, or a UsageError.
#include <cstdint>
#include <string_view>

#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "tests/fuzz/require.hpp"

using namespace headcount;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Point point;
    try {
        point = point_from_id({reinterpret_cast<const char*>(data), size});
    } catch (const UsageError&) {
        return 0;
    }
    const std::string id = point.id();
    const Point again = point_from_id(id);
    require(again == point, "the id of a point leads back to it");
    require(again.id() == id, "a point has one id");
    for (const Field& field : base_field_table().all()) {
        require(!get_field(point, field.name).empty(), "a field has a value");
    }
    return 0;
}
