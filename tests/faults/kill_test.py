#!/usr/bin/env python3
"""Kills a real run at random instants, resumes it, and compares: no round lost, none doubled, none mixed up.

usage: kill_test.py HEADCOUNT [KILLS]      (default 20 kills, seeded; the slow form is 200)
"""
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from support import GROUPS, check, compare_with_undisturbed, config_in, processes_in, records, run, start, wait_for

MOST_KILLS_A_RUN = 40


def disturbed_run(program, kills, chance):
    """One sweep, killed up to `kills` times until it is through. Returns how often, and its rounds."""
    rounds = 40
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        output = scratch / "killed.jsonl"
        command = [program, "run", config_in(scratch, rounds), "--output", output]
        killed = 0
        for _ in range(50 * kills):
            before = output.read_bytes() if output.exists() else b""
            process = start(command, cwd=scratch)
            if killed < kills:
                # Kill once a few more lines are there, so that a slow machine makes progress too.
                goal = len(records(output)) + chance.randrange(0, 8)
                wait_for(lambda: len(records(output)) >= goal, process)
                time.sleep(chance.random() * 0.03)
                if process.poll() is None:
                    how = signal.SIGKILL if chance.random() < 0.9 else chance.choice([signal.SIGINT, signal.SIGTERM])
                    process.send_signal(how)
                    killed += 1
            _, error = process.communicate(timeout=120)
            code = process.returncode
            check(code in (0, 130, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM), f"exit code {code}: {error}")
            whole = before[: before.rfind(b"\n") + 1]
            check(output.read_bytes()[: len(whole)] == whole if output.exists() else not whole,
                  "lines that were whole before have changed")
            if code == 0:
                break
        check(code == 0, f"the run did not end after {kills} kills")
        deadline = time.monotonic() + 5
        while processes_in(scratch) and time.monotonic() < deadline:
            time.sleep(0.05)
        check(not processes_in(scratch), "a worker outlived its parent")
        lines = records(output)
        total = compare_with_undisturbed(lines, rounds)
        check(total == GROUPS * rounds, f"{total} rounds, not {GROUPS * rounds}")
        again = run(command, cwd=scratch)
        check(again.returncode == 0 and records(output) == lines, "running a complete run again changed it")
        return killed, total


def main():
    program = Path(sys.argv[1]).resolve()
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    chance = random.Random(7)
    kills = rounds = runs = 0
    while kills < wanted:
        killed, total = disturbed_run(program, min(wanted - kills, MOST_KILLS_A_RUN), chance)
        check(killed > 0, "no kill hit the run")
        kills, rounds, runs = kills + killed, rounds + total, runs + 1
    print(f"kill_test: {kills} kills in {runs} runs, {rounds} rounds, nothing lost, nothing doubled")


if __name__ == "__main__":
    main()
