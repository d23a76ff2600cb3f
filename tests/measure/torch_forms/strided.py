"""The newest keys, and those whose distance is a multiple of the stride."""

import torch
from torch_attention import attention, core, keys_seen


def output(point, t):
    stride = int(point.fields["stride"])

    def strided(point, q, k, v):
        q_len, kv_len = q.shape[1], k.shape[1]
        distance = torch.arange(kv_len - q_len, kv_len)[:, None] - torch.arange(kv_len)
        seen = (distance < stride) | (distance % stride == 0)
        return core(point, q, k, v, seen & keys_seen(point, q_len, kv_len))

    return attention(point, t, strided)
