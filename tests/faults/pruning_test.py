#!/usr/bin/env python3
"""Kills a study of models that are trained at random instants, resumes it, and compares: every training, importance and
error is that of an undisturbed study. And asks for what cannot be studied, as a user would by mistake.

usage: pruning_test.py HEADCOUNT
"""
import random
import sys
import tempfile
from pathlib import Path

from support import check, end_with_kills, records, run

POINT = ("multi_head/simd/task=k_lookup,batch=8,q_len=1,kv_len=8,embed_dim=16,num_heads=4,steps=400,train_examples=256,"
         "test_examples=64")
KILLS = 6
CLOCKS = {"started", "environment", "crc32c"}


def results(lines):
    """What does not depend on a clock, in the order of the file."""
    timed = {"training", "timing"}
    return [{name: value for name, value in line.items()
             if name not in CLOCKS and not (name == "seconds" and line["kind"] in timed)} for line in lines]


def kill_and_compare(command, scratch, chance):
    whole, output = scratch / "whole.jsonl", scratch / "killed.jsonl"
    done = run([*command, "--output", whole], cwd=scratch)
    check(done.returncode in (0, 3), f"an undisturbed study fails: {done.stderr}")
    killed = 0
    while killed < KILLS:
        output.unlink(missing_ok=True)
        hit = end_with_kills(command + ["--output", output], output, KILLS - killed, chance, 0.05, scratch, ends=(0, 3))
        check(hit > 0, "no kill hit the study")
        check(results(records(output)) == results(records(whole)), "a resumed study differs from an undisturbed one")
        killed += hit
    check(not Path(f"{output}.trainings").exists(), "trainings are left beside a finished study")
    before = output.read_bytes()
    told = run([*command, "--output", output], cwd=scratch)
    check(told.returncode in (0, 3) and "R14.small" in told.stdout, "a finished study is not told again")
    check(output.read_bytes() == before, "a finished study was written to")
    return output


def refused(command, scratch, *words):
    done = run(command, cwd=scratch)
    check(done.returncode == 2, f"exit {done.returncode} and not 2: {command}\n{done.stderr}")
    for word in words:
        check(word in done.stderr, f"the message has no {word!r}: {done.stderr}")


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        command = [program, "heads", POINT, "--seeds", "2"]
        study = kill_and_compare(command, scratch, random.Random(7))
        told = run([program, "heads", study], cwd=scratch)
        check("R14.small" in told.stdout, "a study is not told from its file")
        refused([program, "heads", POINT, "--seeds", "3", "--output", study], scratch, "number of seeds", "--fresh")
        refused([program, "heads", POINT + ",num_kv_heads=2"], scratch, "num_kv_heads")
        refused([program, "heads", POINT.replace("multi_head", "block_diagonal")], scratch, "block_diagonal")
        refused([program, "heads", POINT.replace("k_lookup", "nonsense")], scratch, "nonsense")
    print("pruning_test.py: passed")


if __name__ == "__main__":
    main()
