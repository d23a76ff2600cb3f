#!/usr/bin/env python3
"""A plan that passes gives its verdicts; what cannot be judged is refused before it is measured, with the remedy."""

import os
import re
import shutil
import unittest

from support import SOURCE, TinySweep, main, run

CLAIM = "  - {{id: mine, says: it is the same, {}}}\n"
HEAD = """question: Does the path work?
problem: {embed_dim: 16, seq_len: 8}
axes:
  variant: [multi_head, streaming]
  backend: [naive]
  num_heads: [1, 2, 4, 8]
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0001, budget_s: 10}
claims:
"""


class Claims(TinySweep):
    def config_with(self, claim, head=HEAD):
        path = self.root / "claimed.yaml"
        path.write_text(head + CLAIM.format(claim))
        return path

    def refused(self, claim, *words, head=HEAD):
        done = run("run", self.config_with(claim, head), "--dry-run")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        for word in ("claimed.yaml", "mine", *words):
            self.assertIn(word, done.stderr)

    def test_the_base_belongs_to_its_claim_whatever_where_says_of_the_compared_field(self):
        for across, base, where in (("num_heads", "1", "{num_heads: 8}"),
                                    ("num_heads", "{num_heads: 2}", "{num_heads: [4, 8], variant: streaming}")):
            for kind in ("metric: time, expect: {at_most: 1000}", "metric: core.multiplies, expect: {equal: exactly}, outcome: supported"):
                config = self.config_with(f"across: {across}, base: {base}, where: {where}, {kind}")
                self.assertEqual(run("run", config, "--dry-run").returncode, 0)
                output = self.root / f"{abs(hash((base, kind)))}.jsonl"
                self.assertEqual(run("run", config, "--output", output).returncode, 0)
                verdict = run("verify", output, "--claim", "mine")
                self.assertIn(verdict.returncode, (0, 3) if "time" in kind else (0,), verdict.stdout)  # 3: a noisy machine
                self.assertRegex(verdict.stdout, rf"base case .* at num_heads={1 if base == '1' else 2}")

    def test_a_comparison_whose_points_share_no_round_is_refused(self):
        self.refused("metric: time, across: variant, expect: {at_most: 2}", "add variant to compare_by")
        self.refused("metric: cpu_time, across: [variant, num_heads], base: {variant: streaming, num_heads: 1}, "
                     "where: {variant: multi_head}, expect: {at_most: 2}", "compare_by")
        head = HEAD.replace("compare_by: num_heads", "compare_by: [num_heads, variant]")
        config = self.config_with("metric: time, across: variant, expect: {at_most: 2}", head)
        self.assertEqual(run("run", config, "--dry-run").returncode, 0)

    def test_a_base_that_no_point_has_is_refused(self):
        self.refused("metric: time, across: num_heads, base: 4, expect: {at_most: 2}", "no point is its base num_heads=4",
                     head=HEAD.replace("compare_by:", "exclude: [{num_heads: 4}]\ncompare_by:"))
        self.refused("metric: core.multiplies, across: num_heads, base: 8, expect: {equal: exactly}, outcome: supported",
                     "no point is its base", head=HEAD.replace("compare_by:", "exclude: [{num_heads: 8}]\ncompare_by:"))

    def test_a_base_alone_is_refused(self):
        head = HEAD.replace("compare_by:", "exclude: [{num_heads: [2, 4, 8]}]\ncompare_by:")
        self.refused("metric: time, across: num_heads, base: 1, expect: {at_most: 2}", "stands alone", head=head)

    def test_a_metric_that_no_point_will_have_is_refused(self):
        self.refused("metric: time, across: num_heads, expect: {at_most: 2}", "none of its points is timed",
                     head=HEAD.replace("[naive]", "[counting]"))
        self.refused("metric: test_error, across: num_heads, expect: {at_most: 2}", "is not trained")

    def test_what_options_take_away_is_said_and_not_refused(self):
        config = self.config_with("metric: time, across: num_heads, base: 1, expect: {at_most: 2}")
        done = run("run", config, "--dry-run", "--filter", "num_heads=2,4")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("can have no verdict", done.stderr)

    def test_a_plan_of_skipped_points_alone_is_an_error(self):
        for command in (["--dry-run"], ["--output", self.root / "nothing.jsonl"]):
            done = run("run", self.config, "--set", "protocol.memory_limit_bytes=1", "--filter", "backend=naive", *command)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("nothing of this can run here", done.stderr)
        self.assertFalse((self.root / "nothing.jsonl").exists())

    def test_claims_are_corrected_and_added_without_measuring_again(self):
        before = self.result.read_bytes()
        added = self.root / "added.yaml"
        added.write_text("claims:\n" + CLAIM.format("metric: core.exps, across: num_heads, expect: {proportional_to: num_heads}, "
                                                    "outcome: supported") +
                         "  - {id: exps, says: exps are not free, metric: softmax.exps, across: num_heads, "
                         "expect: {proportional_to: num_heads}, outcome: supported}\n")
        for how in ([], ["--explain"], ["--format", "csv"]):
            done = run("verify", self.result, "--claims", added, *how)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertGreaterEqual(done.stdout.count("[declared after the data]"), 2, how)
        self.assertNotIn("declared after", run("verify", self.result, "--explain").stdout)
        self.assertEqual(self.result.read_bytes(), before)
        wrong = self.root / "wrong.yaml"
        wrong.write_text("claims:\n" + CLAIM.format("metric: time, across: batch, expect: {at_most: 2}"))
        self.assertEqual(run("verify", self.result, "--claims", wrong).returncode, 2)

    def test_going_on_says_when_only_claims_have_changed(self):
        changed = self.root / "tiny.yaml"
        text = self.config.read_text()
        try:
            changed.write_text(text.replace("id: equal,", "id: another,"))
            done = run("run", changed, "--output", self.result)
            self.assertEqual(done.returncode, 2)
            self.assertIn("only the claims differ", done.stderr)
            self.assertIn("--claims", done.stderr)
            changed.write_text(text.replace("seq_len: 8", "seq_len: 16"))
            self.assertNotIn("only the claims differ", run("run", changed, "--output", self.result).stderr)
        finally:
            changed.write_text(text)


