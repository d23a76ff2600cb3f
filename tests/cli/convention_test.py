#!/usr/bin/env python3
"""`count --convention`: its formats, ours against the report of `count`, its refusals.

usage: convention_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import io
import json
import pathlib
import re
import tempfile
import unittest

from support import SOURCE, main, run

FLAGS = "--seq-len 1024 --embed-dim 512 --num-heads 8".split()
NAMES = sorted(path.stem for path in (SOURCE / "configs" / "conventions").glob("*.yaml"))


class Conventions(unittest.TestCase):
    def json(self, *more):
        result = run("count", *more, "--format", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def all(self, *more):
        return {one["name"]: one for one in self.json(*FLAGS, "--convention", "all", *more)["conventions"]}

    def test_all_has_every_file_and_every_blank_its_reason(self):
        for more in ([], ["--causal"], ["--variant", "streaming", "--num-kv-heads", "2"], ["--value-head-dim", "32"]):
            found = self.all(*more)
            self.assertEqual(sorted(found), NAMES)
            for name, convention in found.items():
                for part in ("core", "projections", "layer"):
                    for cell in convention[part].values():
                        self.assertNotEqual(cell["value"] is None, "silent" not in cell, (name, part))

    def test_the_numbers_of_the_page(self):
        core = {name: convention["core"] for name, convention in self.all().items()}
        self.assertEqual(core["flash_attn"]["forward"]["value"], 2147483648)
        for name in ("fvcore", "megatron", "kaplan"):
            self.assertEqual(core[name]["forward"]["value"], 1073741824)
        both = [cells["both"]["value"] for cells in core.values() if cells["both"]["value"] is not None]
        self.assertEqual((min(both), max(both)), (3221225472, 7516192768))

    def test_ours_is_what_count_counts(self):
        sizes = ["--batch", 2, "--q-len", 33, "--kv-len", 77, "--embed-dim", 96, "--num-heads", 8, "--causal"]
        for variant in ("multi_head", "streaming"):
            for ledger in ("required", "executed"):
                flags = [*sizes, "--variant", variant, "--ledger", ledger]
                ours = self.json(*flags, "--convention", "exact")["conventions"][0]
                self.assertEqual(ours["name"], "exact")
                for which in ("forward", "backward"):
                    total = self.json(*flags, "--pass", which)["total"]
                    self.assertEqual(ours["layer"][which]["value"], total["multiplies"] + total["adds"])
                    core = self.json(*flags, "--pass", which, "--scope", "core")["total"]
                    self.assertEqual(ours["core"][which]["value"], core["multiplies"] + core["adds"])
                counted = self.json(*flags, "--scope", "core")["total"]
                self.assertEqual(ours["apart"], {noun: counted[noun] for noun in ("compares", "divides", "exps")})

    def test_the_pass_of_the_point_changes_nothing(self):
        self.assertEqual(self.all(), self.all("--pass", "both"))

    def test_csv_has_a_line_for_each_convention_part_and_pass(self):
        result = run("count", *FLAGS, "--convention", "all", "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
        self.assertEqual(len(rows), 9 * len(NAMES))
        palm = next(row for row in rows if (row["convention"], row["part"], row["pass"]) == ("palm", "core", "both"))
        self.assertEqual(palm["value"], "6442450944")
        self.assertIn("leaves out scale and softmax", palm["differs"])

    def test_text_shows_one_beside_ours_with_formula_source_and_differences(self):
        text = run("count", *FLAGS, "--convention", "kaplan").stdout
        for part in ("exact ", "kaplan ", "1073741824", "0.4962", "2 * q_len * num_heads", "arXiv:2001.08361",
                     "although nothing is masked"):
            self.assertIn(part, text)
        self.assertNotIn("megatron", text)
        core = run("count", *FLAGS, "--convention", "kaplan", "--scope", "core").stdout
        self.assertNotIn("\nlayer\n", core)

    def test_the_report_of_count_names_its_convention(self):
        self.assertIn("convention exact", run("count", *FLAGS).stdout.splitlines()[2])
        self.assertEqual(self.json(*FLAGS)["convention"], "exact")

    def test_the_convention_of_docs_adding_is_complete(self):
        page = (SOURCE / "docs" / "adding.md").read_text()
        written = re.search(r"^## A convention\n.*?^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "blog.yaml"
            path.write_text(written)
            ours, blog = self.json(*FLAGS, "--causal", "--convention", path)["conventions"]
        self.assertEqual((ours["name"], blog["name"]), ("exact", "blog"))
        self.assertEqual([cell["value"] for cell in blog["core"].values()], [1073741824, 2147483648, 3221225472])
        self.assertIn("it takes half of all pairs", blog["differs"])

    def test_what_cannot_be_is_refused(self):
        unknown = run("count", *FLAGS, "--convention", "megatrn")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("did you mean 'megatron'", unknown.stderr)
        self.assertEqual(run("count", *FLAGS, "--convention", "nowhere.yaml").returncode, 2)
        block = run("count", "--preset", "bert-base", "--block", "--convention", "all")
        self.assertEqual(block.returncode, 2)
        self.assertIn("leave --block", block.stderr)


if __name__ == "__main__":
    main()
