// Structs to JSON and back, by their lists of fields: the journal's records, and what campaign and worker say.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/fields.hpp"
#include "harness/journal/json.hpp"

namespace headcount {

/// A struct is what has `fields(visitor, value)`, an enum what has to_string() and values_of().
struct Writer {
    Json json = Json::object();

    template <class T>
    void operator()(const char* name, const T& value, const FieldDoc& /*doc*/ = {""}) {
        json[name] = encode(value);
    }
    template <class T>
    void where(const char* name, const T& value, bool known, const FieldDoc& /*doc*/) {
        if (known) json[name] = encode(value);
    }
    template <class T>
    void unless_empty(const char* name, const T& value, const FieldDoc& /*doc*/) {
        if (!value.empty()) json[name] = encode(value);
    }
    template <class Visit>
    void group(const char* name, const Visit& visit, const FieldDoc& /*doc*/) {
        Writer inner;
        visit(inner);
        json[name] = std::move(inner.json);
    }

    template <class T>
    static Json encode(const T& value) {
        if constexpr (std::same_as<T, double>) {
            return std::isfinite(value) ? Json(value) : Json(nullptr);
        } else if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
            return Json(value);
        } else if constexpr (std::is_enum_v<T>) {
            return Json(std::string(to_string(value)));
        } else {
            Writer inner;
            fields(inner, value);
            return std::move(inner.json);
        }
    }
    template <class T>
    static Json encode(const std::vector<T>& values) {
        Json array = Json::array();
        for (const T& value : values) array.push_back(encode(value));
        return array;
    }
    template <class T>
    static Json encode(const std::map<std::string, T>& values) {
        Json object = Json::object();
        for (const auto& [key, value] : values) object[key] = encode(value);
        return object;
    }
};

/// Absent fields keep their value, unknown ones are ignored. Throws Error naming the field.
struct Reader {
    const Json& json;

    template <class T>
    void operator()(const char* name, T& value, const FieldDoc& /*doc*/ = {""}) {
        const auto found = json.find(name);
        if (found != json.end()) decode(name, *found, value);
    }
    template <class T>
    void where(const char* name, T& value, bool& known, const FieldDoc& doc) {
        known = json.contains(name);
        (*this)(name, value, doc);
    }
    template <class T>
    void unless_empty(const char* name, T& value, const FieldDoc& doc) {
        (*this)(name, value, doc);
    }
    template <class Visit>
    void group(const char* name, const Visit& visit, const FieldDoc& /*doc*/) {
        const auto found = json.find(name);
        if (found == json.end()) return;
        if (!found->is_object()) wrong(name, *found, "an object");
        Reader inner{*found};
        visit(inner);
    }

    [[noreturn]] static void wrong(const char* name, const Json& json, const char* expected) {
        throw Error(fmt::format("field '{}' is a {}, not {}", name, json.type_name(), expected));
    }

    static void decode(const char* name, const Json& from, bool& to) {
        if (!from.is_boolean()) wrong(name, from, "true or false");
        to = from.get<bool>();
    }
    static void decode(const char* name, const Json& from, double& to) {
        if (from.is_null()) {
            to = std::numeric_limits<double>::quiet_NaN();
        } else if (from.is_number()) {
            to = from.get<double>();
        } else {
            wrong(name, from, "a number");
        }
    }
    template <std::integral T>
    static void decode(const char* name, const Json& from, T& to) {
        if (!from.is_number_integer()) wrong(name, from, "an integer");
        const bool fits = from.is_number_unsigned() ? std::in_range<T>(from.get<std::uint64_t>())
                                                    : std::in_range<T>(from.get<std::int64_t>());
        if (!fits) throw Error(fmt::format("field '{}' is out of range", name));
        to = from.is_number_unsigned() ? static_cast<T>(from.get<std::uint64_t>())
                                       : static_cast<T>(from.get<std::int64_t>());
    }
    static void decode(const char* name, const Json& from, std::string& to) {
        if (!from.is_string()) wrong(name, from, "text");
        to = from.get_ref<const std::string&>();
    }
    template <class E>
    requires std::is_enum_v<E>
    static void decode(const char* name, const Json& from, E& to) {
        std::string text;
        decode(name, from, text);
        for (const E choice : values_of(E{})) {
            if (to_string(choice) == text) {
                to = choice;
                return;
            }
        }
        throw Error(fmt::format("field '{}' has the unknown value '{}'", name, text));
    }
    template <class T>
    static void decode(const char* name, const Json& from, std::vector<T>& to) {
        if (!from.is_array()) wrong(name, from, "a list");
        to.clear();
        to.reserve(from.size());
        for (const Json& item : from) decode(name, item, to.emplace_back());
    }
    template <class T>
    static void decode(const char* name, const Json& from, std::map<std::string, T>& to) {
        if (!from.is_object()) wrong(name, from, "an object");
        to.clear();
        for (const auto& [key, item] : from.items()) decode(name, item, to[key]);
    }
    template <class T>
    requires std::is_class_v<T>
    static void decode(const char* name, const Json& from, T& to) {
        if (!from.is_object()) wrong(name, from, "an object");
        Reader inner{from};
        fields(inner, to);
    }
};

}  // namespace headcount
