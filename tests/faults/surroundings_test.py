#!/usr/bin/env python3
"""The program in hostile surroundings: streams, signals, stops, namespaces, locales, paths, texts that travelled.

usage: surroundings_test.py HEADCOUNT
KINDS is the table: a kind of surroundings, its members, and what each does to the program. A new member is one line. What
this system does not allow (namespaces without the right to make them) is said, not passed over.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import surroundings_streams as of_streams
from support import check, children, compare_with_undisturbed, config_in, of_kind, records, run, start, wait_for
from surroundings import ROUNDS, Place, Unavailable, commands, ordinary


# ---- signals ----

def ignored(how):
    def member(program, scratch):
        place = Place(program, scratch / "x")
        process = start(place.command, preexec_fn=lambda: signal.signal(how, signal.SIG_IGN))
        check(wait_for(lambda: len(of_kind(records(place.output), "round")) >= 5, process), "ended too early")
        process.send_signal(how)
        _, error = process.communicate(timeout=120)
        place.ran(subprocess.CompletedProcess([], process.returncode, "", error), how.name)
    return member


def by_nohup(program, scratch):
    place = Place(program, scratch / "x")
    process = start(["nohup", *place.command])
    check(wait_for(lambda: len(of_kind(records(place.output), "round")) >= 5, process), "ended too early")
    process.send_signal(signal.SIGHUP)
    _, error = process.communicate(timeout=120)
    place.ran(subprocess.CompletedProcess([], process.returncode, "", error), "nohup")


# ---- stops ----

def stopped(whom, seconds, timeout_s=3):
    """`whom` gives what os.kill takes: the group, the program, its worker."""

    def member(program, scratch):
        place = Place(program, scratch / "x")
        place.config.unlink()
        place.config = config_in(place.folder, ROUNDS, sample_s=0.05, timeout_s=timeout_s)
        process = start(place.command, start_new_session=True)
        check(wait_for(lambda: len(of_kind(records(place.output), "round")) >= 5, process), "ended too early")
        target = whom(process.pid)
        os.kill(target, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(target, signal.SIGCONT)
        out, error = process.communicate(timeout=120)
        place.ran(subprocess.CompletedProcess([], process.returncode, out, error), "stopped")
        samples = [s["wall_s"] for r in of_kind(records(place.output), "round") for s in r["samples"]]
        check(max(samples) < seconds / 2, f"a sample of {max(samples):.2f} s was kept")
    return member


# ---- namespaces ----

def inside(*prefix):
    def member(program, scratch):
        if run([*prefix, "true"]).returncode != 0:
            raise Unavailable(" ".join(map(str, prefix))[:60])
        place = Place(program, scratch / "x")
        place.ran(run([*prefix, *place.command]), "run")
        result = run([*prefix, program, "verify", place.output])
        check(result.returncode == run([program, "verify", place.output]).returncode, f"verify: {result.stderr}")
    return member


def mounted(setup):
    return inside("unshare", "--mount", "sh", "-c", f'{setup} && exec "$0" "$@"')


# ---- another environment ----

def environment(**changes):
    def member(program, scratch):
        there, normally = ordinary(program)
        hostile = {**os.environ, **changes}
        place = Place(program, scratch / "x")
        place.ran(run(place.command, env=hostile), "run")
        for name, command in commands(program, there.output).items():
            got, normal = run(command, env=hostile), normally[name]
            check((got.returncode, got.stdout, got.stderr) == (normal.returncode, normal.stdout, normal.stderr),
                  f"{name}: another output")
    return member


# ---- paths ----

def path(name):
    def member(program, scratch):
        place = Place(program, scratch / name)
        place.ran(run(place.command), "run")
        place.ran(run(place.command), "again")
        for command in (["verify", place.output], ["table", place.output],
                        ["export", place.output, "--output", place.folder / "out"]):
            result = run([program, *command])
            check(result.returncode in (0, 1, 3), f"{command[0]}: exit code {result.returncode}: {result.stderr}")
        half = [place.folder / f"{part}.jsonl" for part in (1, 2)]
        for part, file in zip((1, 2), half):
            result = run([program, "run", place.config, "--shard", f"{part}/2", "--output", file])
            check(result.returncode == 0, f"shard: {result.stderr}")
        result = run([program, "merge", *half, "--output", place.folder / "merged.jsonl"])
        check(result.returncode == 0, f"merge: {result.stderr}")
    return member


# ---- texts that travelled ----

def travelled(change):
    """A finished journal and one that was interrupted, changed by an editor or another system."""

    def member(program, scratch):
        place = Place(program, scratch / "x")
        process = start(place.command)
        check(wait_for(lambda: len(of_kind(records(place.output), "round")) >= 7, process), "ended too early")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        before = place.output.read_bytes()
        place.output.write_bytes(change(before))
        result = run(place.command)
        check(result.returncode == 0, f"going on: {result.stderr}")
        check("torn" not in result.stderr and "damaged" not in result.stderr, f"going on: {result.stderr}")
        lines = [json.loads(line) for line in place.output.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        compare_with_undisturbed(lines, ROUNDS)
        there, normally = ordinary(program)
        place.output.write_bytes(change(there.output.read_bytes()))
        for name in ("verify", "table"):
            got = run(commands(program, place.output)[name])
            wanted = normally[name].stdout.replace(str(there.output), str(place.output))
            check((got.returncode, got.stdout) == (normally[name].returncode, wanted), f"{name}: {got.stderr}{got.stdout}")
        config = place.config.read_bytes()
        place.config.write_bytes(config.replace(b"\n", b"\r\n"))
        check(run([program, "run", place.config, "--dry-run"]).returncode == 0, "a config with CRLF")
    return member


# ---- going on ----

def fresh_twice(program, scratch):
    place = Place(program, scratch / "x")
    first = None
    for _ in range(3):
        place.ran(run([*place.command, "--fresh"]), "fresh")
        first = first or place.output.read_bytes()
    kept = sorted(p.name for p in place.folder.glob("x.jsonl*"))
    check(kept == ["x.jsonl", "x.jsonl.old", "x.jsonl.old.2"], f"kept: {kept}")
    check((place.folder / "x.jsonl.old").read_bytes() == first, "the first measurement is lost")


def another_host_name(program, scratch):
    place = Place(program, scratch / "x")
    named = lambda name: {**os.environ, "HEADCOUNT_HOST": name}  # noqa: E731
    place.ran(run(place.command, env=named("one")), "first")
    refused = run(place.command, env=named("two"))
    check(refused.returncode == 2, f"exit code {refused.returncode}")
    check("HEADCOUNT_HOST=one " in refused.stderr, f"names no way: {refused.stderr}")
    place.ran(run(place.command, env=named("one")), "by the way that it names")


def a_longer_time(program, scratch):
    """A point that takes longer than its time at first."""
    place = Place(program, scratch / "x")
    slow = ("question: Does it end?\nproblem: {embed_dim: 64, seq_len: 2500}\naxes: {variant: [multi_head], "
            "backend: [naive], num_heads: [1]}\nprotocol: {max_rounds: 1, min_rounds: 1, min_sample_s: 0.001}\n")
    place.config.write_text(slow)
    command = [*place.command, "--set"]
    short = run([*command, "protocol.timeout_s=0.1"])
    check(short.returncode == 1 and "timed out" in short.stderr, f"exit code {short.returncode}: {short.stderr}")
    same = run([*command, "protocol.timeout_s=0.1"])
    check(same.returncode == 1 and len(of_kind(records(place.output), "point")) == 1, "tried again under the same bound")
    longer = run([*command, "protocol.timeout_s=100"])
    check(longer.returncode == 0, f"exit code {longer.returncode}: {longer.stderr}")
    check([r["outcome"] for r in of_kind(records(place.output), "point")] == ["failed", "measured"], "no second try")
    check(of_kind(records(place.output), "resume")[-1]["again"] != [], "the journal does not say so")


def more_memory(program, scratch):
    place = Place(program, scratch / "x")
    little = run([*place.command, "--set", "protocol.memory_limit_bytes=1"])
    check("12 skipped" in little.stdout, little.stdout)
    place.ran(run([*place.command, "--set", "protocol.memory_limit_bytes=8000000000"]), "more")


def first_child(pid):
    return children(pid)[0]


KINDS = {
    "streams": {
        "standard input closed": of_streams.streams(of_streams.closed, 0, False),
        "standard output closed": of_streams.streams(of_streams.closed, 1, True),
        "standard error closed": of_streams.streams(of_streams.closed, 2, True),
        "all three closed": of_streams.all_closed,
        "standard output full": of_streams.streams(of_streams.full, 1, True),
        "standard error full": of_streams.streams(of_streams.full, 2, True),
        "standard output without a reader": of_streams.streams(of_streams.gone, 1, False),
        "standard error without a reader": of_streams.streams(of_streams.gone, 2, False),
        "without a reader, SIGPIPE ignored": of_streams.streams(of_streams.gone_and_signal_ignored, 1, False),
        "a full pipe that does not block": of_streams.slow_and_non_blocking,
        "at the limit of file sizes": of_streams.output_at_the_limit_of_file_sizes,
    },
    "signals": {
        "SIGHUP ignored": ignored(signal.SIGHUP),
        "SIGINT ignored": ignored(signal.SIGINT),
        "SIGTERM ignored": ignored(signal.SIGTERM),
        "nohup": by_nohup,
    },
    "stops": {
        "the process group, longer than its time": stopped(lambda pid: -pid, 5),
        "the program alone, longer than its time": stopped(lambda pid: pid, 5),
        "its worker alone, shorter than its time": stopped(first_child, 1),
        "the process group, for a moment": stopped(lambda pid: -pid, 0.7),
    },
    "namespaces": {
        "mounts and processes": inside("unshare", "--mount", "--pid", "--fork", "--mount-proc"),
        "users": inside("unshare", "--user", "--map-root-user"),
        "network": inside("unshare", "--net"),
        "no /sys": mounted("mount -t tmpfs none /sys"),
        "a home that cannot be written": mounted('mkdir -p "$HOME" && mount -t tmpfs -o ro none "$HOME"'),
        "no home": inside("env", "-u", "HOME"),
    },
    "environment": {
        "Turkish": environment(LC_ALL="tr_TR.UTF-8"),
        "German, decimal commas": environment(LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8"),
        "no such locale": environment(LC_ALL="no_SUCH", LANG="x"),
        "plain C": environment(LC_ALL="C", LANGUAGE="C"),
        "a terminal that is none": environment(TERM="dumb", COLUMNS="3"),
    },
    "paths": {
        "spaces": path("with some  spaces"),
        "quotes": path("it's a \"test\""),
        "a line end": path("two\nlines"),
        "no ASCII": path("größe-頭"),
        "what a shell would run": path("$(touch ran) `touch ran` & ; *"),
        "like an option": path("--output"),
    },
    "texts": {
        "line ends of Windows": travelled(lambda b: b.replace(b"\n", b"\r\n")),
        "no last line end": travelled(lambda b: b[:-1]),
        "a byte order mark": travelled(lambda b: b"\xef\xbb\xbf" + b),
        "empty lines": travelled(lambda b: b + b"\n\n"),
    },
    "going on": {
        "fresh, again and again": fresh_twice,
        "another host name": another_host_name,
        "under a longer time": a_longer_time,
        "under more memory": more_memory,
    },
}


def main():
    program = Path(sys.argv[1]).resolve()
    only = sys.argv[2:]
    told = []
    for kind, members in KINDS.items():
        if only and kind not in only:
            continue
        unavailable = []
        for name, member in members.items():
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    print(f"{kind}: {name}", flush=True)
                    member(program, Path(scratch))
                except Unavailable as why:
                    unavailable.append(f"{name} ({why})")
        told.append(f"{kind} {len(members) - len(unavailable)} of {len(members)}" +
                    (f", not allowed here: {'; '.join(unavailable)}" if unavailable else ""))
    print("surroundings_test: " + "; ".join(told))


if __name__ == "__main__":
    main()
