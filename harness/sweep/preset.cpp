#include "harness/sweep/preset.hpp"

#include <utility>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/sweep/grid.hpp"
#include "harness/sweep/keys.hpp"

namespace headcount {

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
        try {
            const Facet facet = base_field_table().at(field).facet;
            if (facet != Facet::size && facet != Facet::width && facet != Facet::meaning) {
                throw UsageError(fmt::format("a preset fixes sizes only; remove {}", field));
            }
        } catch (const UsageError& e) {
            problem.keys[i].at.fail(e.what());
        }
        set_field(spec, field, decode_value(problem.items[i], field, {}).text);
    }
    preset.problem = spec.problem;
    return preset;
}

std::vector<Preset> load_presets(const std::filesystem::path& directory) {
    if (!std::filesystem::is_directory(directory)) {
        throw UsageError(fmt::format("{}: there is no such folder of presets", directory.string()));
    }
    std::vector<Preset> presets;
    for (const auto& file : yaml_files(directory)) {
        try {
            presets.push_back(parse_preset(read_bounded(file.string()), file.string()));
        } catch (const UsageError& error) {
            Preset broken;
            broken.name = file.stem().string();
            broken.broken = error.what();
            presets.push_back(std::move(broken));
        }
    }
    return presets;
}

}  // namespace headcount
