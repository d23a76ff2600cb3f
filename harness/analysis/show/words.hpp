// Lists, names and line breaks of printed sentences.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

inline constexpr std::size_t kLineWidth = 120;

/// Made printable and broken at spaces into lines of kLineWidth, later ones indented too. A word longer than the line
/// stays whole: it may be a path.
std::string wrapped(std::string_view text, std::size_t indent);

/// "a", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& items);

/// "the number of heads" for num_heads; other fields keep their name.
std::string axis_name(std::string_view field);

/// "8 heads" for "num_heads=8"; other labels stay as they are.
std::string case_name(std::string_view label);

/// How much more or less than the base two ratios are, as what follows a verb: "2 to 9 % longer".
std::string longer(double low, double high);

}  // namespace headcount
