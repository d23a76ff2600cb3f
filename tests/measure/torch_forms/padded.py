"""Sequences of different lengths, padded to the longest: a mask of keys, and zeros where there is no token."""

import torch
from torch_attention import attention, core, keys_seen


def output(point, t):
    x = t["q"] if point.fields["scope"] == "core" else t["x_q"]
    batch, longest = x.shape[:2]
    shortest = int(point.fields["shortest"]) or (longest + 1) // 2
    steps = torch.arange(batch - 1, -1, -1)
    lengths = shortest + (longest - shortest) * steps // (batch - 1) if batch > 1 else torch.tensor([longest])
    exists = torch.arange(longest) < lengths[:, None]

    def of_heads(point, q, k, v):
        seen = keys_seen(point, longest, longest) & exists[:, None, None, :]
        return core(point, q, k, v, seen)

    return torch.where(exists[:, :, None], attention(point, t, of_heads), 0)
