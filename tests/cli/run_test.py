#!/usr/bin/env python3
"""`run` and `bench`: what is journaled, resumed, narrowed, listed, refused, and left by an interrupt.

usage: run_test.py HEADCOUNT SOURCE_DIR
"""

import json
import signal
import subprocess
import time

from support import HEADCOUNT, SOURCE, TINY, TinySweep, main, run


class Run(TinySweep):
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

    def test_a_layer_behind_a_cache_is_checked_timed_and_judged(self):
        config = self.root / "step.yaml"
        config.write_text(TINY.replace("seq_len: 8", "q_len: 2, kv_len: 24, batch: 2, causal: true, cached: true")
                          .replace("[multi_head, streaming]", "[multi_head, latent, linear]").replace("[naive, counting]", "[naive]")
                          .replace("num_heads: [1, 2, 3, 4]", "num_heads: [1, 2, 4]").split("claims:")[0] + """
claims:
  - {id: step, says: new tokens are projected, metric: projections.multiplies, across: num_heads,
     where: {variant: multi_head}, expect: {equals: 4 * batch * q_len * embed_dim^2}, outcome: supported}
""")
        output = self.root / "step.jsonl"
        done = run("run", config, "--output", output)
        self.assertEqual(done.returncode, 0, done.stderr)
        points = [r for r in map(json.loads, output.read_text().splitlines()) if r["kind"] == "point"]
        self.assertEqual(sorted(p["outcome"] for p in points), 6 * ["measured"] + 3 * ["skipped"])
        for point in points:
            self.assertIn(",cached=true", point["point"])
            if point["outcome"] == "skipped":
                self.assertIn("linear keeps no rows of single tokens", point["reason"])
            else:
                self.assertTrue(point["check"]["done"])
                self.assertLessEqual(point["check"]["max_error"], point["check"]["bound"])
        self.assertEqual(run("verify", output).returncode, 0)
        self.assertEqual(run("lint", output).returncode, run("lint", self.result).returncode)

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

    def test_a_broken_config_names_file_line_and_column(self):
        broken = self.root / "broken.yaml"
        broken.write_text("question: x\nproblem: {embed_dim: 16, seq_len: 8}\naxes:\n  variant: [multi_head]\n  backedn: [naive]\n")
        result = run("run", broken, "--output", self.root / "broken.jsonl")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r"broken\.yaml:5:3: .*did you mean 'backend'")

    def test_flags_of_google_benchmark_behind_the_dashes_are_handed_over(self):
        result = run("bench", self.config, "--", "--benchmark_list_tests")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("multi_head", result.stdout)

    def test_flags_of_google_benchmark_before_the_dashes_get_a_hint(self):
        result = run("bench", self.config, "--benchmark_filter=x")
        self.assertEqual(result.returncode, 2)
        self.assertIn("-- --benchmark_filter=x", result.stderr)


if __name__ == "__main__":
    main()
