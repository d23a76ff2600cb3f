#!/usr/bin/env python3
"""`table all`: every published table in a line each, as text, Markdown and CSV; what is not as expected is named.

usage: table_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import io
import os
import pathlib
import shutil
import tempfile
import time
import unittest

from support import SOURCE, main, run

TABLES = sorted(path.stem for path in (SOURCE / "configs" / "tables").glob("*.yaml"))


class AllTables(unittest.TestCase):
    def copied(self, folder):
        """A data folder of our own, whose tables may be changed."""
        shutil.copytree(SOURCE / "configs", pathlib.Path(folder) / "configs")
        (pathlib.Path(folder) / "plots").mkdir()
        return {**os.environ, "HEADCOUNT_DATA_DIR": folder}

    def test_all_come_out_as_expected_and_soon(self):
        started = time.monotonic()
        result = run("table", "all")
        # Half a second on two idle cores; 30 s is what CI may take for all of them under a sanitizer.
        self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("Every status is as its table's file expects.", result.stdout)
        lines = result.stdout.splitlines()
        for name in TABLES:
            self.assertEqual(sum(line.startswith(name + " ") for line in lines), 1, name)
        self.assertLessEqual(max(map(len, lines)), 120)

    def test_csv_and_markdown_have_the_same_numbers_and_their_totals(self):
        rows = list(csv.DictReader(io.StringIO(run("table", "all", "--format", "csv").stdout)))
        self.assertEqual([row["table"] for row in rows], TABLES + ["total"])
        for status in ("reproduced", "within tolerance", "does not reproduce", "ours", "not attempted"):
            self.assertEqual(sum(int(row[status]) for row in rows[:-1]), int(rows[-1][status]), status)
        self.assertEqual({row["as expected"] for row in rows}, {"yes"})
        self.assertGreater(int(rows[-1]["reproduced"]), 200)
        markdown = run("table", "all", "--format", "markdown").stdout
        for row in rows:
            self.assertIn(f"| {row['reproduced']} | {row['within tolerance']} | {row['does not reproduce']} |", markdown)

    def test_each_says_in_csv_what_all_says_of_it(self):
        rows = csv.DictReader(io.StringIO(run("table", "all", "--format", "csv").stdout))
        told = {row["table"]: row for row in rows}
        cells = list(csv.DictReader(io.StringIO(run("table", "step3_table3", "--format", "csv").stdout)))
        for status in ("reproduced", "does not reproduce", "not attempted"):
            self.assertEqual(sum(cell["status"] == status for cell in cells), int(told["step3_table3"][status]), status)
        skipped = [cell for cell in cells if cell["status"] == "not attempted"]
        self.assertTrue(all(cell["not_attempted"] and not cell["ours"] for cell in skipped))

    def test_a_wrong_printed_number_is_named_and_gives_exit_1(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = self.copied(folder)
            table = pathlib.Path(folder) / "configs" / "tables" / "shazeer2019_table1.yaml"
            table.write_text(table.read_text().replace("d_ff: 5440", "d_ff: 5441", 1))
            result = run("table", "all", env=environment)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stdout, r"shazeer2019_table1 .* NO\n")
            self.assertRegex(result.stdout, r"total .* NO\n")
            self.assertIn("printed 5441, ours 5440: does not reproduce, which the file does not expect", result.stdout)
            self.assertEqual(run("table", "all", "--format", "csv", env=environment).returncode, 1)

    def test_a_finding_that_is_none_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = self.copied(folder)
            table = pathlib.Path(folder) / "configs" / "tables" / "deepseekv3_insights_table1.yaml"
            table.write_text(table.read_text().replace("value: 7.28", "value: 7.34", 1))
            result = run("table", "all", env=environment)
            self.assertEqual(result.returncode, 1)
            self.assertIn("printed 7.34, ours 7.34: reproduced, which the file does not expect", result.stdout)

    def test_a_broken_table_is_refused_with_its_place(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = self.copied(folder)
            (pathlib.Path(folder) / "configs" / "tables" / "zz.yaml").write_text("title: T\n")
            result = run("table", "all", env=environment)
            self.assertEqual(result.returncode, 2)
            self.assertIn("zz.yaml", result.stderr)


if __name__ == "__main__":
    main()
