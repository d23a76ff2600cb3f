"""A grouped torch.nn.functional.conv1d, each column a group, and a convolution of one place."""

import torch.nn.functional as F
from torch_attention import inputs_of
from torch_forms.convolution import padded


def output(point, t):
    _, x = inputs_of(t)
    kernel_size, width = int(point.fields["kernel_size"]), x.shape[-1]
    each = F.conv1d(padded(point, x, kernel_size), t["wd"][0].flip(0).mT[:, None], dilation=int(point.fields["dilation"]),
                    groups=width)
    return F.conv1d(each, t["wp"][0].mT[:, :, None], t["bp"][0, 0] if "bp" in t else None).mT
