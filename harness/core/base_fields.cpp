#include "harness/core/base_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <limits>
#include <optional>

#include "harness/core/problem.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kLargestThreads = 4096;

void append(std::string& text, std::integral auto value) {
    std::array<char, 20> digits{};
    const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    text.append(digits.data(), end);
}
void append(std::string& text, bool value) { text += value ? "true" : "false"; }

template <class T>
bool append_given(const std::optional<T>& value, std::string& text) {
    if (value) append(text, *value);
    return value.has_value();
}

/// What a field says of itself beside its functions.
struct Says {
    std::string_view doc, symbol = "", otherwise = "";
    std::vector<std::string> follows{};
};

Field describe(std::string_view name, FieldType type, Facet facet, Says says) {
    Field field;
    field.name = name;
    field.type = type;
    field.facet = facet;
    field.doc = says.doc;
    field.symbol = says.symbol;
    field.otherwise = says.otherwise;
    field.follows = std::move(says.follows);
    return field;
}

Field integer(std::string_view name, Facet facet, std::int64_t min, std::int64_t max, Says says) {
    Field field = describe(name, FieldType::integer, facet, std::move(says));
    field.min = min;
    field.max = max;
    return field;
}

template <std::optional<std::int64_t> ProblemSpec::*spec, std::int64_t Problem::*resolved>
BaseField extent(std::string_view name, Facet facet, Says says, bool (*is_default)(const Point&)) {
    return {.field = integer(name, facet, 1, kLargestExtent, std::move(says)),
            .set = [](PointSpec& s, const Field& field,
                      std::string_view text) { s.problem.*spec = parse_integer(field, text); },
            .given = [](const PointSpec& s, std::string& text) { return append_given(s.problem.*spec, text); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.problem.*resolved); },
            .is_default = is_default};
}

/// A length of its own, silent in a spec whose lengths agree: seq_len speaks for both then.
template <std::optional<std::int64_t> ProblemSpec::*spec, std::int64_t Problem::*resolved>
BaseField length(std::string_view name, Says says) {
    BaseField field = extent<spec, resolved>(name, Facet::size, std::move(says),
                                             [](const Point& p) { return p.problem.q_len == p.problem.kv_len; });
    field.given = [](const PointSpec& s, std::string& text) {
        return s.problem.q_len != s.problem.kv_len && append_given(s.problem.*spec, text);
    };
    return field;
}

BaseField both_lengths() {
    Field field = integer("seq_len", Facet::size, 1, kLargestExtent,
                          {.doc = "query and key length, L: sets q_len and kv_len", .symbol = "L"});
    field.stands_for = {"q_len", "kv_len"};
    return {.field = std::move(field),
            .set = [](PointSpec& s, const Field& f,
                      std::string_view text) { s.problem.q_len = s.problem.kv_len = parse_integer(f, text); },
            .given =
                [](const PointSpec& s, std::string& text) {
                    return s.problem.q_len == s.problem.kv_len && append_given(s.problem.q_len, text);
                },
            .append_value =
                [](const Point& p, std::string& text) {
                    append(text, p.problem.q_len);
                    if (p.problem.q_len == p.problem.kv_len) return;
                    text += 'x';
                    append(text, p.problem.kv_len);
                },
            .is_default = [](const Point& p) { return p.problem.q_len != p.problem.kv_len; }};
}

template <std::optional<bool> ProblemSpec::*spec, bool Problem::*resolved>
BaseField flag(std::string_view name, std::string_view doc) {
    return {.field = describe(name, FieldType::boolean, Facet::meaning, {.doc = doc, .otherwise = "false"}),
            .set = [](PointSpec& s, const Field& field,
                      std::string_view text) { s.problem.*spec = parse_boolean(field, text); },
            .given = [](const PointSpec& s, std::string& text) { return append_given(s.problem.*spec, text); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.problem.*resolved); },
            .is_default = [](const Point& p) { return !(p.problem.*resolved); }};
}

template <std::optional<std::string> PointSpec::*spec, std::string Point::*resolved>
BaseField name(std::string_view its_name, std::string_view doc) {
    return {.field = describe(its_name, FieldType::name, Facet::who, {.doc = doc}),
            .set = [](PointSpec& s, const Field& field, std::string_view text) { s.*spec = parse_name(field, text); },
            .given =
                [](const PointSpec& s, std::string& text) {
                    text += (s.*spec).value_or("");
                    return (s.*spec).has_value();
                },
            .append_value = [](const Point& p, std::string& text) { text += p.*resolved; },
            .is_default = [](const Point&) { return false; }};
}

BaseField task() {
    return {.field = describe("task", FieldType::name, Facet::meaning,
                              {.doc = "what a model with this attention is trained for; none: nothing is trained",
                               .otherwise = kNoTask}),
            .set = [](PointSpec& s, const Field& field, std::string_view text) { s.task = parse_name(field, text); },
            .given =
                [](const PointSpec& s, std::string& text) {
                    text += s.task.value_or("");
                    return s.task.has_value();
                },
            .append_value = [](const Point& p, std::string& text) { text += p.task; },
            .is_default = [](const Point& p) { return !p.trains(); }};
}

