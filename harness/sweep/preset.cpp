#include "harness/sweep/preset.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/sweep/grid.hpp"
#include "harness/sweep/keys.hpp"

namespace headcount {

std::vector<std::pair<std::string, std::string>> fields_of(const ProblemSpec& spec) {
    std::vector<std::pair<std::string, std::string>> fields;
    const auto extent = [&](const char* name, const std::optional<std::int64_t>& value) {
        if (value) fields.emplace_back(name, std::to_string(*value));
    };
    const auto flag = [&](const char* name, const std::optional<bool>& value) {
        if (value) fields.emplace_back(name, *value ? "true" : "false");
    };
    extent("batch", spec.batch);
    if (spec.q_len == spec.kv_len) {
        extent("seq_len", spec.q_len);
    } else {
        extent("q_len", spec.q_len);
        extent("kv_len", spec.kv_len);
    }
    extent("embed_dim", spec.embed_dim);
    extent("num_heads", spec.num_heads);
    extent("num_kv_heads", spec.num_kv_heads);
    extent("head_dim", spec.head_dim);
    extent("value_head_dim", spec.value_head_dim);
    flag("causal", spec.causal);
    flag("bias", spec.bias);
    if (spec.dtype) fields.emplace_back("dtype", to_string(*spec.dtype));
    if (spec.scope) fields.emplace_back("scope", to_string(*spec.scope));
    return fields;
}

Preset parse_preset(std::string_view text, const std::string& file) {
    const YamlNode root = parse_yaml(text, file);
    check_keys(root, preset_keys(), "a preset");
    Preset preset;
    preset.name = std::filesystem::path(file).stem().string();
    preset.source = read_text(*root.find("source"), "source");
    constexpr std::int64_t kWidest = std::int64_t{1} << 40;
    preset.ffn_dim = read_integer(*root.find("ffn_dim"), "ffn_dim", 1, kWidest);
    preset.num_layers = static_cast<int>(read_integer(*root.find("num_layers"), "num_layers", 1, 1'000'000));
    const YamlNode& activation = *root.find("activation");
    preset.activation = read_text(activation, "activation");
    if (preset.activation != "relu" && preset.activation != "gelu") {
        activation.at.fail(fmt::format("activation is relu or gelu, not '{}'", shown(preset.activation)));
    }
    const YamlNode& problem = expect_map(*root.find("problem"), "problem");
    PointSpec spec;
    for (std::size_t i = 0; i < problem.keys.size(); ++i) {
        const std::string& field = problem.keys[i].name;
        if (field == "variant" || field == "backend" || field == "num_threads" || field == "key_block" ||
            field == "seed") {
            problem.keys[i].at.fail(fmt::format("a preset fixes sizes only; remove {}", field));
        }
        try {
            point_field(field);
        } catch (const UsageError& e) {
            problem.keys[i].at.fail(e.what());
        }
        set_field(spec, field, decode_value(problem.items[i], field, {}).text);
    }
    preset.problem = spec.problem;
    return preset;
}

std::vector<Preset> load_presets(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
    if (error) throw UsageError(fmt::format("{}: cannot be listed ({})", directory.string(), error.message()));
    std::sort(files.begin(), files.end());
    std::vector<Preset> presets;
    presets.reserve(files.size());
    for (const auto& file : files) presets.push_back(parse_preset(read_bounded(file.string()), file.string()));
    return presets;
}

}  // namespace headcount
