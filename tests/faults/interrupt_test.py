#!/usr/bin/env python3
"""Signals that ask to stop, a second run into the same file, a wall clock that jumps.

usage: interrupt_test.py HEADCOUNT
"""
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from support import check, compare_with_undisturbed, config_in, of_kind, records, run, start, wait_for

ROUNDS = 20

# Each call of the wall clock is an hour before the last one; steady clocks are left alone.
JUMPING_CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec* t) {
    static long calls = 0;
    int result = (int)syscall(SYS_clock_gettime, id, t);
    if (id == CLOCK_REALTIME) t->tv_sec -= 3600 * ++calls;
    return result;
}
"""


def stopped(program, scratch, how):
    output = scratch / f"{how.name}.jsonl"
    command = [program, "run", config_in(scratch, ROUNDS), "--output", output]
    process = start(command)
    check(wait_for(lambda: len(of_kind(records(output), "round")) >= 7, process), "ended before it was to stop")
    asked = time.monotonic()
    process.send_signal(how)
    out, error = process.communicate(timeout=60)
    took = time.monotonic() - asked
    check(process.returncode == 130, f"{how.name}: exit code {process.returncode}: {error}")
    check("To go on: headcount run" in out, f"{how.name}: does not say how to go on: {out}")
    check(output.read_bytes().endswith(b"\n"), f"{how.name}: a torn line")
    result = run(command)
    check(result.returncode == 0, f"{how.name}: going on: {result.stderr}")
    compare_with_undisturbed(records(output), ROUNDS)
    return f"{how.name} {took * 1e3:.0f} ms"


def two_runners(program, scratch):
    output = scratch / "two.jsonl"
    command = [program, "run", config_in(scratch, ROUNDS), "--output", output]
    first = start(command)
    check(wait_for(lambda: len(records(output)) > 1, first), "ended before a second one could begin")
    second = run(command)
    check(second.returncode == 2, f"a second run: exit code {second.returncode}: {second.stderr}")
    check(f"process {first.pid} " in second.stderr, f"the second run does not say who writes: {second.stderr}")
    _, error = first.communicate(timeout=120)
    check(first.returncode == 0, f"the first run suffered: {error}")
    compare_with_undisturbed(records(output), ROUNDS)


def clock_jumps(program, scratch):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return "not tried: no C compiler"
    if b"__asan_init" in program.read_bytes():
        return "not tried: the address sanitizer must be loaded first"
    source, library = scratch / "clock.c", scratch / "clock.so"
    source.write_text(JUMPING_CLOCK)
    built = run([compiler, "-shared", "-fPIC", "-O1", source, "-o", library])
    check(built.returncode == 0, built.stderr)
    output = scratch / "clock.jsonl"
    result = run([program, "run", config_in(scratch, ROUNDS), "--output", output],
                 env={"LD_PRELOAD": str(library), "PATH": "/usr/bin:/bin"})
    check(result.returncode == 0, f"a jumping clock: exit code {result.returncode}: {result.stderr}")
    lines = records(output)
    compare_with_undisturbed(lines, ROUNDS)
    ends = [r["finished"] for r in of_kind(lines, "round")]
    check(ends == sorted(ends, reverse=True) and ends[0] != ends[-1], "the clock of the test did not jump")
    check(all(0 < r["seconds"] < 60 for r in of_kind(lines, "round")), "a duration followed the wall clock")
    return f"wall clock set back an hour {len(ends)} times, durations unmoved"


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        times = [stopped(program, scratch, how) for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        two_runners(program, scratch)
        clock = clock_jumps(program, scratch)
        print(f"interrupt_test: stopped after {', '.join(times)}; a second runner refused by name; {clock}")


if __name__ == "__main__":
    main()
