// Control groups of both versions, nested and in containers: a table of trees, each with the limit that holds in it.
#include "harness/measure/machine/control_group.hpp"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "harness/core/error.hpp"
#include "harness/measure/machine/environment.hpp"
#include "harness/measure/machine/process_memory.hpp"
#include "harness/measure/plan/plan.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using headcount::testing::Scratch;
namespace fs = std::filesystem;

namespace {

using Files = std::map<std::string, std::string>;

struct Tree {
    explicit Tree(const Files& files) {
        for (const auto& [name, text] : files) write(name, text);
    }
    void write(const std::string& name, const std::string& text) const {
        const fs::path path = scratch.dir / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    const fs::path& root() const { return scratch.dir; }

    Scratch scratch;
};

const std::string kMeminfo = "MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n";
constexpr std::int64_t kMachine = std::int64_t{8000000} * 1024;
const std::string kV2 = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
const std::string kV1 =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
const std::string kNone = "9223372036854771712\n";  // what version 1 calls no limit

struct Kind {
    const char* name;
    Files files;
    std::int64_t limit;  ///< -1: none
    std::int64_t room;
};

std::vector<Kind> kinds() {
    const std::string v2 = "sys/fs/cgroup/", v1 = "sys/fs/cgroup/memory/";
    return {
        {"version 2, the group itself",
         {{"proc/self/cgroup", "0::/job\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "job/memory.max", "1000000\n"},
          {v2 + "job/memory.current", "300000\n"}},
         1000000,
         700000},
        {"version 2, a group above is tighter",
         {{"proc/self/cgroup", "0::/slice/job/step\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "slice/memory.max", "900000\n"},
          {v2 + "slice/memory.current", "850000\n"},
          {v2 + "slice/job/memory.max", "1000000\n"},
          {v2 + "slice/job/memory.current", "300000\n"},
          {v2 + "slice/job/step/memory.max", "max\n"}},
         900000,
         50000},
        {"version 2, a high mark below the limit",
         {{"proc/self/cgroup", "0::/job\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "job/memory.max", "1000000\n"},
          {v2 + "job/memory.high", "600000\n"},
          {v2 + "job/memory.current", "100000\n"}},
         600000,
         500000},
        {"version 2, in a container with a namespace of its own",
         {{"proc/self/cgroup", "0::/\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "memory.max", "500000\n"},
          {v2 + "memory.current", "100000\n"}},
         500000,
         400000},
        {"version 2, the process stands outside of what is mounted",
         {{"proc/self/cgroup", "0::/../other\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "memory.max", "500000\n"},
          {v2 + "memory.current", "100000\n"}},
         500000,
         400000},
        {"version 2, page cache is given back",
         {{"proc/self/cgroup", "0::/job\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "job/memory.max", "1000000\n"},
          {v2 + "job/memory.current", "900000\n"},
          {v2 + "job/memory.stat", "anon 100000\nfile 800000\ninactive_file 500000\nactive_file 200000\n"}},
         1000000,
         800000},
        {"version 2, no limit",
         {{"proc/self/cgroup", "0::/job\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "job/memory.max", "max\n"},
          {v2 + "job/memory.current", "900000\n"}},
         -1,
         -1},
        {"version 1, the group itself",
         {{"proc/self/cgroup", "9:name=systemd:/\n4:memory:/x\n1:cpu,cpuacct:/\n0::/\n"},
          {"proc/self/mountinfo", kV1},
          {v1 + "memory.limit_in_bytes", kNone},
          {v1 + "x/memory.limit_in_bytes", "419430400\n"},
          {v1 + "x/memory.usage_in_bytes", "19430400\n"}},
         419430400,
         400000000},
        {"version 1, nested, with page cache",
         {{"proc/self/cgroup", "4:memory:/a/b\n"},
          {"proc/self/mountinfo", kV1},
          {v1 + "a/memory.limit_in_bytes", "1000000\n"},
          {v1 + "a/memory.usage_in_bytes", "900000\n"},
          {v1 + "a/memory.stat", "inactive_file 1\ntotal_inactive_file 600000\ntotal_active_file 100000\n"},
          {v1 + "a/b/memory.limit_in_bytes", kNone}},
         1000000,
         800000},
        {"version 1, a group above that does not account for those below",
         {{"proc/self/cgroup", "4:memory:/a/b\n"},
          {"proc/self/mountinfo", kV1},
          {v1 + "a/memory.limit_in_bytes", "1000\n"},
          {v1 + "a/memory.use_hierarchy", "0\n"},
          {v1 + "a/b/memory.limit_in_bytes", "2000000\n"}},
         2000000,
         2000000},
        {"version 1, in a container: the mount shows the group, not the hierarchy",
         {{"proc/self/cgroup", "4:memory:/docker/abc\n"},
          {"proc/self/mountinfo", "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"},
          {v1 + "memory.limit_in_bytes", "700000\n"},
          {v1 + "memory.usage_in_bytes", "200000\n"}},
         700000,
         500000},
        {"version 1, a limit above what is mounted",
         {{"proc/self/cgroup", "4:memory:/pod/abc\n"},
          {"proc/self/mountinfo", "35 31 0:32 /pod/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"},
          {v1 + "memory.limit_in_bytes", kNone},
          {v1 + "memory.usage_in_bytes", "200000\n"},
          {v1 + "memory.stat", "cache 0\nhierarchical_memory_limit 600000\n"}},
         600000,
         400000},
        {"both versions side by side, mounted elsewhere, with a blank in the path",
         {{"proc/self/cgroup", "4:memory:/x\n0::/y\n"},
          {"proc/self/mountinfo",
           "35 31 0:32 / /my\\040groups/memory rw - cgroup cgroup rw,memory\n"
           "41 31 0:38 / /my\\040groups/unified rw - cgroup2 cgroup2 rw\n"},
          {"my groups/memory/x/memory.limit_in_bytes", "800000\n"},
          {"my groups/unified/y/memory.max", "750000\n"}},
         750000,
         750000},
        {"a group that was removed: those above it still hold",
         {{"proc/self/cgroup", "0::/job/gone (deleted)\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "job/memory.max", "1000000\n"}},
         1000000,
         1000000},
        {"a limit of more than is used already leaves no room, not less than none",
         {{"proc/self/cgroup", "0::/job\n"},
          {"proc/self/mountinfo", kV2},
          {v2 + "job/memory.max", "1000000\n"},
          {v2 + "job/memory.current", "1500000\n"}},
         1000000,
         0},
        {"no control groups", {}, -1, -1},
    };
}

Sweep one_point(int threads, bool oversubscribe = false) {
    Point point = point_from_id("multi_head/naive/embed_dim=8,seq_len=8");
    point.num_threads = threads;
    point.backend = "blas";
    Sweep sweep;
    sweep.parts = {{.name = "", .compare_by = {}, .axes = {}, .points = {point}, .skipped = {}}};
    sweep.protocol.oversubscribe = oversubscribe;
    return sweep;
}

}  // namespace

TEST_CASE("the limit of memory is the tightest of all groups that hold this process") {
    for (const Kind& kind : kinds()) {
        INFO(kind.name);
        const Tree tree(kind.files);
        tree.write("proc/meminfo", kMeminfo);
        const GroupMemory memory = group_memory(tree.root());
        CHECK(memory.limit_bytes == kind.limit);
        CHECK(memory.room_bytes == kind.room);
        CHECK(memory.limited_by.empty() == (kind.limit < 0));
        const std::int64_t available = kind.room < 0 ? kMachine : kind.room;
        CHECK(available_memory(tree.root()).value == available);
        const Plan plan = make_plan(one_point(1), tree.root());
        CHECK(plan.memory_limit_bytes == available / 10 * 8);
        const std::string recorded = read_environment(tree.root()).at("memory.cgroup_limit");
        CHECK(recorded.find(kind.limit < 0 ? (kind.files.empty() ? "unavailable: " : "max")
                                           : std::to_string(kind.limit) + " (") == 0);
    }
}

TEST_CASE("a machine that says nothing of its memory still has the limit of the group") {
    const Tree tree({{"proc/self/cgroup", "0::/job\n"},
                     {"proc/self/mountinfo", kV2},
                     {"sys/fs/cgroup/job/memory.max", "1000000\n"}});
    CHECK(available_memory(tree.root()).value == 1000000);
    CHECK(available_memory("/no/such/root").value == -1);
    CHECK(!available_memory("/no/such/root").unavailable.empty());
}

TEST_CASE("the quota of processors is the tightest of all groups that hold this process") {
    struct Quota {
        const char* name;
        Files files;
        double processors;
        const char* recorded;
    };
    const std::string v1 = "sys/fs/cgroup/cpu,cpuacct/";
    for (const Quota& quota : std::vector<Quota>{
             {"version 2",
              {{"proc/self/cgroup", "0::/job\n"},
               {"proc/self/mountinfo", kV2},
               {"sys/fs/cgroup/job/cpu.max", "150000 100000\n"}},
              1.5,
              "150000 100000"},
             {"version 2, nested",
              {{"proc/self/cgroup", "0::/slice/job\n"},
               {"proc/self/mountinfo", kV2},
               {"sys/fs/cgroup/slice/cpu.max", "50000 100000\n"},
               {"sys/fs/cgroup/slice/job/cpu.max", "max 100000\n"}},
              0.5,
              "50000 100000"},
             {"version 1, nested, two controllers in one hierarchy",
              {{"proc/self/cgroup", "2:cpu,cpuacct:/a/b\n"},
               {"proc/self/mountinfo", kV1},
               {v1 + "a/cpu.cfs_quota_us", "300000\n"},
               {v1 + "a/cpu.cfs_period_us", "100000\n"},
               {v1 + "a/b/cpu.cfs_quota_us", "100000\n"},
               {v1 + "a/b/cpu.cfs_period_us", "50000\n"}},
              2,
              "100000 50000"},
             {"version 1, none",
              {{"proc/self/cgroup", "2:cpu,cpuacct:/\n"},
               {"proc/self/mountinfo", kV1},
               {v1 + "cpu.cfs_quota_us", "-1\n"},
               {v1 + "cpu.cfs_period_us", "100000\n"}},
              -1,
              "max"},
             {"nothing", {}, -1, "unavailable: no control group of processor time is seen"},
         }) {
        INFO(quota.name);
        const Tree tree(quota.files);
        CHECK(group_processors(tree.root()).quota() == quota.processors);
        CHECK(read_environment(tree.root()).at("cpu.cgroup_quota") == quota.recorded);
    }
}

TEST_CASE("more threads than processors are skipped with the reason, unless a config asks for them by name") {
    const int here = usable_processors().usable;
    REQUIRE(here >= 1);
    const Plan plan = make_plan(one_point(here + 1));
    REQUIRE(plan.points.size() == 1);
    CHECK(plan.processors == here);
    CHECK(plan.points[0].fate == Fate::skip);
    CHECK(plan.points[0].reason.find("num_threads=" + std::to_string(here + 1)) == 0);
    CHECK(plan.points[0].reason.find("oversubscribe") != std::string::npos);
    CHECK(plan.points[0].counted != nullptr);
    CHECK(make_plan(one_point(here + 1, true)).points[0].reason.find("oversubscribe") == std::string::npos);
    CHECK(make_plan(one_point(here)).points[0].reason.find("oversubscribe") == std::string::npos);

    const Tree half({{"proc/self/cgroup", "0::/job\n"},
                     {"proc/self/mountinfo", kV2},
                     {"sys/fs/cgroup/job/cpu.max", "50000 100000\n"}});
    CHECK(usable_processors(half.root()).usable == 1);  // one thread always runs, if not all the time
    CHECK(make_plan(one_point(1), half.root()).points[0].reason.find("oversubscribe") == std::string::npos);
    const Plan two = make_plan(one_point(2), half.root());
    CHECK(two.points[0].fate == Fate::skip);
    if (here > 1) CHECK(two.points[0].reason.find("a quota of 0.5 (") != std::string::npos);
}
