#include "harness/analysis/show/point_rows.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "harness/core/error.hpp"

namespace headcount {
namespace {

std::optional<double> number(const std::string& text) {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Below 0: `a` stands first. A blank stands last, whatever the direction.
int order_of(const std::string& a, const std::string& b, bool descending) {
    if (a.empty() || b.empty()) return static_cast<int>(a.empty()) - static_cast<int>(b.empty());
    const auto x = number(a), y = number(b);
    const int order = x && y ? (*x < *y ? -1 : *x > *y ? 1 : 0) : a.compare(b);
    return descending ? -order : order;
}

}  // namespace

std::map<std::string, std::vector<std::string>> fields_and_values(const std::vector<std::string>& texts,
                                                                  const FieldTable& fields) {
    std::map<std::string, std::vector<std::string>> wanted;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos) {
            throw UsageError(fmt::format("'{}' is no choice of points; write FIELD=VALUE, e.g. num_heads=1,8", text));
        }
        const Field& field = fields.at(text.substr(0, equals));
        std::size_t begin = equals + 1, end = 0;
        do {
            end = std::min(text.find(',', begin), text.size());
            wanted[field.name].push_back(canonical_text(field, text.substr(begin, end - begin)));
            begin = end + 1;
        } while (end < text.size());
    }
    return wanted;
}

std::map<std::string, std::string> fields_and_value(const std::vector<std::string>& texts, const FieldTable& fields) {
    std::map<std::string, std::string> wanted;
    for (const auto& [field, values] : fields_and_values(texts, fields)) {
        if (values.size() > 1) {
            throw UsageError(fmt::format("a base has one value of each field; {} has {}", field, values.size()));
        }
        wanted[field] = values.front();
    }
    return wanted;
}

bool is_one_of(const Entry& entry, const std::map<std::string, std::vector<std::string>>& where) {
    return std::ranges::all_of(where, [&](const auto& wanted) {
        return entry.resolved &&
               std::ranges::find(wanted.second, get_field(entry.point, wanted.first)) != wanted.second.end();
    });
}

void sort_rows(std::vector<PointRow>& rows, const std::vector<std::string>& keys, const RecordSet& records) {
    constexpr std::string_view kDescending = ":desc";
    for (std::size_t i = keys.size(); i-- > 0;) {  // the first key decides, so it comes last
        const std::string& key = keys[i];
        const bool descending = key.ends_with(kDescending);
        const PointCell cell =
            find_point_column(records, key.substr(0, key.size() - (descending ? kDescending.size() : 0)))
                .programs.front();
        std::vector<std::pair<std::string, std::size_t>> order;
        for (std::size_t row = 0; row < rows.size(); ++row) order.emplace_back(cell.text(rows[row]), row);
        std::ranges::stable_sort(
            order, [&](const auto& a, const auto& b) { return order_of(a.first, b.first, descending) < 0; });
        std::vector<PointRow> sorted;
        for (const auto& [text, row] : order) sorted.push_back(rows[row]);
        rows.swap(sorted);
    }
}

}  // namespace headcount
