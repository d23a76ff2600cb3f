"""What the members of surroundings_test.py share: a folder with a config, and what commands do in ordinary surroundings."""
import functools
import tempfile
from pathlib import Path

from support import check, compare_with_undisturbed, config_in, of_kind, records, run

ROUNDS = 10
SHARED = tempfile.TemporaryDirectory()


class Unavailable(Exception):
    """This system does not allow it."""


class Place:
    """A folder, and in it a config, and commands with what they do in ordinary surroundings."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        folder.mkdir(parents=True)
        self.config = config_in(folder, ROUNDS)
        self.output = folder / "x.jsonl"
        self.command = [program, "run", self.config, "--output", self.output]

    def whole(self, what):
        lines = records(self.output)
        last = {r["point"]: r for r in of_kind(lines, "point")}  # one that was tried again has two
        compare_with_undisturbed([r for r in lines if r["kind"] != "point" or r is last[r["point"]]], ROUNDS)
        for line in self.output.read_bytes().splitlines():
            check(line.startswith(b'{"kind":"') and line.endswith(b'"}'), f"{what}: a stray line in the journal: {line[:80]}")

    def ran(self, result, what, code=0):
        check(result.returncode == code, f"{what}: exit code {result.returncode}, not {code}: {result.stderr}")
        self.whole(what)


COUNT = ["count", "--seq-len", "32", "--embed-dim", "64", "--num-heads", "8"]


def commands(program, result):
    """Each kind of command that measures nothing, by where it prints: standard output, standard error, both."""
    return {"count, JSON": [program, *COUNT, "--format", "json"],
            "count, refused": [program, "count", "--seq-len", "32", "--num-heads", "12", "--embed-dim", "512"],
            "verify": [program, "verify", result],
            "table": [program, "table", result, "--format", "csv"],
            "list": [program, "list", "variants"],
            "help": [program, "run", "--help"],
            "version": [program, "--version"],
            "no command": [program, "no-such-command"]}


@functools.cache
def ordinary(program):
    """A result in ordinary surroundings, and what each command says of it there."""
    place = Place(program, Path(tempfile.mkdtemp(dir=SHARED.name)) / "ordinary")
    place.ran(run(place.command), "ordinary")
    return place, {name: run(command) for name, command in commands(program, place.output).items()}
