#!/usr/bin/env python3
"""Stored journals say what they said before, number for number: the reference results, and a journal of each version.

usage: stored_results_test.py HEADCOUNT SOURCE_DIR
       stored_results_test.py HEADCOUNT SOURCE_DIR --write RESULT...     (of a program that is known to be right)

Below tests/fixtures/results/RESULT/ lie verdicts.csv, as `verify --combinations --format csv` printed it, and tables as
`export` wrote them; digests.txt stands for those that are large. Wording may change, columns may come and columns that
hold commands are not compared; statuses, numbers, names of claims, points and fields may not change.
"""

import csv
import hashlib
import io
import math
import pathlib
import re
import subprocess
import sys
import tempfile

HEADCOUNT, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
FIXTURES = SOURCE / "tests" / "fixtures"
STORED = FIXTURES / "results"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
PROSE = {"observed", "interval", "margin", "base case", "n", "says"}  # compared by the numbers in them
LARGE_BYTES = 32_000
# Another compiler may round the last bit of a mean in another way; printed digits are no more than these.
TOLERANCE = 1e-12


def journals():
    yield from sorted((SOURCE / "results" / "reference").glob("*.jsonl"))
    yield from sorted((FIXTURES / "journal").glob("v*.jsonl"))


def run(*arguments):
    return subprocess.run([HEADCOUNT, *map(str, arguments)], cwd=SOURCE, capture_output=True, text=True, timeout=300)


def tables_now(journal):
    """Name -> rows of everything that is compared."""
    tables = {}
    if not journal.read_bytes().startswith((b'{"kind":"head_study",', b'{"kind":"pruning_study",')):  # whose verdicts are among its tables
        verdicts = run("verify", journal.relative_to(SOURCE), "--combinations", "--format", "csv")
        tables["verdicts.csv"] = verdicts.stdout
    with tempfile.TemporaryDirectory() as folder:
        done = run("export", journal.relative_to(SOURCE), "--output", folder)
        assert done.returncode == 0, done.stderr
        for path in pathlib.Path(folder).glob("*.csv"):
            if path.name != "verdicts.csv":
                tables[path.name] = path.read_text()
    return {name: list(csv.DictReader(io.StringIO(text))) for name, text in tables.items()}


def same(column, was, now):
    if column in PROSE:
        return NUMBER.findall(was) == NUMBER.findall(now)
    if was == now:
        return True
    try:
        return math.isclose(float(was), float(now), rel_tol=TOLERANCE)
    except ValueError:
        return False


def differences(was, now):
    if len(was) != len(now):
        yield f"{len(now)} rows, not {len(was)}"
        return
    for number, (old, new) in enumerate(zip(was, now), 2):
        for column, cell in old.items():
            if column not in new:
                yield f"the column '{column}' is gone"
                return
            if not same(column, cell, new[column]):
                yield f"line {number} ({next(iter(old.values()))}), {column}: '{new[column]}', not '{cell}'"


def digest(rows, columns):
    """Of these columns; numbers as they are printed."""
    lines = "\n".join("\t".join(row[column] for column in columns) for row in rows)
    return hashlib.sha256(lines.encode()).hexdigest()


def write(names):
    for journal in journals():
        if journal.stem not in names:
            continue
        folder = STORED / journal.stem
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        digests = []
        for name, rows in sorted(tables_now(journal).items()):
            columns = [column for column in (rows[0] if rows else []) if column != "reproduce"]
            out = io.StringIO()
            writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            if not rows:
                continue
            if len(out.getvalue()) <= LARGE_BYTES or name == "verdicts.csv":
                (folder / name).write_text(out.getvalue())
            elif name in ("ops.csv", "samples.csv"):  # as the journal has them; what is computed may differ in a bit
                digests.append(f"{name} {digest(rows, columns)} {len(rows)} {' '.join(columns)}\n")
        if digests:
            (folder / "digests.txt").write_text("".join(digests))


def complaints(journal):
    folder = STORED / journal.stem
    stored = sorted(folder.glob("*.csv"))
    if not stored:
        yield f"nothing is stored in {folder.relative_to(SOURCE)}: write it with --write"
        return
    now = tables_now(journal)
    for path in stored:
        with path.open() as file:
            was = list(csv.DictReader(file))
        if path.name not in now:
            yield f"{path.name} is gone"
            continue
        for line in list(differences(was, now[path.name]))[:10]:
            yield f"{path.name}: {line}"
    listed = folder / "digests.txt"
    for line in listed.read_text().splitlines() if listed.exists() else []:
        name, expected, count, *columns = line.split()
        rows = now.get(name, [])
        if rows and not set(columns) <= set(rows[0]):
            yield f"{name}: the columns {sorted(set(columns) - set(rows[0]))} are gone"
        elif len(rows) != int(count) or digest(rows, columns) != expected:
            yield f"{name}: {len(rows)} rows that are not the {count} of before"


def main() -> int:
    if sys.argv[3:4] == ["--write"]:
        write(sys.argv[4:])
        return 0
    failed = 0
    for journal in journals():
        wrong = list(complaints(journal))
        failed += bool(wrong)
        print(f"{'FAILED' if wrong else 'ok    '} {journal.relative_to(SOURCE)}")
        print("".join(f"  {line}\n" for line in wrong), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
