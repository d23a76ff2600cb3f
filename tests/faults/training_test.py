#!/usr/bin/env python3
"""Kills a run that trains at random instants, resumes it, and compares: every error and curve is that of an undisturbed
run, bit for bit, and no training that had ended is made again.

usage: training_test.py HEADCOUNT
"""
import contextlib
import random
import sys
import tempfile
from pathlib import Path

from support import check, config_in, end_with_kills, of_kind, records, run

CONFIG = """\
question: Does an accident cost a step?
problem: {variant: multi_head, backend: simd, task: k_lookup, batch: 16, q_len: 1, kv_len: 8, embed_dim: 16, items: 2,
          learning_rates: 2, steps: 1000, train_examples: 256, test_examples: 64}
axes: {num_heads: [1, 2, 4]}
compare_by: num_heads
protocol: {min_rounds: 6, max_rounds: 6, budget_s: 120, timeout_s: 60}
"""
KILLS = 8


def results(lines):
    """What each training came to, without its times."""
    told = {}
    for line in of_kind(lines, "round"):
        for sample in line["samples"]:
            told[line["round"], sample["point"]] = (sample["results"], sample["curve"], sample["iterations"])
    for line in of_kind(lines, "tuning"):
        tried = [(s["results"], s["curve"]) for s in line["tried"]]
        told["tuning", line["point"]] = (line["learning_rate"], tried)
    return told


def times(scratch):
    """When each training was written whose round is not written yet."""
    found = {}
    for path in scratch.glob("*.trainings/*.training"):
        with contextlib.suppress(FileNotFoundError):  # its round was written meanwhile
            found[path] = path.stat().st_mtime_ns
    return found


def main():
    program = Path(sys.argv[1]).resolve()
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        config = config_in(scratch, text=CONFIG)
        whole = scratch / "whole.jsonl"
        check(run([program, "run", config, "--output", whole], cwd=scratch).returncode == 0, "an undisturbed run fails")
        check(not list(scratch.glob("*.trainings")), "a finished run leaves trainings behind")
        output = scratch / "killed.jsonl"
        command = [program, "run", config, "--output", output]
        resumed_inside = []

        def not_made_again(before):
            """What had ended before this start was not made again while its round was open."""
            again = [path for path in times(scratch) if path in before and times(scratch)[path] != before[path]]
            check(not again, f"a training that had ended was made again: {again}")
            if before:
                resumed_inside.append(before)

        killed = 0
        while killed < KILLS:
            output.unlink(missing_ok=True)
            hit = end_with_kills(command, output, KILLS - killed, chance, 0.1, scratch, told=lambda: times(scratch),
                                 after=not_made_again)
            check(hit > 0, "no kill hit the run")
            check(results(records(output)) == results(records(whole)), "a resumed training differs from an undisturbed one")
            killed += hit
        check(resumed_inside, "no kill left a round open")
        check(len(results(records(output))) == 3 + 6 * 3, "trainings are missing")
        check(not list(scratch.glob("*.trainings")), "a finished run leaves trainings behind")
        print(f"training_test: {killed} kills, {len(resumed_inside)} with an open round; every curve as undisturbed")


if __name__ == "__main__":
    main()
