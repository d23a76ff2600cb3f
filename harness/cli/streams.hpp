// The standard streams: whatever they are connected to, printing never ends a command, and a lost result is noticed.
#pragma once

namespace headcount {

/// To be called first in main, before anything is opened or printed. Afterwards
/// - descriptors 0, 1 and 2 exist, so that no journal is opened as one of them and then written into by messages;
/// - printing to `stdout` and `stderr` never throws, never raises SIGPIPE or SIGXFSZ, and waits where a stream that
///   another program set to non-blocking is full;
/// - what was lost of `stdout` is remembered.
void prepare_streams();

/// Flushes `stdout`. "" when all of it was written, or when its reader had enough (`| head`); else why it was not.
const char* why_output_was_lost();

}  // namespace headcount
