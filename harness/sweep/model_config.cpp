#include "harness/sweep/model_config.hpp"

#include <string_view>

#include <fmt/format.h>

#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"
#include "harness/sweep/grid.hpp"
#include "harness/sweep/keys.hpp"
#include "harness/sweep/yaml.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kWidest = std::int64_t{1} << 40;
constexpr std::int64_t kMostLayers = 1'000'000;

const std::vector<Key>& model_keys() {
    static const std::vector<Key> keys{
        {"source", Shape::text, "configuration file or paper", true},
        {"problem", Shape::fields, "fields of the attention of every layer", true},
        {"attention", Shape::includes, "kinds of layers: how many, which variant, which options", true},
        {"activation", Shape::text, "of the feed-forward network; swiglu and geglu are gated", true},
        {"ffn_dim", Shape::integer, "inner width of the layers without experts"},
        {"ffn_bias", Shape::text, "whether feed-forward layers have biases"},
        {"experts", Shape::fields, "count, active, shared, ffn_dim, dense_layers, router_bias"},
        {"vocabulary", Shape::integer, "rows of the embedding", true},
        {"tied_embeddings", Shape::text, "one matrix reads tokens and predicts them", true},
        {"predicts", Shape::text, "false: an encoder, whose result is its vectors"},
        {"layer_norms", Shape::integer, "vectors of embed_dim in each layer", true},
        {"model_norms", Shape::integer, "those outside of the layers", true},
        {"more_in_attention", Shape::integer, "parameters of a layer's attention that its variant does not have"},
        {"longest", Shape::integer, "tokens that the source names", true},
        {"published", Shape::includes, "numbers printed about the model"},
    };
    return keys;
}

const std::vector<Key>& layer_keys() {
    static const std::vector<Key> keys{
        {"layers", Shape::integer, "how many", true},
        {"variant", Shape::text, "the attention algorithm", true},
        {"options", Shape::fields, "options of the variant"},
        {"writing", Shape::fields, "options that differ when one token is written behind a cache"},
    };
    return keys;
}

const std::vector<Key>& expert_keys() {
    static const std::vector<Key> keys{
        {"count", Shape::integer, "experts of a layer", true},
        {"active", Shape::integer, "those that a token is sent to", true},
        {"shared", Shape::integer, "those that every token is sent to"},
        {"ffn_dim", Shape::integer, "inner width of one", true},
        {"dense_layers", Shape::integer, "layers without experts"},
        {"router_bias", Shape::text, "one number for each expert"},
    };
    return keys;
}

const std::vector<Key>& published_keys() {
    static const std::vector<Key> keys{
        {"quantity", Shape::text, "parameters, active parameters or cache bytes a token", true},
        {"printed", Shape::text, "as printed, with its digits", true},
        {"source", Shape::text, "where", true},
        {"finding", Shape::text, "why ours does not round to it"},
    };
    return keys;
}

std::int64_t integer_or(const YamlNode& map, std::string_view key, std::int64_t otherwise,
                        std::int64_t most = kWidest) {
    const YamlNode* node = map.find(key);
    return node == nullptr ? otherwise : read_integer(*node, key, 0, most);
}
std::int64_t positive(const YamlNode& map, std::string_view key, std::int64_t most = kWidest) {
    return read_integer(*map.find(key), key, 1, most);
}
bool boolean_or(const YamlNode& map, std::string_view key, bool otherwise) {
    const YamlNode* node = map.find(key);
    return node == nullptr ? otherwise : read_boolean(*node, key);
}

/// Widths of heads, causal and bias, and options of variants. The others are asked of a model and no part of it, and so
/// would be read here without effect.
bool is_part_of_model(std::string_view name) {
    const BaseField* base = find_base_field(name);
    return base == nullptr || base->field.facet == Facet::width || name == "causal" || name == "bias";
}

/// Sets what stands under `key`, field by field.
void set_fields(const YamlNode& map, std::string_view key, const FieldTable& fields, PointSpec& spec) {
    const YamlNode* given = map.find(key);
    if (given == nullptr) return;
    expect_map(*given, key);
    Vocabulary vocabulary;
    vocabulary.fields = fields;
    for (std::size_t i = 0; i < given->keys.size(); ++i) {
        const std::string& field = given->keys[i].name;
        if (!is_part_of_model(field)) {
            given->keys[i].at.fail(
                fmt::format("{} is no part of a model: it is asked of one, on the command line or by "
                            "a config that takes its layers; leave it out",
                            field));
        }
        try {
            fields.set(spec, field, decode_value(given->items[i], field, vocabulary).text);
        } catch (const UsageError& e) {
            if (std::string_view(e.what()).starts_with(*given->at.file)) throw;
            given->keys[i].at.fail(e.what());
        }
    }
}

