// What must come one after the other, against chains and reaches counted by hand.
#include "harness/measure/point/dependencies.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "harness/core/dependent.hpp"
#include "harness/core/error.hpp"
#include "harness/core/field_table.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

std::int64_t metric(const std::string& name, const std::string& variant, std::int64_t length,
                    const std::string& more = "") {
    const auto value = dependency_metric(
        point_from_id(variant + "/counting/seq_len=" + std::to_string(length) + ",embed_dim=4,num_heads=1" + more,
                      known_fields()),
        name);
    REQUIRE(value);
    return *value;
}

/// Layers until the first token has reached the last, by walking.
std::int64_t layers(std::int64_t length, std::int64_t kernel_size, bool dilated) {
    std::int64_t count = 0;
    for (std::int64_t reached = 0, dilation = 1; reached < length - 1; ++count) {
        reached += (kernel_size - 1) * dilation;
        if (dilated) dilation *= kernel_size;
    }
    return count;
}

}  // namespace

TEST_CASE("a result depends on all that it is made of, and an exact zero hides what it is multiplied by") {
    Dependent::forget_all();
    const Dependent a = Dependent::at(0, 3), b = Dependent::at(2, 3).after();
    const Dependence both = (a * b + Dependent(2)).what();
    CHECK(both.longest == 1);
    CHECK(both.fewest == std::vector<std::int32_t>{0, Dependence::kNever, 1});
    CHECK((a + b.after() - b).what().fewest.at(2) == 1);
    CHECK((a + b.after() - b).what().longest == 2);
    CHECK((Dependent() * b).what() == Dependent(1).what());
    CHECK((Dependent() * b + a).what() == a.what());
    CHECK(exp(Dependent()).what() == Dependent(1).what());
    CHECK(Dependent().after().what() == Dependent().what());
    CHECK_THROWS_AS(value_of(a), Error);
}

TEST_CASE("attention takes as many steps at any length: projections, scores, weights, context, output") {
    for (const std::int64_t length : {1, 5, 16}) {
        for (const char* causal : {"", ",causal=true"}) {
            CHECK(metric("sequential_operations", "multi_head", length, causal) == 5);
            CHECK(metric("sequential_operations", "streaming", length, causal) == 3);
            // The shortest way is through the values.
            CHECK(metric("path_length", "multi_head", length, causal) == 3);
            CHECK(metric("path_length", "streaming", length, causal) == 3);
        }
    }
}

TEST_CASE("a recurrence is one chain as long as the sequence") {
    for (const std::int64_t length : {1, 2, 7, 20}) {
        // The projection; for each token but the first a product; a function of each; and the copy to the result.
        CHECK(metric("sequential_operations", "recurrent", length, ",causal=true") == 2 * length + 1);
        CHECK(metric("path_length", "recurrent", length, ",causal=true") == 2 * length + 1);
    }
}

TEST_CASE("a stack of convolutions is as high as it takes to walk from the first token to the last") {
    for (const std::int64_t kernel : {2, 3, 5}) {
        for (const std::int64_t length : {2, 9, 26, 40}) {
            CAPTURE(kernel, length);
            const std::string own = ",causal=true,kernel_size=" + std::to_string(kernel);
            const std::int64_t sums = std::min(kernel, length);  // one after the other into one result
            CHECK(metric("sequential_operations", "convolution", length, own) == sums);
            CHECK(metric("sequential_operations", "separable_convolution", length, own) == sums + 1);
            CHECK(metric("path_length", "convolution", length, own) == sums * layers(length, kernel, false));
            CHECK(metric("path_length", "separable_convolution", length, own) ==
                  (sums + 1) * layers(length, kernel, false));
        }
        for (const std::int64_t length : {9, 26, 40}) {
            CAPTURE(kernel, length);
            const std::string own = ",causal=true,kernel_size=" + std::to_string(kernel);
            CHECK(metric("dilated_path_length", "convolution", length, own) <= kernel * layers(length, kernel, true));
            CHECK(metric("dilated_path_length", "convolution", length, own) >= layers(length, kernel, true));
        }
    }
}

TEST_CASE("local attention is stacked until its windows reach over the sequence") {
    for (const std::int64_t window : {2, 4, 7}) {
        for (const std::int64_t length : {8, 29}) {
            CAPTURE(window, length);
            const std::string own = ",causal=true,window=" + std::to_string(window);
            CHECK(metric("sequential_operations", "local", length, own) == 3);
            CHECK(metric("path_length", "local", length, own) == 3 * layers(length, window, false));
        }
    }
}

TEST_CASE("what cannot be followed says why") {
    const auto fails = [](const std::string& id, const std::string& name, const std::string& why) {
        CHECK_THROWS_WITH(dependency_metric(point_from_id(id), name), Catch::Matchers::Contains(why));
    };
    fails("multi_head/counting/seq_len=257,embed_dim=4", "path_length", "at most 256");
    fails("multi_head/counting/seq_len=8,embed_dim=128", "sequential_operations", "at most 64");
    fails("multi_head/counting/seq_len=8,embed_dim=4,scope=core", "path_length", "set scope to layer");
    fails("multi_head/counting/q_len=4,kv_len=8,embed_dim=4", "path_length", "set seq_len");
    fails("multi_head/counting/seq_len=8,embed_dim=4", "dilated_path_length", "ask for its path_length");
    fails("recurrent/counting/seq_len=8,embed_dim=4", "path_length", "set causal to true");
    CHECK_FALSE(dependency_metric(point_from_id("multi_head/counting/seq_len=8,embed_dim=4"), "parameters"));
}
