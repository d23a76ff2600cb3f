// `identical_polynomials: DEGREES`: equality on a grid that is large enough to prove it for all sizes.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "harness/analysis/claims/claim.hpp"
#include "harness/core/base_fields.hpp"
#include "harness/core/error.hpp"

namespace headcount::claims {

namespace {

/// A count along a fixed sequence of verbs is a polynomial in sizes and head_dim; with head_dim = embed_dim /
/// num_heads it has num_heads in the denominator, at most squared (two operands of a product are head_dim wide).
/// Times num_heads^2 it is a polynomial again, and equality across num_heads is that of polynomials.
constexpr std::string_view kLaurentField = "num_heads";

struct Degree {
    std::string field;
    std::size_t degree = 0;
};

std::vector<Degree> degrees_of(const ClaimSpec& claim) {
    std::vector<Degree> degrees;
    std::istringstream text(claim.argument);
    for (std::string item; std::getline(text, item, ',');) {
        std::istringstream words(item);
        Degree degree;
        int value = -1;
        std::string rest;
        if (!(words >> degree.field >> value) || value < 0 || value > 16 || (words >> rest)) {
            throw UsageError(
                fmt::format("{}: claim {}: identical_polynomials: '{}' is not 'FIELD DEGREE'; write e.g. "
                            "\"batch 1, q_len 1, embed_dim 2, num_heads 4\"",
                            claim.location, claim.id, item));
        }
        if (const BaseField* base = find_base_field(degree.field);
            base != nullptr && base->field.type != FieldType::integer) {
            throw UsageError(fmt::format("{}: claim {}: identical_polynomials: '{}' is not a numeric field",
                                         claim.location, claim.id, degree.field));
        }
        degree.degree = static_cast<std::size_t>(value);
        degrees.push_back(std::move(degree));
    }
    return degrees;
}

std::vector<std::string> grid(const ClaimSpec& claim) {
    std::vector<std::string> fields;
    for (Degree& degree : degrees_of(claim)) fields.push_back(std::move(degree.field));
    return fields;
}

using Place = std::vector<Rational>;

struct Grid {
    std::vector<Degree> degrees;
    std::vector<std::set<Rational>> values;  ///< of each field
    std::map<Place, Rational> counts;
};

Grid grid_of(const Comparison& comparison) {
    Grid result{.degrees = degrees_of(comparison.claim), .values = {}, .counts = {}};
    result.values.resize(result.degrees.size());
    for (const Case& c : comparison.cases) {
        Place place;
        for (std::size_t i = 0; i < result.degrees.size(); ++i) {
            place.push_back(argument_at(comparison, c, result.degrees[i].field));
            result.values[i].insert(place.back());
        }
        result.counts.emplace(std::move(place), *c.value.exact);
    }
    return result;
}

/// "" or why the grid proves nothing.
std::string gap(const Grid& grid, const Comparison& comparison) {
    std::size_t places = 1;
    for (std::size_t i = 0; i < grid.degrees.size(); ++i) {
        places *= grid.values[i].size();
        if (grid.values[i].size() <= grid.degrees[i].degree) {
            return fmt::format("{} takes {} values, degree {} needs {}", grid.degrees[i].field, grid.values[i].size(),
                               grid.degrees[i].degree, grid.degrees[i].degree + 1);
        }
    }
    if (grid.counts.size() != comparison.cases.size()) {
        return "several points at one place of the grid: another field varies too; fix it with `where`";
    }
    if (grid.counts.size() != places) {
        return fmt::format("the grid has {} places but {} points; every combination is needed", places,
                           grid.counts.size());
    }
    return {};
}

/// The first place whose count differs from that of the first value along the `across` fields, or null.
const std::pair<const Place, Rational>* unequal(const Grid& grid, const std::vector<std::string>& across,
                                                Rational& expected) {
    std::map<Place, Rational> seen;
    for (const auto& place : grid.counts) {
        Place others;
        for (std::size_t i = 0; i < grid.degrees.size(); ++i) {
            const bool is_across = std::ranges::find(across, grid.degrees[i].field) != across.end();
            if (!is_across) others.push_back(place.first[i]);
        }
        const auto [first, added] = seen.emplace(std::move(others), place.second);
        if (!added && first->second != place.second) {
            expected = first->second;
            return &place;
        }
    }
    return nullptr;
}

/// Divided difference of order x.size() - 1: zero for every polynomial of a lower degree.
Rational divided_difference(const std::vector<Rational>& x, std::vector<Rational> y) {
    for (std::size_t order = 1; order < x.size(); ++order) {
        for (std::size_t i = 0; i + order < x.size(); ++i) y[i] = (y[i + 1] - y[i]) / (x[i + order] - x[i]);
    }
    return y.front();
}

/// True when every line of the grid along field i follows a polynomial of the declared degree.
bool degree_holds(const Grid& grid, std::size_t i, std::size_t laurent) {
    const std::vector<Rational> x(grid.values[i].begin(), grid.values[i].end());
    const std::size_t window = grid.degrees[i].degree + 2;
    for (const auto& [start, count] : grid.counts) {
        if (start[i] != x.front()) continue;
        std::vector<Rational> y;
        for (const Rational& value : x) {
            Place place = start;
            place[i] = value;
            const Rational heads = laurent < place.size() ? place[laurent] : Rational(1);
            y.push_back(grid.counts.at(place) * heads * heads);
        }
        for (std::size_t first = 0; first + window <= x.size(); ++first) {
            const auto at = static_cast<std::ptrdiff_t>(first);
            const auto end = static_cast<std::ptrdiff_t>(first + window);
            if (divided_difference({x.begin() + at, x.begin() + end}, {y.begin() + at, y.begin() + end}) != 0) {
                return false;
            }
        }
    }
    return true;
}

std::string place_text(const Grid& grid, const Place& place) {
    std::string text;
    for (std::size_t i = 0; i < place.size(); ++i) {
        text += fmt::format("{}{}={}", i == 0 ? "" : ", ", grid.degrees[i].field, to_text(place[i]));
    }
    return text;
}

Finding judge(const Comparison& comparison) {
    const Grid grid = grid_of(comparison);
    for (const std::string& field : comparison.claim.across) {
        if (std::ranges::find(grid.degrees, field, &Degree::field) == grid.degrees.end()) {
            throw UsageError(fmt::format("{}: claim {}: identical_polynomials: no degree is given for '{}'",
                                         comparison.claim.location, comparison.claim.id, field));
        }
    }
    Rational expected;
    if (const auto* place = unequal(grid, comparison.claim.across, expected)) {
        return {.status = Status::refuted,
                .observed = fmt::format("{} at {} ({})", factor_text(place->second, expected),
                                        place_text(grid, place->first), to_text(place->second)),
                .told = fmt::format("is {} at {}, where the others have {}", to_text(place->second),
                                    place_text(grid, place->first), to_text(expected))};
    }
    if (std::string reason = gap(grid, comparison); !reason.empty()) return {.reason = std::move(reason)};

    const auto laurent =
        static_cast<std::size_t>(std::ranges::find(grid.degrees, kLaurentField, &Degree::field) - grid.degrees.begin());
    std::string degrees;
    std::string checked;
    for (std::size_t i = 0; i < grid.degrees.size(); ++i) {
        const Degree& degree = grid.degrees[i];
        degrees += fmt::format("{}{} {}", i == 0 ? "" : ", ", degree.field, degree.degree);
        if (grid.values[i].size() < degree.degree + 2) continue;
        if (!degree_holds(grid, i, laurent)) {
            return {.status = Status::refuted,
                    .observed = fmt::format("not of degree {} in {}: the points prove nothing for other sizes",
                                            degree.degree, degree.field),
                    .told = fmt::format("is not of degree {} in {}", degree.degree, degree.field)};
        }
        checked += (checked.empty() ? "" : ", ") + degree.field;
    }
    return {.status = Status::supported,
            .observed = fmt::format("identical polynomials, degrees {} from {} points", degrees, grid.counts.size()),
            .told = fmt::format("is one polynomial for every {}, of degrees {}, by {} points",
                                fmt::join(comparison.claim.across, ", "), degrees, grid.counts.size()),
            .reason = checked.empty() ? "degree bounds as declared, no spare values to check them"
                                      : fmt::format("degree bound checked in {}", checked)};
}

}  // namespace

ClaimKind identical_polynomials() {
    return {.judges = Judges::exact,
            .argument = "FIELD DEGREE, ...",
            .doc = "equal on a complete grid with more values than the degree in each field, hence equal for all sizes",
            .judge = judge,
            .grid = grid,
            .trend = same_or_changes};
}

}  // namespace headcount::claims
