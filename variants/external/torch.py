#!/usr/bin/python3
"""PyTorch as an engine (docs/adding.md, "An engine").

torch.py default   what a user writes: q @ k^T, softmax, @ v for the core, nn.MultiheadAttention for the layer
torch.py tuned     the same arithmetic with every buffer made once, the scale inside the product, softmax in place
"""

import ctypes
import json
import math
import mmap
import os
import sys
import time

if sys.argv[1:] == ["tuned"]:
    # PyTorch 1.13 by itself stays at AVX2; it does what this variable says without a look at the processor.
    with open("/proc/cpuinfo") as cpu:
        flags = set(next((line for line in cpu if line.startswith("flags")), "").split())
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512")

THREADS = int(os.environ.get("HEADCOUNT_THREADS", "1"))


# Answers have a descriptor of their own; whatever a library prints goes where its errors go.
ANSWERS = os.fdopen(os.dup(1), "w", encoding="ascii")
os.dup2(2, 1)


def say(answer):
    ANSWERS.write(json.dumps(answer) + "\n")
    ANSWERS.flush()


class Unsupported(Exception):
    pass


# This file's own name would otherwise be the module that it looks for.
sys.path = [folder for folder in sys.path if os.path.realpath(folder or ".") != os.path.dirname(os.path.realpath(__file__))]
try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    say({"missing": f"{sys.executable} cannot import torch ({error}); ./reproduce.sh --peers installs what is missing"})
    sys.exit(0)


class Problem:
    def __init__(self, given):
        self.__dict__.update(given)
        self.group = self.num_heads // self.num_kv_heads
        self.scale = 1 / math.sqrt(self.head_dim)
        self.masked = self.causal and self.q_len > 1  # a single query sees every key

    def hidden(self):
        """[q_len, kv_len], true where query i does not see key j: causal, aligned bottom-right."""
        return torch.ones(self.q_len, self.kv_len, dtype=torch.bool).triu(1 + self.kv_len - self.q_len)

    def hiding(self):
        """The same as numbers to add."""
        return torch.zeros(self.q_len, self.kv_len).masked_fill_(self.hidden(), -math.inf)


def split(x, heads, width):
    """[batch, length, heads * width] -> [batch, heads, length, width], in place."""
    return x.view(x.shape[0], x.shape[1], heads, width).transpose(1, 2)


