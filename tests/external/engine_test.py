#!/usr/bin/env python3
"""Engines through the built program: the one of docs/adding.md beside ours, accidents beside it, kill -9, resuming.

usage: engine_test.py HEADCOUNT SOURCE_DIR
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, SOURCE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
FAKE = SOURCE / "tests" / "external" / "fake_engine.py"
CONFIG = """\
question: How do engines fare?
problem: {embed_dim: 16, seq_len: 16, num_heads: 2, scope: core}
axes:
  variant: [streaming, external]
  backend: [simd, %(engines)s]
exclude:
  - {variant: streaming, backend: [%(engines)s]}
  - {variant: external, backend: simd}
compare_by: [variant, backend]
protocol: {min_rounds: %(rounds)d, max_rounds: %(rounds)d, target_rel_ci: 0.000001, min_sample_s: 0.001, timeout_s: 20}
claims:
  - id: FASTER
    says: ours is not slower
    metric: time
    across: [variant, backend]
    base: {variant: streaming, backend: simd}
    expect: {at_least: 1.0}
"""


def check(condition, what):
    if not condition:
        sys.exit(f"engine_test.py: FAILED: {what}")


class Place:
    """A folder with engines, and the program run in it."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.engines = self.folder / "engines"
        self.engines.mkdir()
        self.pids = self.folder / "pids"
        self.environment = dict(os.environ, HEADCOUNT_ENGINES=str(self.engines))

    def fake(self, mode):
        (self.engines / f"fake_{mode}.yaml").write_text(
            f"summary: fake, {mode}\nsource: tests\ncommand: [/usr/bin/python3, {FAKE}, {mode}, {self.pids}]\n")
        return f"fake_{mode}"

    def config(self, engines, rounds=10):
        path = self.folder / "engines.yaml"
        path.write_text(CONFIG % {"engines": ", ".join(engines), "rounds": rounds})
        return path

    def command(self, *words):
        return [str(w) for w in (PROGRAM, *words)]

    def run(self, *words, expect=(0,)):
        done = subprocess.run(self.command(*words), cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=300)
        check(done.returncode in expect, f"{words}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
        return done.stdout

    def running(self):
        """Engines that are alive, stopped or not."""
        alive = []
        for pid in self.pids.read_text().split() if self.pids.exists() else []:
            try:
                if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
                    alive.append(int(pid))
            except OSError:
                pass
        return alive

    def wait_until_gone(self, why):
        deadline = time.monotonic() + 10
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.02)
        check(not self.running(), f"an engine outlived {why}")


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def points_of(path):
    return {r["point"]: r for r in lines_of(path) if r["kind"] == "point"}


