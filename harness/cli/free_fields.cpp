#include "harness/cli/free_fields.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/measure/point/inputs.hpp"
#include "harness/measure/point/known_fields.hpp"
#include "variants/all.hpp"

namespace headcount {
namespace {

// Places of widths: heads divide the embedding, and heads of keys the heads.
constexpr std::int64_t kHeadStep = 420;  // divides by all places of num_kv_heads
const FreeFields::Numbers kWidthSteps{
    {"embed_dim", kHeadStep* kHeadStep}, {"num_heads", kHeadStep}, {"num_kv_heads", 1}, {"head_dim", 60}};
constexpr std::int64_t kSizeStep = 64, kMostOptionStep = 4;  // lengths are longer than any option's places

bool is_length(const Field& field) { return field.facet == Facet::size && field.name.ends_with("_len"); }

/// Set by name, or by another name for it.
bool is_set(const PointSpec& spec, const Field& field) {
    return std::ranges::any_of(known_fields().given(spec), [&](const auto& set) {
        const std::vector<std::string>& names = known_fields().at(set.first).stands_for;
        return set.first == field.name || std::ranges::find(names, field.name) != names.end();
    });
}

std::vector<Field> options_of(const PointSpec& given) {
    return find_named(all_variants(), given.variant.value_or(""), "variant").own;
}

}  // namespace

bool FreeFields::varies(std::string_view name) const { return std::ranges::find(names_, name) != names_.end(); }

std::optional<Point> FreeFields::at(const Numbers& numbers) const {
    PointSpec spec = given_;
    for (const auto& [field, number] : numbers) known_fields().set(spec, field, std::to_string(number));
    try {
        Point point = resolve(spec, known_fields());
        return why_unsupported(point).empty() ? std::optional(std::move(point)) : std::nullopt;
    } catch (const UsageError&) {
        return std::nullopt;
    }
}

FreeFields::Numbers FreeFields::place(const std::vector<std::int64_t>& node) const {
    const auto step = [&](const std::string& name) {
        if (const auto found = kWidthSteps.find(name); found != kWidthSteps.end()) return found->second;
        const auto option = std::ranges::find(options_, name, &Field::name);
        return option == options_.end() ? kSizeStep
                                        : std::min<std::int64_t>(std::stoll(option->otherwise), kMostOptionStep);
    };
    Numbers numbers;
    for (std::size_t i = 0; i < names_.size(); ++i) numbers[names_[i]] = step(names_[i]) * (node[i] + 1);
    return numbers;
}

bool FreeFields::runs() const {
    std::vector<std::int64_t> node(names_.size(), 1);
    for (std::int64_t& of_field : node) {
        for (of_field = 0; of_field < kNodes; ++of_field) {
            if (!at(place(node))) return false;
        }
        of_field = 1;
    }
    return true;
}

void FreeFields::free_options() {
    for (const Field& option : options_of(given_)) {
        if (option.type != FieldType::integer || option.otherwise == "0" || given_.own.contains(option.name)) continue;
        options_.push_back(option);
        names_.push_back(option.name);
        if (runs()) continue;
        options_.pop_back();
        names_.pop_back();
    }
}

std::optional<FreeFields> FreeFields::of(const PointSpec& given, Lengths lengths) {
    struct Choice {
        bool causal, head_dim, heads, kv_heads, one_kv_head;
    };
    std::vector<Choice> choices;
    for (const bool causal : {false, true}) {
        for (const bool head_dim : {true, false}) {
            for (const bool heads : {true, false}) {
                for (const auto& [kv_heads, one] : {std::pair{true, false}, {false, false}, {false, true}}) {
                    choices.push_back({causal, head_dim, heads, kv_heads, one});
                }
            }
        }
    }
    const ProblemSpec& set = given.problem;
    for (const Choice& choice : choices) {
        if (choice.causal && set.causal) continue;
        FreeFields fields;
        fields.given_ = given;
        ProblemSpec& problem = fields.given_.problem;
        if (choice.causal) problem.causal = true;
        if (!choice.heads && !set.num_heads) problem.num_heads = 1;
        if (choice.one_kv_head && !set.num_kv_heads) problem.num_kv_heads = 1;
        const std::map<std::string, bool> can_vary{{"embed_dim", true},
                                                   {"num_heads", choice.heads},
                                                   {"num_kv_heads", choice.kv_heads && problem.num_heads != 1},
                                                   {"head_dim", choice.head_dim}};
        const bool one_length = lengths == Lengths::one && !set.q_len && !set.kv_len;
        for (const Field& field : known_fields().all()) {
            if (is_set(fields.given_, field)) continue;
            const auto width = can_vary.find(field.name);
            const bool is_width = width != can_vary.end() && width->second;
            const bool is_size = field.facet == Facet::size && (!is_length(field) || field.is_alias() == one_length);
            if (is_size || is_width) fields.names_.push_back(field.name);
        }
        if (!fields.runs()) continue;
        fields.free_options();
        return fields;
    }
    return std::nullopt;
}

std::vector<std::string> FreeFields::suppositions() const {
    std::vector<std::string> all;
    for (const auto& [field, text] : known_fields().given(given_)) {
        if (field != "variant" && field != "backend") all.push_back(fmt::format("{} = {}", field, text));
    }
    const ProblemSpec& set = given_.problem;
    if (!varies("num_kv_heads") && !set.num_kv_heads) all.emplace_back("num_kv_heads = num_heads");
    if (!varies("head_dim") && !set.head_dim) all.emplace_back("head_dim = embed_dim / num_heads");
    if (!set.value_head_dim) all.emplace_back("value_head_dim = head_dim");
    if (!set.dtype) all.push_back(fmt::format("dtype = {}", to_string(Problem{}.dtype)));
    for (const Field& option : options_of(given_)) {
        const bool is_given = given_.own.contains(option.name);
        if (!varies(option.name) && !is_given) all.push_back(option.name + " = " + option.otherwise);
    }
    return all;
}

std::string FreeFields::Needs::text() const {
    std::string by_fours = head_dim_by_fours ? "head_dim is a multiple of 4" : "";
    if (!lengths_long) return by_fours;
    const std::string is_long = fmt::format("each length is at least {} times each option", kLongTimes);
    return by_fours.empty() ? is_long : by_fours + " and " + is_long;
}

FreeFields::Numbers FreeFields::draw(SplitMix64& random, const Needs& needs) const {
    const auto pick = [&](std::int64_t n) {
        return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
    };
    Numbers numbers;
    std::int64_t largest = 0;
    for (const Field& option : options_of(given_)) {
        if (option.type != FieldType::integer) continue;
        const auto given = given_.own.find(option.name);
        std::int64_t number = std::stoll(given == given_.own.end() ? option.otherwise : given->second);
        if (varies(option.name)) numbers[option.name] = number = std::clamp(pick(12), option.min, option.max);
        largest = std::max(largest, number);
    }
    const std::int64_t kv_heads = pick(4), heads = kv_heads * pick(4);
    // Some variants cut a width into heads.
    const std::int64_t width = !varies("head_dim") || pick(2) == 1 ? heads * pick(9) : pick(60);
    for (const std::string& name : names_) {
        const Field& field = known_fields().at(name);
        if (field.facet == Facet::size) numbers[name] = pick(is_length(field) ? 40 : 4);
        if (is_length(field) && needs.lengths_long) numbers[name] += kLongTimes * largest;
        if (name == "embed_dim") numbers[name] = width;
        if (name == "num_heads") numbers[name] = heads;
        if (name == "num_kv_heads") numbers[name] = kv_heads;
        if (name == "head_dim") numbers[name] = pick(24) * (needs.head_dim_by_fours ? 4 : 1);
    }
    return numbers;
}

}  // namespace headcount
