// The books of a forward pass's memory.
#include "harness/core/workspace.hpp"

#include <cstdint>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

/// Two tensors held at once, then one larger alone.
void use(Workspace& ws) {
    {
        const Workspace::Frame frame(ws);
        ws.take("query", DType::f32, {1, 1, 1, 3, 5});
        ws.take("scores", DType::f32, {1, 2, 1, 3, 3});
    }
    const Workspace::Frame frame(ws);
    ws.take("scores", DType::f64, {1, 1, 1, 3, 3});
}

}  // namespace

TEST_CASE("a dry workspace predicts what a wet one then uses, to the byte") {
    Workspace dry = Workspace::dry();
    use(dry);
    REQUIRE(dry.peak_bytes() == 4 * (15 + 18));
    REQUIRE(dry.peak_bytes("scores") == 72);
    REQUIRE(dry.peak_bytes("tile") == 0);
    REQUIRE(dry.reserved_bytes() == 64 + 128);

    Workspace wet = Workspace::reserve(dry.reserved_bytes());
    use(wet);
    REQUIRE(wet.peak_bytes() == dry.peak_bytes());
    REQUIRE(wet.reserved_bytes() == dry.reserved_bytes());
}

TEST_CASE("a dry workspace hands out windows on nothing, however large") {
    Workspace dry = Workspace::dry();
    REQUIRE(dry.take("scores", DType::f32, {1, 64, 1, 1 << 20, 1 << 20}).data == nullptr);
    REQUIRE(dry.peak_bytes() == std::int64_t{4} * 64 * (1 << 20) * (1 << 20));
}

TEST_CASE("tensors of a wet workspace are aligned and do not overlap") {
    Workspace wet = Workspace::reserve(64 + 64);
    const Tensor a = wet.take("a", DType::f32, {1, 1, 1, 1, 3});
    const Tensor b = wet.take("b", DType::f32, {1, 1, 1, 1, 3});
    REQUIRE(reinterpret_cast<std::uintptr_t>(a.data) % 64 == 0);
    REQUIRE(reinterpret_cast<std::uintptr_t>(b.data) % 64 == 0);
    REQUIRE(static_cast<char*>(b.data) - static_cast<char*>(a.data) == 64);
}

TEST_CASE("tensors of whole pages do not begin in the same sets of the caches, and a frame gives the gap back too") {
    constexpr std::int64_t kPage = 4096;
    Workspace dry = Workspace::dry();
    for (int i = 0; i < 3; ++i) dry.take("page", DType::f32, {1, 1, 1, 4, 256});
    REQUIRE(dry.peak_bytes() == 3 * kPage);

    Workspace wet = Workspace::reserve(dry.reserved_bytes());
    const auto start = [](const Tensor& t) { return reinterpret_cast<std::uintptr_t>(t.data); };
    const std::uintptr_t first = start(wet.take("page", DType::f32, {1, 1, 1, 4, 256}));
    std::uintptr_t second = 0;
    {
        const Workspace::Frame frame(wet);
        second = start(wet.take("page", DType::f32, {1, 1, 1, 4, 256}));
        const std::uintptr_t third = start(wet.take("page", DType::f32, {1, 1, 1, 4, 256}));
        REQUIRE((second - first) % kPage >= 64);
        REQUIRE((third - first) % kPage >= 64);
        REQUIRE((third - second) % kPage >= 64);
    }
    REQUIRE(start(wet.take("page", DType::f32, {1, 1, 1, 4, 256})) == second);
}

TEST_CASE("asking for more than was predicted is an error that says by how much") {
    Workspace wet = Workspace::reserve(64);
    wet.take("a", DType::f32, {1, 1, 1, 1, 16});
    REQUIRE_THROWS_AS(wet.take("b", DType::f32, {1, 1, 1, 1, 1}), Error);
}

TEST_CASE("a frame gives back what was taken in it, and only that") {
    Workspace wet = Workspace::reserve(3 * 64);
    const Tensor kept = wet.take("kept", DType::f32, {1, 1, 1, 1, 1});
    void* first = nullptr;
    {
        const Workspace::Frame frame(wet);
        first = wet.take("x", DType::f32, {1, 1, 1, 1, 1}).data;
    }
    REQUIRE(wet.take("y", DType::f32, {1, 1, 1, 1, 1}).data == first);
    REQUIRE(kept.data != first);
    wet.reset();
    REQUIRE(wet.take("z", DType::f32, {1, 1, 1, 1, 1}).data == kept.data);
}
