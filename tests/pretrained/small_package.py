"""A made-up npm package with the graph of the Universal Sentence Encoder Lite, with few columns and random numbers."""
import io
import json
import math
import random
import struct
import tarfile

TOKEN_WIDTH, WIDTH, INNER, TOKENS = 8, 16, 12, 10
GRAPH = "module_apply_default/Encoder_en/KonaTransformer/Encode/"
KERNELS = "module/Encoder_en/KonaTransformer/Encode/"
HEADS = f"{GRAPH}TransformerStack/Layer_1/TransformerLayer/MultiheadAttention/split_heads/split_last_dimension/Reshape/shape/2"
EPSILON = f"{GRAPH}TransformerStack/Layer_1/TransformerLayer/FFN/layer_prepostprocess/layer_norm/Cast/x"
SCALES = f"{GRAPH}TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1"


def tensors():
    """(shape, values) by name, of 32-bit numbers."""
    draw, made = random.Random(1), {}

    def add(name, *shape):
        values = struct.pack(f"<{math.prod(shape)}f", *(draw.gauss(0, 1) for _ in range(math.prod(shape))))
        made[name] = list(shape), struct.unpack(f"<{math.prod(shape)}f", values)

    add("module/Embeddings_en", TOKENS, TOKEN_WIDTH)
    add(SCALES, 1, TOKEN_WIDTH // 2)
    for layer, width in enumerate((TOKEN_WIDTH, WIDTH)):
        here = f"Layer_{layer}/TransformerLayer/"
        for part, into in (("qkv", 3 * width), ("output", WIDTH)):
            add(f"{KERNELS}{here}MultiheadAttention/{part}_transform_single/kernel/part_0", 1, 1, width, into)
            add(f"{GRAPH}{here}MultiheadAttention/{part}_transform_single/bias/ConcatPartitions/concat", into)
        for of, columns in (("", width), ("FFN/", WIDTH)):
            for kind in ("scale", "bias"):
                add(f"{GRAPH}{here}{of}layer_prepostprocess/layer_norm/layer_norm_{kind}/ConcatPartitions/concat", columns)
        for name, begin, into in (("conv1", WIDTH, INNER), ("conv2", INNER, WIDTH)):
            add(f"{GRAPH}TransformerStack/{here}FFN/{name}/Tensordot/Reshape_1", begin, into)
            add(f"{GRAPH}{here}FFN/{name}/bias/ConcatPartitions/concat", into)
    add(f"{GRAPH}Layer_0/TransformerLayer/dense/kernel/ConcatPartitions/concat", TOKEN_WIDTH, WIDTH)
    add(f"{GRAPH}Layer_0/TransformerLayer/dense/bias/ConcatPartitions/concat", WIDTH)
    add("module/Encoder_en/hidden_layers/tanh_layer_0/weights", WIDTH, WIDTH)
    add("module/Encoder_en/hidden_layers/tanh_layer_0/bias", WIDTH)
    made[EPSILON] = [], (0.25,)
    return made


def parameters(made):
    """How many numbers of the graph are in the model; the scales of positions and epsilon are not."""
    return sum(len(values) for name, (_, values) in made.items() if name not in (SCALES, EPSILON))


def package(made, quantised="", heads=4, more=b""):
    """The bytes of a .tgz; the numbers are cut into two files, in the middle of one number."""
    weights = [{"name": HEADS, "shape": [], "dtype": "int32"}]
    numbers = struct.pack("<i", heads)
    for name, (shape, values) in made.items():
        weights.append({"name": name, "shape": shape, "dtype": "float32"})
        if name == quantised:
            weights[-1]["quantization"] = {"dtype": "uint8", "min": 0, "scale": 1}
        numbers += struct.pack(f"<{len(values)}f", *values)
    numbers += more
    model = {"modelTopology": {}, "weightsManifest": [{"paths": ["a", "b"], "weights": weights}]}
    files = {"dist/model.json": json.dumps(model).encode(), "dist/a": numbers[:101], "dist/b": numbers[101:],
             "dist/vocab.json": b"[]", "LICENSE": b"yours"}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
