#!/usr/bin/env python3
"""`count`: its formats, its numbers against a count by brute force, its refusals.

usage: count_test.py HEADCOUNT SOURCE_DIR
"""

import json
import time
import unittest

from support import main, run


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

    def test_decoding_says_that_all_keys_are_projected_again_and_what_it_is_with_a_cache(self):
        for variant, kv in (("multi_head", 8), ("grouped_query", 2), ("multi_query", 1), ("streaming", 8)):
            flags = ["--variant", variant, "--q-len", 1, "--kv-len", 8192, "--embed-dim", 512, "--num-heads", 8]
            if kv < 8:
                flags += ["--num-kv-heads", kv]
            report = json.loads(run("count", *flags, "--format", "json").stdout)
            # Projections of one token to Q, K, V and back; scores and context over all keys; the softmax is no product.
            width = kv * 64
            products = 2 * 512 * (512 + width + width + 512) + 2 * 2 * 8192 * 512
            kept = report["flops_with_cache"]
            self.assertGreater(kept, 0.9 * products)
            self.assertLess(kept, 1.02 * products + 8192 * 8 * 4)
            self.assertEqual(report["flops"] - kept, 8191 * (2 * 2 * 512 * width - 2 * width))
            text = run("count", *flags).stdout
            self.assertIn("cache: none. Keys and values of all 8192 tokens are projected in this pass", text)
            self.assertIn(f"kept, as when decoding (--cached), it is ", text)
            self.assertIn(f"({kept} FLOPs, ", text)
            step = json.loads(run("count", *flags, "--cached", "--format", "json").stdout)
            self.assertEqual((step["flops"], step["problem"]["cached"]), (kept, True))
            self.assertEqual(step["kv_cache_bytes"], report["kv_cache_bytes"])
            self.assertIn("cache: kept. What the layer keeps of the first 8191 tokens is there, that of 1 is new", run("count", *flags, "--cached").stdout)
        self.assertIsNone(json.loads(run("count", "--seq-len", 64, "--embed-dim", 64, "--format", "json").stdout)["flops_with_cache"])

    def test_what_has_no_cache_says_why(self):
        flags = ["--q-len", 1, "--kv-len", 64, "--embed-dim", 32, "--num-heads", 2]
        why = "linear keeps no rows of single tokens, to which new ones could be added"
        plain = run("count", "--variant", "linear", *flags)
        self.assertEqual(plain.returncode, 0, plain.stderr)
        self.assertIn(f"--cached, as when decoding, cannot be counted: {why}", plain.stdout)
        for more, says in ((["--variant", "linear"], why), (["--scope", "core"], "set scope to layer, or cached to false"),
                           (["--pass", "backward"], "set pass to forward, or cached to false"),
                           (["--q-len", 65], "set kv_len to all tokens")):
            done = run("count", *flags, *more, "--cached") if more[0] != "--q-len" else run("count", *more, *flags[2:], "--cached")
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(says, done.stderr)

    def test_others_count_the_projections_of_the_new_tokens(self):
        flags = ["--q-len", 3, "--kv-len", 64, "--embed-dim", 32, "--num-heads", 2, "--cached", "--format", "json"]
        for name in ("torch_flop_counter", "fvcore", "deepspeed"):
            done = run("count", *flags, "--convention", name)
            self.assertEqual(done.returncode, 0, done.stderr)
            one = 1 if name == "fvcore" else 2
            self.assertIn(str(one * 4 * 3 * 32 * 32), done.stdout)

    def test_the_resolved_problem_and_totals_are_printed(self):
        text = run("count", "--preset", "bert-base", "--seq-len", 128).stdout
        for words in ("head_dim 64 (embed_dim / num_heads)", "f32", "layer scope", "batch 1", "a token", "MiB", "12 layers  "):
            self.assertIn(words, text)
        self.assertIn("head_dim 32 (given)", run("count", "--seq-len", 8, "--embed-dim", 512, "--num-heads", 8, "--head-dim", 32).stdout)
        report = self.count()
        self.assertEqual(report["flops"], report["total"]["multiplies"] + report["total"]["adds"])
        self.assertAlmostEqual(report["flops_per_token"], report["flops"] / (2 * 33))

    def test_a_list_of_values_gives_columns_with_ratios(self):
        flags = ["--seq-len", 64, "--embed-dim", 512, "--num-heads", "1,8,64"]
        text = run("count", *flags)
        self.assertEqual(text.returncode, 0, text.stderr)
        for words in ("num_heads=1", "num_heads=8", "num_heads=64", "num_heads 8 / 1", "num_heads 64 / 1"):
            self.assertIn(words, text.stdout)
        each = json.loads(run("count", *flags, "--format", "json").stdout)
        self.assertEqual([r["problem"]["num_heads"] for r in each], [1, 8, 64])
        row = next(line for line in run("count", *flags, "--format", "csv").stdout.splitlines() if line.startswith("exps,"))
        self.assertEqual(row.split(",")[1:], [str(64 * 64), str(8 * 64 * 64), "8", str(64 * 64 * 64), "64"])
        for wrong in (["--batch", "1,2"], ["--block"], ["--convention", "all"]):
            done = run("count", *flags, *wrong)
            self.assertEqual(done.returncode, 2, done.stdout)

    def test_a_block_of_another_width_asks_for_its_feed_forward_part(self):
        done = run("count", "--preset", "bert-base", "--block", "--embed-dim", 1024, "--num-heads", 16)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--ffn-dim 4096", done.stderr)
        self.assertEqual(run("count", "--preset", "bert-base", "--block", "--embed-dim", 1024, "--num-heads", 16, "--ffn-dim", 4096).returncode, 0)

    def test_every_preset_counts_a_block(self):
        for preset in ("vaswani-base", "vaswani-big", "bert-base", "bert-large", "gpt2-medium"):
            result = run("count", "--preset", preset, "--block")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("%", result.stdout)


if __name__ == "__main__":
    main()
