#!/usr/bin/env python3
"""Every command that README.md and some pages of docs/ print for the built program works as printed.

docs/questions.md answers each of its commands: the numbers of an answer, `set like this`, are in what the command prints.

usage: readme_test.py HEADCOUNT SOURCE_DIR
Runs in a scratch folder that sees the checkout's configs and results, so that nothing is written into it.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

# 3: a measured claim may be inconclusive on a busy machine; that is an answer, not a failure.
ACCEPTED = {0, 3}
# And the fewest commands that each shows.
PAGES = {"README.md": 5, "docs/commands.md": 20, "docs/heads.md": 3, "docs/heads_in_detail.md": 3, "docs/questions.md": 10,
         "docs/tables.md": 3, "docs/models.md": 8, "docs/eval.md": 2, "docs/mechanisms.md": 2}


def commands(text):
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$headcount "):
                yield line


def answers(text):
    """Of a page with a section for each command: command -> the numbers that its answer tells in code."""
    found = {}
    for section in text.split("\n## ")[1:]:
        shown = list(commands(section))
        assert len(shown) == 1, f"'{section.splitlines()[0]}' has {len(shown)} commands, not one"
        found[shown[0]] = re.findall(r"`([\d.]+)`", section.rpartition("```")[2])
        assert found[shown[0]], f"the answer to '{section.splitlines()[0]}' has no number"
    return found


def lacks(output, numbers):
    """Those that stand nowhere in the output as whole numbers."""
    return [number for number in numbers if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", output)]


def main() -> int:
    headcount, source = sys.argv[1], pathlib.Path(sys.argv[2])
    found = []
    for page, fewest in PAGES.items():
        shown = list(commands((source / page).read_text()))
        if len(shown) < fewest:
            print(f"{page} shows only {len(shown)} commands; is the pattern of this test out of date?")
            return 1
        found += shown
    answered = answers((source / "docs" / "questions.md").read_text())
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "configs").symlink_to(source / "configs")
        (root / "results").mkdir()
        (root / "results" / "reference").symlink_to(source / "results" / "reference")
        for line in found:
            started = time.monotonic()
            done = subprocess.run(["bash", "-c", f"headcount={headcount}; {line}"], cwd=root, capture_output=True,
                                  text=True, timeout=600)
            # A line may announce its code: "# exit 1: ...".
            announced = re.search(r"# exit (\d+):", line)
            good = done.returncode == int(announced[1]) if announced else done.returncode in ACCEPTED
            missing = lacks(done.stdout, answered.get(line, []))
            good = good and not missing
            failed += not good
            print(f"{'ok    ' if good else 'FAILED'} {done.returncode} {time.monotonic() - started:5.1f} s {line}")
            if missing:
                print(f"docs/questions.md tells numbers that this does not print: {', '.join(missing)}")
            if not good:
                print(done.stdout[-2000:], done.stderr[-2000:])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
