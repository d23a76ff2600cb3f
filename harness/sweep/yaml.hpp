// A YAML file as a bounded tree in which every node knows where it was written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// Where something stands in a config; lines and columns count from 1. Line 0: `file` is a command line option.
struct Location {
    std::shared_ptr<const std::string> file;
    int line = 1;
    int column = 1;

    std::string text() const;  ///< "configs/x.yaml:7:15"
    /// Throws UsageError "file:line:column: message".
    [[noreturn]] void fail(std::string_view message) const;
};

struct YamlKey {
    std::string name;
    Location at;
};

/// Built from parser events, not from yaml-cpp's own nodes: those accept duplicate keys silently, lose the place
/// of a missing key, and follow nesting and aliases without a bound.
struct YamlNode {
    enum class Kind : std::uint8_t { null, scalar, list, map };
    Kind kind = Kind::null;
    bool quoted = false;          ///< scalars: written in quotes or as a block, so never a number
    std::string text;             ///< scalars
    std::vector<YamlKey> keys;    ///< maps: keys[i] belongs to items[i]; no duplicates
    std::vector<YamlNode> items;  ///< lists and maps
    Location at;

    /// The value under `key`, or null.
    const YamlNode* find(std::string_view key) const;
    /// "a list", "a map", "text 'x'", "nothing": for messages.
    std::string describe() const;
};

/// Bounds on what is read at all.
struct YamlLimits {
    std::size_t bytes = std::size_t{1} << 20;  ///< a question fits on a page; a mebibyte is a wrong file
    int depth = 16;                            ///< the layout nests 8 deep
    std::size_t nodes = 20'000;                ///< aliases are copied, so this bounds what they expand to
};

/// Throws UsageError: unreadable, not YAML, duplicate key, tags, several documents, over a limit.
YamlNode parse_yaml(std::string_view text, const std::string& file, const YamlLimits& limits = {});
/// The bytes of a file, at most `limits.bytes`. Throws UsageError.
std::string read_bounded(const std::string& file, const YamlLimits& limits = {});

/// The .yaml files of a folder, sorted; none where there is no such folder. Throws UsageError: it cannot be listed.
std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder);
/// Their names without the extension.
std::vector<std::string> yaml_names(const std::filesystem::path& folder);

// Strict readers: each throws UsageError at the node when it is something else. `what` names it in the message.
const YamlNode& expect_map(const YamlNode& node, std::string_view what);
const YamlNode& expect_list(const YamlNode& node, std::string_view what);  ///< not empty
std::string read_text(const YamlNode& node, std::string_view what);        ///< not empty; not a number or boolean
std::int64_t read_integer(const YamlNode& node, std::string_view what, std::int64_t min, std::int64_t max);
double read_number(const YamlNode& node, std::string_view what, double min, double max);
bool read_boolean(const YamlNode& node, std::string_view what);

/// User text made safe for a message: control characters replaced, long text cut.
std::string shown(std::string_view text);

}  // namespace headcount
