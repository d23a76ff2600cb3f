#!/usr/bin/env python3
"""headcount eval: against forms in NumPy written here, by the lines of docs/eval.md, and with damaged files.

usage: eval_test.py HEADCOUNT SOURCE_DIR
"""

import json
import pathlib
import re
import struct
import tempfile
import unittest

import numpy as np

from support import SOURCE, main, run

TYPES = {np.dtype("<f4"): "F32", np.dtype("<f8"): "F64", np.dtype("<f2"): "F16"}


def safetensors(tensors, **entries):
    """The bytes of a file; `entries` replace what the header says of a tensor."""
    header, numbers = {}, b""
    for name, array in tensors.items():
        data = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": TYPES[array.dtype], "shape": list(array.shape),
                        "data_offsets": [len(numbers), len(numbers) + len(data)]}
        header[name].update(entries.get(name, {}))
        numbers += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def softmax(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def attention(x, x_kv, w, num_heads, num_kv_heads, seen=None):
    """Loops over rows and heads, in float64. `seen(place, key)` with lengths aligned at the end."""
    w = {name: array.astype(np.float64) for name, array in w.items()}
    project = lambda a, name: a @ w["w" + name] + w.get("b" + name, 0)
    q, k, v = project(x, "q"), project(x_kv, "k"), project(x_kv, "v")
    width, value_width = q.shape[2] // num_heads, v.shape[2] // num_kv_heads
    context = np.zeros((*q.shape[:2], num_heads * value_width))
    for b in range(len(x)):
        for h in range(num_heads):
            g = h * num_kv_heads // num_heads
            for row in range(q.shape[1]):
                place = row + k.shape[1] - q.shape[1]
                keys = [key for key in range(k.shape[1]) if seen is None or seen(place, key)]
                if not keys:
                    continue
                query = q[b, row, h * width:(h + 1) * width]
                weights = softmax(k[b, keys, g * width:(g + 1) * width] @ query / np.sqrt(width))
                context[b, row, h * value_width:(h + 1) * value_width] = \
                    weights @ v[b, keys, g * value_width:(g + 1) * value_width]
    return context @ w["wo"] + w.get("bo", 0)


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.random = np.random.default_rng(3)

    def array(self, *shape, dtype="<f4"):
        return self.random.standard_normal(shape).astype(dtype)

    def weights(self, *arguments):
        """As --list-weights says, with a variance that keeps scores of order one."""
        listed = run("eval", *arguments, "--list-weights")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        shapes = {name: [int(n) for n in shape.split(", ")] for name, shape in
                  re.findall(r"^(\w+) +\[([\d, ]+)\]$", listed.stdout, re.MULTILINE)}
        self.assertEqual(len(shapes), len(listed.stdout.splitlines()))
        return {name: self.array(*shape) / np.float32(np.sqrt(shape[0])) for name, shape in shapes.items()}

    def eval(self, *arguments, x=None, w=None, x_kv=None, root=None):
        files = []
        for flag, name, content in (("--input", "x.npy", x), ("--input-kv", "x_kv.npy", x_kv), ("--weights", "w.safetensors", w)):
            if content is None:
                continue
            path = (root or self.root) / name
            if isinstance(content, np.ndarray):
                np.save(path, content)
            else:
                path.write_bytes(safetensors(content) if isinstance(content, dict) else content)
            files += [flag, path]
        return run("eval", *arguments, *files, "--output", self.root / "y.npy")

    def result(self, *arguments, **files):
        done = self.eval(*arguments, **files)
        self.assertEqual(done.returncode, 0, done.stderr)
        return np.load(self.root / "y.npy")

    def refused(self, done, *words):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Right(Folder):
    def test_the_lines_of_the_page(self):
        num_heads, x = 4, self.array(2, 9, 24)
        w = self.weights("multi_head", "--embed-dim", 24, "--num-heads", num_heads)
        y = self.result("multi_head", "--num-heads", num_heads, x=x, w=w)
        page = (SOURCE / "docs" / "eval.md").read_text()
        lines = re.search(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
        self.assertEqual(len(lines.splitlines()), 5)
        names = {"np": np, "x": x, "y": y, "w": w, "num_heads": num_heads}
        exec(lines, names)
        with self.assertRaises(AssertionError):  # and they can fail
            exec(lines, {**names, "y": y[:, ::-1]})

    def test_variants_are_their_forms_in_numpy(self):
        causal = lambda place, key: key <= place
        window = lambda place, key: key <= place and (place - key < 3 or key < 2)
        for backend in ("naive", "simd"):
            for variant, flags, kv_heads, seen in (
                    ("multi_head", [], 4, None),
                    ("multi_head", ["--causal", "--bias"], 4, causal),
                    ("packed_qkv", ["--bias"], 4, None),
                    ("multi_query", ["--num-kv-heads", 1], 1, None),
                    ("grouped_query", ["--num-kv-heads", 2], 2, None),
                    ("grouped_query", ["--num-kv-heads", 2, "--causal", "--head-dim", 5, "--value-head-dim", 3], 2, causal),
                    ("local", ["--window", 3, "--sink-keys", 2, "--causal"], 4, window),
                    ("local", ["--window", 3], 4, lambda place, key: abs(place - key) < 3)):
                x = self.array(2, 9, 24)
                w = self.weights(variant, "--embed-dim", 24, "--num-heads", 4, *flags)
                y = self.result(variant, "--num-heads", 4, *flags, "--backend", backend, x=x, w=w)
                self.assertEqual((y.dtype, y.shape), (np.float32, x.shape))
                np.testing.assert_allclose(y, attention(x, x, w, 4, kv_heads, seen), atol=1e-5, err_msg=f"{variant} {flags}")

    def test_sequences_of_different_lengths_are_each_attention_of_their_tokens(self):
        for variant in ("padded", "packed_sequences"):
            for backend in ("naive", "simd"):
                x, w = self.array(3, 9, 24), self.weights(variant, "--embed-dim", 24, "--num-heads", 4, "--bias")
                y = self.result(variant, "--num-heads", 4, "--bias", "--shortest", 4, "--backend", backend, x=x, w=w)
                for entry, length in enumerate((9, 6, 4)):
                    tokens = x[entry:entry + 1, :length]
                    np.testing.assert_allclose(y[entry:entry + 1, :length], attention(tokens, tokens, w, 4, 4), atol=1e-5)
                    np.testing.assert_array_equal(y[entry, length:], 0)
            self.refused(self.eval(variant, "--num-heads", 4, "--bias", x=x, x_kv=self.array(3, 9, 24), w=w), "of one sequence")

    def test_layers_of_one_sequence_are_their_forms_in_numpy(self):
        def kernel(x, w, seen, one):
            """sum over j of one(x_(t - j dilation), w_j)"""
            y = np.zeros(x.shape)
            for t in range(x.shape[1]):
                for j, token in seen(t):
                    if 0 <= token < x.shape[1]:
                        y[:, t] += one(x[:, token].astype(np.float64), w[j])
            return y

        def states(x, w, f):
            state, rows = 0 * x[:, 0], []
            for t in range(x.shape[1]):
                state = f(x[:, t] @ w["wx"] + w["bx"] + state @ w["wh"])
                rows.append(state)
            return np.stack(rows, axis=1)

        causal = lambda t: [(j, t - 2 * j) for j in range(4)]
        centred = lambda t: [(j, t + 1 - j) for j in range(3)]
        matrix, columns = (lambda a, b: a @ b), (lambda a, b: a * b)
        for variant, flags, form in (
                ("recurrent", ["--causal"], lambda x, w: states(x, w, np.tanh)),
                ("recurrent", ["--causal", "--activation", "relu"], lambda x, w: states(x, w, lambda a: np.maximum(a, 0))),
                ("convolution", ["--causal", "--kernel-size", 4, "--dilation", 2],
                 lambda x, w: kernel(x, w["wc"].reshape(4, 24, 24), causal, matrix) + w["bc"]),
                ("convolution", [], lambda x, w: kernel(x, w["wc"].reshape(3, 24, 24), centred, matrix) + w["bc"]),
                ("separable_convolution", ["--causal", "--kernel-size", 4, "--dilation", 2],
                 lambda x, w: kernel(x, w["wd"], causal, columns) @ w["wp"] + w["bp"])):
            x, w = self.array(2, 9, 24), self.weights(variant, "--embed-dim", 24, "--bias", *flags)
            y = self.result(variant, "--bias", *flags, x=x, w=w)
            np.testing.assert_allclose(y, form(x, w), atol=1e-5, err_msg=f"{variant} {flags}")
            self.refused(self.eval(variant, "--bias", *flags, x=x, x_kv=self.array(2, 9, 24), w=w), "leave --input-kv out")

    def test_cross_attention_of_other_and_of_equal_lengths(self):
        w = self.weights("multi_head", "--embed-dim", 24, "--num-heads", 4)
        for kv_len in (13, 9, 5):
            x, x_kv = self.array(2, 9, 24), self.array(2, kv_len, 24)
            y = self.result("multi_head", "--num-heads", 4, "--causal", x=x, x_kv=x_kv, w=w)
            np.testing.assert_allclose(y, attention(x, x_kv, w, 4, 4, lambda place, key: key <= place), atol=1e-5)
        self.refused(self.eval("packed_qkv", "--num-heads", 4, x=self.array(2, 9, 24), x_kv=self.array(2, 9, 24), w=w),
                     "of one sequence")

    def test_float64_and_both_versions_are_read(self):
        w = self.weights("multi_head", "--embed-dim", 24, "--num-heads", 4)
        x = self.array(2, 9, 24)
        y = self.result("multi_head", "--num-heads", 4, x=x, w=w)
        np.testing.assert_array_equal(self.result("multi_head", "--num-heads", 4, x=x.astype("<f8"), w=w), y)
        with open(self.root / "second.npy", "wb") as file:
            np.lib.format.write_array(file, x, version=(2, 0))
        second = (self.root / "second.npy").read_bytes()
        np.testing.assert_array_equal(self.result("multi_head", "--num-heads", 4, x=second, w=w), y)


class Wrong(Folder):
    def setUp(self):
        super().setUp()
        self.x = self.array(2, 9, 24)
        self.w = self.weights("multi_head", "--embed-dim", 24, "--num-heads", 4)

    def multi_head(self, *flags, **files):
        return self.eval("multi_head", "--num-heads", 4, *flags, **{"x": self.x, "w": self.w, **files})

    def test_shapes_types_and_names(self):
        without = {name: a for name, a in self.w.items() if name != "wk"}
        self.refused(self.multi_head(w=without), "holds no tensor wk", "[24, 24]", "--list-weights")
        self.refused(self.multi_head(w={**self.w, "wk": self.w["wk"][:, :6]}), "tensor wk has shape [24, 6], expected [24, 24]")
        self.refused(self.multi_head(w={**self.w, "wk": self.w["wk"].astype("<f8")}), "tensor wk has type F64, expected F32")
        self.refused(self.multi_head(w={**self.w, "wz": self.w["wk"]}), "unknown tensor 'wz'", "wq")
        self.refused(self.multi_head(w={**self.w, "bq": self.w["wk"][0]}), "unknown tensor 'bq'")
        self.refused(self.multi_head("--bias"), "holds no tensor bq, expected with type F32 and shape [24]")
        self.refused(self.multi_head(x=self.x[0]), "x.npy: has shape [9, 24], expected [batch, q_len, embed_dim]")
        self.refused(self.multi_head(x=self.x[:, :0]), "none of them 0")
        self.refused(self.multi_head("--embed-dim", 25), "x.npy: has embed_dim 24, and 25 is asked for")
        self.refused(self.multi_head("--kv-len", 25), "there is no --input-kv")
        self.refused(self.multi_head(x_kv=self.array(3, 9, 24)), "x_kv.npy: has batch 3")
        self.refused(self.multi_head(x_kv=self.array(2, 9, 20)), "x_kv.npy: has embed_dim 20")
        for dtype, name in ((">f4", ">f4"), ("<f2", "<f2"), ("<i8", "<i8"), ("<c8", "<c8"), ("bool", "|b1"), ("S3", "|S3")):
            self.refused(self.multi_head(x=self.x.astype(dtype)), f"it has type '{name}', not '<f4' or '<f8'")
        self.refused(self.multi_head(x=np.asfortranarray(self.x)), "Fortran order")
        self.refused(self.multi_head(x=np.full((1, 2, 24), 1e300)), "float32 cannot hold")

    def test_flags(self):
        self.refused(run("eval", "multi_head"), "--input is missing")
        self.refused(run("eval", "multi_head", "--input", "x"), "--weights is missing")
        self.refused(run("eval", "multi_head", "--input", "x", "--weights", "x"), "--output is missing")
        self.refused(run("eval", "linformer", "--embed-dim", 8, "--list-weights"), "give --seq-len")
        self.refused(self.multi_head("--dtype", "bf16"), "leave --dtype")
        self.refused(self.multi_head("--scope", "core"), "--scope")
        self.refused(self.multi_head("--pass", "both"), "--pass")
        self.refused(self.multi_head("--backend", "counting"), "a backend that computes")
        self.refused(self.multi_head("--window", "3"), "window is an option of variant local")
        self.refused(self.eval("external", x=self.x, w=self.w))
        self.refused(self.eval("multi_hed", x=self.x, w=self.w), "did you mean 'multi_head'")
        np.save(self.root / "good.npy", self.x)
        for missing in (("--input", self.root), ("--input", self.root / "no.npy")):
            self.refused(run("eval", "multi_head", *missing, "--weights", "w", "--output", "y"), "cannot be read")
        for missing in (self.root, self.root / "no"):
            self.refused(run("eval", "multi_head", "--input", self.root / "good.npy", "--weights", missing, "--output", "y"),
                         "cannot be read")
        done = run("eval", "multi_head", "--num-heads", 4, "--input", self.root / "good.npy", "--weights",
                   self.root / "w.safetensors", "--output", self.root / "no" / "y.npy")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("cannot be written", done.stderr)

    def test_an_array_cut_short_or_with_a_hostile_header(self):
        np.save(self.root / "good.npy", self.x)
        good = (self.root / "good.npy").read_bytes()
        for size in (*range(0, 140, 7), len(good) - 1):
            self.refused(self.multi_head(x=good[:size]), "x.npy")
        self.refused(self.multi_head(x=good + b"\0"), "needs 1728 bytes, and 1729 are there")
        head = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 9, 24), }"
        for said in ("", "{", "{}", "}", head[:-1], head + "x", head.replace("(2, 9, 24)", "(2, 9"), head.replace("2", "-2"),
                     head.replace("9", "9999999999999999999999"), head.replace("(2, 9, 24)", "(4294967296, 4294967296, 4)"),
                     head.replace("(2, 9, 24)", "(" + "1," * 40 + ")"), head.replace("(2, 9, 24)", "2"), head.replace("24", "2.5"),
                     head.replace("False", "Maybe"), head.replace("'<f4'", "[('a', '<f4')]"), head.replace("'<f4'", "'<f4"),
                     head.replace("shape", "shapes"), head.replace("descr", "d\0escr"), "(" * 5000, "\xff" * 50):
            text = said.encode("latin1")
            for length in (len(text), 0, 65535):
                self.refused(self.multi_head(x=good[:8] + struct.pack("<H", length) + text + good[128:]), "x.npy")
        self.refused(self.multi_head(x=good[:6] + b"\3\0" + good[8:]), "version 3")
        self.refused(self.multi_head(x=good[:6] + b"\2\0" + b"\xff\xff\xff\xff" + good[12:]), "cut short")
        self.refused(self.multi_head(x=b"\x80\x04K\x01."), "does not begin")

    def test_what_has_no_end_is_not_read(self):
        for option in ("--input", "--weights"):
            given = {"--input": self.root / "x.npy", "--weights": self.root / "w.safetensors", option: "/dev/zero"}
            self.multi_head()  # writes both files
            done = run("eval", "multi_head", "--embed-dim", 24, "--num-heads", 4, "--output", self.root / "y.npy",
                       *(word for pair in given.items() for word in pair))
            self.refused(done, "/dev/zero", "cannot be read")

    def test_weights_cut_short_or_with_a_hostile_header(self):
        good = safetensors(self.w)
        for size in (*range(0, 400, 29), len(good) - 1):
            self.refused(self.multi_head(w=good[:size]), "w.safetensors")
        rest = good[8 + struct.unpack("<Q", good[:8])[0]:]
        for text in (b"", b"[]", b"3", b"null", b"{", b"[" * 5000, b'{"wq":3}', b'{"wq":{"dtype":3}}', b"\xff" * 9):
            self.refused(self.multi_head(w=struct.pack("<Q", len(text)) + text + rest), "w.safetensors")
        self.refused(self.multi_head(w=struct.pack("<Q", 2**64 - 1) + good[8:]), "cut short")
        for entry in ({"data_offsets": [0, 2**62]}, {"data_offsets": [2**63, 2**63 + 2304]}, {"data_offsets": [2, 2306]},
                      {"shape": [2**62, 16]}, {"shape": [-24, -24]}, {"shape": [1.5]}, {"shape": "24"}, {"data_offsets": [0]}):
            self.refused(self.multi_head(w=safetensors(self.w, wq=entry)), "tensor wq cannot be read")


if __name__ == "__main__":
    main()
