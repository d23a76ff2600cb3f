// Windows on memory: strides, slices, heads.
#include "harness/core/tensor.hpp"

#include <optional>
#include <vector>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("splitting heads copies nothing: it shows the same memory through other strides") {
    std::vector<float> memory(2 * 3 * 12);
    const Tensor x = dense(memory.data(), DType::f32, {2, 1, 1, 3, 12});
    const Tensor heads = split_heads(x, 2, 3);
    REQUIRE(heads.data == x.data);
    REQUIRE(heads.extent == std::array<std::int64_t, 5>{2, 2, 3, 3, 2});
    for (std::int64_t b = 0; b < 2; ++b) {
        for (std::int64_t n = 0; n < 2; ++n) {
            for (std::int64_t g = 0; g < 3; ++g) {
                for (std::int64_t i = 0; i < 3; ++i) {
                    for (std::int64_t j = 0; j < 2; ++j) {
                        REQUIRE(heads.at<float>(b, n, g, i, j) == x.at<float>(b, 0, 0, i, (n * 3 + g) * 2 + j));
                    }
                }
            }
        }
    }
}

TEST_CASE("single rows of a batch are rows, however far apart; several are only where they follow each other") {
    std::vector<float> memory(3 * 5 * 4);
    const Tensor x = dense(memory.data(), DType::f32, {3, 1, 1, 5, 4});
    const std::optional<Tensor> newest = batch_as_rows(x.row_range(4, 1));
    REQUIRE(newest);
    REQUIRE(newest->extent == std::array<std::int64_t, 5>{1, 1, 1, 3, 4});
    for (std::int64_t b = 0; b < 3; ++b) REQUIRE(newest->at<float>(0, 0, 0, b, 2) == x.at<float>(b, 0, 0, 4, 2));
    REQUIRE(batch_as_rows(x)->rows() == 15);
    REQUIRE_FALSE(batch_as_rows(x.row_range(3, 2)));
    // One entry alone keeps the distance of its rows.
    const std::optional<Tensor> of_one = batch_as_rows(dense(memory.data(), DType::f32, {1, 1, 1, 1, 4}));
    REQUIRE(of_one->stride[3] == 4);
}

TEST_CASE("splitting the columns of a wider matrix into heads keeps its row stride") {
    std::vector<float> memory(4 * 20);
    const Tensor x = dense(memory.data(), DType::f32, {1, 1, 1, 4, 20}).columns(8, 6);
    const Tensor heads = split_heads(x, 3, 1);
    REQUIRE(heads.at<float>(0, 2, 0, 1, 1) == memory.data() + 1 * 20 + 8 + 2 * 2 + 1);
}

TEST_CASE("columns that do not divide into heads are an error") {
    const Tensor x = dense(nullptr, DType::f32, {1, 1, 1, 4, 10});
    REQUIRE_THROWS_AS(split_heads(x, 3, 1), Error);
    REQUIRE_THROWS_AS(split_heads(x, 0, 1), Error);
}

TEST_CASE("transposing twice is the identity and moves nothing") {
    std::vector<double> memory(6);
    const Tensor x = dense(memory.data(), DType::f64, {1, 1, 1, 2, 3});
    const Tensor t = x.transposed();
    REQUIRE(t.rows() == 3);
    REQUIRE(t.at<double>(0, 0, 0, 2, 1) == x.at<double>(0, 0, 0, 1, 2));
    REQUIRE(t.transposed().stride == x.stride);
}

TEST_CASE("a slice outside its tensor is an error, also without memory behind it") {
    const Tensor x = dense(nullptr, DType::f32, {1, 1, 1, 4, 10});
    REQUIRE(x.columns(3, 7).data == nullptr);
    REQUIRE_THROWS_AS(x.columns(3, 8), Error);
    REQUIRE_THROWS_AS(x.columns(-1, 2), Error);
    REQUIRE_THROWS_AS(x.row_range(0, 0), Error);
    REQUIRE_THROWS_AS(x.head(1, 0), Error);
}

TEST_CASE("bytes count what the window shows") {
    const Tensor x = dense(nullptr, DType::f64, {2, 1, 1, 4, 10});
    REQUIRE(x.bytes() == 2 * 4 * 10 * 8);
    REQUIRE(x.columns(0, 3).bytes() == 2 * 4 * 3 * 8);
    REQUIRE(dense(nullptr, DType::f32, {1, 1, 1, 1, 7}).bytes() == 28);
}
