// Suggestions for misspelt names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// The known name nearest to `name` (Damerau-Levenshtein, at most a third of its length away), or "".
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// "unknown backend 'bias'; did you mean 'blas'? (blas, counting, naive)"
std::string unknown_name(std::string_view what, std::string_view name, std::vector<std::string> known);

}  // namespace headcount
