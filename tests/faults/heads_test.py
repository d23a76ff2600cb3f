#!/usr/bin/env python3
"""Kills a study of heads at random instants, resumes it, and compares: every rank and every measure is that of an
undisturbed study, and no condition is measured twice. And asks for what is not there, as a user would by mistake.

usage: heads_test.py HEADCOUNT
"""
import json
import random
import struct
import sys
import tempfile
from pathlib import Path

from support import check, end_with_kills, of_kind, records, run

LAYERS, HEADS, WIDTH, INNER, TOKENS, POSITIONS = 2, 4, 32, 64, 50, 24
PAIRS = 60
KILLS = 8


def tensors():
    """Name and shape of all tensors of a small encoder, as the transformers library calls them."""
    shapes = {"embeddings.word_embeddings.weight": [TOKENS, WIDTH],
              "embeddings.position_embeddings.weight": [POSITIONS, WIDTH],
              "embeddings.token_type_embeddings.weight": [2, WIDTH]}

    def linear(name, inputs, outputs):
        shapes[name + ".weight"] = [outputs, inputs]
        shapes[name + ".bias"] = [outputs]

    def norm(name):
        shapes[name + ".weight"] = [WIDTH]
        shapes[name + ".bias"] = [WIDTH]

    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            linear(prefix + name, WIDTH, WIDTH)
        norm(prefix + "attention.output.LayerNorm")
        linear(prefix + "intermediate.dense", WIDTH, INNER)
        linear(prefix + "output.dense", INNER, WIDTH)
        norm(prefix + "output.LayerNorm")
    return shapes


def write_model(folder, chance):
    header, numbers = {}, b""
    for name, shape in tensors().items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = struct.pack(f"<{count}f", *(chance.gauss(0, 0.5) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(numbers), len(numbers) + len(values)]}
        numbers += values
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + numbers)
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
         "hidden_size": WIDTH, "intermediate_size": INNER, "vocab_size": TOKENS,
         "max_position_embeddings": POSITIONS, "layer_norm_eps": 1e-12}))


def write_pairs(path, chance):
    lines = [{"kind": "pairs", "max_tokens": POSITIONS, "source": "a test"}]
    for i in range(PAIRS):
        document = [chance.randrange(TOKENS) for _ in range(4 + i % 20)]
        lines.append({"package": f"p{i}", "query": document[:3], "document": document})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def results(lines):
    """What was measured, without times."""
    told = {line["name"]: (line["removed"], line["ranks"]) for line in of_kind(lines, "condition")}
    for line in of_kind(lines, "diversity"):
        told[line["model"], line["fold"]] = line["layers"]
    told["timings"] = [line["heads_left"] for line in of_kind(lines, "timing")]
    return told


def refused(command, scratch, *words):
    done = run(command, cwd=scratch)
    check(done.returncode == 2, f"exit {done.returncode} and not 2: {command}\n{done.stderr}")
    for word in words:
        check(word in done.stderr, f"the message has no {word!r}: {done.stderr}")


def kill_and_compare(command, output, scratch, chance):
    whole = scratch / "whole.jsonl"
    done = run([*command, "--output", whole], cwd=scratch)
    check(done.returncode in (0, 3), f"an undisturbed study fails: {done.stderr}")
    for words in ("Points of recall lost without one head", "Heads pruned", "How different heads are", "R14.effective"):
        check(words in done.stdout, f"{words!r} is not told")
    killed = 0
    while killed < KILLS:
        output.unlink(missing_ok=True)
        hit = end_with_kills(command + ["--output", output], output, KILLS - killed, chance, 0.02, scratch, ends=(0, 3))
        check(hit > 0, "no kill hit the study")
        lines = records(output)
        check(results(lines) == results(records(whole)), "a resumed study differs from an undisturbed one")
        killed += hit
    names = [line["name"] for line in of_kind(lines, "condition")]
    check(len(names) == len(set(names)) == 1 + 8 + 2 + 3 * 8, f"{len(names)} conditions")
    before = output.read_bytes()
    check(run([*command, "--output", output], cwd=scratch).returncode in (0, 3), "a finished study is not told again")
    check(output.read_bytes() == before, "a finished study was written to")
    return whole


def main():
    program = Path(sys.argv[1]).resolve()
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch).resolve()
        model, pairs = scratch / "small", scratch / "tokens.jsonl"
        model.mkdir()
        write_model(model, chance)
        write_pairs(pairs, chance)
        command = [program, "heads", model, "--pairs", pairs]
        study = kill_and_compare(command, scratch / "killed.jsonl", scratch, chance)

        told = run([program, "heads", study], cwd=scratch)
        check("R14.removable" in told.stdout, "a study is not told from its file")
        refused([program, "heads", "nonsense", "--pairs", pairs], scratch, "model nonsense is not installed")
        refused([program, "heads", model], scratch, "--pairs")
        refused([*command, "--variant", "block_diagonal"], scratch, "block_diagonal", "take multi_head")
        refused([*command, "--backend", "nonsense"], scratch, "nonsense")
        refused([*command, "--output", study, "--most-pairs", "30"], scratch, "another", "--fresh")
        refused([*command, "--output", pairs], scratch, "is not a study of heads")
        check(run([*command, "--output", study, "--most-pairs", "30", "--fresh"], cwd=scratch).returncode in (0, 3),
              "--fresh does not begin anew")
        check((scratch / "whole.jsonl.old").exists(), "an earlier study was not set aside")
        (model / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes()[:-4])
        refused(command, scratch, "model.safetensors", "install the model again")
    print(f"heads_test: {KILLS} kills, every rank as undisturbed")


if __name__ == "__main__":
    main()
