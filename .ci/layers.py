"""Who may include whom: the one table. docs/design.md shows it; includes.py checks the code against it, and writes it there.

Bottom to top: a row may include only what stands above it here, so there is no circle. A module may have rooms, its
folders; a room may include, outside of its module, what the module may, and inside of it what its own row says.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    name: str  # "measure", "measure/plan"
    folder: str
    purpose: str
    may_include: tuple = ()
    libraries: tuple = ()  # third-party headers, by what they begin with


def module(name, purpose, may_include="", libraries="", folder=None):
    return Layer(name, folder or f"harness/{name}", purpose, tuple(may_include.split()), tuple(libraries.split()))


def room(name, purpose, may_include=""):
    parent, short = name.split("/")
    return Layer(name, f"harness/{name}", purpose, tuple(f"{parent}/{other}" for other in may_include.split()))


LAYERS = [
    module("precompiled", "headers that the compiler reads once for many sources; no source includes it", "",
           "fmt nlohmann"),
    module("core", "problems, points, tensors, workspace, costs, errors"),
    module("registry", "folder to list, generated at configure time", "core"),
    module("verbs", "one file each: operands, shape check, cost, readable loops, derivative", "core",
           folder="harness/backend/verbs"),
    module("judge", "definitions in float64, and how far rounding may carry a kernel from them", "core"),
    module("backend", "runs the verbs: the one place that checks, traces and reads a clock", "core registry verbs", "oneapi hwy"),
    room("backend/targets", "instruction sets that the kernels are compiled for"),
    room("backend/simd", "our own kernels"),
    room("backend/libraries", "what backends over a library share"),
    room("backend/backends", "one file each", "simd libraries"),
    module("variants", "one attention algorithm a file, written over verbs", "core registry judge verbs backend", folder="variants"),
    module("tasks", "what a model may be trained for, one task a file", "core registry", folder="tasks"),
    module("train", "a model around one layer of attention, its steps and its examples",
           "core registry verbs backend variants tasks"),
    module("engines", "programs that compute attention with another library, in processes of their own", "",
           "nlohmann oneapi", folder="variants/external"),
    module("sweep", "YAML to typed questions; the only place that sees yaml-cpp", "core", "fmt nlohmann yaml-cpp"),
    module("journal", "records to JSON lines and back", "core", "fmt nlohmann"),
    module("stats", "intervals, equivalence, corrections, fits", "core", "boost Eigen"),
    module("measure", "asks points for samples; never concludes", "core registry judge verbs backend variants tasks train journal stats",
           "fmt nlohmann benchmark hwy hwloc.h headcount_version.hpp"),
    room("measure/process", "children, pipes, signals, pinning, shared memory"),
    room("measure/machine", "what can be read of this machine and its processes"),
    room("measure/limits", "the rates this machine sustains", "machine"),
    room("measure/clock", "one visit, timed; traced passes", "machine"),
    room("measure/point", "one point: its inputs, its count, its check, and how it runs", "process machine clock"),
    room("measure/engine", "points that another program computes", "process machine clock point"),
    room("measure/plan", "which points are timed, counted, skipped; shards; how long its parts take", "machine clock point engine"),
    room("measure/worker", "both ends of the process that runs points",
         "process machine limits point engine clock"),
    room("measure/campaign", "a whole run: rounds, stopping, what is written", "process machine point engine plan worker"),
    room("measure/forecast", "what a plan comes to: a trial of its points, and what the budget leaves of its rounds",
         "clock plan worker campaign"),
    room("measure/doctor", "what this machine does to measurements", "machine worker campaign"),
    module("pruning", "orders in which heads are removed, and what models that we train do without some",
           "core registry verbs backend variants tasks train journal", "fmt"),
    module("pretrained", "encoders trained elsewhere, run with our attention, and what their heads do there",
           "core registry verbs backend variants tasks journal pruning", "fmt nlohmann"),
    module("analysis", "from the journal to verdicts, tables, exports", "core registry journal stats", "fmt nlohmann boost"),
    room("analysis/exact", "rational arithmetic and laws"),
    room("analysis/table", "rows and columns, and how they are written"),
    room("analysis/records", "a journal, arranged for questions"),
    room("analysis/model", "time bounds, roofline, shares of the time", "records"),
    room("analysis/metrics", "what can be asked of a point", "exact records model"),
    room("analysis/claims", "the kinds of claim, decided", "exact records metrics"),
    room("analysis/verdicts", "what became of the claims of a run", "table records claims"),
    room("analysis/series", "what grows with the number of heads, and how", "records model"),
    room("analysis/compare", "two results, point by point", "records verdicts"),
    room("analysis/published", "tables and conventions of others, computed again", "exact metrics"),
    room("analysis/models", "whole models, and sizes at which two mechanisms cost the same", "exact"),
    room("analysis/heads", "a study of the heads of one trained model", "table"),
    room("analysis/lint", "does a report follow the rules of the art?", "records model claims verdicts"),
    room("analysis/show", "everything that is printed",
         "table records model metrics claims verdicts series compare lint published"),
    module("cli", "commands", "*", "fmt nlohmann benchmark CLI headcount_version.hpp"),
]

# Slow to compile, so few may include them: every source that includes such a header pays for it, and pays again for
# clang-tidy. Header -> files or folders.
SLOW_HEADERS = {
    "CLI/": ("harness/cli/main.cpp",),
    "boost/multiprecision/": ("harness/analysis/exact/exact.hpp",),
    "harness/analysis/exact/exact.hpp": ("harness/analysis/exact/",),
}
