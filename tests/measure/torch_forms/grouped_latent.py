"""Grouped latent attention (Zadouri et al. 2025): latent attention, where a head reads its group's part of the latent."""

from torch_forms.latent import output

__all__ = ["output"]
