// What an engine says of its time, against what can be seen from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headcount {

struct Clocked {
    double wall_s = 0;
    double cpu_s = -1;    ///< of all threads; -1: unavailable
    double waited_s = 0;  ///< of what was seen: not running because others had the cores
};

/// Why the engine's claim cannot be true, whatever else the machine did meanwhile: more time than the request took,
/// more processor time than the kernel saw, no number at all. "" when it can.
std::string impossible(const Clocked& claimed, const Clocked& seen);

/// A request of some passes: what was said of it and what was seen.
struct Timed {
    std::int64_t passes = 1;
    Clocked claimed, seen;
};

/// Why the claim leaves out more than asking and answering explain (10 ms, 10 % of the wall time and what was waited
/// for a core; 1 ms and 5 % of the processor time), or more processor time was used in it than `num_threads` threads
/// have. "" when it fits. A busy machine can cause it, and so can work of an honest engine that belongs to no pass:
/// threads that wind down, memory that is given back. So it proves nothing, but that grows() has to be asked.
std::string doubtful(const Clocked& claimed, const Clocked& seen, int num_threads);

/// Of several requests of few passes and several of more: why what is left out must be a part of the passes. It grows
/// with their number by more than 5 % of what is claimed (10 % for threads), or of few passes less than half is claimed
/// of what more of them take. "" when what is left out is the same for few and for many. The least of each size counts,
/// and wall time that was waited for a core is not counted, so no neighbour is taken for a lie.
std::string grows(const std::vector<Timed>& few, const std::vector<Timed>& many, int num_threads);

}  // namespace headcount
