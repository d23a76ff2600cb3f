#!/usr/bin/env python3
"""`doctor`: what it compares, what it tells people and programs, its limits, its refusals.

usage: doctor_test.py HEADCOUNT SOURCE_DIR
"""

import json
import os
import pathlib
import tempfile
import unittest

from support import main, run


class Doctor(unittest.TestCase):
    def test_it_compares_a_point_with_itself_and_says_what_could_be_told(self):
        with tempfile.TemporaryDirectory() as folder:
            journal = pathlib.Path(folder) / "doctor.jsonl"
            for budget in ("6s", "60s"):  # the second where sanitizers or a crowd leave few rounds in six seconds
                journal.unlink(missing_ok=True)
                result = run("doctor", "--budget", budget, "--json", "--output", journal)
                # 3: on a busy machine one of these comparisons may come out different.
                self.assertIn(result.returncode, (0, 3), result.stderr)
                report = json.loads(result.stdout)
                if min(comparison["rounds"] for comparison in report["self_comparisons"]) >= 10:
                    break
            self.assertEqual({line["what"].split()[0] for line in report["machine"]} & {"load"}, {"load"})
            self.assertEqual(len(report["machine"]), 10)
            self.assertEqual(len(report["self_comparisons"]), 3)
            for comparison in report["self_comparisons"]:
                self.assertGreaterEqual(comparison["rounds"], 10)
                self.assertEqual([r["rounds"] for r in comparison["resolvable"]], [10, 20, 40, 80])
                self.assertTrue(all(r["margin"] > 0 for r in comparison["resolvable"]))
                different = not comparison["ratio"]["low"] <= 1 <= comparison["ratio"]["high"]
                self.assertEqual(comparison["different"], different)
            self.assertGreaterEqual(report["idle_neighbour"]["rounds"], 10)
            self.assertLessEqual(report["idle_neighbour"]["idle_cpu_s"], 0.03)
            # The journal is one like any other: its verdicts come from the same rounds.
            self.assertIn(run("verify", journal).returncode, (0, 3))

    def test_it_tells_people_the_same(self):
        result = run("doctor", "--budget", "6s", "--quiet")
        self.assertIn(result.returncode, (0, 3), result.stderr)
        for text in ("This machine", "(A/A)", "The smallest difference that can be told", "An idle neighbour"):
            self.assertIn(text, result.stdout)
        self.assertEqual("DIFFERENT" in result.stdout or "SLOWED DOWN" in result.stdout, result.returncode == 3)

    def test_limits_are_a_table_or_json(self):
        numbers = sorted({1, min(2, len(os.sched_getaffinity(0)))})
        limits = json.loads(run("doctor", "--limits", "--threads", ",".join(map(str, numbers)), "--json").stdout)["limits"]
        for name in ("fma_gflops.f32", "fma_gflops.f64", "exp_gops.f32", "exp2_gops.f32", "read_gbps", "write_gbps",
                     "copy_gbps", "triad_gbps"):
            for threads in numbers:
                self.assertGreater(limits[f"{name}.threads={threads}"], 0)
        table = run("doctor", "--limits", "--threads", "1").stdout
        self.assertIn("fma_gflops.f64", table)
        self.assertIn("1 thread", table)

    def test_what_makes_no_sense_is_refused(self):
        self.assertEqual(run("doctor", "--budget", "0").returncode, 2)
        self.assertNotEqual(run("doctor", "--threads", "2").returncode, 0)
        self.assertNotEqual(run("doctor", "--limits", "--threads", "0").returncode, 0)


if __name__ == "__main__":
    main()
