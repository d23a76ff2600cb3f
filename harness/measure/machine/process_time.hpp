// Processor time of a process and of what it started.
#pragma once

namespace headcount {

/// Seconds, all threads, of `pid` and of every descendant that still runs (engines are children of workers); -1 when
/// the process is gone or /proc does not say.
double family_cpu_seconds(int pid);

}  // namespace headcount
