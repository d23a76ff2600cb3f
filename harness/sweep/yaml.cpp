#include "harness/sweep/yaml.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "harness/core/error.hpp"
#include "harness/core/printable.hpp"

namespace headcount {
namespace {

/// Events -> tree. Limits are checked before anything is built, and an exception from here ends the parser's
/// recursion, so neither can grow with the input.
class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(std::shared_ptr<const std::string> file, const YamlLimits& limits)
        : file_(std::move(file)), limits_(limits) {}

    YamlNode take_root() { return std::move(root_); }
    Location at(const YAML::Mark& mark) const {
        return mark.is_null() ? Location{.file = file_} : Location{file_, mark.line + 1, mark.column + 1};
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) at(mark).fail("a second document begins here; keep one question to a file");
        root_.at = at(mark);
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add({.kind = YamlNode::Kind::null, .text = {}, .keys = {}, .items = {}, .at = at(mark)}, anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) at(mark).fail("this alias stands inside its own anchor; write the value out");
        count(found->second.nodes - 1, at(mark));  // add() counts one
        if (static_cast<int>(open_.size()) + found->second.depth > limits_.depth) fail_depth(at(mark));
        if (!open_.empty()) open_.back().depth = std::max(open_.back().depth, found->second.depth + 1);
        YamlNode copy = found->second.node;
        add(std::move(copy), YAML::NullAnchor);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(tag, at(mark));
        add({.kind = YamlNode::Kind::scalar,
             .quoted = tag == "!",
             .text = value,
             .keys = {},
             .items = {},
             .at = at(mark)},
            anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(YamlNode::Kind::list, at(mark), tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open(YamlNode::Kind::map, at(mark), tag, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        YamlNode node;
        YAML::anchor_t anchor;
        std::size_t nodes_before;
        int depth = 1;         // of what it holds, itself included
        bool has_key = false;  // maps: a key waits for its value
    };
    struct Anchored {
        YamlNode node;
        std::size_t nodes;
        int depth;
    };

    static void check_tag(const std::string& tag, const Location& where) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            where.fail(fmt::format("tag '{}' is not used here; write the plain value", shown(tag)));
        }
    }
    [[noreturn]] void fail_depth(const Location& where) const {
        where.fail(fmt::format("nested deeper than {} levels; a config needs no more", limits_.depth));
    }
    void count(std::size_t more, const Location& where) {
        if (more > limits_.nodes - nodes_) {
            where.fail(fmt::format("more than {} values (aliases expanded); write a smaller config", limits_.nodes));
        }
        nodes_ += more;
    }
    void open(YamlNode::Kind kind, const Location& where, const std::string& tag, YAML::anchor_t anchor) {
        check_tag(tag, where);
        if (static_cast<int>(open_.size()) >= limits_.depth) fail_depth(where);
        if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::map && !open_.back().has_key) {
            where.fail("a key is one word here, not a list or a map");
        }
        open_.push_back({.node = {.kind = kind, .text = {}, .keys = {}, .items = {}, .at = where},
                         .anchor = anchor,
                         .nodes_before = nodes_});
    }
    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        count(1, done.node.at);
        if (!open_.empty()) open_.back().depth = std::max(open_.back().depth, done.depth + 1);
        if (done.anchor != YAML::NullAnchor) {
            anchors_[done.anchor] = {done.node, nodes_ - done.nodes_before, done.depth};
        }
        put(std::move(done.node));
    }
    void add(YamlNode node, YAML::anchor_t anchor) {
        count(1, node.at);
        if (anchor != YAML::NullAnchor) anchors_[anchor] = {node, 1, 0};
        put(std::move(node));
    }
    void put(YamlNode node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == YamlNode::Kind::map && !parent.has_key) {
            put_key(parent, node);
            return;
        }
        parent.has_key = false;
        // The parser puts an absent value where the next thing begins, which may be lines further on.
        if (node.kind == YamlNode::Kind::null && parent.node.kind == YamlNode::Kind::map) {
            node.at = parent.node.keys.back().at;
        }
        parent.node.items.push_back(std::move(node));
    }
    static void put_key(Open& parent, const YamlNode& key) {
        if (key.kind != YamlNode::Kind::scalar) key.at.fail("a key is one word here, not " + key.describe());
        for (const YamlKey& other : parent.node.keys) {
            if (other.name == key.text) {
                key.at.fail(fmt::format("duplicate key '{}', first given in line {}; keep one of them", shown(key.text),
                                        other.at.line));
            }
        }
        parent.node.keys.push_back({key.text, key.at});
        parent.has_key = true;
    }

    std::shared_ptr<const std::string> file_;
    YamlLimits limits_;
    YamlNode root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

template <class T>
bool parses_as(std::string_view text, T& value) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc{} && end == text.data() + text.size();
}

[[noreturn]] void fail_type(const YamlNode& node, std::string_view what, std::string_view wanted) {
    node.at.fail(fmt::format("{} takes {}, not {}", what, wanted, node.describe()));
}

}  // namespace

