// headcount worker: the process that runs points for `headcount run`; hidden, people do not call it.
#include "harness/measure/worker/worker.hpp"

#include "harness/cli/command.hpp"

namespace headcount::commands {

Command worker() {
    return {.name = "worker", .summary = "", .declare = [](int& exit_code) {
                return CommandLine{.run = [&exit_code] { exit_code = worker_main(); }};
            }};
}

}  // namespace headcount::commands
