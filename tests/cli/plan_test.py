#!/usr/bin/env python3
"""The plan of `run --dry-run` tells what will be judged, what was filled in, whether its times were tried, what the budget
will cut and which margin it cannot resolve.

usage: plan_test.py HEADCOUNT SOURCE_DIR
"""

import re

from support import SOURCE, TINY, TinySweep, main, run

TIMED = """question: Do heads cost time?
problem: {embed_dim: 16, seq_len: 8, causal: false}
axes:
  variant: [multi_head, streaming]
  backend: [naive]
  num_heads: [1, 2, 4]
compare_by: num_heads
protocol: {%s}
parts:
  core:
    problem: {scope: core, variant: multi_head, backend: counting}
    axes: {num_heads: [1, 2]}
claims:
  - {id: heads, says: they cost no time, metric: time, across: num_heads, base: 1, where: {variant: [multi_head]}, expect: {%s}}
  - {id: exps, says: exps are free, metric: softmax.exps, across: num_heads, base: 1, part: core, expect: {equal: exactly},
     outcome: refuted}
"""
ROUNDS = "min_rounds: 10, max_rounds: 80, min_sample_s: 0.0001, budget_s: 60"


class Plan(TinySweep):
    def config_of(self, protocol=ROUNDS, expect="within: 0.5"):
        path = self.root / "timed.yaml"
        path.write_text(TIMED % (protocol, expect))
        return path

    def plan(self, config, *options):
        done = run("run", config, "--dry-run", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_the_claims_stand_in_the_plan(self):
        text = self.plan(self.config_of()).stdout
        self.assertIn("claim  heads  time across num_heads, base num_heads=1: between 0.5 and 1.5 times the base; "
                      "where variant=multi_head; 1 comparison of 3 points\n", text)
        self.assertIn("claim  exps  softmax.exps across num_heads, base num_heads=1: equal exactly, refuted; part core; "
                      "1 comparison of 2 points\n", text)
        self.assertIn("base the first point", self.plan(self.config).stdout)

    def test_a_claim_that_an_option_took_points_of_says_so(self):
        self.assertIn("without a verdict: its base stands alone",
                      self.plan(self.config_of(), "--set", "core/num_heads=1").stdout)

    def test_comparisons_that_cannot_run_here_are_told_apart(self):
        text = self.plan(self.config_of(), "--set", "seq_len=8,1000000").stdout
        self.assertIn("; 2 comparisons of 6 points, 1 of them skipped here\n", text)

    def test_what_was_filled_in_stands_in_the_plan(self):
        text = self.plan(self.config_of()).stdout
        fields = re.search(r"(?m)^by default: (.*)$", text)[1].split(", ")
        self.assertIn("batch=1", fields)
        self.assertIn("dtype=f32", fields)
        self.assertIn("num_kv_heads from num_heads", fields)
        self.assertIn("scope=layer (in 1 of 2 parts)", fields)
        self.assertFalse([f for f in fields if f.startswith(("causal", "num_heads", "embed_dim"))], fields)
        settings = re.search(r"(?m)^protocol by default: (.*)$", text)[1].split(", ")
        self.assertIn("target_rel_ci=0.02", settings)
        self.assertFalse([s for s in settings if s.startswith(("budget_s", "max_rounds"))], settings)
        for option in (["--set", "target_rel_ci=0.5"], ["--budget", "1m"]):
            self.assertNotIn("budget_s", re.search(r"(?m)^protocol by default: (.*)$", text)[1], option)
        text = self.plan(self.config_of(), "--set", "protocol.target_rel_ci=0.02", "--set", "dtype=f32").stdout
        self.assertNotIn("target_rel_ci", re.search(r"(?m)^protocol by default: (.*)$", text)[1])
        self.assertNotIn("dtype", re.search(r"(?m)^by default: (.*)$", text)[1])
        without = self.root / "without.yaml"
        without.write_text(re.sub(r"(?m)^protocol.*\n", "", TINY))
        self.assertIn("budget_s=120", re.search(r"(?m)^protocol by default: (.*)$", self.plan(without).stdout)[1])
        self.assertNotIn("budget_s", re.search(r"(?m)^protocol by default: (.*)$", self.plan(without, "--budget", "1m").stdout)[1])

    def test_a_plan_says_whether_it_is_calibrated(self):
        self.assertRegex(self.plan(self.config).stdout, r"(?m)^calibrated by a trial of 6 of 6 points, which took ")
        text = self.plan(self.config, "--set", "backend=counting").stdout
        self.assertNotIn("calibrated", text)
        self.assertIn("time: nothing is timed", text)
        slow = self.plan(self.config, "--set", "backend=naive", "--set", "seq_len=8192", "--set", "embed_dim=1024",
                         "--set", "num_heads=1,2").stdout
        self.assertIn("not calibrated, times may be five times off: no point is short enough", slow)

    def test_the_plan_says_what_the_budget_will_cut(self):
        self.assertNotRegex(self.plan(self.config_of()).stdout, "(?m)^(cut|over): ")
        slow = "min_rounds: 10, max_rounds: 80, min_sample_s: 1, budget_s: %s"
        text = self.plan(self.config_of(slow % 5)).stdout
        self.assertRegex(text, r"(?m)^cut: 2 of 2 groups end before the 10 rounds of a first look, after \d.*: main: .* and 1 more$")
        self.assertRegex(text, r"(?m)^over: .* take about \S+ s more than the budget$")
        text = self.plan(self.config_of(slow % 100)).stdout
        self.assertRegex(text, r"(?m)^cut: 2 of 2 groups end after 10 rounds of at most 80, ")
        self.assertNotIn("before the", text)
        self.assertNotIn("cut: ", self.plan(self.config_of(slow % 100), "--budget", "0").stdout)

    def test_a_margin_that_the_rounds_do_not_resolve_is_a_warning_and_no_more(self):
        said = "claim heads: a margin of 0.01 takes about "
        for protocol, ends, remedy in (
                (ROUNDS.replace("80", "10"), "protocol.max_rounds allows 10", r"protocol.max_rounds to \d+"),
                (ROUNDS.replace("budget", "target_rel_ci: 0.1, budget"), "protocol.target_rel_ci ends them after",
                 r"protocol.target_rel_ci to 0\.\d+"),
                ("min_rounds: 10, max_rounds: 200, target_rel_ci: 0.001, min_sample_s: 0.3, budget_s: 30", "the budget allows",
                 r"protocol.budget_s to \d+")):
            done = self.plan(self.config_of(protocol, "within: 0.01"))
            self.assertIn(said, done.stderr)
            self.assertIn(ends, done.stderr)
            self.assertRegex(done.stderr, remedy)
            self.assertRegex(done.stderr, r"or the margin to 0\.\d+$")
            self.assertRegex(done.stderr, r"^\S*timed\.yaml:\d+:\d+: ")
        for expect in ("within: 0.2", "at_most: 1.2", "at_least: 0.8", "at_most: 0.9", "faster_than: 1"):
            self.assertEqual(self.plan(self.config_of(ROUNDS, expect)).stderr, "", expect)
        for expect in ("at_most: 1.001", "at_least: 0.999"):
            self.assertIn("a margin of 0.001", self.plan(self.config_of(ROUNDS, expect)).stderr)

    def test_doing_what_the_warning_says_ends_it(self):
        warned = self.plan(self.config_of(ROUNDS.replace("80", "10"), "within: 0.01")).stderr
        settings = re.findall(r"(protocol\.\w+) to ([\d.]*\d)", warned)
        self.assertTrue(settings, warned)
        options = [word for name, value in settings for word in ("--set", f"{name}={value}")]
        self.assertEqual(self.plan(self.config_of(ROUNDS.replace("80", "10"), "within: 0.01"), *options).stderr, "")

    def test_a_run_warns_at_its_start_once_and_its_exit_code_is_that_of_the_run(self):
        config, output = self.config_of("min_rounds: 6, max_rounds: 6, min_sample_s: 0.0001, budget_s: 60", "within: 0.01"), \
            self.root / "warned.jsonl"
        for warned in (True, False):  # what goes on has its rounds already
            done = run("run", config, "--output", output)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("a margin of 0.01" in done.stderr, warned, done.stderr)
        good = self.config_of("min_rounds: 6, max_rounds: 6, min_sample_s: 0.0001, budget_s: 60", "within: 0.9")
        self.assertNotIn("a margin of", run("run", good, "--output", self.root / "good.jsonl").stderr)

    def test_every_shipped_config_has_a_plan(self):
        for config in sorted((SOURCE / "configs").glob("*.yaml")):
            if config.name == "peers.yaml":
                continue  # asks engines, which take seconds to start
            text = self.plan(config).stdout
            self.assertRegex(text, r"(?m)^time: ", config.name)


if __name__ == "__main__":
    main()
