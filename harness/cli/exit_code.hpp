// What the process returns; documented in --help and docs/commands.md.
#pragma once

namespace headcount::exit_code {

inline constexpr int ok = 0;
inline constexpr int not_as_expected = 1;  ///< an exact claim, a table cell or a point came out wrong
inline constexpr int usage = 2;            ///< the input is wrong: a flag, a config, a file
inline constexpr int inconclusive = 3;     ///< a measured claim needs more rounds or a quieter machine
inline constexpr int failed = 4;           ///< the world is in the way: disk, memory, a missing program
inline constexpr int interrupted = 130;    ///< Ctrl-C; run the same command again to go on

}  // namespace headcount::exit_code
