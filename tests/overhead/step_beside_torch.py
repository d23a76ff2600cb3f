#!/usr/bin/env python3
"""Times training steps of the byte-level decoder beside PyTorch's, in rounds in which both take turns.

usage: PYTHON_WITH_TORCH step_beside_torch.py HEADCOUNT [--rounds N] [--steps N] [--threads N]

Run by hand with a Python that imports torch (2.13 or newer for a comparison with today's), on a quiet machine. The model:
embed_dim 128, 4 layers, 8 heads, length 256, batch 16, 256 bytes; norms first, gelu with tanh, positions learned, no
biases in attention; AdamW, gradients clipped at norm 1. PyTorch is tried eagerly and compiled, with its fused attention
and its fused AdamW; ours with the unfused and the fused core. A step has no making of examples in either. Prints medians,
and the ratio of the fastest of each, paired by round.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

EMBED, LAYERS, HEADS, LENGTH, BATCH, BYTES = 128, 4, 8, 256, 16, 256


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(EMBED), nn.LayerNorm(EMBED)
        self.qkv, self.out = nn.Linear(EMBED, 3 * EMBED, bias=False), nn.Linear(EMBED, EMBED, bias=False)
        self.ffn1, self.ffn2 = nn.Linear(EMBED, 4 * EMBED), nn.Linear(4 * EMBED, EMBED)

    def forward(self, x):
        q, k, v = (t.view(BATCH, LENGTH, HEADS, -1).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, dim=-1))
        context = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(context.transpose(1, 2).reshape(BATCH, LENGTH, EMBED))
        return x + self.ffn2(functional.gelu(self.ffn1(self.norm2(x)), approximate="tanh"))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(BYTES, EMBED), nn.Parameter(torch.randn(LENGTH, EMBED) * 0.02)
        self.layers = nn.Sequential(*(Layer() for _ in range(LAYERS)))
        self.norm, self.scores = nn.LayerNorm(EMBED), nn.Linear(EMBED, BYTES)

    def forward(self, ids, following):
        scores = self.scores(self.norm(self.layers(self.tokens(ids) + self.positions)))
        return functional.cross_entropy(scores.view(-1, BYTES), following.view(-1))


def torch_step(compiled):
    """A function that takes one step."""
    torch.manual_seed(1)
    model = Decoder()
    forward = torch.compile(model) if compiled else model
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    ids, following = (torch.randint(BYTES, (BATCH, LENGTH)) for _ in range(2))

    def step():
        optimiser.zero_grad(set_to_none=True)
        forward(ids, following).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return step


def time_torch(step, steps):
    since = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - since) / steps


def time_ours(program, variant, steps, threads):
    config = f"""\
question: How long does a step take?
problem: {{variant: {variant}, backend: simd, task: next_byte, causal: true, batch: {BATCH}, seq_len: {LENGTH},
          embed_dim: {EMBED}, num_heads: {HEADS}, layers: {LAYERS}, num_threads: {threads}, steps: {steps},
          train_examples: {BATCH}, test_examples: {BATCH}}}
protocol: {{min_rounds: 1, max_rounds: 1}}
"""
    with tempfile.TemporaryDirectory() as scratch:
        path, journal = Path(scratch) / "step.yaml", Path(scratch) / "step.jsonl"
        path.write_text(config)
        done = subprocess.run([program, "run", path, "--output", journal, "--quiet"], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"{program} run: {done.stderr}")
        rounds = [json.loads(line) for line in journal.read_text().splitlines() if '"kind":"round"' in line]
        return rounds[0]["samples"][0]["wall_s"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("headcount")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    ways = {}
    for name, compiled in (("torch eager", False), ("torch compiled", True)):
        step = torch_step(compiled)
        try:
            time_torch(step, 3)  # compiles, allocates
        except Exception as error:  # pylint: disable=broad-except  # whatever its compiler lacks here
            print(f"{name}: not available: {str(error).splitlines()[0]}")
            continue
        ways[name] = lambda step=step: time_torch(step, options.steps)
    for variant in ("multi_head", "streaming"):
        ways[f"ours, {variant}"] = lambda variant=variant: time_ours(options.headcount, variant, options.steps,
                                                                     options.threads)
    times = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            times[name].append(way())
    print(f"torch {torch.__version__}, {options.threads} threads, {options.rounds} rounds of {options.steps} steps")
    for name, seconds in times.items():
        print(f"{name:20} {statistics.median(seconds) * 1e3:8.1f} ms a step "
              f"[{min(seconds) * 1e3:.1f}, {max(seconds) * 1e3:.1f}]")
    fastest = {who: min((name for name in times if name.startswith(who)), key=lambda n: statistics.median(times[n]))
               for who in ("torch", "ours")}
    ratios = [theirs / ours for theirs, ours in zip(times[fastest["torch"]], times[fastest["ours"]])]
    print(f"{fastest['torch']} takes {statistics.median(ratios):.2f} times as long as {fastest['ours']} "
          f"[{min(ratios):.2f}, {max(ratios):.2f}]")


if __name__ == "__main__":
    main()
