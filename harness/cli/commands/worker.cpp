// headcount worker: the process that runs points for `headcount run`; hidden, people do not call it.
#include "harness/measure/worker/worker.hpp"

#include "harness/cli/command.hpp"

namespace headcount::commands {

Command worker() {
    return {.name = "worker", .summary = "", .add = [](CLI::App& app, int& exit_code) {
                app.callback([&exit_code] { exit_code = worker_main(); });
            }};
}

}  // namespace headcount::commands
