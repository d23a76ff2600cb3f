// Variables of libraries that change what is measured or printed: which of them the processes that measure get.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headcount {

/// What becomes of the variables of one name, or of all that begin so.
struct LibraryVariable {
    std::string_view name;  ///< "OMP_NUM_THREADS"; "OMP_*": all others that begin so
    enum class Fate {
        clear,  ///< workers and engines do not get it
        obey,   ///< they do, as it stands: it is somebody's choice of what to measure; recorded
        set,    ///< they get `value`, whatever stands there
    } fate;
    /// Of Fate::set. "{num_threads}": the engine's number of threads; workers do not get these.
    std::string_view value;
    std::string_view why;
    bool idle_waiting = false;  ///< about threads that wait, which an experiment may want as our environment has it
    bool identifies = false;    ///< another value is another thing that is measured
};

/// All of them; the first that matches a name counts.
const std::vector<LibraryVariable>& library_variables();
/// Null for a variable that the table says nothing of: it is inherited.
const LibraryVariable* rule_of(std::string_view name);

/// "NAME=value" for a worker. `wait_passively` false: its libraries' idle threads wait as our own environment says.
std::vector<std::string> worker_variables(bool wait_passively);
/// "NAME=value" for an engine; `path` in place of PATH where it is not empty.
std::vector<std::string> engine_variables(int num_threads, const std::string& path);

/// What this process found in its own environment and what children get instead, for the run record and for people:
/// "env.OPENBLAS_CORETYPE" -> "Haswell" where it is obeyed, "env.OMP_NUM_THREADS" -> "cleared, was 4",
/// "env.LC_ALL" -> "set to C.UTF-8, was de_DE". Those that are neither there nor set are left out.
std::map<std::string, std::string> library_variables_here();

/// Of an entry of the above, may two runs be joined only where it is equal?
bool identifies_run(const std::string& key, const std::string& value);

}  // namespace headcount
