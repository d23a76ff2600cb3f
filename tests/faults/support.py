"""What the fault tests share: a small sweep, reading journals without the program, and finding its workers."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# Twelve timed points in four groups, twelve counted ones; 1e-6 is never reached, so every group takes max_rounds.
CONFIG = """\
question: Does an accident cost anything?
problem: {embed_dim: 32}
axes:
  variant: [multi_head, streaming]
  backend: [naive, counting]
  num_heads: [1, 2, 4]
  seq_len: [16, 32]
compare_by: num_heads
protocol: {min_rounds: %(min)d, max_rounds: %(max)d, target_rel_ci: 0.000001, min_sample_s: %(sample)g, budget_s: 120, timeout_s: %(timeout)g}
"""
TIMED_POINTS, ALL_POINTS, GROUPS = 12, 24, 4


def check(condition, what):
    if not condition:
        sys.exit(f"{Path(sys.argv[0]).name}: FAILED: {what}")


def config_in(directory, rounds=10, sample_s=0.002, timeout_s=20, text=None):
    path = Path(directory) / "faults.yaml"
    values = {"min": min(10, rounds), "max": rounds, "sample": sample_s, "timeout": timeout_s}
    path.write_text(text or CONFIG % values)
    return path


def records(path):
    """All whole lines; a torn last one is not there yet."""
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]


def of_kind(lines, kind):
    return [r for r in lines if r["kind"] == kind]


def run(command, **options):
    """A finished process with its text; never longer than two minutes."""
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, **options)


def start(command, **options):
    return subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def wait_for(condition, process, seconds=60):
    """Until the condition holds or the process has ended; says whether it held."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        if process.poll() is not None:
            return condition()
        time.sleep(0.002)
    sys.exit(f"{Path(sys.argv[0]).name}: FAILED: waited {seconds} s in vain")


def end_with_kills(command, output, most, chance, seconds, cwd, ends=(0,), told=lambda: None,
                   after=lambda before: None):
    """Runs a command again and again until it ends by itself, each time from its own journal, and kills it at most `most`
    times: up to `seconds` after `told` or the number of records changes. `after` gets what was told before each start,
    unless that start went through. Returns the kills that hit it running: a fast machine may be through before the last,
    so callers that want a number of kills begin anew."""
    killed = 0
    for _ in range(10 * most + 10):
        before = len(records(output)), told()
        process = start(command, cwd=cwd)
        if killed < most:
            wait_for(lambda: (len(records(output)), told()) != before, process)
            time.sleep(chance.random() * seconds)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
        _, error = process.communicate(timeout=120)
        check(process.returncode in (*ends, -signal.SIGKILL), f"exit code {process.returncode}: {error}")
        if process.returncode in ends:
            return killed
        after(before[1])
    sys.exit(f"{Path(sys.argv[0]).name}: FAILED: did not end after {killed} kills")


def children(pid):
    """Process ids of the workers of this process, by /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "stat").read_text().rsplit(")", 1)[1].split()[1] == str(pid):
                    found.append(int(entry.name))
            except (OSError, IndexError):
                continue
    return found


def processes_in(directory):
    """Processes that work in this directory: a worker must not outlive its parent."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(directory):
                found.append(entry.name)
        except OSError:
            continue
    return found


def compare_with_undisturbed(lines, rounds, failed=0, lost_rounds=0):
    """Everything an undisturbed run of CONFIG would hold is there once, and nothing else."""
    runs = of_kind(lines, "run")
    check(len(runs) == 1, f"{len(runs)} run records")
    check(all(r["run"] == runs[0]["run"] for r in lines), "records of several runs in one file")
    points = of_kind(lines, "point")
    wanted = {p for part in runs[0]["parts"] for p in part["point_ids"]}
    check(len(wanted) == ALL_POINTS, f"{len(wanted)} points in the plan")
    check(sorted(r["point"] for r in points) == sorted(wanted), "a point is missing or doubled")
    outcomes = [r["outcome"] for r in points]
    check(outcomes.count("failed") == failed, f"{outcomes.count('failed')} points failed, not {failed}")
    check(outcomes.count("measured") == TIMED_POINTS - failed, f"{outcomes.count('measured')} points measured")
    groups = {}
    for r in of_kind(lines, "round"):
        groups.setdefault(r["group"], []).append(r)
    check(len(groups) == GROUPS, f"{len(groups)} of {GROUPS} groups")
    for name, taken in groups.items():
        numbers = [r["round"] for r in taken]
        check(len(set(numbers)) == len(numbers) and numbers == sorted(numbers), f"{name}: rounds {numbers}")
        if lost_rounds == 0:
            check(numbers == list(range(rounds)), f"{name}: rounds {numbers}, not 0 to {rounds - 1}")
        check(all(a["stratum"] <= b["stratum"] for a, b in zip(taken, taken[1:])), f"{name}: strata go back")
        for r in taken:
            visited = [s["point"] for s in r["samples"]]
            check(len(set(visited)) == len(visited), f"{name}: a point twice in a round")
            check(sorted(s["order"] for s in r["samples"]) == list(range(len(visited))), f"{name}: a round is not whole")
            if failed == 0:
                check(len(visited) == TIMED_POINTS // GROUPS, f"{name}: a round without all of its points")
    total = sum(map(len, groups.values()))
    check(total >= GROUPS * rounds - lost_rounds, f"{total} rounds, {lost_rounds} may be lost")
    return total
