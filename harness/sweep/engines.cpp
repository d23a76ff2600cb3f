#include "harness/sweep/engines.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/sweep/keys.hpp"
#include "harness/sweep/yaml.hpp"

namespace headcount {
namespace {

namespace fs = std::filesystem;

const std::vector<Key>& engine_keys() {
    static const std::vector<Key> keys{
        {"summary", Shape::text, "what it is, in one line", true},
        {"source", Shape::text, "where it comes from", true},
        {"command", Shape::text, "a list: program and arguments, run in the folder of this file", true},
    };
    return keys;
}

}  // namespace

Engine parse_engine(std::string_view text, const fs::path& file) {
    const YamlNode root = parse_yaml(text, file.string());
    check_keys(root, engine_keys(), "an engine");
    Engine engine{.summary = read_text(*root.find("summary"), "summary"),
                  .source = read_text(*root.find("source"), "source"),
                  .command = {},
                  .folder = fs::absolute(file).parent_path()};
    for (const YamlNode& word : expect_list(*root.find("command"), "command").items) {
        if (word.kind != YamlNode::Kind::scalar || word.text.empty()) {
            word.at.fail(fmt::format("command is a list of words, not {}", word.describe()));
        }
        engine.command.push_back(word.text);
    }
    return engine;
}

std::vector<std::pair<std::string, Engine>> load_engines(const std::vector<fs::path>& folders) {
    std::map<std::string, Engine> engines;
    for (const fs::path& folder : folders) {
        for (const fs::path& file : yaml_files(folder)) {
            Engine engine;
            try {
                engine = parse_engine(read_bounded(file.string()), file);
            } catch (const UsageError& error) {
                engine.broken = error.what();  // is said where it is listed or asked for, and stops no other
            }
            engines.insert_or_assign(file.stem().string(), std::move(engine));
        }
    }
    return {engines.begin(), engines.end()};
}

}  // namespace headcount
