// Engines' files: found by folder, the later folder wins, and mistakes are answered with their place.
#include "harness/sweep/engines.hpp"

#include <fstream>

#include "harness/core/error.hpp"
#include "tests/catch.hpp"
#include "tests/scratch.hpp"

using namespace headcount;
using headcount::testing::Scratch;

namespace {

std::string complaint(const std::string& text) {
    try {
        parse_engine(text, "e.yaml");
        return "";
    } catch (const UsageError& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("an engine's file says what it is and how it is started") {
    const Engine engine =
        parse_engine("summary: s\nsource: here\ncommand: [node, \"x.js\", 8]\n", "/some/folder/e.yaml");
    CHECK(engine.summary == "s");
    CHECK(engine.source == "here");
    CHECK(engine.command == std::vector<std::string>{"node", "x.js", "8"});
    CHECK(engine.folder == "/some/folder");
}

TEST_CASE("a wrong engine file is answered with its place") {
    CHECK(complaint("summary: s\nsource: t\n").find("lacks 'command'") != std::string::npos);
    CHECK(complaint("summary: s\nsource: t\ncomand: [a]\n").find("e.yaml:3:1") == 0);
    CHECK(complaint("summary: s\nsource: t\ncommand: run it\n").find("e.yaml:3:10") == 0);
    CHECK(complaint("summary: s\nsource: t\ncommand: []\n").find("e.yaml:3:10") == 0);
    CHECK(complaint("summary: s\nsource: t\ncommand: [a, {b: c}]\n").find("e.yaml:3:14") == 0);
}

TEST_CASE("engines are found by folder, and of two with one name the later folder's counts") {
    const Scratch first, second;
    const auto write = [](const std::filesystem::path& file, const std::string& summary) {
        std::ofstream(file) << "summary: " << summary << "\nsource: t\ncommand: [a]\n";
    };
    write(first.dir / "a.yaml", "first");
    write(first.dir / "b.yaml", "first");
    write(first.dir / "notes.txt", "first");
    write(second.dir / "b.yaml", "second");
    const auto engines = load_engines({first.dir, second.dir, second.dir / "missing"});
    REQUIRE(engines.size() == 2);
    CHECK(engines[0].first == "a");
    CHECK(engines[1].second.summary == "second");
    CHECK(engines[1].second.folder == second.dir);
}
