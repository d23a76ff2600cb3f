"""What torch.nn.RNN computes with, on our weights: it has two biases, of which one is enough."""

import torch
from torch_attention import inputs_of


def output(point, t):
    _, x = inputs_of(t)
    biases = [t["bx"][0, 0], torch.zeros(x.shape[-1], dtype=x.dtype)] if "bx" in t else []
    weights = [t["wx"][0].mT.contiguous(), t["wh"][0].mT.contiguous(), *biases]
    layer = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu}[point.fields["activation"]]
    nothing_before = torch.zeros(1, x.shape[0], x.shape[-1], dtype=x.dtype)
    return layer(x, nothing_before, weights, bool(biases), 1, 0.0, False, False, True)[0]
