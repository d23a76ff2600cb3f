"""Each head projects its own slice: all but the diagonal blocks of the matrices is zero."""

import torch
from torch_attention import core, inputs_of, projected


def output(point, t):
    def sliced(x, name):
        w = t["w" + name][0]
        heads = point.num_kv_heads if name in "kv" else point.num_heads
        blocks = torch.block_diag(*[torch.ones(w.shape[0] // heads, w.shape[1] // heads)] * heads)
        return projected(x, t, name, w * blocks.to(w.dtype))

    x_q, x_kv = inputs_of(t)
    return sliced(core(point, sliced(x_q, "q"), sliced(x_kv, "k"), sliced(x_kv, "v")), "o")
