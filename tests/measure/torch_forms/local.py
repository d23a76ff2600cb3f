"""A window around each query, and the first keys."""

import torch
from torch_attention import attention, core, keys_seen


def output(point, t):
    window, sink = int(point.fields["window"]), int(point.fields["sink_keys"])

    def windowed(point, q, k, v):
        q_len, kv_len = q.shape[1], k.shape[1]
        distance = torch.arange(kv_len - q_len, kv_len)[:, None] - torch.arange(kv_len)
        seen = (distance.abs() < window) | (torch.arange(kv_len) < sink)
        return core(point, q, k, v, seen & keys_seen(point, q_len, kv_len))

    return attention(point, t, windowed)
