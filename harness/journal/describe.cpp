#include "harness/journal/describe.hpp"

#include <fmt/format.h>

#include "harness/core/error.hpp"
#include "harness/journal/fields.hpp"

namespace headcount {
namespace {

/// Visits a record for the names and meanings of its fields; the values do not matter.
class Describer {
public:
    explicit Describer(std::string prefix) : prefix_(std::move(prefix)) {}

    template <class T>
    void operator()(const char* name, const T& value, const FieldDoc& doc) {
        const std::string path = prefix_ + name;
        if (path == "schema_version") return;  // of every line, and described once for all
        text_ += fmt::format("| `{}`{} | {} | {} |\n", path, list_mark(value), doc.unit, doc.meaning);
        below(path, value);
    }
    template <class T>
    void where(const char* name, const T& value, bool /*known*/, const FieldDoc& doc) {
        (*this)(name, value, doc);
    }
    template <class T>
    void unless_empty(const char* name, const T& value, const FieldDoc& doc) {
        (*this)(name, value, doc);
    }
    template <class Visit>
    void group(const char* name, const Visit& visit, const FieldDoc& doc) {
        text_ += fmt::format("| `{}{}` | {} | {} |\n", prefix_, name, doc.unit, doc.meaning);
        Describer inner(prefix_ + name + ".");
        visit(inner);
        text_ += inner.text_;
    }
    const std::string& text() const { return text_; }

private:
    template <class T>
    static const char* list_mark(const T& /*value*/) {
        return "";
    }
    template <class T>
    static const char* list_mark(const std::vector<T>& /*value*/) {
        return " (list)";
    }
    template <class T>
    void below(const std::string& path, const T& value) {
        if constexpr (requires(Describer & d) { fields(d, value); }) {
            Describer inner(path + ".");
            fields(inner, value);
            text_ += inner.text_;
        }
    }
    template <class T>
    void below(const std::string& path, const std::vector<T>& /*value*/) {
        below(path + "[]", T{});
    }
    void below(const std::string& /*path*/, const OpCost& /*value*/) {}  // two of them, described once beside the table

    std::string prefix_, text_;
};

template <class Record>
std::string table_of() {
    Describer describer("");
    const Record record;
    fields(describer, record);
    return "| field | unit | meaning |\n|---|---|---|\n" + describer.text();
}

}  // namespace

std::vector<std::string> journal_kinds() { return {"run", "resume", "tuning", "round", "point", "cost"}; }

std::string field_table(const std::string& kind) {
    if (kind == "run") return table_of<RunRecord>();
    if (kind == "resume") return table_of<ResumeRecord>();
    if (kind == "tuning") return table_of<TuningRecord>();
    if (kind == "round") return table_of<RoundRecord>();
    if (kind == "point") return table_of<PointRecord>();
    if (kind == "cost") return table_of<OpCost>();
    throw Error(fmt::format("no line of a journal is of kind '{}'", kind));
}

}  // namespace headcount
