#!/usr/bin/env python3
"""`match` and `crossover` against published sizes and closed forms.

usage: parity_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import io
import json
import unittest

from support import main, run


def report(command, *flags):
    result = run(command, *flags, "--format", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


class Match(unittest.TestCase):
    # Shazeer 2019, Table 1: an encoder-decoder of 6 and 6 layers has 18 attentions and 12 feed-forward networks.
    SHAZEER = ("--equal parameters --vary ffn_dim --ffn-dim 4096 --attention-layers 18 --ffn-layers 12 "
               "--embed-dim 1024 --num-heads 8 --head-dim 128").split()

    def test_shazeers_feed_forward_widths(self):
        for variant, d_ff in (("multi_query,num_kv_heads=1", 5440), ("multi_head,num_heads=1,head_dim=128", 6784),
                              ("multi_head,num_heads=2,head_dim=64", 6784), ("multi_head,num_heads=4,head_dim=32", 6784),
                              ("multi_head,num_heads=8,head_dim=16", 6784)):
            found = report("match", variant, "--to", "multi_head", *self.SHAZEER)
            self.assertEqual(found["exact"], [d_ff], variant)
            self.assertEqual(found["target"], 176160768)
            self.assertTrue(found["never_falls"])

    def test_a_state_is_core_and_no_projection(self):
        length, width, columns = 1024, 512, 64
        found = report("match", "linear", "--to", "multi_head", "--equal", "parameters", "--vary", "num_heads",
                       "--embed-dim", width, "--head-dim", columns)
        costs = found["sizes"][0]["costs"]
        self.assertEqual(costs["projections"]["ours"], 4 * length * width * columns)
        self.assertEqual(costs["core"]["ours"], 2 * length * columns**2)

    # Zhang et al. 2025, Table 10, heads of 64 columns: small, medium, large, XL.
    TPA = {"MHA": [12, 16, 20, 25], "MQA": [23, 31, 39, 49], "GQA-2": [22, 30, 38, 48], "TPA": [34, 47, 61, 78]}

    def test_heads_at_equal_parameters(self):
        for i, heads in enumerate(self.TPA["MHA"]):
            flags = ["--to", "multi_head", "--equal", "parameters", "--vary", "num_heads", "--embed-dim", 64 * heads,
                     "--num-heads", heads, "--head-dim", 64]
            for name, variant in (("MQA", "multi_query,num_kv_heads=1"), ("GQA-2", "grouped_query,num_kv_heads=2")):
                found = report("match", variant, *flags)
                self.assertEqual(found["exact"], [self.TPA[name][i]], (name, heads))
                core = found["sizes"][0]["costs"]["core"]["ratio"]
                self.assertAlmostEqual(core, self.TPA[name][i] / heads)
            found = report("match", "tensor_product", *flags)
            self.assertEqual(found["exact"], [])
            below, above = found["sizes"]
            self.assertEqual(above["size"], below["size"] + 1)
            self.assertLess(below["residual"], 0)
            self.assertGreater(above["residual"], 0)
            # The paper took the size above, and in its smallest model one head more than that.
            self.assertEqual(self.TPA["TPA"][i] - above["size"], 1 if heads == 12 else 0)
            self.assertEqual(above["costs"]["parameters"]["ours"], 64 * heads * (74 * above["size"] + 640))

    def test_a_quantity_that_does_not_depend_on_the_size_says_so(self):
        found = report("match", "multi_head", "--to", "multi_head", "--equal", "parameters", "--vary", "num_heads",
                       "--embed-dim", 64)
        self.assertEqual(found["exact"], [1, 2, 4, 8, 16, 32, 64])  # others do not divide the width
        self.assertFalse(found["changes"])
        self.assertEqual(found["possible"], 7)

    def test_a_cache_of_equal_size(self):
        found = report("match", "latent", "--to", "grouped_query,num_kv_heads=8", "--equal", "kv_cache_bytes", "--vary",
                       "kv_rank", "--embed-dim", 4096, "--num-heads", 32, "--rope-dim", 64)
        self.assertEqual(found["exact"], [2 * 8 * 128 - 64])

    def test_flops_of_a_feed_forward_network(self):
        # 2 L (4 E^2 + 2 L E + 2 E F) FLOP: half the pairs are worth L / 2 columns of F.
        length, width = 256, 64
        found = report("match", "multi_head", "--to", "multi_head,q_len=256,kv_len=512", "--equal", "flops", "--vary",
                       "ffn_dim", "--ffn-dim", 100, "--embed-dim", width, "--seq-len", length)
        # The other one projects 256 keys more to K and V, and has twice the pairs.
        more = 2 * 256 * width**2 + 2 * length * 256 * width
        self.assertEqual(more % (2 * width * length), 0)
        self.assertEqual(found["exact"], [100 + more // (2 * width * length)])

    def test_formats(self):
        text = run("match", "tensor_product", "--to", "multi_head", "--equal", "parameters", "--vary", "num_heads",
                   "--embed-dim", 1024, "--num-heads", 16, "--head-dim", 64).stdout
        for part in ("num_heads = 46, ", "num_heads = 47, +", "was counted", "never falls", "2.9375"):
            self.assertIn(part, text)
        result = run("match", "multi_query,num_kv_heads=1", "--to", "multi_head", *self.SHAZEER, "--format", "csv")
        rows = {row["quantity"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
        self.assertEqual(rows["kv_cache_bytes"]["ratio"], "0.125")

    def test_what_cannot_be_is_refused(self):
        flags = ["--to", "multi_head", "--equal", "parameters", "--embed-dim", 64]
        for more, says in ((["--vary", "ffn_dim"], "needs --ffn-dim"), (["--vary", "causal"], "only whole numbers"),
                           (["--vary", "num_haeds"], "did you mean 'num_heads'"),
                           (["--vary", "window"], "window"), (["--vary", "num_heads", "--window", 3], "window")):
            result = run("match", "multi_head", *flags, *more)
            self.assertEqual(result.returncode, 2, more)
            self.assertIn(says, result.stderr)
        self.assertEqual(run("match", "multi_haed", *flags, "--vary", "num_heads").returncode, 2)
        self.assertEqual(run("match", "multi_head,window", *flags, "--vary", "num_heads").returncode, 2)
        self.assertEqual(run("match", "multi_head,window=3", *flags, "--vary", "num_heads").returncode, 2)


class Crossover(unittest.TestCase):
    LATENT = ("latent,form=absorbed latent,form=materialised --kv-rank 512 --rope-dim 64 --embed-dim 7168 "
              "--num-heads 128 --head-dim 128").split()

    def regimes(self, *flags):
        return [(one["from"], one["to"], one["cheaper"]) for one in report("crossover", *flags)["regimes"]]

    def test_absorbed_against_materialised(self):
        # H [(Lk - Lq) r (d + v) - Lq Lk (2 r - d - v)] multiplies: what materialised has more.
        def more(queries, keys):
            return (keys - queries) * 512 * 256 - queries * keys * (1024 - 256)

        for queries in (1, 64, 169, 170):
            first_of = next(keys for keys in range(1, 10**6) if more(queries, keys) > 0)
            equal = [keys for keys in range(1, first_of) if more(queries, keys) == 0]
            found = self.regimes(*self.LATENT, "--over", "kv_len", "--q-len", queries, "--to", 10**6)
            self.assertEqual(found[-1], (first_of, 10**6, "latent,form=absorbed"))
            self.assertEqual([one[:2] for one in found if one[2] == "equal"], [(keys, keys) for keys in equal])
            self.assertEqual(found[0], (1, first_of - 1 - len(equal), "latent,form=materialised"))
        # Beyond r (d + v) / (2 r - d - v) = 170.7 queries no cache is long enough.
        self.assertEqual(len(self.regimes(*self.LATENT, "--over", "kv_len", "--q-len", 171, "--to", 10**6)), 1)
        for keys in (512, 4096, 131072):
            last = max(queries for queries in range(1, 200) if more(queries, keys) > 0)
            equal = [queries for queries in range(1, 200) if more(queries, keys) == 0]
            found = self.regimes(*self.LATENT, "--over", "q_len", "--kv-len", keys, "--to", 4096)
            self.assertEqual(found[0], (1, last, "latent,form=absorbed"))
            self.assertEqual([one[:2] for one in found if one[2] == "equal"], [(queries, queries) for queries in equal])
            self.assertEqual(found[-1], (last + 1 + len(equal), 4096, "latent,form=materialised"))

    def test_linear_against_multi_head(self):
        # A head of d columns: 2 L^2 d multiplies and L^2 for the scale, against 2 L d^2 for the sums, L d for their
        # norm: (2 d + 1) L = 2 d^2 + d, so L = d.
        for width, heads in ((512, 8), (512, 4), (96, 8)):
            columns = width // heads
            found = self.regimes("linear", "multi_head", "--over", "seq_len", "--embed-dim", width, "--num-heads", heads)
            self.assertEqual(found, [(1, columns - 1, "multi_head"), (columns, columns, "equal"),
                                     (columns + 1, 2**20, "linear")])

    def test_local_against_multi_head(self):
        # While the window sees everything both are one.
        for window in (1, 64, 300, 5000):
            first, second = self.regimes(f"local,window={window}", "multi_head", "--over", "seq_len", "--embed-dim", 64,
                                         "--num-heads", 2, "--causal", "--to", 2**16)
            self.assertEqual(first, (1, window, "equal"))
            self.assertEqual(second, (window + 1, 2**16, f"local,window={window}"))

    def test_none_is_said(self):
        flags = ["grouped_query,num_kv_heads=2", "multi_head", "--over", "batch", "--embed-dim", 64, "--num-heads", 8]
        self.assertEqual(self.regimes(*flags), [(1, 2**20, "grouped_query,num_kv_heads=2")])
        self.assertIn("no crossover from 1 to 1048576", run("crossover", *flags).stdout)
        self.assertEqual(report("crossover", *flags)["crossovers"], [])

    def test_other_metrics_and_formats(self):
        flags = ["local,window=8", "multi_head", "--over", "kv_len", "--q-len", 1, "--embed-dim", 64, "--num-heads", 2,
                 "--causal", "--to", 4096, "--metric", "kv_cache_bytes"]
        self.assertEqual(report("crossover", *flags)["crossovers"], [9])
        result = run("crossover", *flags, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
        self.assertEqual([row["cheaper"] for row in rows], ["equal", "local,window=8"])
        self.assertIn("crossover: from kv_len 9 on local,window=8 costs less", run("crossover", *flags).stdout)

    def test_impossible_sizes_are_passed_over(self):
        flags = ["grouped_query,num_kv_heads=2", "multi_head,num_kv_heads=2", "--over", "num_heads", "--embed-dim", 64]
        self.assertEqual(self.regimes(*flags), [(2, 64, "equal")])  # even divisors of 64
        self.assertIn("nothing was compared beyond 64: num_heads 1048576 does not divide", run("crossover", *flags).stdout)

    def test_a_length_that_nobody_gives_is_shown(self):
        flags = ["linear", "multi_head", "--over", "num_heads", "--embed-dim", 64, "--to", 64]
        self.assertIn("the other: multi_head/counting/seq_len=1024,embed_dim=64\n", run("crossover", *flags).stdout)

    def test_what_cannot_be_is_refused(self):
        for flags, says in ((["linear", "multi_head", "--over", "causal", "--embed-dim", 64], "only whole numbers"),
                            (["linear", "multi_head", "--over", "seq_len", "--embed-dim", 64, "--metric", "time"],
                             "cannot be counted"),
                            (["linear", "multi_head", "--over", "window", "--embed-dim", 64], "window"),
                            (["linear", "multi_head", "--over", "seq_len", "--embed-dim", 64, "--from", 9, "--to", 3],
                             "below"),
                            (["linear", "multi_head", "--over", "seq_len", "--embed-dim", 64, "--from", "nan"], "whole"),
                            (["linear", "multi_head", "--over", "seq_len", "--embed-dim", 64, "--to", 9.5], "whole"),
                            (["linear", "multi_head", "--over", "seq_len"], "embed_dim")):
            result = run("crossover", *flags)
            self.assertEqual(result.returncode, 2, flags)
            self.assertIn(says, result.stderr)


if __name__ == "__main__":
    main()