def the_engine_of_the_page():
    """Copied out of docs/adding.md, seen missing nothing, checked, timed, compared, and carried through every command."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        page = (SOURCE / "docs" / "adding.md").read_text()
        blocks = re.findall(r"```(?:yaml|python) title=variants/external/(\S+)\n(.*?)```", page, re.S)
        check({name for name, _ in blocks} == {"mine_in_python.yaml", "mine_in_python.py"}, f"the page has {blocks}")
        for name, text in blocks:
            (place.engines / name).write_text(text)
        check("NumPy" in place.run("list", "engines"), "the page's engine is not listed")
        config, output = place.config(["mine_in_python"]), place.folder / "page.jsonl"
        check("mine_in_python" in place.run("run", config, "--dry-run"), "it is not planned")
        place.run("run", config, "--output", output)
        records = lines_of(output)
        point = next(r for r in records if r["kind"] == "point" and "mine_in_python" in r["point"])
        check(point["outcome"] == "measured" and point["check"]["done"], f"not measured: {point}")
        check(point["memory"]["process_peak_bytes"] >= 0 > point["memory"]["peak_bytes"], f"memory: {point['memory']}")
        check(all("executed" not in op for op in point["ops"]), "work is claimed that nobody counted")
        rounds = [r for r in records if r["kind"] == "round"]
        check(len(rounds) == 10 and all(len(r["samples"]) == 2 for r in rounds), "the rounds are not complete")
        check("NumPy" in records[0]["environment"]["engine.mine_in_python"], "its version is not in the journal")
        before = output.read_bytes()
        place.run("run", config, "--output", output)
        check(output.read_bytes() == before, "running a complete run again changed it")
        check("mine_in_python" in place.run("table", output), "no row of the table")
        check("FASTER" in place.run("verify", output, expect=(0, 3)), "no verdict")
        place.run("diff", output, output, expect=(0, 3))
        for kind in ("gbench", "csv"):
            place.run("export", output, "--format", kind, "--output", place.folder / f"exported-{kind}")
        ledger = subprocess.run(place.command("count", "--variant", "external", "--backend", "mine_in_python", "--seq-len", 8,
                                              "--embed-dim", 8, "--ledger", "executed"),
                                cwd=folder, env=place.environment, capture_output=True, text=True)
        check(ledger.returncode == 2 and "not known" in ledger.stderr, f"executed work: {ledger}")
        for k in (1, 2):
            place.run("run", config, "--shard", f"{k}/2", "--output", place.folder / f"part{k}.jsonl")
        place.run("merge", place.folder / "part1.jsonl", place.folder / "part2.jsonl", "--output", place.folder / "all.jsonl")
        check({p: r["outcome"] for p, r in points_of(place.folder / "all.jsonl").items()} ==
              {p: r["outcome"] for p, r in points_of(output).items()}, "shards hold other points than the whole")


def accidents_cost_one_point_each():
    """Engines that crash, lie, are wrong, missing or unable stand beside two that are right, which go on."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        wanted = {"correct": "measured", "crash_run": "failed", "wrong": "failed", "garbage": "failed",
                  "claims_less": "failed", "claims_30_less": "failed", "winds_down": "measured",
                  "prints_before_hello": "measured", "prints_in_prepare": "measured", "prints_in_run": "measured",
                  "missing": "skipped", "wrong_later": "failed"}
        engines = [place.fake(mode) for mode in wanted]
        output = place.folder / "accidents.jsonl"
        place.run("run", place.config(engines), "--output", output, expect=(1,))
        became = {p: r["outcome"] for p, r in points_of(output).items()}
        check(next(o for p, o in became.items() if p.startswith("streaming")) == "measured", f"ours suffered: {became}")
        for mode, outcome in wanted.items():
            check(next(o for p, o in became.items() if f"fake_{mode}/" in p) == outcome, f"{mode}: {became}")
        place.wait_until_gone("its run")


def a_skip_is_no_failure():
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        output = place.folder / "skips.jsonl"
        config = place.config([place.fake("unsupported"), place.fake("missing")])
        place.run("run", config, "--set", "causal=true", "--output", output)
        became = {p.split("/")[1]: r for p, r in points_of(output).items()}
        check(became["fake_unsupported"]["outcome"] == "skipped", f"{became}")
        check(became["fake_unsupported"]["reason"] == "no causal masks", f"{became}")
        before = output.read_bytes()
        place.run("run", config, "--set", "causal=true", "--output", output)
        check(output.read_bytes() == before, "a skipped point was tried again")


