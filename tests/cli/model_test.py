#!/usr/bin/env python3
"""`model`: every shipped model against what is printed about it, and against formulas written here once more.

usage: model_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import io
import json
import pathlib
import tempfile
import unittest

from support import SOURCE, main, run

MODELS = sorted(path.stem for path in (SOURCE / "configs" / "models").glob("*.yaml"))


def model(name, *more):
    result = run("model", name, "--format", "json", *more)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


class Published(unittest.TestCase):
    # Printed by those who made the models, or about them; half a unit of the last digit is allowed. The files say the
    # same and where: this is the second place, so that a file that is changed to fit is noticed.
    PARAMETERS = {"llama-3-8b": (8.03e9, 0.005e9), "llama-3-70b": (70.6e9, 0.05e9), "llama-3.1-405b": (406e9, 0.5e9),
                  "qwen2.5-72b": (72.7e9, 0.05e9), "qwen3-32b": (32.8e9, 0.05e9), "qwen3-235b-a22b": (235e9, 0.5e9),
                  "deepseek-v2": (236e9, 0.5e9), "deepseek-v3": (671e9, 0.5e9), "kimi-k2": (1e12, 0.5e12),
                  "gpt-oss-120b": (116.83e9, 0.005e9), "gemma-3-27b": (27e9, 0.5e9), "modernbert-base": (149e6, 0.5e6)}
    ACTIVE = {"qwen3-235b-a22b": (22e9, 0.5e9), "deepseek-v2": (21e9, 0.5e9), "deepseek-v3": (37e9, 0.5e9),
              "kimi-k2": (32e9, 0.5e9), "gpt-oss-120b": (5.13e9, 0.005e9)}
    CACHE_BYTES = {"deepseek-v3": 70272, "qwen2.5-72b": 327680, "llama-3.1-405b": 516096}

    def test_parameters(self):
        self.assertEqual(sorted(self.PARAMETERS), MODELS)
        for name, (printed, half) in self.PARAMETERS.items():
            self.assertLessEqual(abs(model(name)["own"]["parameters"] - printed), half, name)

    def test_active_parameters(self):
        for name, (printed, half) in self.ACTIVE.items():
            self.assertLessEqual(abs(model(name)["own"]["parameters.active"] - printed), half, name)

    def test_cache_bytes_a_token(self):
        for name, printed in self.CACHE_BYTES.items():
            own = model(name)["own"]
            self.assertEqual((own["cache.first_token"], own["cache.next_token"]), (printed, printed), name)

    def test_what_does_not_reproduce_has_a_finding(self):
        findings = 0
        for name in MODELS:
            for one in model(name)["published"]:
                self.assertEqual(one["rounds_to_it"], "finding" not in one, (name, one))
                findings += "finding" in one
        self.assertEqual(findings, 3)  # 405e9 is cut, and two numbers of Kimi K2

    def test_a_wrong_number_in_a_file_ends_with_1(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "mine.yaml"
            text = (SOURCE / "configs" / "models" / "llama-3-8b.yaml").read_text()
            path.write_text(text.replace("8.03e9", "8.04e9"))
            result = run("model", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("does not round to it", result.stdout)

    def test_core_of_a_written_token_as_step3_prints_it(self):
        # Wang et al. 2025 (arXiv:2507.19427), Table 3 at 32K: 2 FLOP a multiply-add, three digits.
        for name, printed in (("qwen3-32b", 6.87e10), ("qwen3-235b-a22b", 1.01e11)):
            core = model(name, "--context", 32768)["own"]["writing.core"]
            self.assertEqual(float(f"{core:.2e}"), printed, name)


class Formulas(unittest.TestCase):
    def test_grouped_queries(self):
        layers, width, heads, of_keys, columns, ffn, vocabulary, length = 32, 4096, 32, 8, 128, 14336, 128256, 6000
        own = model("llama-3-8b", "--context", length, "--batch", 3)["own"]
        projections = 2 * layers * width * columns * (2 * heads + 2 * of_keys)
        self.assertEqual(own["writing.projections"], projections)
        self.assertEqual(own["reading.projections"], projections)
        self.assertEqual(own["writing.core"], 2 * layers * heads * 2 * columns * length)
        # A token of a prompt sees itself and those before it: (length + 1) / 2 in the mean.
        self.assertEqual(own["reading.core"], layers * heads * 2 * columns * (length + 1))
        self.assertEqual(own["writing.feed_forward"], 2 * layers * 3 * width * ffn)
        self.assertEqual(own["writing.prediction"], 2 * width * vocabulary)
        total = sum(own["writing." + part] for part in ("projections", "core", "feed_forward", "prediction"))
        self.assertEqual(own["writing.total"], total)
        share = 100 * (own["writing.projections"] + own["writing.core"]) / total
        self.assertAlmostEqual(own["writing.attention_share"], share)
        self.assertEqual(own["cache"], 3 * length * layers * 2 * of_keys * columns * 2)
        wider = model("llama-3-8b", "--context", length, "--batch", 3, "--dtype", "f32")["own"]
        self.assertEqual(wider["cache"], 2 * own["cache"])

    def test_latents_are_read_materialised_and_written_absorbed(self):
        layers, width, heads, nope, rope, rank, q_rank, length = 61, 7168, 128, 128, 64, 512, 1536, 4096
        own = model("deepseek-v3", "--context", length)["own"]
        matrices = (width * q_rank + q_rank * heads * (nope + rope) + width * (rank + rope) + 2 * rank * heads * nope
                    + heads * nope * width)
        self.assertEqual(own["parameters.attention"], layers * (matrices + q_rank + rank))
        self.assertEqual(own["writing.projections"], 2 * layers * matrices)
        self.assertEqual(own["writing.core"], 2 * layers * heads * (2 * rank + rope) * length)
        self.assertEqual(own["reading.core"], layers * heads * (2 * nope + rope) * (length + 1))

    def test_windows(self):
        length, window, full, local, heads, columns = 5000, 1024, 10, 52, 32, 128
        own = model("gemma-3-27b", "--context", length)["own"]
        self.assertEqual(own["writing.core"], 2 * heads * 2 * columns * (full * length + local * window))
        a_token_and_layer = 2 * 16 * columns * 2
        self.assertEqual(own["cache.first_token"], (full + local) * a_token_and_layer)
        self.assertEqual(own["cache.next_token"], full * a_token_and_layer)
        self.assertEqual(own["cache"], a_token_and_layer * (full * length + local * window))

    def test_an_encoder_sees_both_sides_and_keeps_nothing(self):
        length, heads, columns = 1000, 12, 64
        own = model("modernbert-base", "--context", length)["own"]
        seen = sum(min(i + 64, length - 1) - max(i - 64, 0) + 1 for i in range(length))
        pairs = 8 * length**2 + 14 * seen
        self.assertEqual(own["reading.core"] * length, 2 * heads * 2 * columns * pairs)
        self.assertEqual(own["reading.prediction"], 0)
        self.assertNotIn("cache", own)
        self.assertIn("keeps no cache", run("model", "modernbert-base").stdout)

    def test_what_fits_fits_and_one_more_does_not(self):
        report = model("llama-3-8b", "--memory", 24, "--batch", 2)
        weights = 2 * report["own"]["parameters"]
        self.assertEqual(report["weights"]["bytes"], weights)
        tokens = report["fits"]["tokens"]
        self.assertLessEqual(weights + 2 * 131072 * tokens, 24 * 2**30)
        self.assertGreater(weights + 2 * 131072 * (tokens + 1), 24 * 2**30)
        narrower = model("llama-3-8b", "--memory", 24, "--batch", 2, "--weight-bits", 4)
        self.assertEqual(narrower["weights"]["bytes"], report["own"]["parameters"] // 2)
        self.assertEqual(model("llama-3-70b", "--memory", 24)["fits"]["tokens"], 0)

    def test_numbers_that_are_none_are_refused(self):
        for flags in (("--memory", "1e18"), ("--memory", 0), ("--context", "nan"), ("--context", 1.5),
                      ("--weight-bits", 4.5)):
            result = run("model", "llama-3-8b", *flags)
            self.assertEqual(result.returncode, 2, flags)
            self.assertIn(flags[0], result.stderr)


class Heads(unittest.TestCase):
    def rows(self, name, *more):
        report = model(name, *more)
        return report["own"], {(row["num_heads"], row["kept"]): row for row in report["heads"]}

    def test_at_one_width_heads_cost_no_product(self):
        own, rows = self.rows("llama-3-8b")
        self.assertEqual(len(rows), 5)
        for heads in (16, 64):
            row = rows[heads, "width"]
            self.assertEqual(row["head_dim"] * heads, 4096)
            for quantity in ("parameters", "reading.total", "writing.total", "cache"):
                self.assertEqual(row[quantity], own[quantity], (heads, quantity))

    def test_heads_of_their_own_width_cost_queries_and_output(self):
        own, rows = self.rows("llama-3-8b")
        row = rows[64, "head_dim"]
        self.assertEqual(row["parameters"] - own["parameters"], 32 * 2 * 4096 * 32 * 128)
        self.assertEqual(row["writing.core"], 2 * own["writing.core"])
        self.assertEqual(row["cache"], own["cache"])

    def test_absorbed_latents_cost_by_the_head_at_any_width(self):
        own, rows = self.rows("deepseek-v3")
        for kept in ("head_dim", "width"):
            self.assertEqual(rows[256, kept]["writing.core"], 2 * own["writing.core"])
            self.assertEqual(rows[256, kept]["cache"], own["cache"])

    def test_what_cannot_be_has_a_reason(self):
        _, rows = self.rows("llama-3-8b", "--num-heads", "24,20")
        self.assertIn("why_not", rows[24, "width"])
        self.assertNotIn("why_not", rows[24, "head_dim"])
        self.assertIn("multiple of 8", rows[20, "head_dim"]["why_not"])


class Formats(unittest.TestCase):
    def test_csv_says_what_json_says(self):
        result = run("model", "gpt-oss-120b", "--context", 3000, "--format", "csv")
        found = {(row["kept"], row["num_heads"], row["length"], row["quantity"]): row["value"]
                 for row in csv.DictReader(io.StringIO(result.stdout))}
        own = model("gpt-oss-120b", "--context", 3000)["own"]
        for quantity in ("parameters", "writing.core", "cache"):
            self.assertEqual(float(found["own", "64", "3000", quantity]), own[quantity])
        self.assertIn(("own", "64", "1048576", "cache"), found)
        self.assertIn(("head_dim", "128", "3000", "cache"), found)

    def test_text_names_convention_units_and_points(self):
        text = run("model", "deepseek-v3", "--memory", 1536, "--weight-bits", 8).stdout
        for part in ("2 FLOP", "2^30", "bf16", "61 x latent/counting/", "form=absorbed", "70272 bytes", "1M*"):
            self.assertIn(part, text)
        self.assertLessEqual(max(map(len, text.splitlines()[:60])), 170)

    def test_an_unknown_model_is_refused(self):
        unknown = run("model", "llama-3-9b")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("unknown model 'llama-3-9b'; did you mean 'llama-3-8b'", unknown.stderr)
        self.assertEqual(run("model", "llama-3-8b", "--num-heads", 0).returncode, 2)


if __name__ == "__main__":
    main()
