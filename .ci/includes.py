#!/usr/bin/env python3
"""Checks who includes whom: the direction of docs/design.md, so that measuring and analysing stay apart."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# module -> (modules it may include, third-party headers it may include; None: any)
ALLOWED = {
    "core": (set(), set()),
    "registry": ({"core"}, set()),
    "backend": ({"core", "registry"}, {"oneapi", "hwy"}),
    "variants": ({"core", "registry", "backend"}, set()),
    "engines": (set(), {"nlohmann", "oneapi"}),
    "sweep": ({"core"}, {"fmt", "nlohmann", "yaml-cpp"}),
    "journal": ({"core"}, {"fmt", "nlohmann"}),
    "stats": ({"core"}, {"boost"}),
    "measure": (
        {"core", "registry", "backend", "variants", "sweep", "journal", "stats"},
        {"fmt", "nlohmann", "benchmark", "hwy", "hwloc.h", "headcount_version.hpp"},
    ),
    "analysis": ({"core", "registry", "journal", "stats", "sweep"}, {"fmt", "nlohmann", "boost"}),
    "cli": (None, {"fmt", "nlohmann", "benchmark", "CLI", "headcount_version.hpp"}),
}
# analysis may know how a published table is written down, not how a sweep is read.
ANALYSIS_MAY_SEE = {"harness/sweep/table_config.hpp"}
SYSTEM = re.compile(r"^(sys|linux|gnu)/|^(unistd|fcntl|poll|signal|spawn|sched|dlfcn|x86intrin|immintrin|cpuid)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def module_of(path: str) -> str:
    if path.startswith("variants/external/"):
        return "engines"
    parts = path.split("/")
    return parts[1] if parts[0] == "harness" else parts[0]


def complaints(path: pathlib.Path):
    relative = path.relative_to(ROOT).as_posix()
    module = module_of(relative)
    if module not in ALLOWED:
        yield f"{relative}:1: module '{module}' is unknown; add it to .ci/includes.py and docs/design.md"
        return
    modules, libraries = ALLOWED[module]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, header = match.groups()
        where = f"{relative}:{number}"
        if quote == '"' and header.startswith(("harness/", "variants/")):
            target = module_of(header)
            if target == module or modules is None:
                continue
            if target not in modules or (module == "analysis" and target == "sweep" and header not in ANALYSIS_MAY_SEE):
                yield f"{where}: {module} may not include {header}"
        elif "." in header and not SYSTEM.match(header):
            if header.split("/")[0] not in libraries:
                yield f"{where}: {module} may not include <{header}>"


def main() -> int:
    files = sorted(p for folder in ("harness", "variants") for p in (ROOT / folder).rglob("*.[ch]pp"))
    found = [text for path in files for text in complaints(path)]
    print("\n".join(found) if found else f"{len(files)} files include in the right direction")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
