#include "harness/core/point.hpp"

#include <charconv>

#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"

namespace headcount {

std::string get_field(const Point& point, std::string_view field) {
    std::string text;
    if (const BaseField* base = find_base_field(field)) {
        base->append_value(point, text);
    } else if (const std::string* own = point.own.find(field)) {
        text = *own;
    }
    return text;
}

std::optional<std::int64_t> number_of(const Point& point, std::string_view field) {
    const std::string text = get_field(point, field);
    if (text == "true") return 1;
    if (text == "false") return 0;
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_default(const Point& point, std::string_view field) {
    if (const BaseField* base = find_base_field(field)) return base->is_default(point);
    for (const Setting& setting : point.own.all()) {
        if (setting.name == field) return setting.is_default;
    }
    return true;
}

void Point::append_id(std::string& text) const {
    text += variant;
    text += '/';
    text += backend;
    text += '/';
    bool first = true;
    const auto begin_field = [&](std::string_view name) {
        if (!first) text += ',';
        text += name;
        text += '=';
        first = false;
    };
    for (const BaseField& base : base_fields()) {
        if (base.field.facet == Facet::data) {  // options stand before what the numbers are
            for (const Setting& setting : own.all()) {
                if (setting.is_default) continue;
                begin_field(setting.name);
                text += setting.text;
            }
        }
        if (base.field.facet == Facet::who || base.is_default(*this)) continue;
        begin_field(base.field.name);
        base.append_value(*this, text);
    }
}

std::string Point::id() const {
    std::string text;
    append_id(text);
    return text;
}

std::size_t PointHash::operator()(const Point& point) const {
    const Problem& p = point.problem;
    std::size_t hash = (std::hash<std::string>{}(point.variant) * 31 + std::hash<std::string>{}(point.backend)) * 31 +
                       std::hash<std::string>{}(point.task);
    for (const std::int64_t n : {p.batch, p.q_len, p.kv_len, p.embed_dim, p.num_heads, p.num_kv_heads, p.head_dim,
                                 p.value_head_dim, std::int64_t{p.causal} + std::int64_t{2} * p.bias,
                                 static_cast<std::int64_t>(p.dtype) * 16 + static_cast<std::int64_t>(p.scope) * 4 +
                                     static_cast<std::int64_t>(p.pass),
                                 std::int64_t{point.num_threads}, static_cast<std::int64_t>(point.own.hash()),
                                 static_cast<std::int64_t>(point.seed)}) {
        hash = (hash ^ static_cast<std::size_t>(n)) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    return hash;
}

}  // namespace headcount
