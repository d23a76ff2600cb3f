// What parent and worker say to each other: JSON lines over two pipes.
#pragma once

namespace headcount::wire {

// A request is {"do": VERB, "point": id, "timeout_s": s, ...}; the answer {"ok": value}, {"failed": reason},
// {"failed": reason, "lost": true} when an engine went down with what other points had prepared in it, so that the
// worker has to be started anew; or {"skipped": reason} for a problem that an engine cannot do.
inline constexpr char check[] = "check";          // -> CheckRecord
inline constexpr char calibrate[] = "calibrate";  // min_sample_s, cold_cache -> seconds per iteration
inline constexpr char visit[] = "visit";          // -> Sample
inline constexpr char trace[] = "trace";          // -> {"breakdown": [...], "seconds": s}
inline constexpr char forget[] = "forget";        // -> null
inline constexpr char memory[] = "memory";        // -> {"peak_bytes", "process_peak_bytes", "note"}
inline constexpr char limits[] = "limits";        // num_threads: [..], all: bool -> {name: value}
inline constexpr char bound[] = "bound";          // bytes: the most the worker may allocate -> null

/// Requests come on standard input; answers go to this descriptor, which stray output cannot reach.
inline constexpr int kAnswerFd = 3;

}  // namespace headcount::wire
