#!/usr/bin/env python3
"""Ranks what a build spent its seconds on: targets and sources, headers, tests.

usage: .ci/seconds.py [BUILD_FOLDER] [--top N]     default: build/release, 20 of each
Sources and links from .ninja_log; headers from Ninja's list of what each source includes (the seconds of all sources
that include one: what it could cost at most); tests from the log of ctest. Seconds are those of a clock: on a busy
machine, or with sources taken from ccache, they rank another thing than the compiler's work.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def built(folder: pathlib.Path):
    """Seconds by output, of the last time that each was built."""
    seconds = {}
    for line in (folder / ".ninja_log").read_text().splitlines()[1:]:
        start, end, _, output, _ = line.split("\t")
        seconds[output] = (int(end) - int(start)) / 1000
    return seconds


def includes(folder: pathlib.Path):
    """Files by object."""
    listed = subprocess.run(["ninja", "-C", str(folder), "-t", "deps"], capture_output=True, text=True, check=True)
    files, of = [], {}
    for line in listed.stdout.splitlines():
        if line and not line.startswith((" ", "ninja:")):
            files = of.setdefault(line.split(":", 1)[0], [])
        elif line.strip():
            files.append(line.strip())
    return of


def shown(file: str) -> str:
    """The library's own header, not each of the hundred behind it: Boost's are one, and so are those of the compiler."""
    path = pathlib.Path(file)
    if path.is_absolute() and path.is_relative_to(ROOT):
        return path.relative_to(ROOT).as_posix()
    found = re.match(r"(?:\.\./)*((?:harness|variants|tasks|tests)/.*)", file)
    if found:
        return found.group(1)
    found = re.match(r"/usr/include/(boost/[^/]+|nlohmann|CLI|fmt|catch2|benchmark|hwy|yaml-cpp|c\+\+)(?:/|$)", file)
    return f"<{found.group(1)}>" if found else ""


def tests(folder: pathlib.Path):
    log = folder / "Testing/Temporary/LastTest.log"
    if not log.exists():
        return {}
    return dict(pairs(log.read_text(errors="replace")))


def pairs(text: str):
    name = None
    for line in text.splitlines():
        if found := re.match(r"\d+/\d+ Testing: (.*)", line):
            name = found.group(1)
        elif (found := re.match(r"Test time = +([\d.]+) sec", line)) and name:
            yield name, float(found.group(1))


def rank(title: str, seconds: dict, top: int):
    print(f"\n{title}: {sum(seconds.values()):.0f} s in {len(seconds)}")
    for name, value in sorted(seconds.items(), key=lambda item: -item[1])[:top]:
        print(f"{value:8.1f}  {name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--top", type=int, default=20)
    options = parser.parse_args()
    if not (options.folder / ".ninja_log").exists():
        print(f"{options.folder}: no .ninja_log; build it first: cmake --build {options.folder}", file=sys.stderr)
        return 2
    outputs = built(options.folder)
    by_module = collections.Counter()
    for name, value in outputs.items():
        by_module[name.split(".dir/")[0].split("/")[-1] if ".dir/" in name else "links and others"] += value
    rank("targets", by_module, options.top)
    rank("sources", {n: v for n, v in outputs.items() if n.endswith(".o")}, options.top)
    headers = collections.Counter()
    for name, files in includes(options.folder).items():
        for header in {shown(file) for file in files if not file.endswith((".cpp", ".cxx"))} - {""}:
            headers[header] += outputs.get(name, 0)
    rank("headers, by the seconds of all sources that include one", headers, options.top)
    if found := tests(options.folder):
        rank("tests", found, options.top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
