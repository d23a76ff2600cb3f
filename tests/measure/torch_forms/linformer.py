"""Linformer (Wang et al. 2020, equation 7), E and F shared by the heads."""

import math

import torch
from torch_attention import attention, grouped, joined


def output(point, t):
    def of_heads(point, q, k, v):
        q, k, v = grouped(point, q, k, v)
        scores = torch.einsum("bhid,bhjd->bhij", q, torch.einsum("nj,bhjd->bhnd", t["we"][0], k))
        weights = torch.softmax(scores / math.sqrt(q.shape[-1]), dim=-1)
        return joined(weights @ torch.einsum("nj,bhjd->bhnd", t["wf"][0], v))

    return attention(point, t, of_heads)
