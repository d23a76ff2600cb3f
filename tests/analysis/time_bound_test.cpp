// Bounds worked out by hand, what they lack when limits are missing, and times that refute one.
#include "harness/analysis/model/time_bound.hpp"

#include "harness/analysis/lint/lint.hpp"
#include "harness/analysis/metrics/metric.hpp"
#include "harness/analysis/show/export.hpp"
#include "harness/analysis/show/point_table.hpp"
#include "harness/analysis/show/point_table_display.hpp"
#include "tests/analysis/journal_builder.hpp"
#include "tests/catch.hpp"

using namespace headcount;
using namespace headcount::testing;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::map<std::string, double> whole_limits() {
    return {{"fma_gflops.f32.threads=1", 250},     {"fma_gflops.f64.threads=1", 125},
            {"exp2_gops.f32.threads=1", 17},       {"read_gbps.threads=1", 46},
            {"read_gbps.L1.threads=1", 500},       {"read_gbps.L2.threads=1", 240},
            {"read_gbps.L3.threads=1", 100},       {"cache_bytes.L1.threads=1", 49152},
            {"cache_bytes.L2.threads=1", 1048576}, {"cache_bytes.L3.threads=1", 33554432}};
}

/// A core with these products and exponentials, ten samples of `seconds`.
Journal one_point(const Fields& fields, std::int64_t multiplies, std::int64_t exps, double seconds = 1) {
    JournalBuilder builder({"num_heads"});
    Fields all = fields;
    all.emplace_back("scope", "core");
    const Point p = point(all);
    builder.add_timed(p, "g", 10, [seconds](int) { return seconds; });
    OpPart& part = builder.journal.points.front().counted.ops.front();
    part.required.multiplies = part.executed.multiplies = multiplies;
    OpPart softmax{.op = "softmax", .role = "weights", .required = {}, .executed = {}};
    softmax.required.exps = softmax.executed.exps = exps;
    builder.journal.points.front().counted.ops.push_back(softmax);
    builder.journal.run.limits = whole_limits();
    return builder.journal;
}

TimeBound bound_of(const Journal& journal) { return time_bound(RecordSet(journal).entries().front()); }

Journal square(double seconds = 1) {  // L = E = 512, one head
    return one_point({{"seq_len", "512"}, {"embed_dim", "512"}}, 268435456, 262144, seconds);
}

Journal decode(double seconds = 1) {  // one query, 64 Ki keys
    return one_point({{"q_len", "1"}, {"kv_len", "65536"}, {"embed_dim", "512"}}, 67108864, 65536, seconds);
}

std::string cell(const Table& table, const std::string& column) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].name == column) return table.rows.front()[i];
    }
    return "no column " + column;
}

}  // namespace

TEST_CASE("a square of 512 is bound by arithmetic: products and what exponentials take of the same units") {
    const TimeBound bound = bound_of(square());
    CHECK(bound.missing.empty());
    CHECK(bound.left_out.empty());
    CHECK(bound.arithmetic == Approx((2.0 * 268435456 + 10.0 * 262144) / 250e9));  // 2.158 ms
    CHECK(bound.exps == Approx(262144 / 17e9));                                    // 15.4 us
    CHECK(bound.memory == Approx((3 * 512 * 512 * 4 - 49152 - 1048576) / 100e9));  // 20.5 us, from L3
    CHECK(bound.level == "L3");
    CHECK(bound.binding() == "arithmetic");
    CHECK(bound.seconds() == bound.arithmetic);
}

TEST_CASE("what fits into a cache is read from there, the rest from beyond") {
    const auto memory_of = [](const char* length) {
        return bound_of(one_point({{"seq_len", length}, {"embed_dim", "64"}}, 1, 1));
    };
    CHECK(memory_of("16").level == "L1");  // 12 KiB
    CHECK(memory_of("16").memory == Approx(12288 / 500e9));
    CHECK(memory_of("512").level == "L2");  // 384 KiB: the rest of it beyond 48 KiB
    CHECK(memory_of("512").memory == Approx((393216 - 49152) / 240e9));
    double before = 0;
    for (const char* length : {"16", "64", "66", "1024", "1500", "4096", "40000", "50000", "100000"}) {
        const TimeBound bound = memory_of(length);  // never less for more bytes
        CHECK(bound.memory > before);
        before = bound.memory;
    }
}

TEST_CASE("one query over many keys is bound by memory, cold more than warm") {
    const double bytes = (2 * 65536.0 + 1) * 512 * 4;
    CHECK(bound_of(decode()).memory == Approx((bytes - 49152 - 1048576 - 33554432) / 46e9));
    CHECK(bound_of(decode()).binding() == "memory (DRAM)");
    Journal cold = decode();
    cold.run.protocol.cold_cache = true;
    CHECK(bound_of(cold).memory == Approx(bytes / 46e9));

    const Journal timed = decode(0.010);
    const RecordSet records(timed);
    CHECK(bandwidth_share(records.entries().front(), 0.010) == Approx(bytes / 0.010 / 46e9));  // 58 %
    CHECK(cell(point_table(records), "of DRAM read") == "58 %");
    CHECK(cell(point_table(RecordSet(square())), "of DRAM read") == "no column of DRAM read");
}

