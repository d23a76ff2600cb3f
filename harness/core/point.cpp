#include "harness/core/point.hpp"

#include <array>
#include <charconv>
#include <concepts>
#include <functional>
#include <limits>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;
constexpr std::int64_t kLargestThreads = 4096;

std::int64_t parse_integer(const FieldInfo& field, std::string_view text) {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || text.empty()) {
        throw UsageError(std::string(field.name) + " takes a whole number, not '" + std::string(text) + "'");
    }
    if (value < field.min || value > field.max) {
        throw UsageError(std::string(field.name) + " " + std::string(text) + " is out of range; it must lie in [" +
                         std::to_string(field.min) + ", " + std::to_string(field.max) + "]");
    }
    return value;
}

bool parse_boolean(const FieldInfo& field, std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    throw UsageError(std::string(field.name) + " is true or false, not '" + std::string(text) + "'");
}

/// A name as registries hold it: it stands in ids, file names and figures, so nothing else may.
std::string parse_name(const FieldInfo& field, std::string_view text) {
    constexpr std::size_t kLongestName = 64;
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+";
    constexpr std::string_view kNotFirst = "-.+";  // an option, a hidden file, a formula
    if (text.empty() || text.size() > kLongestName || kNotFirst.find(text.front()) != std::string_view::npos ||
        text.find_first_not_of(kAllowed) != std::string_view::npos) {
        throw UsageError(
            "a " + std::string(field.name) +
            " is up to 64 letters, digits, '_', '-', '.' or '+', beginning with one of the first three, not '" +
            std::string(text.substr(0, kLongestName)) + "'");
    }
    return std::string(text);
}

std::string_view parse_choice(const FieldInfo& field, std::string_view text) {
    std::vector<std::string> known;
    for (const std::string_view choice : field.choices) {
        if (choice == text) return choice;
        known.emplace_back(choice);
    }
    throw UsageError(unknown_name(field.name, text, known));
}

void append(std::string& text, std::integral auto value) {
    std::array<char, 20> digits{};
    const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    text.append(digits.data(), end);
}
void append(std::string& text, bool value) { text += value ? "true" : "false"; }

/// All there is to one field, so that it is defined once.
struct Field {
    FieldInfo info;
    void (*set)(PointSpec& spec, const FieldInfo& info, std::string_view text);
    void (*append_value)(const Point& point, std::string& text);
    bool (*is_default)(const Point& point);  ///< an id leaves out what resolve() would put back
};

using OptionalExtent = std::optional<std::int64_t> ProblemSpec::*;
using Extent = std::int64_t Problem::*;
using OptionalFlag = std::optional<bool> ProblemSpec::*;
using Flag = bool Problem::*;

template <OptionalExtent spec, Extent resolved>
Field extent_field(std::string_view name, std::string_view doc, bool (*is_default)(const Point&)) {
    return {
        .info = {.name = name, .type = FieldType::integer, .min = 1, .max = kLargestExtent, .choices = {}, .doc = doc},
        .set = [](PointSpec& s, const FieldInfo& info,
                  std::string_view text) { s.problem.*spec = parse_integer(info, text); },
        .append_value = [](const Point& p, std::string& text) { append(text, p.problem.*resolved); },
        .is_default = is_default};
}

template <OptionalFlag spec, Flag resolved>
Field flag_field(std::string_view name, std::string_view doc) {
    return {.info = {.name = name, .type = FieldType::boolean, .choices = {}, .doc = doc},
            .set = [](PointSpec& s, const FieldInfo& info,
                      std::string_view text) { s.problem.*spec = parse_boolean(info, text); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.problem.*resolved); },
            .is_default = [](const Point& p) { return !(p.problem.*resolved); }};
}

template <std::optional<std::string> PointSpec::*spec, std::string Point::*resolved>
Field name_field(std::string_view name, std::string_view doc) {
    return {.info = {.name = name, .type = FieldType::name, .choices = {}, .doc = doc},
            .set = [](PointSpec& s, const FieldInfo& info, std::string_view text) { s.*spec = parse_name(info, text); },
            .append_value = [](const Point& p, std::string& text) { text += p.*resolved; },
            .is_default = [](const Point&) { return false; }};
}

Field seq_len_field() {
    return {.info = {.name = "seq_len",
                     .type = FieldType::integer,
                     .min = 1,
                     .max = kLargestExtent,
                     .choices = {},
                     .doc = "query and key length, L: sets q_len and kv_len"},
            .set = [](PointSpec& s, const FieldInfo& info,
                      std::string_view text) { s.problem.q_len = s.problem.kv_len = parse_integer(info, text); },
            .append_value =
                [](const Point& p, std::string& text) {
                    append(text, p.problem.q_len);
                    if (p.problem.q_len == p.problem.kv_len) return;
                    text += 'x';
                    append(text, p.problem.kv_len);
                },
            .is_default = [](const Point& p) { return p.problem.q_len != p.problem.kv_len; }};
}