/// An enum with to_string(); `kAll` are its values a user may choose.
template <class T, std::optional<T> ProblemSpec::*spec, T Problem::*resolved, T... kAll>
BaseField choice(std::string_view its_name, std::string_view doc) {
    static constexpr std::array kValues{kAll...};
    Field field = describe(its_name, FieldType::choice, Facet::meaning,
                           {.doc = doc, .otherwise = to_string(Problem{}.*resolved)});
    for (const T value : kValues) field.choices.emplace_back(to_string(value));
    return {.field = std::move(field),
            .set =
                [](PointSpec& s, const Field& f, std::string_view text) {
                    const std::string& chosen = parse_choice(f, text);
                    for (const T value : kValues) {
                        if (to_string(value) == chosen) s.problem.*spec = value;
                    }
                },
            .given =
                [](const PointSpec& s, std::string& text) {
                    if (s.problem.*spec) text += to_string(*(s.problem.*spec));
                    return (s.problem.*spec).has_value();
                },
            .append_value = [](const Point& p, std::string& text) { text += to_string(p.problem.*resolved); },
            .is_default = [](const Point& p) { return p.problem.*resolved == Problem{}.*resolved; }};
}

BaseField threads() {
    return {.field = integer("num_threads", Facet::execution, 1, kLargestThreads,
                             {.doc = "threads the backend may use", .otherwise = "1"}),
            .set = [](PointSpec& s, const Field& field,
                      std::string_view text) { s.num_threads = static_cast<int>(parse_integer(field, text)); },
            .given = [](const PointSpec& s, std::string& text) { return append_given(s.num_threads, text); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.num_threads); },
            .is_default = [](const Point& p) { return p.num_threads == 1; }};
}

BaseField seed() {
    return {.field = integer("seed", Facet::data, 0, std::numeric_limits<std::int64_t>::max(),
                             {.doc = "seed of inputs and weights", .otherwise = "1"}),
            .set = [](PointSpec& s, const Field& field,
                      std::string_view text) { s.seed = static_cast<std::uint64_t>(parse_integer(field, text)); },
            .given = [](const PointSpec& s, std::string& text) { return append_given(s.seed, text); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.seed); },
            .is_default = [](const Point& p) { return p.seed == 1; }};
}

std::vector<BaseField> make_fields() {
    using S = ProblemSpec;
    using P = Problem;
    return {
        name<&PointSpec::variant, &Point::variant>("variant", "the attention algorithm"),
        name<&PointSpec::backend, &Point::backend>("backend", "who computes its verbs"),
        task(),
        extent<&S::batch, &P::batch>("batch", Facet::size,
                                     {.doc = "sequences in a batch, B", .symbol = "B", .otherwise = "1"},
                                     [](const Point& p) { return p.problem.batch == 1; }),
        both_lengths(),
        length<&S::q_len, &P::q_len>("q_len", {.doc = "query length, Lq", .symbol = "q_len"}),
        length<&S::kv_len, &P::kv_len>("kv_len", {.doc = "key length, Lk", .symbol = "kv_len"}),
        extent<&S::embed_dim, &P::embed_dim>("embed_dim", Facet::width,
                                             {.doc = "width of the model, E", .symbol = "E", .follows = {"head_dim"}},
                                             [](const Point&) { return false; }),
        extent<&S::num_heads, &P::num_heads>("num_heads", Facet::width,
                                             {.doc = "query heads, H", .symbol = "H", .otherwise = "1"},
                                             [](const Point& p) { return p.problem.num_heads == 1; }),
        extent<&S::num_kv_heads, &P::num_kv_heads>(
            "num_kv_heads", Facet::width,
            {.doc = "key and value heads; default num_heads", .symbol = "key heads", .follows = {"num_heads"}},
            [](const Point& p) { return p.problem.num_kv_heads == p.problem.num_heads; }),
        extent<&S::head_dim, &P::head_dim>(
            "head_dim", Facet::width,
            {.doc = "width of a query and key head, d; default embed_dim / num_heads",
             .symbol = "d",
             .follows = {"num_heads", "embed_dim"}},
            [](const Point& p) { return p.problem.num_heads * p.problem.head_dim == p.problem.embed_dim; }),
        extent<&S::value_head_dim, &P::value_head_dim>(
            "value_head_dim", Facet::width,
            {.doc = "width of a value head; default head_dim",
             .symbol = "value d",
             .follows = {"num_heads", "embed_dim", "head_dim"}},
            [](const Point& p) { return p.problem.value_head_dim == p.problem.head_dim; }),
        flag<&S::causal, &P::causal>("causal", "a query sees no later key; aligned bottom-right when q_len != kv_len"),
        flag<&S::bias, &P::bias>("bias", "projections add a bias"),
        choice<DType, &S::dtype, &P::dtype, DType::f32, DType::f64, DType::bf16>(
            "dtype", "element type of every tensor; bf16 is computed with in f32"),
        choice<Scope, &S::scope, &P::scope, Scope::layer, Scope::core, Scope::projections>(
            "scope",
            "the layer with its four projections, softmax(QK^T)V alone on given Q, K, V, or the projections alone"),
        choice<PassKind, &S::pass, &P::pass, PassKind::forward, PassKind::backward, PassKind::both>(
            "pass", "from inputs to outputs; from derivatives by outputs to those by inputs and weights; or both"),
        flag<&S::cached, &P::cached>(
            "cached", "the q_len tokens are the last of kv_len; what the layer keeps of those before is there already"),
        threads(),
        seed(),
    };
}

}  // namespace

const std::vector<BaseField>& base_fields() {
    static const std::vector<BaseField> fields = make_fields();
    return fields;
}

const BaseField* find_base_field(std::string_view name) {
    for (const BaseField& base : base_fields()) {
        if (base.field.name == name) return &base;
    }
    return nullptr;
}

bool one_sets_the_other(std::string_view a, std::string_view b) {
    const auto stands_for = [](std::string_view alias, std::string_view name) {
        const BaseField* base = find_base_field(alias);
        return base != nullptr && std::ranges::find(base->field.stands_for, name) != base->field.stands_for.end();
    };
    return stands_for(a, b) || stands_for(b, a);
}

}  // namespace headcount
