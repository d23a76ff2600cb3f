#!/usr/bin/env python3
"""Says which sources of a target can be compiled as one: those of which none, and no header of theirs, names what is
private to another.

usage: groups.py LIST BYTES; each line of LIST: TARGET FILE; BYTES: of a group at most. Prints lines of CMake that set
UNITY_GROUP.
"""

import collections
import functools
import pathlib
import re
import sys

UNNAMED = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"[A-Za-z_]\w*")
PRIVATE = re.compile(
    r"^(?:(?:struct|class|enum class|enum|using|namespace|union) (\w+)"  # a type
    r"|(?!//|#| )[^;={(\n]*?[ *&](\w+)\s*(?:\(|=|;|\{|\[))",  # a function or a variable
    re.MULTILINE,
)
COMMENT = re.compile(r"//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"")


NAMESPACE = re.compile(r"^namespace ([\w:]+) \{$", re.MULTILINE)


MACRO = re.compile(r"^#define (\w+)", re.MULTILINE)
WHOLE_PROGRAM = re.compile(r"\boperator (?:new|delete)\b *(?:\[\])? *\(")  # replaced: that stands alone
INCLUDE = re.compile(r'^#include "((?:harness|variants|tests)/[^"]+)"', re.MULTILINE)
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def namespace_of(text: str) -> str:
    """The outermost one; "" where there is none."""
    return "::".join(NAMESPACE.findall(text)[:1]) + "::"


def names_in(text: str):
    """What is declared at the start of a line, where clang-format puts what stands in a namespace."""
    return {name for pair in PRIVATE.findall(text) for name in pair if name}


@functools.lru_cache(maxsize=None)
def header(path: str):
    """(namespace, names, headers that it includes)"""
    file = ROOT / path
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return namespace_of(text), frozenset(names_in(text)), tuple(INCLUDE.findall(text))


def headers_of(paths):
    """All that are included, by one another too."""
    seen, todo = set(), list(paths)
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo.extend(header(path)[2])
    return seen


class Source:
    def __init__(self, path: str):
        text = pathlib.Path(path).read_text(encoding="utf-8")
        self.path = path
        self.size = len(text)
        code = COMMENT.sub("", re.sub(r'R"\((.*?)\)"', "", text, flags=re.DOTALL))
        self.words = set(WORD.findall(code))
        self.private = names_in("\n".join(UNNAMED.findall(text)))
        self.macros = set(MACRO.findall(code))
        self.alone = bool(WHOLE_PROGRAM.search(code))
        self.namespace = namespace_of(text)
        self.headers = headers_of(INCLUDE.findall(text))

    def disturbs(self, other: "Source") -> bool:
        """What is private here is found there, instead of or beside what is meant there."""
        if self.alone or self.macros & other.words:
            return True
        if other.namespace.startswith(self.namespace) and self.private & other.words:
            return True
        parts = (header(path) for path in other.headers - self.headers)
        return any(space.startswith(self.namespace) and self.private & names for space, names, _ in parts)


class Group:
    def __init__(self, largest: int):
        self.sources, self.size, self.largest = [], 0, largest

    def fits(self, source: Source) -> bool:
        return self.size + source.size <= self.largest and not any(
            one.disturbs(source) or source.disturbs(one) for one in self.sources
        )

    def add(self, source: Source):
        self.sources.append(source)
        self.size += source.size


def groups_of(paths, largest: int):
    groups = []
    for source in map(Source, sorted(paths)):
        for group in groups:
            if group.fits(source):
                group.add(source)
                break
        else:
            groups.append(Group(largest))
            groups[-1].add(source)
    return groups


def main() -> int:
    targets = collections.defaultdict(list)
    for line in pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        target, path = line.split(" ", 1)
        targets[target].append(path)
    for target, paths in targets.items():
        for number, group in enumerate(groups_of(paths, int(sys.argv[2]))):
            if len(group.sources) > 1:
                files = " ".join(f'"{source.path}"' for source in group.sources)
                print(f"set_source_files_properties({files} PROPERTIES UNITY_GROUP {target}_{number})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
