"""Who looks how: one colour a variant in every figure, other hues for numbers in order, black for bounds."""
import zlib

# Okabe and Ito (2008), told apart by every common kind of colour vision; yellow is left out, it vanishes on white.
# The order alternates dark and light, so that neighbours differ in grey too.
COLOURS = ["#0072B2", "#E69F00", "#000000", "#CC79A7", "#009E73", "#D55E00", "#56B4E9", "#7F7F7F"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
LINES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (7, 2, 1, 2))]
HATCHES = ["", "////", "....", "\\\\\\\\", "xxxx", "----", "++++", "oooo", "||||", "**"]
BAND = "#BBBBBB"
BOUND = "#222222"  # of least times that belong to no series; no variant and no operation has it
DIVERGING = ["#0072B2", "#FFFFFF", "#D55E00"]  # below, at and above zero

# The place of a variant in COLOURS and MARKERS. Those that figures put beside each other most often come first; what
# shares a colour has another marker.
VARIANTS = {name: place for place, name in enumerate([
    "multi_head", "streaming", "packed_qkv", "multi_head_split", "multi_head_looped", "grouped_query", "local", "linear",
    "single_head", "multi_query", "latent", "grouped_tied", "gated_linear", "grouped_latent", "tensor_product",
    "block_diagonal", "collaborative", "differential", "fixed_head_dim", "linformer", "performer", "sparse_query",
    "strided", "talking_heads", "recurrent", "convolution", "separable_convolution", "rotary", "padded",
    "packed_sequences"])}


# Programs of others that stand beside ours (variants/external), each told apart from ours by colour or marker.
ENGINES = {"onnxruntime_attention": (3, 3), "onnxruntime_mha": (4, 4), "onnxruntime_decomposed": (6, 6),
           "onednn_primitives": (7, 5), "torch_default": (5, 7), "torch_tuned": (2, 2)}


def of_place(index):
    """Colour, marker and dash of the index-th series of those that have no name of their own."""
    i = index % len(COLOURS)
    return {"color": COLOURS[i], "marker": MARKERS[(i + index // len(COLOURS)) % len(MARKERS)], "linestyle": LINES[i]}


def place_of(variant):
    """The same in every figure and every run, for a variant that this table has never heard of as well."""
    return VARIANTS.get(variant, zlib.crc32(variant.encode()) % (len(COLOURS) * len(MARKERS)))


def variant(name):
    return of_place(place_of(name))


def implementation(variant_name, backend):
    """The colour of the variant, or of the engine that stands for one, and a marker that tells backends apart."""
    known = ["simd", "blas", "naive", "onednn", "blis", "cblas", "counting"]
    number = known.index(backend) if backend in known else zlib.crc32(backend.encode())
    colour = place_of(backend if variant_name == "external" else variant_name)
    if variant_name == "external":
        colour, number = ENGINES.get(backend, (colour, number))
    return {"color": COLOURS[colour % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)], "linestyle": "none"}


def ordered(index, count):
    """Of the index-th of `count` numbers in order (lengths, heads): from dark to light, in hues that no variant has."""
    ramp = ["#1B0C41", "#4A0C6B", "#781C6D", "#A52C60", "#CF4446", "#ED6925", "#FB9B06", "#F7D13D"]  # of inferno
    place = 0 if count < 2 else round(index * (len(ramp) - 2) / (count - 1)) if count <= len(ramp) else index
    return {"color": ramp[place % len(ramp)], "marker": MARKERS[index % len(MARKERS)], "linestyle": LINES[index % len(LINES)]}


def bar(index):
    """Fill and hatch of the index-th part of a stack; black is left out, no hatch shows on it."""
    fills = [c for c in COLOURS if c != "#000000"]
    return {"color": fills[index % len(fills)], "hatch": HATCHES[index % len(HATCHES)]}
