"""torch.nn.functional.conv1d. Ours counts the places of a kernel backwards from the result, PyTorch forwards."""

import torch.nn.functional as F
from torch_attention import inputs_of


def padded(point, x, kernel_size):
    """[batch, width, length], with zeros on both sides or, causal, before it."""
    reach = (kernel_size - 1) * int(point.fields["dilation"])
    sides = (reach, 0) if point.fields["causal"] == "true" else (reach // 2, reach // 2)
    return F.pad(x.mT, sides)


def output(point, t):
    _, x = inputs_of(t)
    kernel_size, width = int(point.fields["kernel_size"]), x.shape[-1]
    w = t["wc"][0].reshape(kernel_size, width, width).flip(0).permute(2, 1, 0)
    bias = t["bc"][0, 0] if "bc" in t else None
    return F.conv1d(padded(point, x, kernel_size), w, bias, dilation=int(point.fields["dilation"])).mT
