// Questions and the texts that answer them, as numbers of tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace headcount {

using TokenIds = std::vector<std::int32_t>;

/// Text i answers question i, and none else.
struct Pairs {
    std::string source;           ///< where the texts come from
    std::int64_t max_tokens = 0;  ///< longer ones were cut
    std::uint64_t hash = 0;       ///< of the file
    std::vector<TokenIds> questions, texts;

    std::int64_t size() const { return static_cast<std::int64_t>(questions.size()); }
};

/// What pairs.py writes, of which at most `most` pairs are taken. Throws UsageError, with the line, for anything else,
/// for fewer than two pairs, for numbers that are no token of a vocabulary of `tokens`, and for a file that names
/// another number.
Pairs read_pairs(const std::filesystem::path& path, std::int64_t most, std::int64_t tokens);

}  // namespace headcount
