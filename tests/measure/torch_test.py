"""Compares derivatives with those of PyTorch's autograd, on the same numbers: torch_test.py TEST_MEASURE."""

import importlib
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import torch
    from torch_attention import attention
except ImportError as error:
    sys.exit(f"{sys.executable}: {error}; install the packages of packages.txt")

TYPES = {"f32": np.float32, "f64": np.float64}


class Point:
    """The fields and tensors of one point, as torch_export_test.cpp wrote them."""

    def __init__(self, text):
        self.fields, self.tensors = {}, {}
        lines = [line.split() for line in text.read_text(encoding="utf-8").splitlines()]
        self.fields = {name: value for kind, name, value, *_ in lines if kind == "field"}
        numbers = np.fromfile(text.with_suffix(".bin"), TYPES[self.fields["dtype"]])
        begin = 0
        for kind, name, *extents in lines:
            if kind == "tensor":
                shape = [int(extent) for extent in extents]
                self.tensors[name] = torch.from_numpy(numbers[begin:begin + math.prod(shape)].reshape(shape))
                begin += math.prod(shape)
        if begin != len(numbers):
            sys.exit(f"{self.fields['id']}: {len(numbers)} numbers, {begin} in its tensors")
        self.num_heads, self.num_kv_heads = int(self.fields["num_heads"]), int(self.fields["num_kv_heads"])


def form_of(point):
    """What the variant computes, said in PyTorch: torch_forms/NAME.py has `output(point, tensors)` for each mechanism that
    is not plain attention."""
    if point.fields["plain"] == "true":
        return attention
    try:
        return importlib.import_module("torch_forms." + point.fields["variant"]).output
    except ModuleNotFoundError as error:
        sys.exit(f"{point.fields['variant']} has no form in PyTorch: write tests/measure/torch_forms/"
                 f"{point.fields['variant']}.py ({error})")


def by_autograd(point):
    """The output, and the derivatives of sum(d_out * output), by name."""
    leaves = {name: t.clone().requires_grad_() for name, t in point.tensors.items()
              if name != "out" and not name.startswith("d_")}
    out = form_of(point)(point, leaves)
    out.backward(point.tensors["d_out"])
    return {"out": out.detach(), **{"d_" + name: leaf.grad for name, leaf in leaves.items()}}


def size_of_terms(point, name):
    """A derivative by a number is a sum over all outputs, which may cancel by chance; with random signs it is about as large
    as the root of the sum of its terms' squares. The largest of the numbers of a tensor."""
    fixed = {n: t for n, t in point.tensors.items() if n != "out" and not n.startswith("d_")}
    sizes = []
    for place in range(fixed[name].numel()):
        along = torch.zeros_like(fixed[name])
        along.view(-1)[place] = 1
        _, slope = torch.autograd.functional.jvp(lambda w: form_of(point)(point, {**fixed, name: w}), fixed[name], along)
        sizes.append((slope * point.tensors["d_out"]).norm())
    return max(sizes)


def tolerance(point, name, theirs, sums_cancel=False):
    """Rounding of n terms moves a sum by about unit * sqrt(n) of its size, on either side; 16 of that are allowed, as in
    the check before each measurement. What softmax does not see, all keys' bias, has a derivative of rounding alone."""
    size = theirs[name].abs().max()
    if name == "d_bk":
        size = max(size, theirs["d_bq"].abs().max())
    if theirs[name].numel() == 1 or sums_cancel:
        size = max(size, size_of_terms(point, name.removeprefix("d_")))
    if size == 0:  # queries and keys of a softmax over one key: rounding alone, of terms as large as the others
        size = max(their.abs().max() for their_name, their in theirs.items() if their_name != "out")
    unit = np.finfo(TYPES[point.fields["dtype"]]).eps / 2
    some = next(t for n, t in point.tensors.items() if n in ("x_kv", "x_q", "k"))
    terms = point.tensors["out"].shape[1] + some.shape[1] + 2 * some.shape[2]
    return 16 * unit * math.sqrt(terms) * size.item()


def disagreement(ours, theirs, allowed):
    """The largest difference in units of what is allowed; infinite where a number is none."""
    if ours.shape != theirs.shape:
        return math.inf
    difference = (ours - theirs).abs().max().item()
    return difference / allowed if math.isfinite(difference) else math.inf


def refuse_faults(where, ours, theirs, allowed, size):
    """What passed must not pass with one number off by a thousandth of the largest, or as NaN."""
    for fault in (1e-3 * size, math.nan):
        wrong = ours.clone()
        wrong.view(-1)[wrong.numel() // 2] += fault
        if disagreement(wrong, theirs, allowed) <= 1:
            sys.exit(f"{where}: a fault of {fault} is not seen")
    if ours.abs().max() > allowed and disagreement(-ours, theirs, allowed) <= 1:
        sys.exit(f"{where}: the wrong sign is not seen")


def main():
    torch.set_num_threads(1)
    compared, worst = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.argv[1], "[.torch]"], env={**os.environ, "HEADCOUNT_GRADIENTS": folder},
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
        points = [Point(text) for text in sorted(Path(folder).glob("*.txt"))]
    for point in points:
        theirs = by_autograd(point)
        for name, their in theirs.items():
            where = f"{point.fields['id']}: {name}"
            our = point.tensors[name]
            allowed = tolerance(point, name, theirs)
            here = disagreement(our, their, allowed)
            if here > 1 and name.startswith("d_b"):  # of all tokens, in few numbers: seen again by the size of its terms
                allowed = tolerance(point, name, theirs, sums_cancel=True)
                here = disagreement(our, their, allowed)
            if not here <= 1:
                sys.exit(f"{where} is {here:.3g} times as far from PyTorch's as rounding explains ({allowed:.3g})")
            refuse_faults(where, our, their, allowed, max(their.abs().max().item(), allowed / 1e-4))
            worst[point.fields["dtype"]] = max(worst.get(point.fields["dtype"], 0), here)
            compared += 1
    if not points:
        sys.exit("no points were written")
    print(f"{compared} tensors of {len(points)} points agree with PyTorch {torch.__version__}; the largest differences, "
          "in units of what is allowed: " + ", ".join(f"{dtype} {value:.2g}" for dtype, value in worst.items()))


main()
