// Latent, grouped-latent and grouped-tied attention: which of them are one function when their weights are.
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "harness/backend/naive_backend.hpp"
#include "harness/backend/verbs/rotate.hpp"
#include "harness/core/counted.hpp"
#include "harness/measure/point/count.hpp"
#include "tests/catch.hpp"
#include "tests/measure/identity.hpp"
#include "tests/measure/latents.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

constexpr double kSame = 1e-10;

/// `to` has the numbers of `from`, from column `first` on.
void copy_columns(Ran& to, std::string_view name, std::int64_t first, Ran& from, std::string_view source) {
    const Tensor w = from.weight(source);
    for (std::int64_t i = 0; i < w.rows(); ++i) {
        for (std::int64_t j = 0; j < w.cols(); ++j) to.at(name, i, first + j) = from.at(source, i, j);
    }
}

void copy_weight(Ran& to, std::string_view name, Ran& from, std::string_view source) {
    copy_columns(to, name, 0, from, source);
}

/// The problem with other widths of a head.
Problem with_keys(Problem p, std::int64_t num_kv_heads, std::int64_t head_dim, std::int64_t value_head_dim) {
    p.num_kv_heads = num_kv_heads;
    p.head_dim = head_dim;
    p.value_head_dim = value_head_dim;
    return p;
}

}  // namespace

TEST_CASE("rotate costs what it says, and turning back undoes it") {
    std::mt19937_64 random(61);
    for (const auto& [rows, cols] : {std::pair{1, 2}, {3, 4}, {7, 10}}) {
        std::vector<double> numbers(static_cast<std::size_t>(2 * 3 * rows * cols));
        for (double& x : numbers) x = std::normal_distribution<double>()(random);
        std::vector<Counted> counted(numbers.begin(), numbers.end());
        const std::vector<double> before = numbers;
        NaiveBackend backend;
        const Rotate on_counted{.x = dense(counted.data(), DType::counted, {2, 3, 1, rows, cols}), .first = -2};
        Counted::tally() = {};
        backend.run("x", on_counted);
        OpCost claimed = on_counted.required().front().cost;
        claimed.bytes_read = claimed.bytes_written = 0;
        CHECK(Counted::tally() == claimed);
        CHECK(claimed.multiplies == 2 * on_counted.x.elements());

        Rotate turn{.x = dense(numbers.data(), DType::f64, {2, 3, 1, rows, cols}), .first = -2};
        backend.run("x", turn);
        CHECK(apart(numbers, before) > 0.1);
        turn.back = true;
        backend.run("x", turn);
        CHECK(apart(numbers, before) < 1e-14);
    }
    CHECK_FALSE(Rotate{.x = dense(nullptr, DType::f64, {1, 1, 1, 2, 3})}.fits());
}

TEST_CASE("products of rotated rows see only how far apart their positions are") {
    constexpr std::int64_t kCols = 6;
    std::vector<double> q(kCols), k(kCols);
    std::mt19937_64 random(62);
    for (std::vector<double>* row : {&q, &k}) {
        for (double& x : *row) x = std::normal_distribution<double>()(random);
    }
    const auto product_at = [&](std::int64_t of_q, std::int64_t of_k) {
        std::vector<double> a = q, b = k;
        NaiveBackend backend;
        backend.run("x", Rotate{.x = dense(a.data(), DType::f64, {1, 1, 1, 1, kCols}), .first = of_q});
        backend.run("x", Rotate{.x = dense(b.data(), DType::f64, {1, 1, 1, 1, kCols}), .first = of_k});
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
        return sum;
    };
    for (const std::int64_t shift : {-5, 1, 1000}) {
        CHECK(std::abs(product_at(3 + shift, 1 + shift) - product_at(3, 1)) < 1e-11);
    }
    CHECK(std::abs(product_at(3, 2) - product_at(3, 1)) > 1e-3);
    CHECK(std::abs(product_at(1, 3) - product_at(3, 1)) > 1e-3);  // which of them is ahead matters
}

