// The frame of a journal line: kind first, checksum last.
#pragma once

#include <string>
#include <string_view>

#include "harness/journal/json.hpp"

namespace headcount {

/// How the first line of every journal begins.
inline constexpr std::string_view kRunStart = R"({"kind":"run",)";
/// What stands before the 8 digits of the checksum and `"}`. The checksum is of the line without this
/// field: everything before it, and the closing brace.
inline constexpr std::string_view kChecksumTail = R"(,"crc32c":")";

/// A record as its line, with kind and checksum, without line end.
std::string framed_line(std::string_view kind, const Json& record);

/// What some editors put before the first line of a text.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The line as it was written: without "\n", and without the "\r" of a system that ends lines with both.
std::string_view without_line_end(std::string_view text);

/// Can it be parsed?
bool is_whole_line(std::string_view text);

/// The record in a line; the checksum is verified and left out. Throws std::exception saying what is wrong.
Json parse_line(std::string_view text);

}  // namespace headcount
