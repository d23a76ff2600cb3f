#!/usr/bin/env python3
"""headcount show VARIANT, of every variant: it explains it, its formulas say what `count` counts on points drawn here,
and the mask it draws is the one of rules written here.

usage: show_test.py HEADCOUNT SOURCE_DIR
"""

import json
import random
import re
import unittest
from fractions import Fraction

from support import SOURCE, main, run

# A variant has to have a formula for all but these.
NO_POLYNOMIAL = {"strided": 3, "gated_linear": 3, "padded": 4, "packed_sequences": 5}
PICTURE = re.compile(r"^  ([#.]+)$", re.MULTILINE)


def variants():
    return [line.split()[0] for line in run("list", "variants").stdout.splitlines() if not line.startswith("external")]


def shown(*arguments):
    done = run("show", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def formulas(text):
    """The fields, what is supposed as flags, and (metric, formula, what it needs)."""
    fields = re.search(r"^required work in (.*)$", text, re.MULTILINE)[1].split(", ")
    flags = []
    for item in re.search(r"^where (.*)$", text, re.MULTILINE)[1].split(", "):
        field, value = item.split(" = ")
        if value == "true":
            flags.append(f"--{field.replace('_', '-')}")
        elif value not in ("false", "num_heads", "head_dim", "embed_dim / num_heads"):
            flags += [f"--{field.replace('_', '-')}", value]
    listed = text[text.index("\nrequired work in "):]
    return fields, flags, re.findall(r"^  (\S+) += (.*?)(?:    \(where (.*)\))?$", listed, re.MULTILINE)


def value(formula, numbers):
    exact = re.sub(r"(?<![\w^])(\d+)", r"Fraction(\1)", formula).replace("^", "**")
    return eval(exact, {"Fraction": Fraction, **numbers})  # of a line that was just printed


PROJECTIONS = set(re.findall(r'"(\w+)", "projections"', (SOURCE / "harness" / "core" / "roles.hpp").read_text()))


def counts(report):
    def total(what, holds):
        return sum(op[what] for op in report["ops"] if holds(op))

    return {"parameters": report["parameters"],
            "kv_cache_bytes": report["kv_cache_bytes"],
            "total.multiplies": report["total"]["multiplies"],
            "total.exps": report["total"]["exps"],
            "core.multiplies": total("multiplies", lambda op: op["op"] == "matmul" and op["role"] in ("scores", "context")),
            "projections.multiplies": total("multiplies", lambda op: op["op"] in ("matmul", "bias") and op["role"] in PROJECTIONS)}


def draw(rng, fields, needs):
    kv_heads = rng.randint(1, 5)
    heads = kv_heads * rng.randint(1, 4)
    known = {"batch": rng.randint(1, 5), "num_heads": heads, "num_kv_heads": kv_heads, "embed_dim": heads * rng.randint(1, 20),
             "head_dim": rng.randint(1, 40) * (4 if "multiple of 4" in needs else 1)}
    numbers = {field: known.get(field, rng.randint(1, 9)) for field in fields}
    for field in fields:
        if field.endswith("_len") and field in ("seq_len", "q_len", "kv_len"):
            numbers[field] = rng.randint(36, 90) if "4 times" in needs else rng.randint(1, 60)
    return numbers


class Formulas(unittest.TestCase):
    def test_every_formula_says_what_is_counted_on_points_drawn_here(self):
        rng = random.Random(20)
        for variant in variants():
            fields, flags, found = formulas(shown(variant))
            self.assertEqual(len(found), 6, variant)
            missing = [metric for metric, formula, _ in found if formula.startswith("no polynomial")]
            self.assertEqual(len(missing), NO_POLYNOMIAL.get(variant, 0), f"{variant}: {missing}")
            for needs in {needs for _, formula, needs in found}:
                checked = 0
                for _ in range(200):
                    numbers = draw(rng, fields, needs)
                    sizes = [text for field, number in numbers.items() for text in (f"--{field.replace('_', '-')}", number)]
                    done = run("count", "--variant", variant, *flags, *sizes, "--format", "json")
                    if done.returncode == 2:
                        continue  # these sizes do not fit each other
                    counted = counts(json.loads(done.stdout))
                    for metric, formula, its_needs in found:
                        if its_needs == needs and metric not in missing:
                            self.assertEqual(value(formula, numbers), counted[metric], f"{variant} {metric} {numbers}")
                    checked += 1
                    if checked == 4:
                        break
                self.assertEqual(checked, 4, f"{variant}: no points of {fields} that run")

    def test_a_flag_becomes_a_number_of_the_formula(self):
        fields, flags, found = formulas(shown("multi_head", "--seq-len", 12, "--num-heads", 4, "--causal"))
        self.assertNotIn("num_heads", fields)
        self.assertIn("--causal", flags)
        self.assertEqual(dict((m, f) for m, f, _ in found)["total.exps"], "312 * batch")  # 4 heads, 12 x 13 / 2 pairs


def drawn(*arguments):
    return [[mark == "#" for mark in row] for row in PICTURE.findall(shown(*arguments))]


def rows(sees, q_len, kv_len):
    """`sees(place, key)`: lengths are aligned at the end."""
    return [[bool(sees(row + kv_len - q_len, key)) for key in range(kv_len)] for row in range(q_len)]


class Masks(unittest.TestCase):
    def test_what_is_drawn_is_the_rule(self):
        window = lambda place, key: abs(place - key) < 3
        sink = lambda place, key: key <= place and (key < 2 or place - key < 3)
        strided = lambda place, key: key <= place and (place - key < 3 or (place - key) % 3 == 0)
        causal = lambda place, key: key <= place
        for lengths in ((16, 16), (5, 12), (9, 6)):
            flags = ("--q-len", lengths[0], "--kv-len", lengths[1])
            self.assertEqual(drawn("local", "--window", 3, *flags), rows(window, *lengths))
            self.assertEqual(drawn("local", "--window", 3, "--sink-keys", 2, "--causal", *flags), rows(sink, *lengths))
            self.assertEqual(drawn("strided", "--stride", 3, *flags), rows(strided, *lengths))
            self.assertEqual(drawn("streaming", "--causal", *flags), rows(causal, *lengths))
        kernel = lambda place, key: place - key in (0, 2, 4)
        centred = lambda place, key: place - key in (-2, 0, 2)
        for variant in ("convolution", "separable_convolution"):
            for lengths in ((16, 16), (5, 12)):
                flags = ("--q-len", lengths[0], "--kv-len", lengths[1], "--kernel-size", 3, "--dilation", 2)
                self.assertEqual(drawn(variant, "--causal", *flags), rows(kernel, *lengths))
                self.assertEqual(drawn(variant, *flags), rows(centred, *lengths))

    def test_every_variant_that_can_be_causal_hides_what_is_later_and_nothing_else(self):
        sparse = {"local", "strided", "convolution", "separable_convolution"}
        for variant in variants():
            done = run("show", variant, "--causal")
            if variant == "linformer":
                self.assertEqual(done.returncode, 2)
                self.assertIn("set causal to false", done.stderr)
                continue
            picture = [[mark == "#" for mark in row] for row in PICTURE.findall(done.stdout)]
            self.assertEqual(len(picture), 16, variant)
            prefix = rows(lambda place, key: key <= place, 16, 16)
            if variant not in sparse:
                self.assertEqual(picture, prefix, variant)
            self.assertFalse(any(a and not b for row, allowed in zip(picture, prefix) for a, b in zip(row, allowed)), variant)


class Explained(unittest.TestCase):
    def test_every_variant_tells_its_equation_options_and_source(self):
        schema = json.loads(run("list", "schema").stdout)["$defs"]["axes"]["properties"]
        for variant in variants() + ["external"]:
            text = shown(variant)
            self.assertTrue(text.startswith(f"{variant}: "), text)
            self.assertRegex(text, r"\nsource: \S")
            self.assertRegex(text, r"\n  .*(out|head)\w* = .*\n", variant)
            for option in re.findall(r"^  (\w+) \((?:from|true|\w+ or|\d+ to).*; default", text, re.MULTILINE):
                self.assertIn(option, schema)
        self.assertIn("sink_keys (from 0; default 0)", shown("local"))
        self.assertIn("form (materialised or absorbed; default materialised)", shown("latent"))

    def test_heads_are_those_of_the_group(self):
        text = shown("grouped_query", "--num-heads", 8, "--num-kv-heads", 2)
        self.assertIn("num_kv_heads = 2   0 0 0 0 1 1 1 1\n", text)
        self.assertNotIn("num_kv_heads = 8", text)
        self.assertIn("num_kv_heads = 8   0 1 2 3 4 5 6 7\n", shown("multi_head"))
        self.assertIn("num_kv_heads = 1   0 0 0 0 0 0 0 0\n", shown("multi_query"))

    def test_what_is_wrong_is_told(self):
        for arguments, why in ((("multi_hed",), "did you mean 'multi_head'"),
                               (("multi_head", "--window", 3), "window is an option of variant local"),
                               (("single_head", "--num-heads", 3), "set num_heads to 1"),
                               (("multi_head", "--result", "x.jsonl"), "speaks of one point"),
                               (("multi_head/naive/seq_len=4,embed_dim=8", "--causal"), "write causal there")):
            done = run("show", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    main()
