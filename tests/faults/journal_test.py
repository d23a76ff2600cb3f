#!/usr/bin/env python3
"""Torn and bit-flipped journals: the reader names the line and never crashes, a resumed run repairs the damage.

usage: journal_test.py HEADCOUNT [POSITIONS]      (default 60 places each are torn and flipped; 8 of them resumed)
"""
import random
import sys
import tempfile
from pathlib import Path

from support import check, compare_with_undisturbed, config_in, of_kind, records, run

ROUNDS = 10


def line_of(data, position):
    return data.count(b"\n", 0, position) + 1


def torn_inside_a_line(data, position):
    """Where nothing of a line stands, or all of it but its newline, no line is damaged."""
    return b"\n" not in data[position - 1 : position + 1]


def read_damaged(program, path, data, position, what):
    result = run([program, "verify", path])
    check(result.returncode in (0, 1, 2, 3), f"{what} at byte {position}: exit code {result.returncode}: {result.stderr}")
    text = result.stdout + result.stderr
    check("terminate" not in text and "Sanitizer" not in text, f"{what} at byte {position}: {text}")
    number = line_of(data, position)
    if number == 1:
        check(result.returncode == 2, f"{what} in the run record at byte {position}: exit code {result.returncode}")
    elif what == "flipped" or torn_inside_a_line(data, position):
        check(f":{number}: " in text, f"{what} at byte {position}: line {number} is not named in {text[:500]}")


def resume_damaged(program, config, path, data, position, what):
    number = line_of(data, position)
    damaged = path.read_bytes()
    result = run([program, "run", config, "--output", path])
    where = f"{what} at byte {position}, line {number}, and resumed"
    if number == 1 and what == "flipped":
        check(result.returncode == 2, f"{where}: exit code {result.returncode}: {result.stderr}")
        return
    check(result.returncode == 0, f"{where}: exit code {result.returncode}: {result.stderr}")
    old = data.splitlines()
    whole = old[: number - 1] + (old[number:] if what == "flipped" else [])
    new = path.read_bytes().splitlines()
    if number > 1:
        check(all(line in new for line in whole), f"{where}: a line that was whole is gone")
    # The damaged line stays where it is; what stands beside it is to be compared.
    left = set(damaged.splitlines()) - set(old)
    path.write_bytes(b"".join(line + b"\n" for line in new if line not in left))
    compare_with_undisturbed(records(path), ROUNDS, lost_rounds=1 if what == "flipped" else 0)


def main():
    program = Path(sys.argv[1]).resolve()
    positions = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    chance = random.Random(3)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        config = config_in(scratch, ROUNDS, sample_s=0.0005)
        whole = scratch / "whole.jsonl"
        result = run([program, "run", config, "--output", whole])
        check(result.returncode == 0, result.stderr)
        data = whole.read_bytes()
        compare_with_undisturbed(records(whole), ROUNDS)
        damaged = scratch / "damaged.jsonl"
        places = [chance.randrange(1, len(data) - 1) for _ in range(positions - 2)]
        before_a_newline = data.index(b"\n", len(data) // 2)
        places = sorted([*places, before_a_newline, before_a_newline + 1])
        resumed = set(chance.sample(range(positions), min(8, positions)))
        for i, position in enumerate(places):
            damaged.write_bytes(data[:position])
            read_damaged(program, damaged, data, position, "torn")
            if i in resumed:
                resume_damaged(program, config, damaged, data, position, "torn")
            while data[position : position + 1] == b"\n":
                position -= 1
            flipped = bytearray(data)
            flipped[position] ^= 1 << chance.randrange(7)
            if flipped[position] == ord("\n"):
                flipped[position] ^= 0x80
            damaged.write_bytes(flipped)
            read_damaged(program, damaged, data, position, "flipped")
            if i in resumed:
                resume_damaged(program, config, damaged, data, position, "flipped")
        rounds = len(of_kind(records(whole), "round"))
        print(f"journal_test: {positions} places torn and flipped in {len(data)} bytes, {rounds} rounds; "
              f"{len(resumed)} of each resumed: lines named, nothing but the damaged line lost")


if __name__ == "__main__":
    main()
