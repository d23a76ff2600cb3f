"""Attention whose queries and keys are turned by their positions (Su et al. 2021): the first rotary_dim columns of each
head."""

import torch
from torch_attention import attention, core, heads_of, joined
from torch_rotary import rotated


def output(point, t):
    base, chosen = int(point.fields["rotary_base"]), int(point.fields["rotary_dim"])

    def turned(x, heads, first):
        x = heads_of(x, heads)
        turning = chosen if chosen > 0 else x.shape[-1] // 2 * 2
        if turning == 0:
            return joined(x)
        return joined(torch.cat([rotated(x[..., :turning], first, base), x[..., turning:]], dim=-1))

    def of_heads(point, q, k, v):
        first = k.shape[1] - q.shape[1]
        return core(point, turned(q, point.num_heads, first), turned(k, point.num_kv_heads, 0), v)

    return attention(point, t, of_heads)
