// Options of a variant or a backend, typed where they are used and by name everywhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/field.hpp"
#include "harness/core/settings.hpp"

namespace headcount {

/// struct Window { std::int64_t window = 256; bool sink = false; };
/// const Options<Window> kOwn{{"window", &Window::window, 1, kLargestExtent, "keys that a query sees"},
///                            {"sink", &Window::sink, "the first key is always seen"}};
/// Defaults are those of a Window{}.
template <class T>
class Options {
public:
    class Option {
    public:
        Option(std::string_view name, std::int64_t T::*member, std::int64_t min, std::int64_t max, std::string_view doc)
            : field_(make(name, FieldType::integer, std::to_string(T{}.*member), doc)),
              read_([member](const Field& f, std::string_view text, T& value) {
                  value.*member = parse_integer(f, text);
              }) {
            field_.min = min;
            field_.max = max;
        }
        Option(std::string_view name, bool T::*member, std::string_view doc)
            : field_(make(name, FieldType::boolean, T{}.*member ? "true" : "false", doc)),
              read_([member](const Field& f, std::string_view text, T& value) {
                  value.*member = parse_boolean(f, text);
              }) {}
        Option(std::string_view name, std::string T::*member, std::vector<std::string> choices, std::string_view doc)
            : field_(make(name, FieldType::choice, T{}.*member, doc)),
              read_([member](const Field& f, std::string_view text, T& value) {
                  value.*member = parse_choice(f, text);
              }) {
            field_.choices = std::move(choices);
        }

        const Field& field() const { return field_; }
        void read(std::string_view text, T& value) const { read_(field_, text, value); }

    private:
        static Field make(std::string_view name, FieldType type, std::string otherwise, std::string_view doc) {
            Field field;
            field.name = name;
            field.type = type;
            field.otherwise = std::move(otherwise);
            field.doc = doc;
            return field;
        }

        Field field_;
        std::function<void(const Field&, std::string_view, T&)> read_;
    };

    Options(std::initializer_list<Option> options) : options_(options) {}

    /// What `Variant::own` and `BackendInfo::own` want.
    std::vector<Field> fields() const {
        std::vector<Field> fields;
        for (const Option& option : options_) fields.push_back(option.field());
        return fields;
    }

    /// The values of a point; what its settings do not name has its default. Throws UsageError.
    T read(const Settings& settings) const {
        T value{};
        for (const Option& option : options_) {
            if (const std::string* text = settings.find(option.field().name)) option.read(*text, value);
        }
        return value;
    }

private:
    std::vector<Option> options_;
};

}  // namespace headcount
