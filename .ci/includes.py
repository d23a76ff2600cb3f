#!/usr/bin/env python3
"""Checks the code against the table of layers.py: who includes whom, no circles, no file that is too long to read.

usage: includes.py [--write]
With --write the table in docs/design.md is made anew; without, it is a complaint when it is not what would be written.
"""

import pathlib
import re
import sys

from layers import LAYERS, SLOW_HEADERS

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONGEST = 350
SYSTEM = re.compile(r"^(sys|linux|gnu)/|^(unistd|fcntl|poll|signal|spawn|sched|dlfcn|x86intrin|immintrin|cpuid)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# Few functions need more than some fields by name: what a point's equation says is in its Problem.
FIELDS_LOOKED_FOR = {"batch", "embed_dim", "num_heads", "num_kv_heads", "head_dim", "value_head_dim", "causal", "bias",
                     "dtype", "scope", "num_threads", "q_len", "kv_len", "seed"}
MOST_FIELDS_NAMED = 5
THE_TABLE_OF_FIELDS = {"harness/core/base_fields.cpp", "harness/core/problem.cpp"}
BEGIN, END = "<!-- layers: written by .ci/includes.py --write -->\n", "<!-- end of layers -->\n"


def layer_of(path, layers):
    """The layer with the longest folder that holds the path; None where none does."""
    holds = [layer for layer in layers if path.startswith(layer.folder + "/")]
    return max(holds, key=lambda layer: len(layer.folder), default=None)


def module_of(layer):
    return layer.name.split("/")[0]


def sources(root):
    """Path -> its includes as (line, quote, header)."""
    found = {}
    for folder in ("harness", "variants", "tasks"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            text = path.read_text()
            found[path.relative_to(root).as_posix()] = [
                (text.count("\n", 0, m.start(1)) + 1, m[1], m[2]) for m in INCLUDE.finditer(text)
            ]
    return found


def wrong_table(layers):
    """An arrow up in the table itself would allow a circle."""
    above = {"*"}
    for layer in layers:
        for name in layer.may_include:
            if name not in above:
                yield f"layers.py: {layer.name} may include {name}, which does not stand above it"
        above.add(layer.name)


def wrong_rooms(files, layers):
    """A row without files, files without a row, folders that are no room."""
    used = set()
    for path in files:
        layer = layer_of(path, layers)
        if layer is None:
            yield f"{path}:1: no layer holds it; add one to .ci/layers.py"
            continue
        used.add(layer.name)
        has_rooms = any(other.name.startswith(layer.name + "/") for other in layers)
        folder = path[len(layer.folder) + 1:].split("/")
        if has_rooms and len(folder) > 1:
            yield f"{path}:1: {layer.folder}/{folder[0]} is no room of {layer.name}; add it to .ci/layers.py"
    for layer in layers:
        if layer.name not in used and not any(name.startswith(layer.name + "/") for name in used):
            yield f"layers.py: {layer.name} has no files in {layer.folder}"


def may_include(source, target, layers):
    modules = {layer.name: layer for layer in layers if "/" not in layer.name}
    if module_of(source) == module_of(target):
        # The files beside the rooms are below them, like backend.hpp.
        return source == target or target.name == module_of(source) or target.name in source.may_include
    allowed = modules[module_of(source)].may_include
    return "*" in allowed or module_of(target) in allowed


def wrong_includes(files, layers):
    for path, includes in files.items():
        source = layer_of(path, layers)
        if source is None:
            continue
        libraries = next(layer.libraries for layer in layers if layer.name == module_of(source))
        for number, quote, header in includes:
            if quote == '"' and header.startswith(("harness/", "variants/", "tasks/")):
                target = layer_of(header, layers)
                if target is not None and not may_include(source, target, layers):
                    yield f"{path}:{number}: {source.name} may not include {header}"
            elif "." in header and not SYSTEM.match(header) and header.split("/")[0] not in libraries:
                yield f"{path}:{number}: {module_of(source)} may not include <{header}>"


def slow_headers(files, allowed):
    for path, includes in files.items():
        for number, _, header in includes:
            for slow, users in allowed.items():
                if header.startswith(slow) and not path.startswith(users):
                    yield f"{path}:{number}: {header} is slow to compile; only {', '.join(users)} may include it"


def circles(files):
    """Circles among files; those among rooms cannot be, because arrows only go down."""
    graph = {path: [header for _, quote, header in includes if quote == '"'] for path, includes in files.items()}
    done, trail = set(), []

    def walk(path):
        if path in trail:
            yield " -> ".join(trail[trail.index(path):] + [path])
            return
        if path in done:
            return
        trail.append(path)
        for other in graph.get(path, ()):
            yield from walk(other)
        trail.pop()
        done.add(path)

    for path in graph:
        for circle in walk(path):
            yield f"a circle of includes: {circle}"


def too_long(root):
    for folder in ("harness", "variants", "tasks", "tests", "plots", ".ci"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in {".cpp", ".hpp", ".py", ".js", ".sh", ".cmake"} or "node_modules" in path.parts:
                continue
            lines = path.read_text().count("\n")
            if lines > LONGEST:
                yield f"{path.relative_to(root).as_posix()}:{LONGEST}: {lines} lines, more than {LONGEST}: divide it by idea"


def field_lists(root):
    """A list of fields beside the table goes stale with the first field that it lacks; ask the table for a facet."""
    declared = (root / "harness" / "core" / "base_fields.cpp").read_text()
    names = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', declared)) & FIELDS_LOOKED_FOR
    if names != FIELDS_LOOKED_FOR:
        yield f"harness/core/base_fields.cpp: {', '.join(sorted(FIELDS_LOOKED_FOR - names))} are fields no more"
    for path in sorted((root / "harness").rglob("*.[ch]pp")):
        relative = path.relative_to(root).as_posix()
        text = path.read_text()
        found = [name for name in sorted(FIELDS_LOOKED_FOR) if f'"{name}"' in text]
        if len(found) > MOST_FIELDS_NAMED and relative not in THE_TABLE_OF_FIELDS:
            yield f"{relative}:1: lists fields ({', '.join(found)}); ask harness/core/base_fields.cpp's table instead"


UNNAMED = re.compile(r"^namespace \{$.*?^\}  // namespace$", re.MULTILINE | re.DOTALL)
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{$", re.MULTILINE)
DEFINED = re.compile(r"^(?:struct|class|enum class|union) (\w+)(?: final)?(?: :[^:;{][^;{]*)? ?\{", re.MULTILINE)


def types_defined_twice(root):
    """Two types of one name in one namespace: a program that has both takes functions of either for the other's, and no
    compiler says so."""
    places = {}
    for folder in ("harness", "variants", "tasks"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            text = UNNAMED.sub("", path.read_text())
            space = "::".join(NAMESPACE.findall(text))
            for name in DEFINED.findall(text):
                places.setdefault((space, name), []).append(path.relative_to(root).as_posix())
    for (space, name), where in places.items():
        if len(where) > 1:
            yield f"{where[-1]}:1: {space}::{name} is another type in {where[0]}; give one of them a name of its own"


def table(layers):
    """What docs/design.md shows."""
    lines = ["| module or room | purpose | may include |\n", "|---|---|---|\n"]
    for layer in layers:
        names = [name.split("/")[-1] for name in layer.may_include]
        text = "everything" if "*" in names else ", ".join(names) or ("" if "/" in layer.name else "the standard library")
        name = f"&nbsp; `{layer.name}`" if "/" in layer.name else f"`{layer.folder}`"
        lines.append(f"| {name} | {layer.purpose} | {text} |\n")
    return "".join(lines)


def with_table(text, layers):
    before, rest = text.split(BEGIN)
    return before + BEGIN + table(layers) + END + rest.split(END)[1]


def complaints(root, layers=None):
    layers = LAYERS if layers is None else layers
    files = sources(root)
    yield from wrong_table(layers)
    yield from wrong_rooms(files, layers)
    yield from wrong_includes(files, layers)
    yield from slow_headers(files, SLOW_HEADERS)
    yield from circles(files)
    yield from too_long(root)
    yield from types_defined_twice(root)
    text = (root / "docs" / "design.md").read_text()
    if BEGIN not in text or END not in text:
        yield f"docs/design.md: the line '{BEGIN.strip()}' or '{END.strip()}' is gone"
    elif text != with_table(text, layers):
        yield "docs/design.md: its table is not that of .ci/layers.py; run .ci/includes.py --write"


def main() -> int:
    if sys.argv[1:] == ["--write"]:
        path = ROOT / "docs" / "design.md"
        path.write_text(with_table(path.read_text(), LAYERS))
        return 0
    found = [*complaints(ROOT), *field_lists(ROOT)]
    print("\n".join(found) if found else "includes go down, in no circle, and no file is too long")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
