"""Shazeer et al. 2020: heads exchange logits before the softmax and weights after it."""

import math

import torch
from torch_attention import attention, grouped, joined, keys_seen, softmax


def output(point, t):
    def talking(point, q, k, v):
        q, k, v = grouped(point, q, k, v)
        seen = keys_seen(point, q.shape[2], k.shape[2])
        logits = torch.einsum("bhqk,hg->bgqk", q @ k.transpose(2, 3), t["logit_mixing"][0]) / math.sqrt(q.shape[-1])
        weights = torch.einsum("bhqk,hg->bgqk", softmax(logits, seen), t["weight_mixing"][0])
        return joined(weights @ v)

    return attention(point, t, talking)
