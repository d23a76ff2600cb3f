"""Cordonnier et al. 2020: one projection of queries and of keys for all heads, whose columns each head weighs."""

import math

import torch
from torch_attention import heads_of, inputs_of, joined, keys_seen, projected, softmax


def output(point, t):
    x_q, x_kv = inputs_of(t)
    q, k, v = projected(x_q, t, "q"), projected(x_kv, t, "k"), heads_of(projected(x_kv, t, "v"), point.num_heads)
    scores = torch.einsum("bqd,hd,bkd->bhqk", q, t["mixing"][0], k) / math.sqrt(int(point.fields["head_dim"]))
    return projected(joined(softmax(scores, keys_seen(point, q.shape[1], k.shape[1])) @ v), t, "o")