TEST_CASE("exponentials bind where there is little else") {
    const TimeBound bound = bound_of(one_point({{"seq_len", "64"}}, 1, 1'000'000'000));
    CHECK(bound.arithmetic == Approx(10e9 / 250e9));
    CHECK(bound.seconds() == Approx(1 / 17.0));
    CHECK(bound.binding() == "exp");
}

TEST_CASE("the bound is the machine's best instruction set, for the point's own number of threads") {
    Journal journal = square();
    const double before = bound_of(journal).arithmetic;
    journal.run.limits["fma_gflops.f32.AVX2.threads=1"] = 125;
    journal.run.limits["fma_gflops.f32.AVX3.threads=11"] = 5000;
    journal.run.limits["fma_gflops.f64.AVX3.threads=1"] = 5000;
    CHECK(bound_of(journal).arithmetic == before);
    journal.run.limits["fma_gflops.f32.AVX3.threads=1"] = 500;
    CHECK(bound_of(journal).arithmetic == Approx(before / 2));
}

TEST_CASE("f64 has its own peak, and exponentials that nobody measured") {
    const TimeBound bound =
        bound_of(one_point({{"seq_len", "512"}, {"embed_dim", "512"}, {"dtype", "f64"}}, 268435456, 262144));
    CHECK(bound.arithmetic == Approx(2.0 * 268435456 / 125e9));
    CHECK(bound.exps == 0);
    REQUIRE(bound.left_out.size() == 1);
    CHECK(bound.left_out.front().find("f64") != std::string::npos);
}

TEST_CASE("bf16 has its own peak for products, and exponentials in f32") {
    const Fields fields{{"seq_len", "512"}, {"embed_dim", "512"}, {"dtype", "bf16"}};
    Journal journal = one_point(fields, 268435456, 262144);
    CHECK(bound_of(journal).missing.find("fma_gflops.bf16") != std::string::npos);
    journal.run.limits["fma_gflops.bf16.threads=1"] = 500;
    const TimeBound bound = bound_of(journal);
    CHECK(bound.left_out.empty());
    CHECK(bound.arithmetic == Approx(2.0 * 268435456 / 500e9 + 10.0 * 262144 / 250e9));
    CHECK(bound.exps == Approx(262144 / 17e9));
    CHECK(bound.memory == Approx((3 * 512 * 512 * 2 - 49152) / 240e9));  // from L2, where f32 comes from L3
}

TEST_CASE("errors stand beside times where dtypes differ, and nowhere else") {
    const Fields narrow{{"seq_len", "512"}, {"embed_dim", "512"}, {"dtype", "bf16"}};
    JournalBuilder builder({"dtype"});
    builder.add_timed(point({{"seq_len", "512"}, {"embed_dim", "512"}}), "g", 10, [](int) { return 2e-3; });
    builder.journal.points.back().check = {.done = true, .max_error = 3e-7, .bound = 1e-6, .worst = ""};
    CHECK(cell(point_table(RecordSet(builder.journal)), "worst error") == "no column worst error");
    builder.add_timed(point(narrow), "g", 10, [](int) { return 1e-3; });
    builder.journal.points.back().check = {.done = true, .max_error = 0.002, .bound = 0.008, .worst = ""};
    const RecordSet records(builder.journal);
    const Table table = point_table(records);
    CHECK(cell(table, "worst error") == "3e-07");
    const auto value = [&](const char* metric) {
        return find_metric(metric).value(records.entries().back(), Ledger::required).rounds.front().value;
    };
    CHECK(value("max_error") == Approx(0.002));
    CHECK(value("error_over_bound") == Approx(0.25));
    builder.journal.points.back().check = {};
    CHECK_FALSE(find_metric("max_error").value(RecordSet(builder.journal).entries().back(), {}).missing.empty());
}

TEST_CASE("older limits give a partial bound that says so, absent ones none") {
    Journal old = decode(0.010);
    old.run.limits = {{"fma_gflops.f32.threads=1", 250}, {"exp_gops.f32.threads=1", 5}, {"read_gbps.threads=1", 46}};
    const TimeBound bound = bound_of(old);
    CHECK(bound.binding() == "arithmetic");
    CHECK(bound.memory == 0);
    CHECK(bound.exps == 0);  // 5e9/s is what Highway's takes, no limit of the machine
    CHECK(bound.left_out.size() == 2);
    const RecordSet records(old);
    CHECK(cell(point_table(records), "bound by") == "arithmetic, partial");
    CHECK(bounds_text(records).find("caches") != std::string::npos);
    CHECK(cell(points_csv(records), "bound_lacks").find("caches") != std::string::npos);
    CHECK(cell(point_table(records), "of DRAM read") == "58 %");  // this needs no cache

    Journal none = square();
    none.run.limits.clear();
    CHECK(bound_of(none).missing.find("fma_gflops.f32.threads=1") != std::string::npos);
    CHECK(bound_of(none).binding().empty());
    const RecordSet without(none);
    CHECK(find_metric("time_over_bound").value(without.entries().front(), Ledger::required).rounds.empty());
    CHECK(find_metric("bandwidth_share").value(without.entries().front(), Ledger::required).rounds.empty());
    CHECK(cell(point_table(without), "time / bound").empty());
    CHECK(bounds_text(without).find("no bound") != std::string::npos);
    CHECK(time_bound(Entry{}).missing.find("not run yet") != std::string::npos);
}

TEST_CASE("a record of a merged file is bound by the limits of its own run") {
    Journal merged = square();
    merged.run.sources.push_back({.id = "a",
                                  .run = "",
                                  .shard = "",
                                  .started = "",
                                  .command = {},
                                  .environment = {},
                                  .limits = {{"fma_gflops.f32.threads=1", 125}}});
    const double before = bound_of(merged).arithmetic;
    merged.points.front().run = "a";
    CHECK(bound_of(merged).arithmetic == Approx(2 * before));
}

TEST_CASE("a time below the bound is told everywhere") {
    Journal journal = square(0.004);
    CHECK(broken_bound(bound_of(journal), RecordSet(journal).entries().front()).empty());
    journal.rounds[3].samples.front().wall_s = 0.001;
    const RecordSet one(journal);
    CHECK(cell(point_table(one), "note").find("1 of 10 samples are faster than the bound") != std::string::npos);
    CHECK(cell(points_csv(one), "samples_below_bound") == "1");

    const Journal fast = square(0.001);
    CHECK(cell(point_table(RecordSet(fast)), "time / bound") == "0.46");
    for (const Lint::Row& row : lint(fast, {point_table_display(RecordSet(fast))}).rows) {
        if (row.rule == 11) CHECK(row.findings.front().reason.find("faster than the bound") != std::string::npos);
    }
}

TEST_CASE("metrics: bound, time over bound, compulsory bytes") {
    const Journal journal = square(0.004);
    const RecordSet records(journal);
    const auto value = [&](const char* name) {
        return find_metric(name).value(records.entries().front(), Ledger::required);
    };
    REQUIRE(value("bound").rounds.size() == 1);
    CHECK(value("bound").rounds.front().value == Approx(2.15797e-3).epsilon(1e-5));
    REQUIRE(value("time_over_bound").rounds.size() == 10);
    CHECK(value("time_over_bound").rounds.back().value == Approx(0.004 / 2.15797e-3).epsilon(1e-5));
    CHECK(*value("compulsory_bytes").exact == 3 * 512 * 512 * 4);
}

TEST_CASE("compulsory bytes: each operand once, keys of shared heads once, rows without keys never") {
    const auto bytes = [](Fields fields, std::int64_t parameters = 0, std::int64_t kv_cache_bytes = 1 << 20) {
        Count counted;
        counted.parameters = parameters;
        counted.kv_cache_bytes = kv_cache_bytes;
        return compulsory_bytes(point(fields).problem, counted);
    };
    const Fields core{{"scope", "core"}, {"embed_dim", "512"}, {"num_heads", "8"}};
    const auto with = [](Fields fields, const Fields& more) {
        fields.insert(fields.end(), more.begin(), more.end());
        return fields;
    };
    CHECK(bytes(with(core, {{"seq_len", "10"}})) == 4 * 3 * 10 * 512);
    CHECK(bytes(with(core, {{"seq_len", "10"}, {"num_kv_heads", "2"}})) == 4 * 10 * (512 + 2 * 128));
    CHECK(bytes(with(core, {{"q_len", "30"}, {"kv_len", "10"}, {"causal", "true"}})) == 4 * 3 * 10 * 512);
    CHECK(bytes(with(core, {{"q_len", "30"}, {"kv_len", "10"}})) == 4 * (30 + 20) * 512);
    const Fields layer{{"scope", "layer"}, {"embed_dim", "512"}, {"num_heads", "8"}};
    CHECK(bytes(with(layer, {{"seq_len", "10"}}), 1000) == 4 * (1000 + 10 * 512));
    CHECK(bytes(with(layer, {{"q_len", "1"}, {"kv_len", "10"}}), 1000) == 4 * (1000 + 11 * 512));
    CHECK(bytes(with(layer, {{"seq_len", "10"}, {"batch", "3"}, {"dtype", "f64"}}), 7) == 8 * (7 + 30 * 512));
    // Behind a cache: the new rows of both inputs, and what is kept of the others.
    const Fields step = with(layer, {{"q_len", "2"}, {"kv_len", "10"}, {"batch", "3"}, {"cached", "true"}});
    CHECK(bytes(step, 1000, 3 * 10 * 80) == 4 * (1000 + 3 * (2 + 2) * 512) + 3 * 8 * 80);
    CHECK(bytes(with(layer, {{"seq_len", "10"}, {"cached", "true"}}), 1000) == 4 * (1000 + 10 * 512));
    // x and the context.
    const Fields alone{{"scope", "projections"}, {"embed_dim", "512"}, {"num_heads", "8"}, {"value_head_dim", "32"}};
    CHECK(bytes(with(alone, {{"seq_len", "10"}, {"batch", "3"}}), 1000) == 4 * (1000 + 30 * (512 + 256)));
}
