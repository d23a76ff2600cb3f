#include "harness/core/names.hpp"

#include <algorithm>

namespace headcount {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitution = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, substitution});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a.size()][b.size()];
}

// Names longer than this are noise, not typing mistakes; it also bounds the quadratic distance.
constexpr std::size_t kLongestName = 64;

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
    if (name.size() > kLongestName) return "";
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

std::string unknown_name(std::string_view what, std::string_view name, std::vector<std::string> known) {
    std::sort(known.begin(), known.end());
    std::string text = "unknown " + std::string(what) + " '" + std::string(name.substr(0, kLongestName)) + "'";
    const std::string guess = nearest_name(name, known);
    if (!guess.empty()) text += "; did you mean '" + guess + "'?";
    text += guess.empty() ? "; known: " : " (";
    for (std::size_t i = 0; i < known.size(); ++i) text += (i == 0 ? "" : ", ") + known[i];
    return guess.empty() ? text : text + ")";
}

}  // namespace headcount