class BrokenFiles(TinySweep):
    """One file with a mistake is listed as broken and stops nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.root / "data"
        for folder in ("configs", "plots", "variants/external"):
            shutil.copytree(SOURCE / folder, cls.data / folder, ignore=shutil.ignore_patterns("node_modules"))
        for file in ("variants/external/aaa_broken.yaml", "configs/presets/aaa_broken.yaml", "configs/tables/aaa_broken.yaml",
                     "configs/aaa_broken.yaml"):
            (cls.data / file).write_text("sumary: [\n")
        cls.elsewhere = {**os.environ, "HEADCOUNT_DATA_DIR": str(cls.data)}

    def ask(self, *command):
        return run(*command, env=self.elsewhere)

    def test_lists_name_them(self):
        for topic, name in (("engines", "aaa_broken"), ("configs", "preset aaa_broken"), ("configs", "aaa_broken")):
            done = self.ask("list", topic)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, rf"(?m)^{name} +broken: .*aaa_broken\.yaml:\d+:\d+")
            self.assertGreater(len(done.stdout.splitlines()), 3)

    def test_other_tables_are_shown(self):
        whole, done = run("table", "all"), self.ask("table", "all")
        self.assertEqual(done.returncode, 2)
        self.assertIn("table aaa_broken is broken", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), len(whole.stdout.splitlines()))

    def test_everything_else_works(self):
        self.assertEqual(self.ask("count", "--preset", "bert-base", "--seq-len", "8").returncode, 0)
        done = self.ask("run", self.config, "--output", self.root / "other.jsonl")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_who_asks_for_it_is_told(self):
        done = self.ask("count", "--preset", "aaa_broken", "--seq-len", "8")
        self.assertEqual(done.returncode, 2)
        self.assertIn("broken", done.stderr)
        config = self.root / "engine.yaml"
        config.write_text("question: q\nproblem: {embed_dim: 16, seq_len: 8, scope: core}\naxes: {variant: [external], backend: [aaa_broken], "
                          "num_heads: [1, 2]}\ncompare_by: num_heads\n")
        done = self.ask("run", config, "--dry-run")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("engine aaa_broken is broken", done.stdout + done.stderr)


class Sources(unittest.TestCase):
    """Who claims it, for `verify --quote`."""

    def test_every_source_of_a_config_is_in_the_bibliography(self):
        known = set(re.findall(r"(?m)^@\w+\{([^,]+),", (SOURCE / "configs" / "sources.bib").read_text()))
        named = {path.name: set(re.findall(r"\bsource: ([A-Za-z0-9_-]+)", path.read_text()))
                 for path in (SOURCE / "configs").glob("*.yaml")}
        self.assertGreater(len(set().union(*named.values())), 5)
        for config, sources in named.items():
            self.assertLessEqual(sources, known, config)

    def test_a_quote_cites_the_program_as_its_citation_file_does(self):
        result = run("verify", "results/reference/equal_complexity.jsonl", "--quote", "R12")
        self.assertEqual(result.returncode, 0, result.stderr)
        title = re.search(r'(?m)^title: "(.*)"$', (SOURCE / "CITATION.cff").read_text()).group(1)
        self.assertIn(f"title = {{{title}}}", result.stdout)
        self.assertIn("@inproceedings{vaswani2017,", result.stdout)
        self.assertEqual(result.stdout.splitlines()[1], "")  # the sentence is one line
        alone = run("verify", "results/reference/equal_complexity.jsonl", "--quote", "R12", "--bibtex")
        self.assertTrue(alone.stdout.startswith("@software{headcount,"))

    def test_an_unknown_claim_names_those_that_there_are(self):
        result = run("verify", "results/reference/equal_complexity.jsonl", "--quote", "R21")
        self.assertEqual(result.returncode, 2)
        self.assertIn("R12", result.stderr)


if __name__ == "__main__":
    main()
