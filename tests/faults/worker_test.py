#!/usr/bin/env python3
"""Workers that crash, hang or may not have the memory: each costs its point, says why, and the sweep goes on.

usage: worker_test.py HEADCOUNT
The accidents are real: the worker process gets the signal while it works, or the system refuses it the memory.
"""
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path

from support import check, children, compare_with_undisturbed, config_in, of_kind, records, run, start, wait_for

ROUNDS = 20


def struck(program, scratch, how, expected):
    """A worker gets the signal between two rounds of a group; its point must fail with the reason."""
    output = scratch / f"{how.name}.jsonl"
    process = start([program, "run", config_in(scratch, ROUNDS, timeout_s=2), "--output", output])
    check(wait_for(lambda: len(of_kind(records(output), "round")) >= 25, process), "ended before its worker was struck")
    for worker in children(process.pid):
        try:
            os.kill(worker, how)
        except ProcessLookupError:
            continue
    _, error = process.communicate(timeout=120)
    lines = records(output)
    failed = [r for r in of_kind(lines, "point") if r["outcome"] == "failed"]
    noted = [r for r in of_kind(lines, "point") if expected in r["memory"]["note"]]
    if not failed and noted:  # it was the child that measures memory
        compare_with_undisturbed(lines, ROUNDS)
        return f"{how.name}: a note beside the memory"
    check(len(failed) == 1, f"{how.name}: {len(failed)} points failed")
    check(expected in failed[0]["reason"], f"{how.name}: the reason is {failed[0]['reason']!r}")
    check(process.returncode == 1, f"{how.name}: exit code {process.returncode}: {error}")
    compare_with_undisturbed(lines, ROUNDS, failed=1)
    strata = {r["stratum"] for r in of_kind(lines, "round") if r["group"] == failed[0]["group"]}
    check(len(strata) >= 2, f"{how.name}: the group's new worker is not another stratum")
    return f"{how.name}: one point failed ({failed[0]['reason'].split(':')[0]})"


def refused_memory(program, scratch):
    """The second point needs 1 GiB of scores; the address space holds three quarters of that."""
    text = """\
question: What happens to a point that gets no memory?
problem: {embed_dim: 8, backend: naive, variant: multi_head, num_heads: 1, scope: core}
axes:
  seq_len: [16, 16384, 24]
protocol: {min_rounds: 2, max_rounds: 2, budget_s: 60, timeout_s: 20, memory_limit_bytes: %d}
"""
    config = config_in(scratch, text=text % (1 << 36))
    output = scratch / "memory.jsonl"

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (768 << 20, 768 << 20))

    result = run([program, "run", config, "--output", output], preexec_fn=limited)
    points = {r["point"]: r for r in of_kind(records(output), "point")}
    outcomes = sorted(r["outcome"] for r in points.values())
    check(outcomes == ["failed", "measured", "measured"], f"memory refused: {outcomes}: {result.stderr}")
    reason = next(r["reason"] for r in points.values() if r["outcome"] == "failed")
    check("the system refuses" in reason or "out of memory" in reason, f"memory refused: the reason is {reason!r}")
    check(result.returncode == 1, f"memory refused: exit code {result.returncode}")

    config = config_in(scratch, text=text % (512 << 20))
    output = scratch / "predicted.jsonl"
    result = run([program, "run", config, "--output", output])
    skipped = [r for r in of_kind(records(output), "point") if r["outcome"] == "skipped"]
    check(len(skipped) == 1 and "the limit is 0.50 GiB" in skipped[0]["reason"], "a point over the limit is not skipped")
    check(result.returncode == 0, f"a skipped point: exit code {result.returncode}: {result.stderr}")
    return "refused by the system: failed; over the limit by prediction: skipped"


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        said = [struck(program, scratch, signal.SIGSEGV, "signal 11"),
                struck(program, scratch, signal.SIGKILL, "signal 9"),
                struck(program, scratch, signal.SIGSTOP, "timed out"),
                refused_memory(program, scratch)]
    print("worker_test: " + "; ".join(said))


if __name__ == "__main__":
    main()
