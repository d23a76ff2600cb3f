// Words of a command that is printed or recorded, written so that a POSIX shell reads the same words again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// Plain words as they are, others in single quotes. A word with a line break, another control character or bytes that
/// are no text is spelled for printf, so that the command stays on its line and nothing of it is hidden; only a line
/// break at the very end of a word is printed as such.
std::string shell_word(std::string_view word);

/// The words with blanks between them.
std::string shell_words(const std::vector<std::string>& words);

}  // namespace headcount
