#!/usr/bin/env python3
"""An option of a backend, from a config to a verdict and a figure: nothing that `run` accepts may `verify` refuse.

usage: options_test.py HEADCOUNT SOURCE_DIR
"""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HEADCOUNT = sys.argv[1]
SOURCE = pathlib.Path(sys.argv[2])

CONFIG = """
question: Does a block of keys change what is counted?
problem: {variant: streaming, embed_dim: 16, seq_len: 16}
axes:
  backend: [naive, simd]
  key_block: [0, 8]
  num_heads: [1, 2]
compare_by: [num_heads, key_block]
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0001, budget_s: 20}
claims:
  - {id: option, says: a law may name an option, metric: total.exps, across: num_heads, where: {backend: simd},
     expect: {at_least: base + 0 * key_block}, outcome: supported}
  - {id: seed, says: a law may name the seed, metric: total.exps, across: num_heads,
     expect: {at_least: base * seed}, outcome: supported}
"""

# Two of these have options of their own.
ACROSS = """
question: Do variants with options of their own stand beside those without?
problem: {backend: counting, embed_dim: 16, seq_len: 16, num_heads: 2, causal: true}
axes:
  variant: [streaming, local, latent]
compare_by: variant
claims:
  - {id: parameters, says: a window needs no more parameters, metric: parameters, across: variant, base: streaming,
     where: {variant: [streaming, local]}, expect: {equal: exactly}, outcome: supported}
  - {id: exps, says: a window as long as all keys changes nothing, metric: total.exps, across: variant, base: streaming,
     where: {variant: [streaming, local]}, expect: {equal: exactly}, outcome: supported}
"""


def run(*arguments, code=0):
    done = subprocess.run([HEADCOUNT, *map(str, arguments)], cwd=SOURCE, capture_output=True, text=True, timeout=300)
    if done.returncode != code:
        sys.exit(f"{' '.join(map(str, arguments))}: exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}")
    return done


def expect(holds, what):
    if not holds:
        sys.exit(f"options_test: {what}")


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    config, result = folder / "options.yaml", folder / "options.jsonl"
    config.write_text(CONFIG)
    run("run", config, "--output", result)
    lines = [json.loads(line) for line in result.read_text().splitlines()]
    points = [line["point"] for line in lines if line["kind"] == "point"]
    expect(len(points) == 6, f"naive has no key_block and 2 points, simd 4; not {points}")
    expect(sum("key_block=8" in point for point in points) == 2, f"key_block is in the ids of simd alone: {points}")
    fields = {field["name"]: field for field in lines[0]["fields"]}
    expect(fields["key_block"]["of"] == "backend simd", f"the run record says whose option it is: {fields['key_block']}")
    verdicts = run("verify", result).stdout
    expect("option" in verdicts and "seed" in verdicts, verdicts)
    figures = folder / "figures"
    plotted = run("plot", result, "--output", figures)
    expect("Traceback" not in plotted.stderr, plotted.stderr)
    expect(any(name.startswith("time_over_heads") for name in os.listdir(figures)), "time over heads is not drawn")
    for bad, why in (("expect: {at_least: base * variant}", "variant"), ("expect: {at_least: base * widow}", "widow")):
        config.write_text(CONFIG.replace("expect: {at_least: base * seed}", bad))
        refused = run("run", config, "--dry-run", code=2)
        expect(why in refused.stderr, f"a law cannot use {why}, and `run` says so: {refused.stderr}")
    # An option does not keep a variant from being compared with those that have none.
    config.write_text(ACROSS)
    run("run", config, "--output", result, "--fresh")
    verdicts = list(csv.DictReader(run("verify", result, "--format", "csv").stdout.splitlines()))
    expect([verdict["status"] for verdict in verdicts] == ["supported", "supported"], verdicts)
    expect(all(verdict["n"] == "1/1" for verdict in verdicts), verdicts)
print("options: from a config to ids, the run record, verdicts and figures")