std::string shown(std::string_view text) {
    constexpr std::size_t kLongest = 64;
    const std::string safe = printable(text.substr(0, kLongest));
    return text.size() > kLongest ? safe + "..." : safe;
}

std::string Location::text() const {
    const std::string name = file ? *file : "?";
    return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

void Location::fail(std::string_view message) const { throw UsageError(fmt::format("{}: {}", text(), message)); }

const YamlNode* YamlNode::find(std::string_view key) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i].name == key) return &items[i];
    }
    return nullptr;
}

std::string YamlNode::describe() const {
    switch (kind) {
        case Kind::null: return "nothing";
        case Kind::list: return "a list";
        case Kind::map: return "a map";
        case Kind::scalar: break;
    }
    double number = 0;
    if (quoted) return fmt::format("the text '{}'", shown(text));
    return parses_as(text, number) ? shown(text) : fmt::format("'{}'", shown(text));
}

YamlNode parse_yaml(std::string_view text, const std::string& file, const YamlLimits& limits) {
    const auto name = std::make_shared<const std::string>(file);
    const Location start{.file = name};
    if (text.size() > limits.bytes) {
        start.fail(fmt::format("{} bytes are more than a config may have ({}); is this the right file?", text.size(),
                               limits.bytes));
    }
    TreeBuilder builder(name, limits);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& e) {
        builder.at(e.mark).fail("not valid YAML: " + shown(e.msg));
    }
    YamlNode root = builder.take_root();
    if (!root.at.file) root.at = start;
    return root;
}

std::string read_bounded(const std::string& file, const YamlLimits& limits) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw UsageError(fmt::format("{}: cannot be read; check the path", file));
    std::string text(limits.bytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad() || (stream.gcount() == 0 && !stream.eof())) {
        throw UsageError(fmt::format("{}: cannot be read; is it a directory?", file));
    }
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return text;
}

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    if (!fs::is_directory(folder)) return files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        if (entry->path().extension() == ".yaml") files.push_back(entry->path());
    }
    if (error) throw UsageError(fmt::format("{}: cannot be listed ({})", folder.string(), error.message()));
    std::ranges::sort(files);
    return files;
}

std::vector<std::string> yaml_names(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& file : yaml_files(folder)) names.push_back(file.stem().string());
    std::ranges::sort(names);  // "a" comes before "a-b", but "a-b.yaml" before "a.yaml"
    return names;
}

const YamlNode& expect_map(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::map) fail_type(node, what, "a map of key: value");
    return node;
}

const YamlNode& expect_list(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::list) fail_type(node, what, "a list, [a, b]");
    if (node.items.empty()) node.at.fail(fmt::format("{} is empty; give at least one entry", what));
    return node;
}

std::string read_text(const YamlNode& node, std::string_view what) {
    double number = 0;
    const bool is_text =
        node.kind == YamlNode::Kind::scalar &&
        (node.quoted || (!parses_as(node.text, number) && node.text != "true" && node.text != "false"));
    if (!is_text) fail_type(node, what, "text");
    if (node.text.find_first_not_of(" \t\r\n") == std::string::npos) {
        node.at.fail(fmt::format("{} is empty; say something", what));
    }
    if (node.text.find('\0') != std::string::npos) node.at.fail(fmt::format("{} holds a NUL byte; remove it", what));
    return node.text;
}

std::int64_t read_integer(const YamlNode& node, std::string_view what, std::int64_t min, std::int64_t max) {
    std::int64_t value = 0;
    double number = 0;
    if (node.kind != YamlNode::Kind::scalar || node.quoted || !parses_as(node.text, number)) {
        fail_type(node, what, "a whole number");
    }
    const bool fits = parses_as(node.text, value);
    if (!fits && node.text.find_first_not_of("-0123456789") != std::string::npos) {
        fail_type(node, what, "a whole number");
    }
    if (!fits || value < min || value > max) {
        node.at.fail(fmt::format("{} {} is out of range; it must lie in [{}, {}]", what, shown(node.text), min, max));
    }
    return value;
}

double read_number(const YamlNode& node, std::string_view what, double min, double max) {
    double value = 0;
    if (node.kind != YamlNode::Kind::scalar || node.quoted || !parses_as(node.text, value)) {
        fail_type(node, what, "a number");
    }
    if (!std::isfinite(value) || value < min || value > max) {
        node.at.fail(fmt::format("{} {} is out of range; it must lie in [{}, {}]", what, shown(node.text), min, max));
    }
    return value;
}

bool read_boolean(const YamlNode& node, std::string_view what) {
    const bool is_boolean = node.kind == YamlNode::Kind::scalar && !node.quoted;
    if (is_boolean && node.text == "true") return true;
    if (is_boolean && node.text == "false") return false;
    fail_type(node, what, "true or false");
}

}  // namespace headcount