TEST_CASE("absorbed is materialised: one function in two forms") {
    std::mt19937_64 random(63);
    for (int i = 0; i < 60; ++i) {
        const Problem p = random_layer(random, false);
        for (const char* variant : {"latent", "grouped_latent"}) {
            const Chosen made = random_latent(random, p, "materialised", std::string(variant) == "grouped_latent");
            const Point first = point_with(variant, p, made),
                        second = point_with(variant, p, in_form(made, "absorbed"));
            INFO(first.id());
            CHECK(apart(Ran(first).output(), Ran(second).output()) < kSame);
        }
    }
}

TEST_CASE("grouped_latent with one group is latent, and with more it is not") {
    std::mt19937_64 random(64);
    for (int i = 0; i < 40; ++i) {
        const Problem p = random_layer(random, false);
        for (const char* form : {"materialised", "absorbed"}) {
            const Chosen chosen = random_latent(random, p, form, false);
            INFO(point_with("latent", p, chosen).id());
            CHECK(apart(Ran(point_with("latent", p, chosen)).output(),
                        Ran(point_with("grouped_latent", p, chosen)).output()) < kSame);
        }
    }
    Problem p = random_layer(random, false);
    p.num_heads = p.num_kv_heads = 4;
    // What W_UK and W_UV of latent would be: zero where a head reads another group's part.
    const auto with_groups = [&](std::int64_t groups) {
        Ran grouped(point_with("grouped_latent", p, {{"kv_rank", "8"}, {"latent_groups", text(groups)}}));
        Ran whole(point_with("latent", p, {{"kv_rank", "8"}}));
        for (const char* name : {"wuk", "wuv"}) {
            const std::int64_t width = grouped.weight(name).cols() / 4, rows = 8 / groups;
            whole.set(name, [&](std::int64_t row, std::int64_t col) {
                const std::int64_t group = col / width / (4 / groups);
                return row / rows == group ? grouped.at(name, row % rows, col) : 0.0;
            });
        }
        const std::vector<double> out = whole.output();
        CHECK(apart(grouped.output(), out) < kSame);
        return out;
    };
    CHECK(apart(with_groups(1), with_groups(2)) > 1e-3);
}

TEST_CASE("latent whose rank is the width of keys, with W_UK the identity and no rotation, is multi_head") {
    std::mt19937_64 random(65);
    for (int i = 0; i < 30; ++i) {
        Problem p = random_layer(random, false);
        p.bias = false;  // multi_head's values have one of their own
        for (const char* form : {"materialised", "absorbed"}) {
            Ran latent(point_with("latent", p, {{"kv_rank", text(p.key_width())}, {"rope_dim", "0"}, {"form", form}}));
            Ran plain(point_with("multi_head", p));
            INFO(i << ' ' << form);
            latent.set("wuk", [](std::int64_t row, std::int64_t col) { return row == col ? 1.0 : 0.0; });
            copy_weight(plain, "wk", latent, "wdkv");
            plain.set("wv", [&](std::int64_t row, std::int64_t col) {
                double sum = 0;
                for (std::int64_t r = 0; r < p.key_width(); ++r)
                    sum += latent.at("wdkv", row, r) * latent.at("wuv", r, col);
                return sum;
            });
            copy_weight(plain, "wq", latent, "wq");
            copy_weight(plain, "wo", latent, "wo");
            CHECK(apart(latent.output(), plain.output()) < kSame);
        }
    }
}

