// What an engine says of its time, against what can be seen from outside.
#pragma once

#include <string>

namespace headcount {

struct Clocked {
    double wall_s = 0;
    double cpu_s = -1;    ///< of all threads; -1: unavailable
    double waited_s = 0;  ///< of what was seen: not running because others had the cores
};

/// Why the engine's claim cannot be true, whatever else the machine did meanwhile: more time than the request took,
/// more processor time than the kernel saw, no number at all. "" when it can.
std::string impossible(const Clocked& claimed, const Clocked& seen);

/// Why the claim leaves out more than asking and answering explain (10 ms, 10 % of the wall time and what was waited
/// for a core; 1 ms and 5 % of the processor time), or more processor time was used in it than `num_threads` threads
/// have. "" when it fits. A busy machine can cause it once, so one request alone proves nothing.
std::string doubtful(const Clocked& claimed, const Clocked& seen, int num_threads);

}  // namespace headcount
