#include "harness/core/point.hpp"

#include <charconv>
#include <limits>

#include "harness/core/error.hpp"
#include "harness/core/names.hpp"

namespace headcount {
namespace {

constexpr std::int64_t kLargestExtent = std::int64_t{1} << 40;
constexpr std::int64_t kLargestThreads = 4096;

FieldInfo extent_field(std::string_view name, std::string_view doc) {
    return {.name = name, .type = FieldType::integer, .min = 1, .max = kLargestExtent, .choices = {}, .doc = doc};
}
FieldInfo flag_field(std::string_view name, std::string_view doc) {
    return {.name = name, .type = FieldType::boolean, .choices = {}, .doc = doc};
}

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

struct ExtentOf {
    std::string_view name;
    std::optional<std::int64_t> ProblemSpec::*spec;
    std::int64_t Problem::*resolved;
};

constexpr ExtentOf kExtents[] = {
    {"batch", &ProblemSpec::batch, &Problem::batch},
    {"q_len", &ProblemSpec::q_len, &Problem::q_len},
    {"kv_len", &ProblemSpec::kv_len, &Problem::kv_len},
    {"embed_dim", &ProblemSpec::embed_dim, &Problem::embed_dim},
    {"num_heads", &ProblemSpec::num_heads, &Problem::num_heads},
    {"num_kv_heads", &ProblemSpec::num_kv_heads, &Problem::num_kv_heads},
    {"head_dim", &ProblemSpec::head_dim, &Problem::head_dim},
    {"value_head_dim", &ProblemSpec::value_head_dim, &Problem::value_head_dim},
};

// An id leaves out what resolve() would put back, so that equal points have equal ids.
bool is_default(const Point& point, std::string_view field) {
    const Problem& p = point.problem;
    if (field == "batch") return p.batch == 1;
    if (field == "seq_len") return p.q_len != p.kv_len;
    if (field == "q_len" || field == "kv_len") return p.q_len == p.kv_len;
    if (field == "num_heads") return p.num_heads == 1;
    if (field == "num_kv_heads") return p.num_kv_heads == p.num_heads;
    if (field == "head_dim") return p.num_heads * p.head_dim == p.embed_dim;
    if (field == "value_head_dim") return p.value_head_dim == p.head_dim;
    if (field == "causal") return !p.causal;
    if (field == "bias") return !p.bias;
    if (field == "dtype") return p.dtype == DType::f32;
    if (field == "scope") return p.scope == Scope::layer;
    if (field == "num_threads") return point.num_threads == 1;
    if (field == "seed") return point.seed == 1;
    return false;
}

}  // namespace

const std::vector<FieldInfo>& point_fields() {
    static const std::vector<FieldInfo> fields{
        {.name = "variant", .type = FieldType::name, .choices = {}, .doc = "the attention algorithm"},
        {.name = "backend", .type = FieldType::name, .choices = {}, .doc = "who computes its verbs"},
        extent_field("batch", "sequences in a batch, B"),
        extent_field("seq_len", "query and key length, L: sets q_len and kv_len"),
        extent_field("q_len", "query length, Lq"),
        extent_field("kv_len", "key length, Lk"),
        extent_field("embed_dim", "width of the model, E"),
        extent_field("num_heads", "query heads, H"),
        extent_field("num_kv_heads", "key and value heads; default num_heads"),
        extent_field("head_dim", "width of a query and key head, d; default embed_dim / num_heads"),
        extent_field("value_head_dim", "width of a value head; default head_dim"),
        flag_field("causal", "a query sees no later key; aligned bottom-right when q_len != kv_len"),
        flag_field("bias", "projections add a bias"),
        {.name = "dtype", .type = FieldType::choice, .choices = {"f32", "f64"}, .doc = "element type"},
        {.name = "scope",
         .type = FieldType::choice,
         .choices = {"layer", "core"},
         .doc = "the layer with its four projections, or softmax(QK^T)V alone on given Q, K, V"},
        {.name = "num_threads",
         .type = FieldType::integer,
         .min = 1,
         .max = kLargestThreads,
         .choices = {},
         .doc = "threads the backend may use"},
        {.name = "seed",
         .type = FieldType::integer,
         .min = 0,
         .max = std::numeric_limits<std::int64_t>::max(),
         .choices = {},
         .doc = "seed of inputs and weights"},
    };
    return fields;
}

const FieldInfo& point_field(std::string_view name) {
    std::vector<std::string> known;
    for (const FieldInfo& field : point_fields()) {
        if (field.name == name) return field;
        known.emplace_back(field.name);
    }
    throw UsageError(unknown_name("field", name, known));
}

void set_field(PointSpec& spec, std::string_view name, std::string_view text) {
    const FieldInfo& field = point_field(name);
    if (name == "variant") {
        spec.variant = parse_name(field, text);
    } else if (name == "backend") {
        spec.backend = parse_name(field, text);
    } else if (name == "seq_len") {
        spec.problem.q_len = spec.problem.kv_len = parse_integer(field, text);
    } else if (name == "causal") {
        spec.problem.causal = parse_boolean(field, text);
    } else if (name == "bias") {
        spec.problem.bias = parse_boolean(field, text);
    } else if (name == "dtype") {
        spec.problem.dtype = parse_choice(field, text) == "f64" ? DType::f64 : DType::f32;
    } else if (name == "scope") {
        spec.problem.scope = parse_choice(field, text) == "core" ? Scope::core : Scope::layer;
    } else if (name == "num_threads") {
        spec.num_threads = static_cast<int>(parse_integer(field, text));
    } else if (name == "seed") {
        spec.seed = static_cast<std::uint64_t>(parse_integer(field, text));
    } else {
        for (const ExtentOf& e : kExtents) {
            if (e.name == name) spec.problem.*e.spec = parse_integer(field, text);
        }
    }
}

std::string get_field(const Point& point, std::string_view name) {
    const Problem& p = point.problem;
    const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
    if (name == "variant") return point.variant;
    if (name == "backend") return point.backend;
    if (name == "seq_len") {
        if (p.q_len == p.kv_len) return std::to_string(p.q_len);
        return std::to_string(p.q_len) + "x" + std::to_string(p.kv_len);
    }
    if (name == "causal") return flag(p.causal);
    if (name == "bias") return flag(p.bias);
    if (name == "dtype") return std::string(to_string(p.dtype));
    if (name == "scope") return std::string(to_string(p.scope));
    if (name == "num_threads") return std::to_string(point.num_threads);
    if (name == "seed") return std::to_string(point.seed);
    for (const ExtentOf& e : kExtents) {
        if (e.name == name) return std::to_string(p.*e.resolved);
    }
    return std::string(point_field(name).name);  // throws: the name is unknown
}

std::string Point::id() const {
    std::string text = variant + "/" + backend + "/";
    bool first = true;
    for (const FieldInfo& field : point_fields()) {
        if (field.type == FieldType::name || is_default(*this, field.name)) continue;
        text += (first ? "" : ",") + std::string(field.name) + "=" + get_field(*this, field.name);
        first = false;
    }
    return text;
}

Point resolve(const PointSpec& spec) {
    if (!spec.variant) throw UsageError("variant is missing; name one (see: headcount list variants)");
    if (!spec.backend) throw UsageError("backend is missing; name one (see: headcount list backends)");
    Point point;
    point.variant = *spec.variant;
    point.backend = *spec.backend;
    point.problem = resolve(spec.problem);
    point.num_threads = spec.num_threads.value_or(1);
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
