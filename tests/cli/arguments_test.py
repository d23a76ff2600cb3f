"""What stands on a command line: lists take one value each time and never what follows; what the program prints to be typed
can be typed, whatever a path holds.

usage: arguments_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import HEADCOUNT, SOURCE, TINY, TinySweep, main, run

FOLDER = "it's a \"test\" ü"
WITH_LINE_BREAK = "it's a\n\"test\" ü"
# Values of list options that their commands accept; of any other the name is enough to be refused alike.
VALUES = {"--set": ["num_heads=1", "seq_len=8"], "--filter": ["variant=streaming", "backend=naive"],
          "--claim": ["equal", "exps"], "--only": ["time_over_heads", "breakdown"], "--threads": ["1", "2"],
          "--columns": ["time", "ratio"], "--sort": ["time", "num_heads:desc"], "--base": ["num_heads=1", "backend=naive"],
          "--where": ["num_heads=1", "variant=streaming"], "--num-heads": ["1", "2"],
          "--left": ["backend=naive"], "--right": ["backend=counting"],
          "--point": ["multi_head/naive/seq_len=8,embed_dim=16,num_heads=1",
                      "multi_head/naive/seq_len=8,embed_dim=16,num_heads=2"]}


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = json.loads(run("flags").stdout)

    def of_lists(self):
        for command, flags in self.commands.items():
            arguments = [flag["name"] for flag in flags if flag["positional"] and flag["required"]]
            for flag in flags:
                if flag["takes"] == "list" and not flag["positional"]:
                    yield command, flag, arguments

    def test_the_list_is_the_programs_own(self):
        found = {(command, flag["name"]) for command, flag, _ in self.of_lists()}
        for known in (("verify", "--claim"), ("plot", "--only"), ("run", "--set"), ("bench", "--filter"),
                      ("doctor", "--threads"), ("model", "--num-heads"), ("diff", "--left")):
            self.assertIn(known, found)
        for command, flags in self.commands.items():
            if command in ("worker", "flags"):
                continue
            told = run(command, "--help").stdout
            for flag in flags:
                self.assertIn(flag["name"].split(",")[0], told)

    def test_every_list_in_every_order(self):
        """Arguments that name nothing are refused by name, before and after the list alike; none is eaten."""
        for command, flag, arguments in self.of_lists():
            name = flag["name"].split(",")[0]
            values = VALUES[name]
            given = [f"no_such_{argument}" for argument in arguments]
            needs = [flag["needs"]] if flag["needs"] else []
            repeated = [word for value in values for word in (name, value)]
            joined = [f"{name}={value}" for value in values]
            forms = [repeated, joined]
            if flag["delimiter"]:
                forms.append([name, flag["delimiter"].join(values)])
            if not given:  # nothing can be eaten but a stray word, which is refused
                stray = run(command, *needs, *repeated, "stray")
                self.assertEqual(stray.returncode, 2, (command, name))
                self.assertIn("stray", stray.stderr + stray.stdout)
                continue
            said = {}
            for form in forms:
                for order in ([*given, *form], [*form, *given], [*form[:2], *given, *form[2:]]):
                    done = run(command, *needs, *order)
                    said[(done.returncode, done.stdout, done.stderr)] = order
                    self.assertNotIn("required", done.stdout + done.stderr, (command, order))
            self.assertEqual(len(said), 1, (command, said))
            (code, out, err), = said
            self.assertEqual(code, 2, (command, err))
            self.assertIn("no_such_", out + err, (command, name))

    def test_every_flag_that_may_stand_alone_in_every_order(self):
        found = 0
        for command, flags in self.commands.items():
            arguments = [f"no_such_{flag['name']}.jsonl" for flag in flags if flag["positional"] and flag["required"]]
            for flag in (flag for flag in flags if flag["alone"]):
                found += 1
                orders = [[*arguments, flag["name"]], [flag["name"], *arguments],
                          [flag["name"], flag["alone"], *arguments], [*arguments, flag["name"], flag["alone"]],
                          [f"{flag['name']}={flag['alone']}", *arguments]]
                said = {(done.returncode, done.stdout, done.stderr) for done in (run(command, *o) for o in orders)}
                self.assertEqual(len(said), 1, said)
                self.assertIn("no_such_", str(said))
        self.assertGreater(found, 0)


class OnAResult(TinySweep):
    def test_a_list_before_the_file_with_other_flags_behind(self):
        orders = set()
        parts = (["--claim", "equal"], ["--claim", "exps"], [self.result], ["--format", "csv"])
        for order in itertools.permutations(parts):
            done = run("verify", *[word for part in order for word in part])
            self.assertEqual(done.returncode, 0, done.stderr)
            orders.add("".join(sorted(done.stdout.splitlines(keepends=True))))
        self.assertEqual(len(orders), 1)
        self.assertIn("equal,", orders.pop())

    def test_rounds_are_checked_together(self):
        for order in itertools.permutations(["protocol.max_rounds=3", "protocol.min_rounds=3"]):
            done = run("run", self.config, "--dry-run", "--set", order[0], "--set", order[1])
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(run("run", self.config, "--dry-run", "--set", "protocol.min_rounds=20").returncode, 2)


class Typed(unittest.TestCase):
    """Every command that was printed goes through `sh -c` and does what it says."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        bin_folder = self.root / "bin"
        bin_folder.mkdir()
        (bin_folder / "headcount").symlink_to(HEADCOUNT)
        self.environment = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}", HEADCOUNT_DATA_DIR=str(SOURCE))

    def typed(self, command, code=0):
        done = subprocess.run(["sh", "-c", command], capture_output=True, cwd=self.root, env=self.environment, timeout=300)
        self.assertEqual(done.returncode, code, (command, done.stdout, done.stderr))
        return done.stdout.decode()

    def printed(self, text, begin):
        """The commands on lines that hold `begin` before them."""
        found = re.findall(rf"{begin}(headcount .*?)(?:   \(one.*)?$", text, re.MULTILINE)
        self.assertTrue(found, (begin, text))
        return found

    def measured(self, folder):
        place = self.root / folder
        place.mkdir()
        config = place / "my config.yaml"
        config.write_text(TINY)
        result = place / "a result.jsonl"
        return config, result, run("run", config, "--output", result, cwd=self.root)

    def test_what_is_printed_can_be_typed(self):
        for folder in (FOLDER, WITH_LINE_BREAK, "$HOME `id`; exit 9"):
            with self.subTest(folder):
                config, result, first = self.measured(folder)
                self.assertEqual(first.returncode, 0, first.stderr)
                verdicts, = self.printed(first.stdout, "verdicts: ")
                for command in self.printed(self.typed(verdicts), "Each claim in full: "):
                    explained = self.typed(command)
                for command in self.printed(explained, "reproduce: "):
                    self.assertIn("equal" if "equal" in command else "exps", self.typed(command))
                table = csv.DictReader(run("verify", result, "--combinations", "--format", "csv").stdout.splitlines(True))
                commands = {row["reproduce"] for row in table if row["reproduce"].startswith("headcount run ")}
                self.assertTrue(commands)
                for command in commands:  # of one combination: one, two and four heads, timed or counted
                    self.assertRegex(self.typed(command + " --dry-run"), r"\b3 (points to time|to count)\b")
                merged = run("merge", result, "--output", result.with_name("w h o l e.jsonl"), cwd=self.root)
                self.typed(self.printed(merged.stdout, "verdicts: ")[0])
                shard = run("run", config, "--shard", "1/2", "--output", result.with_name("half 1.jsonl"), cwd=self.root)
                joined, = self.printed(shard.stdout, "with the other shards: ")
                run("run", config, "--shard", "2/2", "--output", result.with_name("half2.jsonl"))
                self.typed(joined.replace("SHARD...", f"'{self.root}'/*/half*.jsonl"))
                self.assertTrue((self.root / "my config.jsonl").exists())
                shutil.rmtree(self.root / folder)
                (self.root / "my config.jsonl").unlink()

    def test_a_run_that_was_cut_short_goes_on_by_the_recorded_command(self):
        config, result, first = self.measured(FOLDER)
        self.assertEqual(first.returncode, 0, first.stderr)
        lines = result.read_text().splitlines(keepends=True)
        last = max(i for i, line in enumerate(lines) if json.loads(line)["kind"] == "point")
        result.write_text("".join(line for i, line in enumerate(lines) if i != last))
        told = run("table", result)
        command, = self.printed(told.stdout + told.stderr, "To go on: ")
        self.assertIn("a result.jsonl", self.typed(command))
        self.assertEqual(result.read_text().count('"kind":"point"'), "".join(lines).count('"kind":"point"'))

    def test_advice_of_errors(self):
        config, result, first = self.measured(FOLDER)
        refused = run("show", "multi_head/naive/seq_len=9,embed_dim=16,num_heads=1", "--result", result)
        command = re.search(r"`(headcount .*)` lists", refused.stderr).group(1)
        self.assertIn("multi_head", self.typed(command))
        extras = run("bench", config, "--benchmark_list_tests")
        command = extras.stderr[extras.stderr.index("headcount bench"):].strip()
        self.assertIn("streaming", self.typed(command))


if __name__ == "__main__":
    main()
