"""Grouped-tied attention (Zadouri et al. 2025): keys and values of a group are one state. A key is the state's first
columns and a rotary key that all heads share."""

import math

import torch
from torch_attention import heads_of, inputs_of, joined, keys_seen, projected, softmax
from torch_rotary import rotated


def output(point, t):
    x_q, x_kv = inputs_of(t)
    q_len, kv_len = x_q.shape[1], x_kv.shape[1]
    q = heads_of(projected(x_q, t, "q"), point.num_heads)
    state = heads_of(projected(x_kv, t, "kv"), point.num_kv_heads)
    rotary = t["wkr"].shape[2] if "wkr" in t else 0
    k = state[..., :q.shape[3] - rotary]
    if rotary > 0:
        shared = rotated(projected(x_kv, t, "kr"), 0).unsqueeze(1).expand(-1, point.num_kv_heads, -1, -1)
        k = torch.cat([shared, k], dim=-1)
        q = torch.cat([rotated(q[..., :rotary], kv_len - q_len), q[..., rotary:]], dim=-1)
    group = point.num_heads // point.num_kv_heads
    k, v = k.repeat_interleave(group, dim=1), state.repeat_interleave(group, dim=1)
    scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
    return projected(joined(softmax(scores, keys_seen(point, q_len, kv_len)) @ v), t, "o")
