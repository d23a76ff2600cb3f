#!/usr/bin/env python3
"""Kills a real run at random instants, resumes it, and compares: no round lost, none doubled, none mixed up.

usage: kill_resume_test.py HEADCOUNT [KILLS]      (HEADCOUNT: the program; default 12 kills, seeded)
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIG = """\
question: Does a killed run lose anything?
problem: {embed_dim: 32}
axes:
  variant: [multi_head, streaming]
  backend: [naive, counting]
  num_heads: [1, 2, 4]
  seq_len: [16, 32]
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: 40, target_rel_ci: 0.000001, min_sample_s: 0.002, budget_s: 60, timeout_s: 20}
"""


def records(path):
    """All whole lines; a torn last one is not there yet."""
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]


def rounds_of(path):
    return [r for r in records(path) if r["kind"] == "round"]


def check(condition, what):
    if not condition:
        sys.exit(f"kill_resume_test: FAILED: {what}")


def workers_of(config):
    """Processes that still speak of our scratch directory: a worker must not outlive its parent."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(config.parent):
                found.append(entry.name)
        except OSError:
            continue
    return found


def main():
    program = Path(sys.argv[1]).resolve()
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        config = scratch / "killed.yaml"
        config.write_text(CONFIG)
        output = scratch / "killed.jsonl"
        command = [str(program), "run", str(config), "--output", str(output)]
        killed = 0
        for attempt in range(50 * kills):
            before = output.read_bytes() if output.exists() else b""
            run = subprocess.Popen(command, cwd=scratch, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            finished = False
            if killed < kills:
                # Kill once a few more lines are there, so that a slow machine makes progress too.
                goal = len(records(output)) + chance.randrange(0, 8)
                while run.poll() is None and len(records(output)) < goal:
                    time.sleep(0.002)
                time.sleep(chance.random() * 0.03)
                finished = run.poll() is not None
                if not finished:
                    how = signal.SIGKILL if chance.random() < 0.8 else chance.choice([signal.SIGINT, signal.SIGTERM])
                    run.send_signal(how)
                    killed += 1
            code = run.wait()
            error = run.stderr.read().decode()
            check(code in (0, 130, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM), f"exit code {code}: {error}")
            whole = before[: before.rfind(b"\n") + 1]
            check(output.read_bytes()[: len(whole)] == whole if output.exists() else not whole,
                  "lines that were whole before have changed")
            if code == 0:
                break
        check(code == 0, f"the run did not end after {kills} kills")
        deadline = time.monotonic() + 5
        while workers_of(config) and time.monotonic() < deadline:
            time.sleep(0.05)
        check(not workers_of(config), "a worker outlived its parent")

        lines = records(output)
        runs = [r for r in lines if r["kind"] == "run"]
        check(len(runs) == 1, f"{len(runs)} run records")
        check(all(r["run"] == runs[0]["run"] for r in lines), "records of several runs in one file")
        wanted = {p for part in runs[0]["parts"] for p in part["point_ids"]}
        points = [r["point"] for r in lines if r["kind"] == "point"]
        check(sorted(points) == sorted(wanted), "a point is missing or doubled")
        timed = {r["point"] for r in lines if r["kind"] == "point" and r["outcome"] == "measured"}
        check(len(timed) == 12, f"{len(timed)} of 12 points measured")
        groups = {}
        for r in rounds_of(output):
            groups.setdefault(r["group"], []).append(r)
        check(len(groups) == 4, f"{len(groups)} of 4 groups")
        for name, rounds in groups.items():
            check([r["round"] for r in rounds] == list(range(len(rounds))), f"{name}: rounds {[r['round'] for r in rounds]}")
            check(all(a["stratum"] <= b["stratum"] for a, b in zip(rounds, rounds[1:])), f"{name}: strata go back")
            for r in rounds:
                check(len(r["samples"]) == 3 and len({s["point"] for s in r["samples"]}) == 3, f"{name}: a round is not whole")
            recorded = {r["rounds"] for r in lines if r["kind"] == "point" and r["group"] == name}
            check(recorded == {len(rounds)}, f"{name}: {len(rounds)} rounds, records say {recorded}")
        again = subprocess.run(command, cwd=scratch, capture_output=True)
        check(again.returncode == 0 and records(output) == lines, "running a complete run again changed it")
        print(f"kill_resume_test: {killed} kills, {sum(map(len, groups.values()))} rounds, nothing lost, nothing doubled")


if __name__ == "__main__":
    main()
