#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build's compile_commands.json; what was clean and has not changed is left out.

usage: .ci/tidy.py [--all] [BUILD_FOLDER] [PART_OF_A_PATH...]     default: build/lint, every source
Sources stand together in the lint preset (harness/unity): what they include is read once for all, which takes a third of
the time. Clean ones are remembered by the content of all that they include, of the command, of .clang-tidy and by clang-tidy's
version, in $XDG_CACHE_HOME/headcount-tidy. --all asks no memory.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEMORY = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "headcount-tidy"
CLANG_TIDY = ROOT / "build" / "clang-tidy" / "bin" / "clang-tidy"
CHECKED = re.compile(r"^(harness|variants|tasks)/.*\.cpp$")
MEMBER = re.compile(r'^#include "(.*)"$', re.MULTILINE)
# Of sources that another includes, by which they are known to clang-tidy here.
TOGETHER = ["--header-filter=(harness|variants|tasks)/.*\\.[ch]pp$", "--checks=-bugprone-suspicious-include"]
# What the compilers themselves complain of they say while they build; a newer clang says other things besides.
QUIET_COMPILER = ["--extra-arg=-w"]
# clang-tidy looks for these two in the main file alone.
NAMED = re.compile(r"^(?:using [\w:]+::(\w+);|namespace (\w+) = [\w:]+;)$", re.MULTILINE)


def digest(*parts: bytes) -> str:
    state = hashlib.sha256()
    for part in parts:
        state.update(hashlib.sha256(part).digest())
    return state.hexdigest()


def members_of(file: pathlib.Path):
    """The sources that a file of a unity build includes, but for those that the build has made; of any other, itself."""
    files = [pathlib.Path(name) for name in MEMBER.findall(file.read_text())] if file.suffix == ".cxx" else [file]
    return [one for one in files if one.is_relative_to(ROOT) and CHECKED.match(one.relative_to(ROOT).as_posix())]


def unused_names(file: pathlib.Path):
    """Complaints about names that a source takes from elsewhere and says once only."""
    text = file.read_text()
    for found in NAMED.finditer(text):
        name = found[1] or found[2]
        if len(re.findall(rf"\b{name}\b", text)) == 1:
            line = text.count("\n", 0, found.start()) + 1
            yield f"{file.relative_to(ROOT)}:{line}: error: {name} is not used [misc-unused-using-decls]"


class Source:
    """A line of compile_commands.json: a source, or several as one."""

    def __init__(self, entry: dict, common: bytes):
        self.entry = entry
        self.folder = pathlib.Path(entry["directory"])
        self.members = members_of(pathlib.Path(entry["file"]).resolve())
        names = [member.relative_to(ROOT).as_posix() for member in self.members]
        self.name = " ".join(names)
        self.said = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        # Another checkout of the same may remember for this one.
        command = entry["command"].replace(str(ROOT), "")
        self.record = MEMORY / digest(self.name.encode(), command.encode(), common)

    def content_of(self, files) -> str:
        return digest(*(name.encode() + b"\0" + (ROOT / name).read_bytes() for name in files))

    def is_remembered(self) -> bool:
        try:
            record = json.loads(self.record.read_text())
            return self.content_of(record["files"]) == record["content"]
        except (OSError, ValueError, KeyError):
            return False

    def included(self):
        words = shlex.split(self.entry["command"])
        del words[words.index("-o") : words.index("-o") + 2]
        rule = subprocess.run([*words, "-M"], cwd=self.folder, capture_output=True, text=True, check=True).stdout
        files = (self.folder / name for name in rule.split(":", 1)[1].replace("\\\n", " ").split())
        names = []
        for file in files:
            path = pathlib.Path(os.path.normpath(file))
            if path == pathlib.Path(self.entry["file"]) and path.suffix == ".cxx":
                continue  # made by CMake, with paths of this checkout
            names.append(path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path))
        return sorted(set(names))

    def check(self):
        """(clean?, what clang-tidy said, seconds)"""
        started = time.monotonic()
        together = TOGETHER if self.entry["file"].endswith(".cxx") else []
        run = subprocess.run(
            [CLANG_TIDY, "--quiet", *together, *QUIET_COMPILER, "-p", str(self.folder), self.entry["file"]],
            capture_output=True,
            text=True,
        )
        unused = "\n".join(line for member in self.members for line in unused_names(member))
        if run.returncode == 0 and not unused and not re.search(r": (warning|error): ", run.stdout):
            files = self.included()
            MEMORY.mkdir(parents=True, exist_ok=True)
            part = self.record.with_name(f"{self.record.name}.{os.getpid()}")
            part.write_text(json.dumps({"source": self.name, "files": files, "content": self.content_of(files)}))
            part.replace(self.record)
            return True, "", time.monotonic() - started
        return False, f"{run.stdout}{unused}" or run.stderr, time.monotonic() - started


def sources_of(build: pathlib.Path, parts):
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"]).resolve()
        names = [member.relative_to(ROOT).as_posix() for member in members_of(path)]
        if names and (not parts or any(part in name for part in parts for name in names)):
            found.setdefault(str(path), entry)
    return [Source(entry, common) for entry in found.values()]


def main() -> int:
    arguments = [a for a in sys.argv[1:] if a != "--all"]
    build = ROOT / (arguments[0] if arguments else "build/lint")
    if not CLANG_TIDY.exists():
        print(f"{CLANG_TIDY}: not installed; bash -c '. .ci/common.sh; install_tidy' does it", file=sys.stderr)
        return 2
    sources = sources_of(build, arguments[1:])
    if not sources:
        print(f"{build}: no source to check; configure first: cmake --preset lint", file=sys.stderr)
        return 2
    to_check = [s for s in sources if "--all" in sys.argv or not s.is_remembered()]
    started, bad = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(source.check): source for source in to_check}
        for done, future in enumerate(concurrent.futures.as_completed(running), 1):
            clean, text, seconds = future.result()
            bad += not clean
            left = (time.monotonic() - started) / done * (len(to_check) - done)
            print(f"[{done}/{len(to_check)}] {seconds:5.1f} s  {running[future].said}  about {left:.0f} s left", flush=True)
            if text:
                print(text, flush=True)
    count = [sum(len(source.members) for source in some) for some in (to_check, sources)]
    print(f"clang-tidy: {count[0]} sources checked, {count[1] - count[0]} unchanged since they were clean")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
