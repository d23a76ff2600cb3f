#!/usr/bin/env python3
"""What is known in one place is told the same everywhere: exit codes (harness/cli/exit_code.hpp), packages (packages.txt).

usage: known_once_test.py HEADCOUNT SOURCE_DIR
"""

import pathlib
import re
import subprocess
import sys

CONSTANT = re.compile(r"^inline constexpr int (\w+) = (\d+);", re.MULTILINE)
MEANING = re.compile(r'\{(\w+), "([^"]+)"\}')
# "0 told", ", 3 cannot", "exit 1:", "exit code 130"
CODE = re.compile(r"(?:^|[ ,;(])(\d+) (?=[a-z])|exit(?: code)? (\d+)\b")
# A name of this shape is nothing but a package's; "clang-tidy" is a program too.
PACKAGE = re.compile(r"^(\S+-dev|python3-\S+) ", re.MULTILINE)


def codes_of(source):
    """Every constant of the header, and the table that --help prints."""
    text = (source / "harness" / "cli" / "exit_code.hpp").read_text()
    constants = {name: int(code) for name, code in CONSTANT.findall(text)}
    return constants, {constants[name]: says for name, says in MEANING.findall(text)}


def told_in(text):
    """The codes that a sentence beginning with "Exit:" or "Exit codes:" names."""
    return {int(a or b) for a, b in CODE.findall(" ".join(text.split()))}


def sentences(text):
    """From "Exit:" or "exit codes:" to the end of the paragraph or the string."""
    return re.findall(r'(?:^|[.\s])[Ee]xit(?: codes?)?: (.*?)(?:\)"|\n\s*\n|EOF|\Z)', text, re.DOTALL)


def wrong_codes(headcount, source):
    constants, table = codes_of(source)
    if len(table) < 6:
        yield f"exit_code.hpp: only {len(table)} codes are read from it; is the pattern of this test out of date?"
    helped = subprocess.run([headcount, "--help"], capture_output=True, text=True, check=True).stdout
    for code, says in table.items():
        if not re.search(rf"^ +{code} +{re.escape(says)}$", helped, re.MULTILINE):
            yield f"--help does not say '{code} {says}'"
    listed = re.findall(r"^\| (\d+) \|", (source / "docs" / "commands.md").read_text(), re.MULTILINE)
    if {int(code) for code in listed} != set(table):
        yield f"docs/commands.md lists other exit codes than {sorted(table)}"
    pages = [source / "docs" / "measurement.md", source / "reproduce.sh", *(source / "harness" / "cli" / "commands").glob("*.cpp")]
    told = 0
    for page in pages:
        for sentence in sentences(page.read_text()):
            told += 1
            for code in told_in(sentence) - set(table):
                yield f"{page.relative_to(source)}: there is no exit code {code}"
    if told < 6:
        yield f"only {told} pages tell exit codes; is the pattern of this test out of date?"
    frame = (source / "plots" / "frame.py").read_text()
    for name, constant in (("BAD_DATA", "usage"), ("NOT_APPLICABLE", "figure_not_applicable")):
        if not re.search(rf"^{name} = {constants[constant]}\b", frame, re.MULTILINE):
            yield f"plots/frame.py: {name} is not {constants[constant]}"
    fresh = (source / ".ci" / "fresh.sh").read_text()
    for code in re.findall(r'"\$status" -eq (\d+)', fresh):
        if int(code) not in (constants["ok"], constants["inconclusive"]):
            yield f".ci/fresh.sh: {code} is not a code of a run that is as expected or inconclusive"


def repeated_packages(source):
    names = PACKAGE.findall((source / "packages.txt").read_text())
    if len(names) < 10:
        yield f"packages.txt: only {len(names)} packages are read from it; is the pattern of this test out of date?"
    files = [path for folder in ("harness", "variants", "plots", "tests") for path in (source / folder).rglob("*")
             if path.suffix in (".cpp", ".hpp", ".py", ".js", ".sh", ".cmake") and "node_modules" not in path.parts]
    for path in [*files, source / "reproduce.sh", source / "test.sh", source / ".ci" / "common.sh"]:
        text = path.read_text()
        for name in names:
            if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
                yield f"{path.relative_to(source)}: names {name}; packages.txt is the list (harness/packages/packages.cmake)"


def main() -> int:
    headcount, source = sys.argv[1], pathlib.Path(sys.argv[2])
    wrong = [*wrong_codes(headcount, source), *repeated_packages(source)]
    print("\n".join(wrong) if wrong else "exit codes and packages are told as their lists have them")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
