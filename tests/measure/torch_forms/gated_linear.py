"""Gated linear attention (Yang et al. 2023, equation 3), token by token."""

import torch
import torch.nn.functional as F
from torch_attention import grouped, heads_of, inputs_of, joined, projected


def output(point, t):
    x_q, x_kv = inputs_of(t)
    q, k, v = grouped(point, projected(x_q, t, "q"), projected(x_kv, t, "k"), projected(x_kv, t, "v"))
    alpha = torch.exp(F.logsigmoid(x_kv @ t["wa"][0]) / int(point.fields["tau"]))
    alpha = heads_of(alpha, point.num_kv_heads).repeat_interleave(point.num_heads // point.num_kv_heads, dim=1)
    state, rows = torch.zeros(*k.shape[:2], k.shape[-1], v.shape[-1], dtype=k.dtype), []
    for i in range(k.shape[2]):
        state = alpha[:, :, i, :, None] * state + torch.einsum("bhd,bhe->bhde", k[:, :, i], v[:, :, i])
        if i >= k.shape[2] - q.shape[2]:
            rows.append(torch.einsum("bhd,bhde->bhe", q[:, :, i - k.shape[2] + q.shape[2]], state))
    return projected(joined(torch.stack(rows, dim=2)), t, "o")