class DefaultCore:
    def __init__(self, p, tensors):
        self.p, self.t = p, tensors
        self.hidden = p.hidden() if p.masked else None

    def __call__(self):
        p = self.p
        q = split(self.t["q"], p.num_heads, p.head_dim)
        k = split(self.t["k"], p.num_kv_heads, p.head_dim)
        v = split(self.t["v"], p.num_kv_heads, p.value_head_dim)
        if p.group > 1:
            k, v = k.repeat_interleave(p.group, dim=1), v.repeat_interleave(p.group, dim=1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(p.head_dim)
        if self.hidden is not None:
            scores = scores.masked_fill(self.hidden, -math.inf)
        context = torch.softmax(scores, dim=-1) @ v
        return context.transpose(1, 2).reshape(p.batch, p.q_len, p.num_heads * p.value_head_dim)


class DefaultLayer:
    def __init__(self, p, t):
        if p.num_kv_heads != p.num_heads:
            raise Unsupported("nn.MultiheadAttention has as many key heads as query heads")
        if p.num_heads * p.head_dim != p.embed_dim or p.value_head_dim != p.head_dim:
            raise Unsupported("nn.MultiheadAttention has heads of embed_dim / num_heads columns")
        # The fast path of 1.13 fails without bias vectors; a layer that has none gets zeros.
        module = torch.nn.MultiheadAttention(p.embed_dim, p.num_heads, batch_first=True).eval()
        module.in_proj_weight.copy_(torch.cat([t[name].t() for name in ("wq", "wk", "wv")]))
        module.out_proj.weight.copy_(t["wo"].t())
        if p.bias:
            module.in_proj_bias.copy_(torch.cat([t[name] for name in ("bq", "bk", "bv")]))
            module.out_proj.bias.copy_(t["bo"])
        else:
            module.in_proj_bias.zero_()
            module.out_proj.bias.zero_()
        self.module, self.x_q, self.x_kv = module, t["x_q"], t["x_kv"]
        self.hidden = p.hidden() if p.masked else None

    def __call__(self):
        return self.module(self.x_q, self.x_kv, self.x_kv, need_weights=False, attn_mask=self.hidden)[0]


class TunedCore:
    """Heads are read and the context written in place, strided; the scores of one batch entry and the heads that share
    a key head are one batched product, written into the same buffer each time."""

    def __init__(self, p, q, k, v, out):
        self.scale = p.scale
        scores = torch.empty(p.num_heads, p.q_len, p.kv_len)
        self.hiding = p.hiding() if p.masked else None
        q, out = split(q, p.num_heads, p.head_dim), split(out, p.num_heads, p.value_head_dim)
        k, v = split(k, p.num_kv_heads, p.head_dim).transpose(-2, -1), split(v, p.num_kv_heads, p.value_head_dim)
        self.steps = []
        for b in range(p.batch):
            if p.group == 1:
                self.steps.append((q[b], k[b], v[b], scores, out[b]))
                continue
            for h in range(p.num_kv_heads):
                heads = slice(h * p.group, (h + 1) * p.group)
                shared = [x[b, h].expand(p.group, *x.shape[2:]) for x in (k, v)]
                self.steps.append((q[b, heads], *shared, scores[heads], out[b, heads]))

    def __call__(self):
        for q, k, v, scores, out in self.steps:
            torch.baddbmm(scores, q, k, beta=0, alpha=self.scale, out=scores)
            if self.hiding is not None:
                scores.add_(self.hiding)
            torch.softmax(scores, -1, out=scores)
            torch.bmm(scores, v, out=out)


class TunedLayer:
    """Projections of one input are one product with the weights side by side; heads stay strided inside its rows."""

    def __init__(self, p, t):
        query, key, value = p.num_heads * p.head_dim, p.num_kv_heads * p.head_dim, p.num_kv_heads * p.value_head_dim
        self.context = torch.empty(p.batch, p.q_len, p.num_heads * p.value_head_dim)
        self.before, self.after = [], []

        def project(steps, x, names, out):
            weights = torch.cat([t["w" + name] for name in names], 1)
            bias = torch.cat([t["b" + name] for name in names]) if p.bias else None
            rows = x.view(-1, x.shape[-1])
            if out is None:
                out = torch.empty(*x.shape[:2], weights.shape[1])
            steps.append((rows, weights, bias, out.view(rows.shape[0], -1)))
            return out

        if t["x_q"].data_ptr() == t["x_kv"].data_ptr():
            q, k, v = project(self.before, t["x_q"], "qkv", None).split([query, key, value], dim=-1)
        else:
            q = project(self.before, t["x_q"], "q", None)
            k, v = project(self.before, t["x_kv"], "kv", None).split([key, value], dim=-1)
        self.core = TunedCore(p, q, k, v, self.context)
        project(self.after, self.context, "o", t["out"])

    @staticmethod
    def products(steps):
        for x, weights, bias, out in steps:
            if bias is None:
                torch.mm(x, weights, out=out)
            else:
                torch.addmm(bias, x, weights, out=out)

    def __call__(self):
        self.products(self.before)
        self.core()
        self.products(self.after)


class Engine:
    def __init__(self, tuned):
        self.tuned = tuned
        self.handles = {}
        self.inputs_of = {}

    def prepare(self, request):
        p = Problem(request["problem"])
        if p.dtype != "f32":
            raise Unsupported(f"dtype {p.dtype}: f32 only")
        if p.causal and p.q_len > p.kv_len:
            raise Unsupported("causal with more queries than keys: a row sees nothing")
        if request["num_threads"] != THREADS:
            raise Unsupported(f"this process was started for {THREADS} threads")
        tensors, at = {}, {}
        with open(request["file"], "r+b") as file, mmap.mmap(file.fileno(), 0) as shared:
            for name, given in request["tensors"].items():
                offset, shape = given["offset"], given["shape"]
                if offset not in at:  # x_q and x_kv may be one
                    view = torch.frombuffer(shared, dtype=torch.float32, count=math.prod(shape), offset=offset)
                    at[offset] = view.clone().view(shape)
                    del view
                tensors[name] = at[offset]
        if self.tuned:
            names = ("q", "k", "v", "out")
            step = TunedCore(p, *(tensors[n] for n in names)) if p.scope == "core" else TunedLayer(p, tensors)
        else:
            step = DefaultCore(p, tensors) if p.scope == "core" else DefaultLayer(p, tensors)
        self.handles[request["handle"]] = [step, tensors["out"], request["file"], request["tensors"]["out"]["offset"]]
        self.inputs_of[request["handle"]] = [(tensors[n], request["tensors"][n]["offset"])
                                             for n in ("q", "k", "v", "x_q", "x_kv") if n in tensors]
        return {}

    def inputs(self, request):
        """Other numbers in the file, at the same places: copied to where the steps read them."""
        with open(self.handles[request["handle"]][2], "r+b") as file, mmap.mmap(file.fileno(), 0) as shared:
            for tensor, offset in self.inputs_of[request["handle"]]:
                view = torch.frombuffer(shared, dtype=torch.float32, count=tensor.numel(), offset=offset)
                tensor.view(-1).copy_(view)
                del view
        return {}

    def run(self, request):
        handle = self.handles[request["handle"]]
        step = handle[0]
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(request["times"]):
            result = step()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if not self.tuned:
            handle[1] = result
        return {"wall_s": wall, "cpu_s": cpu}

    def output(self, request):
        _, result, path, offset = self.handles[request["handle"]]
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as shared:
            view = torch.frombuffer(shared, dtype=torch.float32, count=result.numel(), offset=offset)
            view.copy_(result.reshape(-1))
            del view
        return {}

    def free(self, request):
        del self.handles[request["handle"]], self.inputs_of[request["handle"]]
        return {}

    def answer(self, request):
        try:
            known = {"prepare": self.prepare, "inputs": self.inputs, "run": self.run, "output": self.output, "free": self.free}
            return {"ok": known[request["do"]](request)}
        except Unsupported as reason:
            return {"unsupported": str(reason)}
        except Exception as error:  # whatever it is, the harness has to hear of it
            return {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}


def facts():
    config = torch.__config__.show()
    found = {"torch": torch.__version__, "python": sys.version.split()[0], "threads": str(torch.get_num_threads())}
    for line in config.splitlines():
        if "CPU capability usage" in line:
            found["cpu_capability"] = line.split(":")[1].strip()
    with open("/proc/self/maps") as maps:
        blas = sorted({os.path.realpath(line.split()[-1]) for line in maps if "libopenblas" in line})
    for path in blas[:1]:
        library = ctypes.CDLL(path)
        for function, fact in (("openblas_get_config", "blas"), ("openblas_get_corename", "blas_core")):
            ask = getattr(library, function)
            ask.restype = ctypes.c_char_p
            found[fact] = ask().decode().strip()
    return found


def main():
    mode = sys.argv[1] if len(sys.argv) == 2 else ""
    if mode not in ("default", "tuned"):
        sys.exit("usage: torch.py default | tuned")
    torch.set_num_threads(THREADS)
    tuned = mode == "tuned"
    with torch.inference_mode() if tuned else torch.no_grad():
        say({"protocol": 1, "rereads": True, "engine": f"PyTorch {torch.__version__}, {'buffers reused' if tuned else 'as it comes'}", "facts": facts()})
        engine = Engine(tuned)
        for line in sys.stdin:
            say(engine.answer(json.loads(line)))


if __name__ == "__main__":
    main()