def killed(what_dies):
    """kill -9 of the harness, its worker or an engine leaves no engine behind, and costs one point at most."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        output = place.folder / "killed.jsonl"
        config = place.config([place.fake("correct")], rounds=40)
        words = place.command("run", config, "--output", output)
        process = subprocess.Popen(words, cwd=folder, env=place.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and sum(r["kind"] == "round" for r in lines_of_whole(output)) < 2:
            time.sleep(0.01)
        engines = place.running()
        check(engines, "no engine is running while rounds are taken")
        os.kill({"harness": process.pid, "worker": parent_of(engines[-1]), "engine": engines[-1]}[what_dies], signal.SIGKILL)
        code = process.wait(timeout=120)
        place.wait_until_gone(f"a killed {what_dies}")
        if what_dies == "harness":
            place.run("run", config, "--output", output)
            check(all(r["outcome"] == "measured" for r in points_of(output).values()), "it did not go on")
            return
        became = {p.split("/")[0]: r for p, r in points_of(output).items()}
        check(code == 1 or what_dies == "worker", f"exit {code}")
        if what_dies == "engine":
            check("signal 9" in became["external"]["reason"], f"{became['external']}")
            check(became["streaming"]["outcome"] == "measured", "ours suffered")


def lines_of_whole(path):
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def talk(command, requests, **more):
    """The answers of an engine that is asked without the harness: every line that it writes, as JSON."""
    done = subprocess.run([str(word) for word in command], input="".join(json.dumps(r) + "\n" for r in requests),
                          capture_output=True, text=True, timeout=60, **more)
    return [json.loads(line) for line in done.stdout.splitlines()], done


def our_adaptors_keep_what_libraries_print_out_of_their_answers():
    """A table of adaptors, each over a library that prints: before the hello, while it loads, during a request."""
    adaptors = SOURCE / "variants" / "external"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        # PyTorch: a module of that name that prints in three ways, and then cannot be imported.
        (folder / "torch.py").write_text(
            "import ctypes, os, sys\nprint('torch: a banner')\nsys.stdout.flush()\nos.write(1, b'{}\\n')\n"
            "ctypes.CDLL(None).puts(b'from C')\nctypes.CDLL(None).fflush(None)\nos.system('echo from a child')\n"
            "raise ImportError('printed enough')\n")
        answers, done = talk(["/usr/bin/python3", adaptors / "torch.py", "default"], [],
                             env=dict(os.environ, PYTHONPATH=str(folder)))
        check(len(answers) == 1 and "printed enough" in answers[0]["missing"], f"torch.py: {done}")
        check("from C" in done.stderr and "from a child" in done.stderr, f"torch.py: what was printed is lost: {done}")
        # ONNX Runtime: a package of that name that prints in two ways, and then does not load.
        node = shutil.which("node")
        if node:
            package = folder / "node_modules" / "onnxruntime-node"
            (package / "dist").mkdir(parents=True)
            (package / "package.json").write_text('{"name": "onnxruntime-node", "version": "9.9"}')
            (package / "dist" / "binding.js").write_text(
                "console.log('a banner');\nrequire('fs').writeSync(1, '{}\\n');\n"
                "require('child_process').execSync('echo from a child', {stdio: 'inherit'});\n"
                "throw new Error('printed enough');\n")
            for name in ("onnxruntime.js", "onnx_model.js"):
                shutil.copy(adaptors / name, folder)
            answers, done = talk([node, folder / "onnxruntime.js", "mha"], [])
            check(len(answers) == 1 and "printed enough" in answers[0]["missing"], f"onnxruntime.js: {done}")
            check("from a child" in done.stderr, f"onnxruntime.js: what was printed is lost: {done}")
        else:
            print("SKIPPED onnxruntime.js: there is no node on this machine")
        # oneDNN: the library itself, told to print.
        shapes = {"q": [1, 4, 8], "k": [1, 4, 8], "v": [1, 4, 8], "out": [1, 4, 8]}
        tensors = {name: {"offset": 128 * i, "shape": shape} for i, (name, shape) in enumerate(shapes.items())}
        (folder / "memory").write_bytes(bytes(512))
        problem = {"batch": 1, "q_len": 4, "kv_len": 4, "embed_dim": 8, "num_heads": 2, "num_kv_heads": 2, "head_dim": 4,
                   "value_head_dim": 4, "causal": False, "bias": False, "dtype": "f32", "scope": "core"}
        requests = [{"do": "prepare", "handle": 1, "problem": problem, "num_threads": 1, "file": str(folder / "memory"),
                     "tensors": tensors}, {"do": "run", "handle": 1, "times": 2}]
        answers, done = talk([PROGRAM.parent / "headcount-onednn"], requests,
                             env=dict(os.environ, ONEDNN_VERBOSE="2", DNNL_VERBOSE="2", HEADCOUNT_THREADS="1"))
        if "missing" in answers[0]:
            print(f"SKIPPED headcount-onednn: {answers[0]['missing']}")
        else:
            check(len(answers) == 3 and all("ok" in a for a in answers[1:]), f"headcount-onednn: {done}")
            check("verbose" in done.stderr, f"headcount-onednn printed nothing, so nothing was tried: {done}")


our_adaptors_keep_what_libraries_print_out_of_their_answers()
the_engine_of_the_page()
accidents_cost_one_point_each()
a_skip_is_no_failure()
for victim in ("harness", "worker", "engine"):
    killed(victim)
print("engines: the page's is measured beside ours; accidents cost their own point; none outlives a kill -9")
