"""Ye et al. 2024, equation 1: two softmax maps a head, one subtracted from the other."""

import math

from torch_attention import attention, grouped, joined, keys_seen, softmax


def output(point, t):
    def difference(point, q, k, v):
        q, k, v = grouped(point, q, k, v)
        seen = keys_seen(point, q.shape[2], k.shape[2])
        first, second = (softmax(a @ b.transpose(2, 3) / math.sqrt(a.shape[-1]), seen)
                         for a, b in zip(q.chunk(2, dim=-1), k.chunk(2, dim=-1)))
        return joined((first - t["lambda"][0] * second) @ v)

    return attention(point, t, difference)
