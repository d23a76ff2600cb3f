#!/usr/bin/env python3
"""Every adaptor of variants/external on small shapes, through the harness's own check against float64; what an engine
does not support it has to say.

usage: adaptors_test.py HEADCOUNT SOURCE_DIR
An engine whose library is absent is SKIPPED, by name and with its reason. Exit 0 all that could run passed, 1 one did not,
77 none could run.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HEADCOUNT, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SKIPPED = 77

# Self-attention, masks, batches, other lengths than keys, grouped heads, odd widths, both scopes: one group, so that an
# engine is started once for it.
POINTS = [
    "{scope: core, seq_len: 33}",
    "{scope: core, seq_len: 33, batch: 3, causal: true}",
    "{scope: core, q_len: 5, kv_len: 70, batch: 2, causal: true}",
    "{scope: core, q_len: 1, kv_len: 70, causal: true}",
    "{scope: core, seq_len: 9, num_kv_heads: 2, causal: true}",
    "{scope: core, seq_len: 11, head_dim: 5, value_head_dim: 7}",
    "{scope: layer, seq_len: 17}",
    "{scope: layer, seq_len: 17, batch: 2, bias: true, causal: true}",
    "{scope: layer, q_len: 5, kv_len: 70, bias: true}",
    "{scope: layer, seq_len: 9, num_kv_heads: 2}",
]
# Three rounds: inputs change from one to the next, and each is compared.
CONFIG = """question: Does {engine} compute attention?
problem: {{variant: external, backend: {engine}, embed_dim: 32, num_heads: 4}}
include:
{points}
compare_by: [batch, q_len, kv_len, causal, bias, scope, num_kv_heads, head_dim, value_head_dim]
protocol: {{min_rounds: 3, max_rounds: 3, min_sample_s: 0.00001, budget_s: 60}}
"""
# What an engine has no word for; everything else it must compute.
UNSUPPORTED = {
    "onnxruntime_mha": lambda point: "num_kv_heads" in point,
    "torch_default": lambda point: "num_kv_heads" in point and "scope=core" not in point,
}


def engines():
    return sorted(path.stem for path in (SOURCE / "variants" / "external").glob("*.yaml"))


def absent_program(engine):
    """The interpreter that the engine's file names, where this machine has none; a harness that is asked for such an
    engine calls it a failure, because the name may be misspelt."""
    text = (SOURCE / "variants" / "external" / f"{engine}.yaml").read_text(encoding="utf-8")
    program = re.search(r"^command: \[([^],]+)", text, re.MULTILINE)[1]
    where = os.pathsep.join([str(pathlib.Path(HEADCOUNT).parent), os.environ.get("PATH", os.defpath)])
    return "" if shutil.which(program, path=where) else program


def records(result):
    """The last record of each point: an earlier one stands for an attempt."""
    last = {}
    with open(result, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record.get("kind") == "point":
                last[record["point"]] = record
    return last.values()


def examine(engine, folder):
    """Failures of one engine, and the reason why it is missing."""
    config, result = folder / "config.yaml", folder / "result.jsonl"
    config.write_text(CONFIG.format(engine=engine, points="\n".join(f"  - {point}" for point in POINTS)))
    done = subprocess.run([HEADCOUNT, "run", str(config), "--output", str(result)], cwd=SOURCE, capture_output=True,
                          text=True, timeout=900)
    if done.returncode == 4 and f"engine {engine} is missing: " in done.stderr:
        return [], done.stderr.rpartition(f"engine {engine} is missing: ")[2].strip()
    if not result.exists():
        return [f"no result: {done.stdout[-800:]}{done.stderr[-800:]}"], ""
    found = list(records(result))
    failures = [] if len(found) == len(POINTS) else [f"{len(found)} of {len(POINTS)} points have an outcome"]
    for record in found:
        point, outcome, reason = record["point"], record["outcome"], record.get("reason", "")
        if outcome == "skipped" and "is missing" in reason:
            return [], reason
        expected = "skipped" if UNSUPPORTED.get(engine, lambda _: False)(point) else "measured"
        if outcome != expected or (outcome == "skipped" and not reason):
            failures.append(f"{point}: {outcome} {reason}; expected {expected}")
    return failures, ""


def main():
    ran = failed = 0
    for engine in engines():
        if program := absent_program(engine):
            print(f"SKIPPED {engine}: there is no {program} on this machine")
            continue
        with tempfile.TemporaryDirectory() as folder:
            failures, missing = examine(engine, pathlib.Path(folder))
        if missing:
            print(f"SKIPPED {engine}: {missing}")
            continue
        ran += 1
        failed += bool(failures)
        print(f"{'FAILED ' if failures else 'ok     '} {engine}")
        for failure in failures:
            print(f"        {failure}")
    if not engines():
        print("variants/external holds no engine; is the pattern of this test out of date?")
        return 1
    if failed:
        return 1
    return 0 if ran else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
