// What the process returns: the one table. --help prints it; tests/cli/known_once_test.py holds the pages, the
// scripts and plots/frame.py to it.
#pragma once

#include <array>
#include <string_view>

namespace headcount::exit_code {

inline constexpr int ok = 0;
inline constexpr int not_as_expected = 1;  ///< an exact claim, a table cell or a point came out wrong
inline constexpr int usage = 2;            ///< the input is wrong: a flag, a config, a file
inline constexpr int inconclusive = 3;     ///< a measured claim needs more rounds or a quieter machine
inline constexpr int failed = 4;           ///< the world is in the way: disk, memory, a missing program
inline constexpr int bug = 70;             ///< nobody's input and no machine is to blame; EX_SOFTWARE of sysexits.h
inline constexpr int interrupted = 130;    ///< Ctrl-C; run the same command again to go on

struct Meaning {
    int code;
    std::string_view says;
};
inline constexpr std::array<Meaning, 7> meanings{
    {{ok, "as expected"},
     {not_as_expected, "an exact claim, a cell or a point is not"},
     {usage, "the input is wrong"},
     {inconclusive, "a measured claim is inconclusive"},
     {failed, "the machine is in the way (disk, memory, a missing program)"},
     {bug, "a bug in headcount, please report it"},
     {interrupted, "interrupted, run the same command again to go on"}}};

// Of a script of plots/; any other than 0 is a bug.
inline constexpr int figure_not_applicable = 4;  ///< this result cannot show its figure
inline constexpr int figure_no_room = 5;         ///< the disk or the memory does not hold it

}  // namespace headcount::exit_code
