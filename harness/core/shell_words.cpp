#include "harness/core/shell_words.hpp"

#include <algorithm>

#include "harness/core/printable.hpp"

namespace headcount {
namespace {

bool is_plain(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_-./=,+:@%").find(c) != std::string_view::npos;
}

std::string octal(char c) {
    const auto byte = static_cast<unsigned char>(c);
    std::string text = "\\";
    for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + ((byte >> shift) & 7));
    return text;
}

std::string in_quotes(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

/// In double quotes the output of printf, which reads \ooo; what means something to it or to the shell is spelled so
/// too.
std::string spelled(std::string_view text) {
    std::string format;
    for (const char c : text) {
        const bool as_it_is = (is_plain(c) && c != '%' && c != '-') || c == ' ';
        format += as_it_is ? std::string(1, c) : octal(c);
    }
    return "\"$(printf '" + format + "')\"";
}

}  // namespace

std::string shell_word(std::string_view word) {
    if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
    if (printable(word) == word) return in_quotes(word);
    // The shell takes line breaks off the end of what a command prints.
    const std::size_t last = word.find_last_not_of('\n');
    const std::size_t end = last == std::string_view::npos ? 0 : last + 1;
    std::string text = end == 0 ? "" : spelled(word.substr(0, end));
    if (end < word.size()) text += in_quotes(word.substr(end));
    return text;
}

std::string shell_words(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + shell_word(word);
    return text;
}

}  // namespace headcount
