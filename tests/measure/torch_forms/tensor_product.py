"""Zhang et al. 2025: a token's queries, keys and values are means of outer products of a vector over heads and one over
columns."""

import torch
from torch_attention import core, inputs_of, projected


def output(point, t):
    def factored(x, letter):
        rank = int(point.fields[letter + "_rank"])
        a, b = (projected(x, t, letter + which).unflatten(-1, (rank, -1)) for which in "ab")
        return torch.einsum("blrh,blrd->blhd", a, b).flatten(2) / rank

    x_q, x_kv = inputs_of(t)
    return projected(core(point, factored(x_q, "q"), factored(x_kv, "k"), factored(x_kv, "v")), t, "o")
