// The worker process: runs points for a parent that decides everything and writes everything.
#pragma once

#include <istream>

namespace headcount {

/// Answers requests (wire.hpp) from `requests` on the descriptor until they end. Returns the exit code.
int serve_worker(std::istream& requests, int answer_fd);

/// What the hidden command `headcount worker` runs: requests on standard input, answers on descriptor 3.
int worker_main();

}  // namespace headcount
