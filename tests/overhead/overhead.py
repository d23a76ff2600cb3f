#!/usr/bin/env python3
"""What the harness itself costs, printed beside what is promised; exit 1 when something costs more.

usage: overhead.py HEADCOUNT TEST_JOURNAL [--short]
--short takes a tenth of the points and holds them to a tenth of the time; the figures in docs/measurement.md are of the
long form. Memory limits are the same in both.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GIB = 1 << 30
MILLION = """\
question: How long does planning take?
problem: {variant: multi_head, backend: counting, embed_dim: 64}
axes:
  num_heads: [1, 2, 4, 8, 16]
  seq_len: {from: 1, to: 200, step: 1}
  causal: [false, true]
  seed: {from: 1, to: %d, step: 1}
compare_by: num_heads
"""
LONG_POINTS = """\
question: How much of a run is not sampling?
problem: {variant: multi_head, backend: blas, embed_dim: 512}
axes:
  num_heads: [1, 2, 4, 8]
  seq_len: %s
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: %d, target_rel_ci: 0.000001, min_sample_s: 0.010, budget_s: 300}
"""
missed = []


def say(what, value, limit, unit):
    good = value <= limit
    if not good:
        missed.append(what)
    print(f"{what:<58} {value:>9.3g} {unit:<4} at most {limit:g} {unit}{'' if good else '   MISSED'}")


def measured(command, **options):
    """Seconds, highest resident set in bytes, standard output."""
    start = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    out, error = process.communicate()
    seconds = time.monotonic() - start
    if process.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}: {error}")
    return seconds, out


def peak_bytes(command):
    """As measured by the parent of a process of its own, because a peak never falls."""
    code = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); " \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    out = subprocess.run([sys.executable, "-c", code, *map(str, command)], capture_output=True, text=True, check=True)
    return int(out.stdout.split()[-1]) * 1024


def start_up(program):
    times = [measured([program, "--version"])[0] for _ in range(21)]
    say("start-up", statistics.median(times) * 1e3, 50, "ms")


def planning(program, scratch, share):
    config = scratch / "million.yaml"
    config.write_text(MILLION % (500 * share))
    command = [program, "run", config, "--dry-run"]
    points = int(1e6 * share)
    say(f"planning {points} points", measured(command)[0], 2 * share, "s")
    say(f"planning {points} points, memory", peak_bytes(command) / GIB, 1, "GiB")


def writing(test_journal):
    _, out = measured([test_journal, "writing a round where syncing costs nothing"])
    line = next(l for l in out.splitlines() if l.startswith("write_round_s"))
    say("writing a round of 8 samples beside its fsync", float(line.split()[1]) * 1e3, 1, "ms")


def loading(program, test_journal, scratch, share):
    journal, points = scratch / "large.jsonl", int(20000 * share)
    measured([test_journal, "a large journal for reading"],
             env={**os.environ, "HEADCOUNT_OVERHEAD_JOURNAL": str(journal), "HEADCOUNT_OVERHEAD_POINTS": str(points)})
    command = [program, "verify", journal]
    what = f"loading, verifying {points * 50} samples ({journal.stat().st_size >> 20} MiB)"
    say(what, measured(command)[0], 20 * share, "s")
    say(f"{what.split('(')[0].strip()}, memory", peak_bytes(command) / GIB, 2, "GiB")


def outside_samples(program, scratch, share):
    config, output = scratch / "long.yaml", scratch / "long.jsonl"
    config.write_text(LONG_POINTS % (("[512, 768, 1024]", 80) if share == 1 else ("[512]", 40)))
    seconds, _ = measured([program, "run", config, "--output", output])
    lines = [json.loads(l) for l in output.read_text().splitlines()]
    rounds = [r for r in lines if r["kind"] == "round"]
    samples = [s for r in rounds for s in r["samples"]]
    in_rounds = sum(r["seconds"] for r in rounds)
    sampling = sum(s["wall_s"] * (s["iterations"] + 1) for s in samples)  # one warm iteration each
    spent = {}
    for point in (r for r in lines if r["kind"] == "point"):
        for what, took in point["spent_s"].items():
            spent[what] = spent.get(what, 0) + took
    print(f"{'points of':<58} {statistics.median(s['wall_s'] for s in samples) * 1e3:>9.3g} ms   one forward pass")
    say("outside samples and warm iterations, within rounds", 100 * (1 - sampling / in_rounds), 10, "%")
    apart = spent.get("check", 0) + spent.get("memory", 0)
    counted = seconds - apart
    if share == 1:  # of a short run, beginning is most: nothing to judge
        say("outside samples and warm iterations, whole run", 100 * (1 - sampling / counted), 10, "%")
    known = in_rounds - sampling + spent.get("calibrate", 0) + spent.get("trace", 0)
    print(f"{'whole run':<58} {seconds:>9.3g} s    samples {sampling:.3g}; beside them, in rounds {in_rounds - sampling:.3g}, "
          f"calibration {spent.get('calibrate', 0):.3g}, tracing {spent.get('trace', 0):.3g}, start, limits of the machine and "
          f"the rest {counted - sampling - known:.3g}; apart, checks {spent.get('check', 0):.3g}, memory {spent.get('memory', 0):.3g}")


def main():
    program, test_journal = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    share = 0.1 if "--short" in sys.argv else 1
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        start_up(program)
        planning(program, scratch, share)
        writing(test_journal)
        loading(program, test_journal, scratch, share)
        outside_samples(program, scratch, share)
    if missed:
        sys.exit("overhead.py: more than promised: " + "; ".join(missed))


if __name__ == "__main__":
    main()
