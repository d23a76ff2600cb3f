#!/usr/bin/env python3
"""An engine of the standard library alone, right or with an accident: fake_engine.py MODE [FILE]

FILE, where given, gets this process's id, so that a test can look for it.
"""
import array
import ctypes
import json
import math
import mmap
import os
import signal
import subprocess
import sys
import threading
import time

MODE = sys.argv[1] if len(sys.argv) > 1 else "correct"
points, kept = {}, {}
REREADS = MODE in ("rereads", "never_rereads", "wrong_later") or MODE.startswith("keeps_")
answers = sys.stdout
if MODE.startswith("prints_"):  # as docs/adding.md says for an engine whose library prints
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)


def library_prints(where):
    """As libraries do: through the interpreter, past it, and from a process of their own. Only if the mode says so."""
    if MODE != f"prints_{where}":
        return
    print("fake: verbose,info,cpu")
    sys.stdout.flush()
    os.write(1, b'{"ok": {"wall_s": 1e-9, "cpu_s": 1e-9}}\n')
    ctypes.CDLL(None).puts(b"fake: from C")
    ctypes.CDLL(None).fflush(None)
    subprocess.run(["echo", "fake: from a child"], check=True)


def core(p, q, k, v):
    """softmax(q k^T / sqrt(head_dim)) v, one head of one row after another."""
    out = array.array("f", bytes(4 * p["batch"] * p["q_len"] * p["num_heads"] * p["value_head_dim"]))
    d, dv, heads, kv_heads = p["head_dim"], p["value_head_dim"], p["num_heads"], p["num_kv_heads"]
    for b in range(p["batch"]):
        for i in range(p["q_len"]):
            seen = i + 1 + p["kv_len"] - p["q_len"] if p["causal"] else p["kv_len"]
            for h in range(heads):
                g = h // (heads // kv_heads)
                row = (b * p["q_len"] + i) * heads + h
                query = q[row * d:(row + 1) * d]
                keys = [((b * p["kv_len"] + j) * kv_heads + g) for j in range(max(seen, 0))]
                scores = [sum(x * y for x, y in zip(query, k[j * d:(j + 1) * d])) / math.sqrt(d) for j in keys]
                top = max(scores, default=0.0)
                weights = [math.exp(s - top) for s in scores]
                total = sum(weights)
                for c in range(dv):
                    out[row * dv + c] = sum(w * v[j * dv + c] for w, j in zip(weights, keys)) / total if total else 0.0
    return out


class Prepared:
    def __init__(self, request):
        self.problem, self.tensors, self.runs = request["problem"], request["tensors"], 0
        with open(request["file"], "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)
        self.reread()
        self.out = None

    def reread(self):
        self.inputs = [self.read(name) for name in ("q", "k", "v")]

    def read(self, name):
        tensor = self.tensors[name]
        size = 4 * math.prod(tensor["shape"])
        return array.array("f", self.memory[tensor["offset"]:tensor["offset"] + size])

    def run(self, times):
        for _ in range(times):
            self.runs += 1
            self.out = self.compute()
            if MODE == "wrong" or (MODE == "wrong_later" and self.runs > 12):
                self.out[0] += 0.5

    def compute(self):
        """Computed, or looked up by what the mode takes for the same question."""
        keys = {"keeps_by_request": lambda: json.dumps(self.problem, sort_keys=True),
                "keeps_by_address": lambda: str(sorted((n, t["offset"]) for n, t in self.tensors.items())),
                "keeps_by_handle": lambda: id(self),
                "keeps_by_content": lambda: hash(b"".join(x.tobytes() for x in self.inputs))}
        if MODE not in keys:
            return core(self.problem, *self.inputs)
        key = keys[MODE]()
        if key not in kept:
            for _ in range(4):  # slow enough that a busy machine does not hide what is saved
                kept[key] = core(self.problem, *self.inputs)
        return kept[key]

    def output(self):
        if MODE == "never_writes":
            return
        start = self.tensors["out"]["offset"]
        self.memory[start:start + 4 * len(self.out)] = self.out.tobytes()
        if MODE == "scribbles":  # over the inputs: with zeros for keys and values, zeros would be right
            for name in ("q", "k", "v", "out"):
                tensor = self.tensors[name]
                size = 4 * math.prod(tensor["shape"])
                self.memory[tensor["offset"]:tensor["offset"] + size] = bytes(size)


def timed_run(point, times):
    library_prints("in_run")
    wall, cpu = time.monotonic(), time.process_time()
    point.run(times)
    took = {"wall_s": time.monotonic() - wall, "cpu_s": time.process_time() - cpu}
    if MODE == "claims_less":
        took = {name: 0.2 * seconds for name, seconds in took.items()}
    elif MODE == "claims_more":
        took["wall_s"] += 10
    elif MODE == "claims_nothing":
        took = {}
    elif MODE == "claims_30_less":
        took = {name: 0.7 * seconds for name, seconds in took.items()}
    elif MODE == "forgets_a_thread":
        took["cpu_s"] *= 0.7
    elif MODE in ("winds_down", "frees_late"):  # work that belongs to no pass: the same for one as for a thousand
        start = time.process_time()
        while time.process_time() - start < 0.025:
            if MODE == "frees_late":
                mmap.mmap(-1, 1 << 20).write(bytes(1 << 20))
    elif MODE == "works_outside":  # as much again, in the same request, that is not in what it says
        start = time.process_time()
        while time.process_time() - start < took["wall_s"]:
            pass
    return took


def answer(request):
    do = request["do"]
    if do == "prepare":
        library_prints("in_prepare")
        if MODE == "crash_prepare":
            print("fake: cannot allocate a compiler", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGSEGV)
        if MODE == "unsupported" and request["problem"]["causal"]:
            return {"unsupported": "no causal masks"}
        points[request["handle"]] = Prepared(request)
        return {"ok": {}}
    point = points[request["handle"]]
    if do == "run":
        if MODE == "crash_run":
            os._exit(7)
        if MODE == "hang":
            print("fake: waiting for a lock", file=sys.stderr, flush=True)
            time.sleep(600)
        if MODE == "failed":
            return {"failed": "out of registers"}
        if MODE == "garbage":
            return "Segmentation fault (not really)"
        if MODE == "chatty":
            print("progress: 50 %")
        return {"ok": timed_run(point, request["times"])}
    if do == "inputs" and REREADS:
        if MODE != "never_rereads":
            point.reread()
    elif do == "inputs":
        return {"failed": "asked for what its hello does not know"}
    elif do == "output":
        library_prints("in_output")
        point.output()
    elif do == "free":
        del points[request["handle"]]
    return {"ok": {}}


def main():
    if len(sys.argv) > 2:
        with open(sys.argv[2], "a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    if MODE == "spins":
        def spin():
            while True:
                pass
        threading.Thread(target=spin, daemon=True).start()
    library_prints("before_hello")
    if MODE == "missing":
        print(json.dumps({"missing": "the fake library is not installed"}), flush=True)
        return
    if MODE == "bad_hello":
        print("Welcome!", flush=True)
        return
    if MODE == "old_protocol":
        print(json.dumps({"protocol": 0, "engine": "fake"}), flush=True)
    else:
        hello = {"protocol": 1, "engine": f"fake, {MODE}", "facts": {"python": "3"}}
        print(json.dumps(hello | ({"rereads": True} if REREADS else {})), file=answers, flush=True)
    library_prints("after_hello")
    for line in sys.stdin:
        reply = answer(json.loads(line))
        print(reply if isinstance(reply, str) else json.dumps(reply), file=answers, flush=True)


main()