// TransMLA (Meng et al. 2025): the latent is all keys and values beside each other, and W_UK and W_UV pick from it.
TEST_CASE("latent includes every grouping of multi_head, biases and size of the cache too") {
    std::mt19937_64 random(66);
    for (int i = 0; i < 40; ++i) {
        const Problem p = random_layer(random, true);
        const std::int64_t rank = p.key_width() + p.value_width();
        for (const char* form : {"materialised", "absorbed"}) {
            Problem own_keys = p;
            own_keys.num_kv_heads = p.num_heads;
            const Point wide =
                point_with("latent", own_keys, {{"kv_rank", text(rank)}, {"rope_dim", "0"}, {"form", form}});
            const Point grouped = point_with("multi_head", p);
            INFO(wide.id());
            Ran latent(wide), plain(grouped);
            copy_columns(latent, "wdkv", 0, plain, "wk");
            copy_columns(latent, "wdkv", p.key_width(), plain, "wv");
            if (p.bias) {
                copy_columns(latent, "bdkv", 0, plain, "bk");
                copy_columns(latent, "bdkv", p.key_width(), plain, "bv");
            }
            const auto picks = [&](std::int64_t width, std::int64_t begin) {
                return [=, &p](std::int64_t row, std::int64_t col) {
                    const std::int64_t head = col / width, shared = head / p.group();
                    return row == begin + shared * width + col % width ? 1.0 : 0.0;
                };
            };
            latent.set("wuk", picks(p.head_dim, 0));
            latent.set("wuv", picks(p.value_head_dim, p.key_width()));
            CHECK(apart(latent.output(), plain.output()) < kSame);
            CHECK(count_point(wide).kv_cache_bytes == count_point(grouped).kv_cache_bytes);
        }
    }
}

TEST_CASE("a latent of queries is a product of two matrices") {
    std::mt19937_64 random(67);
    for (int i = 0; i < 20; ++i) {
        Problem p = random_layer(random, false);
        p.bias = false;
        Ran factored(point_with("latent", p, {{"q_rank", "5"}})), whole(point_with("latent", p));
        whole.set("wq", [&](std::int64_t row, std::int64_t col) {
            double sum = 0;
            for (std::int64_t r = 0; r < 5; ++r) sum += factored.at("wdq", row, r) * factored.at("wuq", r, col);
            return sum;
        });
        CHECK(apart(factored.output(), whole.output()) < kSame);
    }
}

TEST_CASE("grouped_tied with all columns tied is multi_head whose values are its keys") {
    std::mt19937_64 random(68);
    for (int i = 0; i < 30; ++i) {
        Problem p = random_layer(random, true);
        p.value_head_dim = p.head_dim;
        Ran tied(point_with("grouped_tied", p, {{"tied_dim", text(p.head_dim)}})), plain(point_with("multi_head", p));
        for (const std::string name : {"k", "v"}) {
            copy_weight(plain, "w" + name, tied, "wkv");
            if (p.bias) copy_weight(plain, "b" + name, tied, "bkv");
        }
        INFO(i);
        CHECK(apart(tied.output(), plain.output()) < kSame);
    }
}

TEST_CASE("grouped_tied is a latent of all its states whose W_UK and W_UV only pick") {
    std::mt19937_64 random(69);
    int rotated = 0;
    for (int i = 0; i < 60; ++i) {
        Problem p = random_layer(random, true);
        p.head_dim = up_to(random, 12);
        p.value_head_dim = std::max(p.value_head_dim, p.head_dim - p.head_dim / 4 * 2);
        const std::int64_t rotary = p.head_dim / 4 * 2, tied = p.head_dim - rotary, width = p.value_head_dim;
        rotated += rotary > 0 ? 1 : 0;
        const Problem as_latent = with_keys(p, p.num_heads, tied, width);
        for (const char* form : {"materialised", "absorbed"}) {
            const Chosen chosen{{"kv_rank", text(p.num_kv_heads * width)}, {"rope_dim", text(rotary)}, {"form", form}};
            const Point shared = point_with("grouped_tied", p), wide = point_with("latent", as_latent, chosen);
            INFO(shared.id() << " and " << wide.id());
            Ran states(shared), latent(wide);
            copy_weight(latent, "wdkv", states, "wkv");
            if (p.bias) copy_weight(latent, "bdkv", states, "bkv");
            const auto picks = [&](std::int64_t columns) {
                return [=, &p](std::int64_t row, std::int64_t col) {
                    const std::int64_t group = col / columns / p.group();
                    return row == group * width + col % columns ? 1.0 : 0.0;
                };
            };
            latent.set("wuk", picks(tied));
            latent.set("wuv", picks(width));
            CHECK(apart(states.output(), latent.output()) < kSame);
            CHECK(count_point(shared).kv_cache_bytes == count_point(wide).kv_cache_bytes);
        }
    }
    CHECK(rotated > 20);
}
