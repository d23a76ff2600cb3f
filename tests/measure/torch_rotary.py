"""Rotary embedding in PyTorch (Su et al. 2021), as the forms of torch_forms/ need it."""

import torch


def rotated(x, first, base=10000.0):
    """[..., length, width], row r at position first + r: its pairs of columns as complex numbers, turned."""
    length, width = x.shape[-2:]
    frequencies = base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.outer(torch.arange(first, first + length, dtype=torch.float64), frequencies)
    turns = torch.polar(torch.ones_like(angles), angles)
    pairs = torch.view_as_complex(x.to(torch.float64).unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turns).flatten(-2).to(x.dtype)
