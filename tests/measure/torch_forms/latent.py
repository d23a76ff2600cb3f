"""Multi-head latent attention as DeepSeek-V2 has it in section 2.1: keys and values are made of the latent. `form` says
where our products stand and not what they compute, so it is not looked at."""

import math

import torch
from torch_attention import heads_of, inputs_of, joined, keys_seen, projected, softmax
from torch_rotary import rotated


def output(point, t):
    x_q, x_kv = inputs_of(t)
    fields, heads = point.fields, point.num_heads
    rotary, groups = int(fields["rope_dim"]), int(fields.get("latent_groups", 1))

    q = projected(x_q, t, "q") if "wq" in t else projected(x_q, t, "dq") @ t["wuq"][0]
    q = heads_of(q, heads)
    latents = heads_of(projected(x_kv, t, "dkv"), groups).repeat_interleave(heads // groups, dim=1)
    k = torch.einsum("bhlr,rhd->bhld", latents, t["wuk"][0].unflatten(1, (heads, -1)))
    v = torch.einsum("bhlr,rhd->bhld", latents, t["wuv"][0].unflatten(1, (heads, -1)))
    if rotary > 0:
        q_len, kv_len = x_q.shape[1], x_kv.shape[1]
        turned_key = rotated(projected(x_kv, t, "kr"), 0).unsqueeze(1).expand(-1, heads, -1, -1)
        k = torch.cat([k, turned_key], dim=-1)
        q = torch.cat([q[..., rotary:], rotated(q[..., :rotary], kv_len - q_len)], dim=-1)
    scores = q @ k.transpose(2, 3) / math.sqrt(int(fields["head_dim"]) + rotary)
    return projected(joined(softmax(scores, keys_seen(point, q.shape[2], k.shape[2])) @ v), t, "o")