Field dtype_field() {
    return {.info = {.name = "dtype",
                     .type = FieldType::choice,
                     .choices = {"f32", "f64", "bf16"},
                     .doc = "element type of every tensor; bf16 is computed with in f32"},
            .set =
                [](PointSpec& s, const FieldInfo& info, std::string_view text) {
                    const std::string_view name = parse_choice(info, text);
                    for (const DType dtype : {DType::f32, DType::f64, DType::bf16}) {
                        if (to_string(dtype) == name) s.problem.dtype = dtype;
                    }
                },
            .append_value = [](const Point& p, std::string& text) { text += to_string(p.problem.dtype); },
            .is_default = [](const Point& p) { return p.problem.dtype == DType::f32; }};
}

Field scope_field() {
    return {.info = {.name = "scope",
                     .type = FieldType::choice,
                     .choices = {"layer", "core"},
                     .doc = "the layer with its four projections, or softmax(QK^T)V alone on given Q, K, V"},
            .set =
                [](PointSpec& s, const FieldInfo& info, std::string_view text) {
                    s.problem.scope = parse_choice(info, text) == "core" ? Scope::core : Scope::layer;
                },
            .append_value = [](const Point& p, std::string& text) { text += to_string(p.problem.scope); },
            .is_default = [](const Point& p) { return p.problem.scope == Scope::layer; }};
}

Field threads_field() {
    return {.info = {.name = "num_threads",
                     .type = FieldType::integer,
                     .min = 1,
                     .max = kLargestThreads,
                     .choices = {},
                     .doc = "threads the backend may use"},
            .set = [](PointSpec& s, const FieldInfo& info,
                      std::string_view text) { s.num_threads = static_cast<int>(parse_integer(info, text)); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.num_threads); },
            .is_default = [](const Point& p) { return p.num_threads == 1; }};
}

Field key_block_field() {
    return {.info = {.name = "key_block",
                     .type = FieldType::integer,
                     .min = 0,
                     .max = kLargestExtent,
                     .choices = {},
                     .doc = "keys that a fused core takes at a time; 0: what the backend chooses for this machine"},
            .set = [](PointSpec& s, const FieldInfo& info,
                      std::string_view text) { s.key_block = parse_integer(info, text); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.key_block); },
            .is_default = [](const Point& p) { return p.key_block == 0; }};
}

Field seed_field() {
    return {.info = {.name = "seed",
                     .type = FieldType::integer,
                     .min = 0,
                     .max = std::numeric_limits<std::int64_t>::max(),
                     .choices = {},
                     .doc = "seed of inputs and weights"},
            .set = [](PointSpec& s, const FieldInfo& info,
                      std::string_view text) { s.seed = static_cast<std::uint64_t>(parse_integer(info, text)); },
            .append_value = [](const Point& p, std::string& text) { append(text, p.seed); },
            .is_default = [](const Point& p) { return p.seed == 1; }};
}

const std::vector<Field>& all_fields() {
    using S = ProblemSpec;
    using P = Problem;
    static const std::vector<Field> fields{
        name_field<&PointSpec::variant, &Point::variant>("variant", "the attention algorithm"),
        name_field<&PointSpec::backend, &Point::backend>("backend", "who computes its verbs"),
        extent_field<&S::batch, &P::batch>("batch", "sequences in a batch, B",
                                           [](const Point& p) { return p.problem.batch == 1; }),
        seq_len_field(),
        extent_field<&S::q_len, &P::q_len>("q_len", "query length, Lq",
                                           [](const Point& p) { return p.problem.q_len == p.problem.kv_len; }),
        extent_field<&S::kv_len, &P::kv_len>("kv_len", "key length, Lk",
                                             [](const Point& p) { return p.problem.q_len == p.problem.kv_len; }),
        extent_field<&S::embed_dim, &P::embed_dim>("embed_dim", "width of the model, E",
                                                   [](const Point&) { return false; }),
        extent_field<&S::num_heads, &P::num_heads>("num_heads", "query heads, H",
                                                   [](const Point& p) { return p.problem.num_heads == 1; }),
        extent_field<&S::num_kv_heads, &P::num_kv_heads>(
            "num_kv_heads", "key and value heads; default num_heads",
            [](const Point& p) { return p.problem.num_kv_heads == p.problem.num_heads; }),
        extent_field<&S::head_dim, &P::head_dim>(
            "head_dim", "width of a query and key head, d; default embed_dim / num_heads",
            [](const Point& p) { return p.problem.num_heads * p.problem.head_dim == p.problem.embed_dim; }),
        extent_field<&S::value_head_dim, &P::value_head_dim>(
            "value_head_dim", "width of a value head; default head_dim",
            [](const Point& p) { return p.problem.value_head_dim == p.problem.head_dim; }),
        flag_field<&S::causal, &P::causal>("causal",
                                           "a query sees no later key; aligned bottom-right when q_len != kv_len"),
        flag_field<&S::bias, &P::bias>("bias", "projections add a bias"),
        dtype_field(),
        scope_field(),
        threads_field(),
        key_block_field(),
        seed_field(),
    };
    return fields;
}

