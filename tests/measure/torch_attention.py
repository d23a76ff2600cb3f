"""Attention in PyTorch, as the forms of torch_forms/ and torch_test.py need it."""

import math

import torch


def heads_of(x, heads):
    """[batch, length, heads * width] -> [batch, heads, length, width]"""
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def joined(x):
    """[batch, heads, length, width] -> [batch, length, heads * width]"""
    return x.transpose(1, 2).flatten(2)


def keys_seen(point, q_len, kv_len):
    """[q_len, kv_len], true where a query sees a key. A causal mask is aligned bottom-right."""
    every = torch.ones(q_len, kv_len, dtype=torch.bool)
    return every.tril(kv_len - q_len) if point.fields["causal"] == "true" else every


def softmax(scores, seen):
    """Of each row over the keys that it sees; a row that sees none has weights zero."""
    live = seen.any(dim=-1, keepdim=True)
    return torch.softmax(scores.masked_fill(~seen & live, -math.inf), dim=-1).masked_fill(~live, 0)


def grouped(point, q, k, v):
    """Heads of all three, keys and values repeated for the queries that share them."""
    q, k, v = heads_of(q, point.num_heads), heads_of(k, point.num_kv_heads), heads_of(v, point.num_kv_heads)
    group = point.num_heads // point.num_kv_heads
    return q, k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)


def core(point, q, k, v, seen=None):
    """softmax(q k^T / sqrt(head_dim)) v for every head; a query that sees no key has the output zero."""
    q, k, v = grouped(point, q, k, v)
    if seen is None:
        seen = keys_seen(point, q.shape[2], k.shape[2])
    return joined(softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]), seen) @ v)


def projected(x, t, name, w=None):
    """x @ w<name> + b<name>; tensors of weights are [1, rows, cols]."""
    w, b = t["w" + name][0] if w is None else w, t.get("b" + name)
    return x @ w if b is None else x @ w + b[0]


def inputs_of(t):
    """x_q and x_kv, which is x_q in self-attention."""
    return t["x_q"], t.get("x_kv", t["x_q"])


def attention(point, t, of_heads=core):
    """A layer, or in core scope of_heads(point, q, k, v) alone, or what is projected, side by side."""
    if point.fields["scope"] == "core":
        return of_heads(point, t["q"], t["k"], t["v"])
    x_q, x_kv = inputs_of(t)
    if point.fields["scope"] == "projections":
        return torch.cat([projected(x_q, t, name) for name in "qkv"] + [projected(t["context"], t, "o")], dim=-1)
    return projected(of_heads(point, projected(x_q, t, "q"), projected(x_kv, t, "k"), projected(x_kv, t, "v")), t, "o")
