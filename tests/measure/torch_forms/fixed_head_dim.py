"""Heads of one width: how wide they are, and so the scale, follows from the weights."""

from torch_attention import attention as output

__all__ = ["output"]