AttentionLayers read_layers(const YamlNode& node, const PointSpec& problem, const FieldTable& fields) {
    check_keys(node, layer_keys(), "a kind of layers");
    AttentionLayers kind{.layers = positive(node, "layers", kMostLayers), .reading = problem, .writing = {}};
    kind.reading.variant = read_text(*node.find("variant"), "variant");
    set_fields(node, "options", fields, kind.reading);
    kind.writing = kind.reading;
    set_fields(node, "writing", fields, kind.writing);
    for (const PointSpec* spec : {&kind.reading, &kind.writing}) {
        if (const std::string why = fields.why_not_its_own(*spec); !why.empty()) node.at.fail(why);
    }
    return kind;
}

Experts read_experts(const YamlNode& node, std::int64_t num_layers) {
    check_keys(node, expert_keys(), "experts");
    Experts experts{.count = positive(node, "count"),
                    .active = 0,
                    .shared = integer_or(node, "shared", 0),
                    .ffn_dim = positive(node, "ffn_dim"),
                    .dense_layers = integer_or(node, "dense_layers", 0, num_layers),
                    .router_bias = boolean_or(node, "router_bias", false)};
    experts.active = read_integer(*node.find("active"), "active", 1, experts.count);
    return experts;
}

bool is_gated(const YamlNode& node) {
    const std::string text = read_text(node, "activation");
    if (text == "swiglu" || text == "geglu") return true;
    if (text == "gelu" || text == "relu") return false;
    node.at.fail(fmt::format("activation is swiglu, geglu, gelu or relu, not '{}'", shown(text)));
}

std::string scalar(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::scalar || node.text.empty()) {
        node.at.fail(fmt::format("{} is a single value, not {}", what, node.describe()));
    }
    return node.text;
}

PublishedNumber read_published(const YamlNode& node) {
    check_keys(node, published_keys(), "a published number");
    PublishedNumber number{.quantity = read_text(*node.find("quantity"), "quantity"),
                           .printed = scalar(*node.find("printed"), "printed"),
                           .source = read_text(*node.find("source"), "source"),
                           .finding = ""};
    if (const YamlNode* finding = node.find("finding")) number.finding = read_text(*finding, "finding");
    return number;
}

}  // namespace

WholeModel load_model(const std::filesystem::path& path, const FieldTable& fields) {
    const YamlNode root = parse_yaml(read_bounded(path.string()), path.string());
    check_keys(root, model_keys(), "a model");
    WholeModel model;
    model.name = path.stem().string();
    model.source = read_text(*root.find("source"), "source");
    PointSpec problem;
    problem.backend = "counting";
    set_fields(root, "problem", fields, problem);
    if (!problem.problem.embed_dim || !problem.problem.num_heads || !problem.problem.head_dim) {
        root.find("problem")->at.fail("a model's problem fixes embed_dim, num_heads and head_dim");
    }
    model.embed_dim = *problem.problem.embed_dim;
    for (const YamlNode& node : expect_list(*root.find("attention"), "attention").items) {
        model.attention.push_back(read_layers(node, problem, fields));
    }
    if (const YamlNode* node = root.find("experts")) model.experts = read_experts(*node, model.num_layers());
    model.ffn = {.ffn_dim = integer_or(root, "ffn_dim", 0),
                 .gated = is_gated(*root.find("activation")),
                 .bias = boolean_or(root, "ffn_bias", false)};
    if (model.dense_layers() > 0 && model.ffn.ffn_dim == 0) {
        root.at.fail("the layers without experts need an ffn_dim");
    }
    model.vocabulary = positive(root, "vocabulary");
    model.tied_embeddings = read_boolean(*root.find("tied_embeddings"), "tied_embeddings");
    model.predicts = boolean_or(root, "predicts", true);
    model.layer_norms = integer_or(root, "layer_norms", 0);
    model.model_norms = integer_or(root, "model_norms", 0);
    model.more_in_attention = integer_or(root, "more_in_attention", 0);
    model.longest = positive(root, "longest");
    if (const YamlNode* list = root.find("published")) {
        for (const YamlNode& node : expect_list(*list, "published").items) {
            model.published.push_back(read_published(node));
        }
    }
    return model;
}

}  // namespace headcount
