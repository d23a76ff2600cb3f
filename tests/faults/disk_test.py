#!/usr/bin/env python3
"""Full disk, read-only directory, vanished directory: a clear message, a code that is not 0, nothing written is lost.

usage: disk_test.py HEADCOUNT
Small file systems need the right to mount; without it a limit on the size of files stands in, and the output says so.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from support import check, compare_with_undisturbed, config_in, records, run, start, wait_for

ROUNDS = 10


def mount(directory, options):
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)], capture_output=True)
    return done.returncode == 0


def refused(result, words, where):
    check(result.returncode == 4, f"{where}: exit code {result.returncode}: {result.stderr}")
    check(any(w in result.stderr for w in words), f"{where}: the message is {result.stderr!r}")
    check("Traceback" not in result.stderr and "terminate" not in result.stderr, f"{where}: not a message: {result.stderr}")


def full_disk(program, scratch):
    directory = scratch / "small"
    directory.mkdir()
    output = directory / "full.jsonl"
    command = [program, "run", config_in(scratch, ROUNDS), "--output", output]
    mounted = mount(directory, "size=48k")
    limit = 40_000

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    try:
        result = run(command) if mounted else run(command, preexec_fn=limited)
        refused(result, ["cannot be written any further"], "full disk")
        before = output.read_bytes()
        check(before.endswith(b"\n") and len(records(output)) >= 2, "a full disk left a torn line behind")
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=16m", str(directory)], check=True)
        result = run(command)
        check(result.returncode == 0, f"with room again: {result.stderr}")
        check(output.read_bytes().startswith(before), "what was written before the disk was full has changed")
        compare_with_undisturbed(records(output), ROUNDS)
    finally:
        if mounted:
            subprocess.run(["umount", str(directory)], check=False)
    return "a file system of 48 kB" if mounted else f"files of at most {limit} bytes (no right to mount here)"


def read_only(program, scratch):
    directory = scratch / "read_only"
    directory.mkdir()
    mounted = mount(directory, "size=1m,ro")
    if not mounted:
        if os.geteuid() == 0:
            return "not tried: root writes everywhere, and may not mount here"
        directory.chmod(0o555)
    try:
        refused(run([program, "run", config_in(scratch, ROUNDS), "--output", directory / "x.jsonl"]),
                ["Read-only file system", "Permission denied"], "read-only directory")
    finally:
        if mounted:
            subprocess.run(["umount", str(directory)], check=False)
    return "a read-only file system" if mounted else "a directory without the right to write"


def vanished(program, scratch):
    directory = scratch / "vanishing"
    directory.mkdir()
    output = directory / "x.jsonl"
    command = [program, "run", config_in(scratch, ROUNDS), "--output", output]
    process = start(command)
    check(wait_for(lambda: len(records(output)) > 30, process), "ended before its directory could be removed")
    shutil.rmtree(directory)
    out, error = process.communicate(timeout=60)
    refused(subprocess.CompletedProcess([], process.returncode, out, error), ["was removed"], "vanished directory")
    result = run(command)
    check(result.returncode == 0, f"again after the directory vanished: {result.stderr}")
    compare_with_undisturbed(records(output), ROUNDS)


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        disk, directory = full_disk(program, scratch), read_only(program, scratch)
        vanished(program, scratch)
        print(f"disk_test: full disk ({disk}), read-only directory ({directory}), vanished directory: "
              "a message each, nothing written is lost")


if __name__ == "__main__":
    main()
