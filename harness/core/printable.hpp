// Text from configs, journals and crashed workers made safe to print: the only place that decides what is.
#pragma once

#include <string>
#include <string_view>

namespace headcount {

/// One line. Line breaks and tabs become spaces; '?' stands for what would move a cursor, recolour a terminal, reorder
/// or hide text: control characters (C0, DEL, C1), Unicode's direction marks and bytes that are not UTF-8.
std::string printable(std::string_view text);

/// The same, but line breaks and tabs stay.
std::string printable_lines(std::string_view text);

}  // namespace headcount
