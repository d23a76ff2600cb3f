#!/usr/bin/env python3
"""A newcomer sizes a model: what do heads cost a token, what fits into the memory, and what did the number assume?

Written with the README and docs/models.md alone. Every number that is held to something is computed here again, from the
sizes that the model's file states.

usage: sizing_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import io
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from support import main, run  # noqa: E402

# Llama 3 8B: 32 layers, 8 key heads of 128; two bytes an element, keys and values.
LAYERS, KV_HEADS, HEAD_DIM, BYTES = 32, 8, 128, 2
CACHE_PER_TOKEN = 2 * LAYERS * KV_HEADS * HEAD_DIM * BYTES
GIB = 2**30


class Sizing(unittest.TestCase):
    def headcount(self, *arguments):
        result = run(*arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def model(self, *more):
        return json.loads(self.headcount("model", "llama-3-8b", "--context", 8192, *more, "--format", "json"))

    def test_a_model_s_cache_and_what_fits(self):
        told = self.model("--memory", 24)
        cache = told["own"]["cache.next_token"]
        self.assertEqual(cache, CACHE_PER_TOKEN)
        left = 24 * GIB - told["weights"]["bytes"]
        self.assertEqual(told["fits"]["tokens"], left // CACHE_PER_TOKEN)
        text = self.headcount("model", "llama-3-8b", "--context", 8192, "--memory", 24)
        self.assertIn("GiB", text)
        self.assertIn("token", text)

    def test_other_numbers_of_heads_stand_side_by_side_with_ratios_and_totals(self):
        text = self.headcount("count", "--preset", "bert-base", "--num-heads", "6,12,24")
        for words in ("num_heads 12 / 6", "num_heads 24 / 6", "FLOPs a new token", "KV cache of 12 layers, GiB",
                      "parameters of 12 layers"):
            self.assertIn(words, text)
        exps = next(line.split() for line in text.splitlines() if line.startswith("exps"))
        self.assertEqual(exps[1:], [str(6 * 512 * 512), str(12 * 512 * 512), "2", str(24 * 512 * 512), "4"])

    def test_decoding_says_whether_the_cache_was_there(self):
        sizes = ("--q-len", 1, "--kv-len", 8192, "--embed-dim", 4096, "--num-heads", 32)
        without = self.headcount("count", *sizes)
        self.assertRegex(without, r"(?m)^cache: none\. Keys and values of all 8192 tokens are projected")
        self.assertIn("--cached", without)
        kept = self.headcount("count", *sizes, "--cached")
        self.assertRegex(kept, r"(?m)^cache: ")
        flops = {name: json.loads(self.headcount("count", *sizes, *more, "--format", "json"))
                 for name, more in (("all", ()), ("cached", ("--cached",)))}
        # Four projections of one token and the core: 2 flops a multiply-add.
        projections, core = 4 * 4096**2, 2 * 8192 * 4096
        multiplies = flops["cached"]["total"]["multiplies"]
        self.assertLess(abs(multiplies - projections - core), 0.01 * (projections + core))
        self.assertGreater(flops["all"]["flops"], 600 * flops["cached"]["flops"])

    def test_every_format_has_the_same_numbers(self):
        sizes = ("count", "--preset", "bert-base")
        rows = list(csv.DictReader(io.StringIO(self.headcount(*sizes, "--format", "csv"))))
        tabs = list(csv.DictReader(io.StringIO(self.headcount(*sizes, "--format", "tsv")), delimiter="\t"))
        self.assertEqual(rows, tabs)
        total = json.loads(self.headcount(*sizes, "--format", "json"))["total"]
        self.assertEqual(int(rows[-1]["multiplies"]), total["multiplies"])


if __name__ == "__main__":
    main()
