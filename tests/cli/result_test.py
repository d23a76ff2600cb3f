#!/usr/bin/env python3
"""What is read out of a result: `verify`, `table`, `export`, `show`, `lint`, `diff`.

usage: result_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import io
import json
import pathlib
import re
import statistics
import subprocess
import unittest

from support import SOURCE, TINY, TinySweep, main, run


class Result(TinySweep):
    def test_verify_exits_0_because_refuting_what_must_be_refuted_is_success(self):
        result = run("verify", self.result)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("refuted", result.stdout)
        self.assertIn("headcount ", result.stdout)

    def test_verify_exits_1_when_an_exact_claim_comes_out_otherwise(self):
        wrong = self.root / "wrong.yaml"
        wrong.write_text(TINY.replace("expect: {equal: exactly}, outcome: supported", "expect: {equal: exactly}, outcome: refuted"))
        output = self.root / "wrong.jsonl"
        self.assertEqual(run("run", wrong, "--output", output).returncode, 0)
        self.assertEqual(run("verify", output).returncode, 1)

    def test_an_unfinished_run_is_open_not_wrong(self):
        lines = self.result.read_text().splitlines(keepends=True)
        output = self.root / "unfinished.jsonl"
        cut = [line for line in lines if not ('"kind":"point"' in line and "num_heads=4" in line)]
        output.write_text("".join(cut))
        result = run("verify", output)
        self.assertEqual(result.returncode, 3, result.stdout)
        self.assertIn("points missing", result.stdout)
        self.assertIn(f"To go on: headcount run {self.config}", result.stderr)

    def test_tables_come_as_markdown_csv_and_latex(self):
        self.assertIn("|", run("table", self.result, "--format", "markdown").stdout)
        self.assertIn(r"\toprule", run("table", self.result, "--format", "latex").stdout)
        rows = list(csv.DictReader(io.StringIO(run("table", self.result, "--format", "csv").stdout)))
        self.assertGreaterEqual(len(rows), 12)

    def test_export_as_google_benchmark_json(self):
        output = self.root / "gbench.json"
        result = run("export", self.result, "--format", "gbench", "--output", output)
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(output.read_text())
        self.assertIn("num_cpus", report["context"])
        self.assertTrue(all("real_time" in b for b in report["benchmarks"]))
        compare = pathlib.Path("/usr/share/benchmark/compare.py")  # Debian's libbenchmark-tools
        if not compare.exists():
            self.skipTest("Google Benchmark's compare.py is not installed")
        accepted = subprocess.run(["/usr/bin/python3", compare, "benchmarks", output, output], capture_output=True,
                                  text=True, timeout=120)
        self.assertEqual(accepted.returncode, 0, accepted.stderr)
        self.assertIn("multi_head/naive", accepted.stdout)

    def test_show_explains_a_point(self):
        point = self.records("point")[0]["point"]
        result = run("show", point)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("num_heads", result.stdout)

    def test_show_puts_the_time_of_a_result_beside_its_bound(self):
        reference = "results/reference/kernels.jsonl"
        point = "streaming/simd/seq_len=512,embed_dim=512,num_heads=8,scope=core"
        result = run("show", point, "--result", reference)
        self.assertEqual(result.returncode, 0, result.stderr)
        bound, = re.findall(r"bound +([0-9.]+) ms  arithmetic", result.stdout)
        (time_ms, ratio), = re.findall(r"time +([0-9.]+) ms  median, ([0-9.]+) of the bound", result.stdout)
        rounds = (json.loads(line) for line in (SOURCE / reference).read_text().splitlines())
        samples = [sample["wall_s"] for record in rounds if record["kind"] == "round" and not record["disturbed"]
                   for sample in record["samples"] if sample["point"] == point]
        self.assertAlmostEqual(float(time_ms), 1000 * statistics.median(samples), delta=0.001 * float(time_ms))
        self.assertAlmostEqual(float(ratio), float(time_ms) / float(bound), delta=0.01)
        absent = run("show", "streaming/simd/seq_len=33,embed_dim=512,num_heads=8", "--result", reference)
        self.assertEqual(absent.returncode, 2)
        self.assertIn("has no point", absent.stderr)


class Lint(unittest.TestCase):
    REFERENCE = "results/reference/equal_complexity.jsonl"

    def test_every_rule_judges_every_subject_and_what_is_broken_has_a_remedy(self):
        result = run("lint", self.REFERENCE, "--json")
        report = json.loads(result.stdout)
        self.assertEqual(result.returncode, 0 if report["satisfied"] else 1)
        self.assertEqual([rule["rule"] for rule in report["rules"]], list(range(1, 13)))
        scripts = {path: path.read_text() for path in (SOURCE / "plots").glob("*.py")}
        figures = {path.stem for path, text in scripts.items() if "\nSHOWS = " in text and "studies." not in text}
        of_trainings = {path.stem for path, text in scripts.items() if '"needs": "trainings"' in text}
        self.assertTrue(of_trainings)
        for rule in report["rules"]:
            subjects = [finding["subject"] for finding in rule["findings"]]
            self.assertLessEqual({f"figure {name}" for name in figures - of_trainings} | {"result", "table points", "claim R12"},
                                 set(subjects))
            self.assertFalse({f"figure {name}" for name in of_trainings} & set(subjects), "nothing is trained here")
            for finding in rule["findings"]:
                self.assertTrue(finding["reason"], finding)
                self.assertEqual(finding["status"] == "not satisfied", bool(finding["remedy"]), finding)

    def test_what_is_no_result_is_a_usage_error(self):
        self.assertEqual(run("lint", "README.md").returncode, 2)


class Diff(unittest.TestCase):
    REFERENCE = "results/reference/equal_complexity.jsonl"

    def test_two_sides_of_one_result_are_paired_and_add_up(self):
        result = run("diff", self.REFERENCE, "--between", "num_heads=1,32", "--format", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual(sum(report["counts"].values()), len(report["points"]))
        self.assertTrue(all(point["paired"] and point["p"] <= point["p_holm"] for point in report["points"]))
        self.assertEqual(report["differs"], [])

    def test_exit_codes(self):
        sides = ("diff", self.REFERENCE, "--between", "num_heads=1,32")
        self.assertEqual(run(*sides, "--fail-if-slower").returncode, 1)
        for wrong in ((), ("--between", "num_heads=1"), ("--between", "num_heads"), ("--left", "=1"),
                      ("--between", "num_heds=1,2"), ("--between", "num_heads=1,999")):
            with self.subTest(wrong):
                result = run("diff", self.REFERENCE, *wrong)
                self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        copy = run("diff", self.REFERENCE, self.REFERENCE)
        self.assertIn(copy.returncode, (0, 3))
        self.assertIn("the same run", copy.stdout)


if __name__ == "__main__":
    main()
