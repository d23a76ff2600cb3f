#!/usr/bin/env python3
"""Writes tests/fixtures/pretrained/goldens.json: what the model's own runtime makes of the first texts of the fixture.

Run by hand, with PyTorch of Debian 12 and the model installed (./test.sh does both):

    /usr/bin/python3 -m venv --system-site-packages build/models/goldens
    build/models/goldens/bin/pip install transformers==4.40.2
    build/models/goldens/bin/python tests/pretrained/make_goldens.py

make_goldens.py --recall TOKENS.jsonl prints recall at 1 and the mean reciprocal rank of that runtime on a file of
harness/pretrained/pairs.py instead.
"""
import argparse
import hashlib
import json
import os
import pathlib
import platform

os.environ["HF_HUB_OFFLINE"] = "1"
import torch  # noqa: E402
import transformers  # noqa: E402  (told first that it may not look for files elsewhere)

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "build/models/minilm"
FIXTURES = ROOT / "tests/fixtures/pretrained"
PAIRS = 8
MASKS = ([[2, 5]], [[0, 3], [0, 7]])  # layer, head; those of one mask together
BATCH = 32

transformers.logging.set_verbosity_error()  # it warns of the pooling layer in the file, which nobody uses


def load():
    model = transformers.BertModel.from_pretrained(MODEL, add_pooling_layer=False, attn_implementation="eager")
    return model.eval()


def run(model, ids, masked=()):
    """The outputs for texts of one length; a masked head's attention weights are zeroed, so it adds nothing."""
    heads = torch.ones(model.config.num_hidden_layers, model.config.num_attention_heads, dtype=model.dtype)
    for layer, head in masked:
        heads[layer, head] = 0
    with torch.no_grad():
        return model(torch.tensor(ids), head_mask=heads, output_hidden_states=True, output_attentions=True)


def embeddings(outputs):
    return torch.nn.functional.normalize(outputs.last_hidden_state.mean(dim=1), dim=1)


def digits(values):
    """Nine significant ones: a float32 has no more."""
    return [float(f"{value:.9g}") for value in values.tolist()]


def texts_of(path, count=None):
    """(package, "query" or "document", ids) of the first pairs of a file of tokens."""
    with open(path, encoding="utf-8", newline="\n") as file:
        rows = [json.loads(line) for line in file][1:]
    return [(row["package"], field, row[field]) for row in rows[:count] for field in ("query", "document")]


def check_tokens(tokens):
    """The model's own tokenizer must make the same ids."""
    with open(tokens, encoding="utf-8", newline="\n") as file:
        longest = json.loads(file.readline())["max_tokens"]
    with open(FIXTURES / "texts.jsonl", encoding="utf-8", newline="\n") as file:
        rows = [json.loads(line) for line in file][1:]
    tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
    for row, (package, field, ids) in zip((row for row in rows for _ in range(2)), texts_of(tokens)):
        own = tokenizer(row[field], truncation=True, max_length=longest)["input_ids"]
        if own != ids:
            raise SystemExit(f"{tokens}: {package} {field}: the model's tokenizer makes other ids: {own}")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def goldens():
    """The parts of the file, each of them one line or a list of lines."""
    tokens = FIXTURES / "tokens.jsonl"
    check_tokens(tokens)
    single, double = load(), load().double()
    texts = texts_of(tokens, PAIRS)
    yield "made_with", {"python": platform.python_version(), "torch": torch.__version__,
                        "transformers": transformers.__version__}
    yield "model_sha256", sha256(MODEL / "model.safetensors")
    yield "tokens_sha256", sha256(tokens)
    yield "texts", [{"package": package, "field": field, "ids": ids,
                     "embedding_f32": digits(embeddings(run(single, [ids]))[0]),
                     "embedding_f64": digits(embeddings(run(double, [ids]))[0])} for package, field, ids in texts]
    package, field, ids = texts[0]
    outputs = run(double, [ids])
    yield "inside", {"package": package, "field": field, "ids": ids,
                     "hidden_f64": [digits(state[0, 0]) for state in outputs.hidden_states],
                     "attention_f64": [digits(head[0]) for head in outputs.attentions[0][0]]}
    yield "masked", [{"package": package, "field": field, "heads": heads,
                      "embedding_f64": digits(embeddings(run(double, [ids], heads))[0])}
                     for package, field, ids in texts[:2] for heads in MASKS]


def write(path):
    def text(value):
        compact = (json.dumps(row, separators=(",", ":")) for row in (value if isinstance(value, list) else [value]))
        return "[\n" + ",\n".join(compact) + "\n]" if isinstance(value, list) else next(compact)

    path.write_text("{\n" + ",\n".join(f'"{name}":{text(value)}' for name, value in goldens()) + "\n}\n",
                    encoding="utf-8")


def recall(path):
    """Of all queries, how many find their own document first, and the mean of 1 / rank; ties count against it."""
    model, texts = load(), texts_of(path)
    found = {}
    by_length = {}
    for index, (_, _, ids) in enumerate(texts):
        by_length.setdefault(len(ids), []).append(index)
    for indices in by_length.values():  # of one length, so nothing is padded
        for first in range(0, len(indices), BATCH):
            part = indices[first:first + BATCH]
            found.update(zip(part, embeddings(run(model, [texts[index][2] for index in part]))))
    all_texts = torch.stack([found[index] for index in range(len(texts))])
    likeness = all_texts[0::2] @ all_texts[1::2].T
    ranks = (likeness >= likeness.diagonal().unsqueeze(1)).sum(dim=1).double()
    print(f"{path}: {len(ranks)} pairs, recall at 1 {(ranks == 1).double().mean():.4f}, "
          f"mean reciprocal rank {(1 / ranks).mean():.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recall", type=pathlib.Path, metavar="TOKENS", help="print recall on these pairs")
    arguments = parser.parse_args()
    if arguments.recall:
        recall(arguments.recall)
    else:
        write(FIXTURES / "goldens.json")


if __name__ == "__main__":
    main()
