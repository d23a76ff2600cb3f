"""Fewer query heads, of the width that num_heads of them would have."""

import copy

from torch_attention import attention


def output(point, t):
    kept = copy.copy(point)
    kept.num_heads = int(point.fields["query_heads"]) or point.num_heads // 2
    return attention(kept, t)