const Field& find_field(std::string_view name) {
    for (const Field& field : all_fields()) {
        if (field.info.name == name) return field;
    }
    std::vector<std::string> known;
    for (const Field& field : all_fields()) known.emplace_back(field.info.name);
    throw UsageError(unknown_name("field", name, known));
}

}  // namespace

const std::vector<FieldInfo>& point_fields() {
    static const std::vector<FieldInfo> infos = [] {
        std::vector<FieldInfo> all;
        for (const Field& field : all_fields()) all.push_back(field.info);
        return all;
    }();
    return infos;
}

const FieldInfo& point_field(std::string_view name) { return find_field(name).info; }

void set_field(PointSpec& spec, std::string_view name, std::string_view text) {
    const Field& field = find_field(name);
    field.set(spec, field.info, text);
}

std::string get_field(const Point& point, std::string_view name) {
    std::string text;
    find_field(name).append_value(point, text);
    return text;
}

void Point::append_id(std::string& text) const {
    text += variant;
    text += '/';
    text += backend;
    text += '/';
    bool first = true;
    for (const Field& field : all_fields()) {
        if (field.info.type == FieldType::name || field.is_default(*this)) continue;
        if (!first) text += ',';
        text += field.info.name;
        text += '=';
        field.append_value(*this, text);
        first = false;
    }
}

std::string Point::id() const {
    std::string text;
    append_id(text);
    return text;
}

std::size_t PointHash::operator()(const Point& point) const {
    const Problem& p = point.problem;
    std::size_t hash = std::hash<std::string>{}(point.variant) * 31 + std::hash<std::string>{}(point.backend);
    for (const std::int64_t n :
         {p.batch, p.q_len, p.kv_len, p.embed_dim, p.num_heads, p.num_kv_heads, p.head_dim, p.value_head_dim,
          std::int64_t{p.causal} + std::int64_t{2} * p.bias,
          static_cast<std::int64_t>(p.dtype) * 16 + static_cast<std::int64_t>(p.scope), std::int64_t{point.num_threads},
          point.key_block, static_cast<std::int64_t>(point.seed)}) {
        hash = (hash ^ static_cast<std::size_t>(n)) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    return hash;
}

Point resolve(const PointSpec& spec) {
    if (!spec.variant) throw UsageError("variant is missing; name one (see: headcount list variants)");
    if (!spec.backend) throw UsageError("backend is missing; name one (see: headcount list backends)");
    Point point;
    point.variant = *spec.variant;
    point.backend = *spec.backend;
    point.problem = resolve(spec.problem);
    point.num_threads = spec.num_threads.value_or(1);
    point.key_block = spec.key_block.value_or(0);
    point.seed = spec.seed.value_or(1);
    return point;
}

Point point_from_id(std::string_view id) {
    const auto fail = [&](const std::string& what) -> UsageError {
        return UsageError("point '" + std::string(id) + "': " + what +
                          "; write variant/backend/field=value,... as `headcount show` prints it");
    };
    const std::size_t first = id.find('/');
    const std::size_t second = first == std::string_view::npos ? first : id.find('/', first + 1);
    if (second == std::string_view::npos) throw fail("two slashes are missing");
    PointSpec spec;
    set_field(spec, "variant", id.substr(0, first));
    set_field(spec, "backend", id.substr(first + 1, second - first - 1));
    std::string_view rest = id.substr(second + 1);
    std::vector<std::string_view> seen;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        const std::string_view item = rest.substr(0, comma);
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos) throw fail("'" + std::string(item) + "' is not field=value");
        const std::string_view name = item.substr(0, equals);
        for (const std::string_view other : seen) {
            if (other == name) throw fail(std::string(name) + " is given twice");
        }
        seen.push_back(name);
        if (name == "variant" || name == "backend") throw fail(std::string(name) + " stands before the slashes");
        set_field(spec, name, item.substr(equals + 1));
    }
    return resolve(spec);
}

}  // namespace headcount
