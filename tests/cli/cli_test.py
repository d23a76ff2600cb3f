#!/usr/bin/env python3
"""The command line as a user meets it: exit codes, messages, formats.

usage: cli_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import io
import json
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

HEADCOUNT = sys.argv[1]
SOURCE = pathlib.Path(sys.argv[2])


def run(*arguments, cwd=SOURCE, **more):
    return subprocess.run([HEADCOUNT, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=300, **more)


TINY = """
question: Does the path work?
problem: {embed_dim: 16, seq_len: 8}
axes:
  variant: [multi_head, streaming]
  backend: [naive, counting]
  num_heads: [1, 2, 3, 4]
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0001, budget_s: 10}
claims:
  - {id: equal, says: products cost the same, metric: core.multiplies, across: num_heads, expect: {equal: exactly}, outcome: supported}
  - {id: exps, says: exps are free, metric: softmax.exps, across: num_heads, expect: {equal: exactly}, outcome: refuted}
"""


class Lint(unittest.TestCase):
    REFERENCE = "results/reference/equal_complexity.jsonl"

    def test_every_rule_judges_every_subject_and_what_is_broken_has_a_remedy(self):
        result = run("lint", self.REFERENCE, "--json")
        report = json.loads(result.stdout)
        self.assertEqual(result.returncode, 0 if report["satisfied"] else 1)
        self.assertEqual([rule["rule"] for rule in report["rules"]], list(range(1, 13)))
        figures = {path.stem for path in (SOURCE / "plots").glob("*.py")} - {"frame", "style"}
        for rule in report["rules"]:
            subjects = [finding["subject"] for finding in rule["findings"]]
            self.assertLessEqual({f"figure {name}" for name in figures} | {"result", "table points", "claim R12"},
                                 set(subjects))
            for finding in rule["findings"]:
                self.assertTrue(finding["reason"], finding)
                self.assertEqual(finding["status"] == "not satisfied", bool(finding["remedy"]), finding)

    def test_what_is_no_result_is_a_usage_error(self):
        self.assertEqual(run("lint", "README.md").returncode, 2)


class Diff(unittest.TestCase):
    REFERENCE = "results/reference/equal_complexity.jsonl"

    def test_two_sides_of_one_result_are_paired_and_add_up(self):
        result = run("diff", self.REFERENCE, "--between", "num_heads=1,32", "--json")
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


class Count(unittest.TestCase):
    FLAGS = "--variant multi_head --batch 2 --q-len 33 --kv-len 77 --embed-dim 96 --num-heads 8".split()

    def count(self, *more):
        result = run("count", *self.FLAGS, "--format", "json", *more)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_json_has_the_documented_keys_and_its_total_is_the_sum(self):
        report = self.count("--ledger", "required")
        self.assertLessEqual({"problem", "ops", "total", "score_bytes", "workspace_bytes", "parameters", "kv_cache_bytes"},
                             set(report))
        for kind in ("multiplies", "adds", "compares", "divides", "exps", "bytes"):
            self.assertEqual(report["total"][kind], sum(op[kind] for op in report["ops"]))

    def test_required_is_the_default_ledger(self):
        self.assertEqual(self.count(), self.count("--ledger", "required"))

    def test_counts_equal_a_brute_force_count(self):
        ops = {(op["op"], op["role"]): op for op in self.count()["ops"]}
        batch, heads, q_len, kv_len, head_dim, embed_dim = 2, 8, 33, 77, 12, 96
        pairs = sum(1 for _ in range(q_len) for _ in range(kv_len))
        self.assertEqual(ops["matmul", "scores"]["multiplies"], batch * heads * pairs * head_dim)
        self.assertEqual(ops["matmul", "context"]["adds"], batch * heads * (pairs - q_len) * head_dim)
        self.assertEqual(ops["softmax", "weights"]["exps"], batch * heads * pairs)
        self.assertEqual(ops["matmul", "key"]["multiplies"], batch * kv_len * embed_dim**2)

    def test_causal_counts_exact_pairs(self):
        ops = {(op["op"], op["role"]): op for op in self.count("--causal")["ops"]}
        pairs = sum(1 for i in range(33) for j in range(77) if j <= i + 77 - 33)
        self.assertEqual(ops["softmax", "weights"]["exps"], 2 * 8 * pairs)

    def test_a_problem_of_60_gb_is_counted_at_once(self):
        started = time.monotonic()
        result = run("count", "--seq-len", 32768, "--embed-dim", 1024, "--num-heads", 16, "--format", "json")
        self.assertEqual(json.loads(result.stdout)["score_bytes"], 4 * 16 * 32768**2)
        # Generous: a process start on a busy machine; an actual allocation of 60 GB would fail or take far longer.
        self.assertLess(time.monotonic() - started, 10)

    def test_a_wrong_name_gives_a_suggestion_and_exit_2(self):
        result = run("count", "--variant", "multi_haed", "--seq-len", 8, "--embed-dim", 8)
        self.assertEqual(result.returncode, 2)
        self.assertIn("did you mean 'multi_head'", result.stderr)

    def test_heads_that_do_not_divide_give_the_nearest_divisors(self):
        result = run("count", "--seq-len", 8, "--embed-dim", 512, "--num-heads", 12)
        self.assertEqual(result.returncode, 2)
        self.assertIn("8 and 16", result.stderr)

    def test_every_preset_counts_a_block(self):
        for preset in ("vaswani-base", "vaswani-big", "bert-base", "bert-large", "gpt2-medium"):
            result = run("count", "--preset", preset, "--block")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("%", result.stdout)


class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        cls.config = cls.root / "tiny.yaml"
        cls.config.write_text(TINY)
        cls.result = cls.root / "tiny.jsonl"
        cls.first = run("run", cls.config, "--output", cls.result)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def records(self, kind):
        return [r for r in map(json.loads, self.result.read_text().splitlines()) if r["kind"] == kind]

    def test_a_run_journals_every_point_and_skips_with_a_reason(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr)
        points = self.records("point")
        self.assertEqual({p["outcome"] for p in points}, {"measured", "counted", "skipped"})
        self.assertTrue(all("3" in p["reason"] for p in points if p["outcome"] == "skipped"))

    def test_a_second_run_takes_nothing_twice(self):
        before = self.result.read_bytes()
        again = run("run", self.config, "--output", self.result)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.result.read_bytes(), before)

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

    def test_dry_run_lists_points_and_measures_nothing(self):
        result = run("run", self.config, "--dry-run", "--output", self.root / "never.jsonl")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("num_heads=4", result.stdout)
        self.assertFalse((self.root / "never.jsonl").exists())

    def test_dry_run_lists_points_under_their_parts(self):
        text = run("run", "configs/smoke.yaml", "--dry-run").stdout
        self.assertLess(text.index("part main: "), text.index("part core: "))
        self.assertIn("compared by num_heads", text)
        self.assertTrue(all("scope=core" in line for line in text[text.index("part core: "):].splitlines()
                            if line.startswith(("time ", "count "))))
        self.assertNotIn("part main", run("run", self.config, "--dry-run").stdout)

    def test_a_larger_budget_completes_what_a_smaller_one_ended(self):
        slow = self.root / "budget.yaml"
        slow.write_text(TINY.replace("min_sample_s: 0.0001", "min_sample_s: 0.05"))
        output = self.root / "budget.jsonl"
        self.assertEqual(run("run", slow, "--budget", "1s", "--output", output).returncode, 0)
        before = output.read_text()
        self.assertIn('"stopped_because":"budget"', before)
        again = run("run", slow, "--budget", "10m", "--output", output)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("budget_s was 1.0, is 600.0", again.stderr)
        after = output.read_text()
        self.assertTrue(after.startswith(before))
        added = [json.loads(line) for line in after[len(before):].splitlines()]
        self.assertEqual([r["kind"] for r in added].count("resume"), 1)
        self.assertEqual(added[0]["changed"], "budget_s was 1.0, is 600.0")
        rounds = [(r["group"], r["round"]) for r in map(json.loads, after.splitlines()) if r["kind"] == "round"]
        self.assertEqual(len(rounds), len(set(rounds)))
        self.assertEqual(run("verify", output).returncode, 0)

    def test_an_unfinished_run_is_open_not_wrong(self):
        lines = self.result.read_text().splitlines(keepends=True)
        output = self.root / "unfinished.jsonl"
        cut = [line for line in lines if not ('"kind":"point"' in line and "num_heads=4" in line)]
        output.write_text("".join(cut))
        result = run("verify", output)
        self.assertEqual(result.returncode, 3, result.stdout)
        self.assertIn("points missing", result.stdout)
        self.assertIn(f"To go on: headcount run {self.config}", result.stderr)

    def test_flags_of_google_benchmark_behind_the_dashes_are_handed_over(self):
        result = run("bench", self.config, "--", "--benchmark_list_tests")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("multi_head", result.stdout)

    def test_flags_of_google_benchmark_before_the_dashes_get_a_hint(self):
        result = run("bench", self.config, "--benchmark_filter=x")
        self.assertEqual(result.returncode, 2)
        self.assertIn("-- --benchmark_filter=x", result.stderr)

    def test_ctrl_c_exits_130_says_how_to_go_on_and_the_next_run_completes(self):
        slow = self.root / "slow.yaml"
        slow.write_text(TINY.replace("min_sample_s: 0.0001", "min_sample_s: 0.02"))
        output = self.root / "slow.jsonl"
        child = subprocess.Popen([HEADCOUNT, "run", slow, "--output", output], cwd=SOURCE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (output.exists() and '"kind":"round"' in output.read_text()):
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130)
        self.assertIn(f"headcount run {slow}", out)
        again = run("run", slow, "--output", output)
        self.assertEqual(again.returncode, 0, again.stderr)
        points = [json.loads(line) for line in output.read_text().splitlines() if '"kind":"point"' in line]
        self.assertEqual(len({p["point"] for p in points}), len(points))

    def test_set_and_filter_narrow_a_sweep(self):
        output = self.root / "narrow.jsonl"
        result = run("run", self.config, "--set", "num_heads=1,2", "--filter", "variant=streaming", "--filter",
                     "backend=counting", "--output", output)
        self.assertEqual(result.returncode, 0, result.stderr)
        kinds = [json.loads(line)["kind"] for line in output.read_text().splitlines()]
        self.assertEqual(kinds.count("point"), 2)

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

    def test_a_broken_config_names_file_line_and_column(self):
        broken = self.root / "broken.yaml"
        broken.write_text("question: x\nproblem: {embed_dim: 16, seq_len: 8}\naxes:\n  variant: [multi_head]\n  backedn: [naive]\n")
        result = run("run", broken, "--output", self.root / "broken.jsonl")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r"broken\.yaml:5:3: .*did you mean 'backend'")


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
            self.assertEqual(len(report["machine"]), 9)
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
        limits = json.loads(run("doctor", "--limits", "--threads", "1,2", "--json").stdout)["limits"]
        for name in ("fma_gflops.f32", "fma_gflops.f64", "exp_gops.f32", "exp2_gops.f32", "read_gbps", "write_gbps",
                     "copy_gbps", "triad_gbps"):
            for threads in (1, 2):
                self.assertGreater(limits[f"{name}.threads={threads}"], 0)
        table = run("doctor", "--limits", "--threads", "1").stdout
        self.assertIn("fma_gflops.f64", table)
        self.assertIn("1 thread", table)

    def test_what_makes_no_sense_is_refused(self):
        self.assertEqual(run("doctor", "--budget", "0").returncode, 2)
        self.assertNotEqual(run("doctor", "--threads", "2").returncode, 0)
        self.assertNotEqual(run("doctor", "--limits", "--threads", "0").returncode, 0)


class Lists(unittest.TestCase):
    def test_every_list_says_something(self):
        for what in ("variants", "backends", "metrics", "claims", "configs"):
            result = run("list", what)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertGreater(len(result.stdout.splitlines()), 1, what)

    def test_a_published_table_prints_theirs_beside_ours(self):
        result = run("table", "vaswani2017_table3")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("does not reproduce", result.stdout)

    def test_version_and_help(self):
        self.assertIn("commit", run("--version").stdout)
        self.assertIn("Exit codes", run("--help").stdout)
        self.assertEqual(run("frobnicate").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
