// Reading conventions: what the decoder accepts, and where and how it refuses.
#include "harness/sweep/convention_config.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/core/error.hpp"
#include "harness/sweep/yaml.hpp"
#include "tests/catch.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

Convention load(const std::string& text) {
    const fs::path path = fs::temp_directory_path() / "headcount_convention_config_test.yaml";
    {
        std::ofstream file(path);
        file << text;
    }
    try {
        Convention convention = load_convention(path);
        fs::remove(path);
        return convention;
    } catch (...) {
        fs::remove(path);
        throw;
    }
}

std::string refusal(const std::string& text) {
    try {
        load(text);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kHead = "title: T\nsource: S\nspeaks_of: a call\n";
const std::string kCore = "core: {forward: 4 * pairs, backward: 2 * forward}\n";
const std::string kSilent = "silent: {projections: none}\n";

TEST_CASE("a convention is read whole") {
    const Convention convention = load(kHead + "unit: MAC\n" + kCore +
                                       "needs: [{zero: q_len - kv_len, otherwise: one length, of: core}]\n"
                                       "projections: {both: 7}\nsilent: {forward: no, backward: neither}\n"
                                       "differs: [{says: always}, {where: causal, says: with a mask}]\n"
                                       "apart: {exps: forward.softmax.exps}\nurl: https://example.org\n");
    CHECK(convention.name == "headcount_convention_config_test");
    CHECK(convention.unit == CountedUnit::mac);
    CHECK(convention.core.backward == "2 * forward");
    CHECK(convention.core.both.empty());
    CHECK(convention.projections.both == "7");
    REQUIRE(convention.needs.size() == 1);
    CHECK(convention.needs[0].core_only);
    CHECK(convention.silence.backward == "neither");
    REQUIRE(convention.differences.size() == 2);
    CHECK(convention.differences[1].where == "causal");
    CHECK(convention.apart.at(0).noun == "exps");
}

TEST_CASE("every mistake in a convention is refused with its place and a remedy") {
    const std::string unit = "unit: FLOP\n";
    CHECK(refusal(kHead + unit + kCore + kSilent) == "accepted");
    CHECK(contains(refusal(unit + kCore + kSilent), "a convention lacks 'title'"));
    CHECK(contains(refusal(kHead + unit + kSilent), "a convention lacks 'core'"));
    CHECK(contains(refusal(kHead + kCore + kSilent), "a convention lacks 'unit'"));
    CHECK(contains(refusal(kHead + "unit: FLOPS\n" + kCore + kSilent), ":4:7: unknown unit 'FLOPS'; did you mean"));
    CHECK(contains(refusal(kHead + unit + kCore + kSilent + "difers: []\n"), "did you mean 'differs'"));
    CHECK(contains(refusal(kHead + unit + "core: {}\n" + kSilent), "has no formula"));
    CHECK(contains(refusal(kHead + unit + "core: [1]\n" + kSilent), "core"));
    CHECK(contains(refusal(kHead + unit + "core: {forward: [1]}\n" + kSilent), "not a list"));
    CHECK(contains(refusal(kHead + unit + kCore + kSilent + "needs: [{zero: causal}]\n"), "lacks 'otherwise'"));
    CHECK(contains(refusal(kHead + unit + kCore + kSilent + "needs: [{zero: causal, otherwise: no, of: all}]\n"),
                   "of is 'core'"));
    CHECK(contains(refusal(""), "map"));
    CHECK_THROWS_AS(load_convention("/nonexistent/convention.yaml"), UsageError);
}

TEST_CASE("a formula that is missing needs a reason") {
    const std::string head = kHead + "unit: FLOP\n";
    CHECK(contains(refusal(head + kCore), "there is no projections and no reason"));
    CHECK(contains(refusal(head + "core: {forward: 1}\n" + kSilent), "there is no backward and no reason"));
    CHECK(contains(refusal(head + "core: {both: 1}\n" + kSilent), "there is no forward and no reason"));
    CHECK(contains(refusal(head + "core: {forward: 1}\nsilent: {projections: none, backward: none}\n"),
                   "there is no both and no reason"));
    CHECK(contains(refusal(head + kCore + "projections: {forward: 1}\n"), "there is no backward and no reason"));
}

TEST_CASE("every shipped convention decodes and names its source") {
    const fs::path directory = fs::path(HEADCOUNT_SOURCE_DIR) / "configs" / "conventions";
    const std::vector<std::string> names = yaml_names(directory);
    CHECK(names.size() >= 12);
    for (const std::string& name : names) {
        const Convention convention = load_convention(directory / (name + ".yaml"));
        CHECK(convention.name == name);
        CHECK((name == kOurConvention || contains(convention.url, "https://")));
        CHECK((name == kOurConvention || !convention.differences.empty()));
    }
}

}  // namespace
}  // namespace headcount
