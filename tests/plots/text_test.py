#!/usr/bin/env python3
"""What stands in a figure as text: titles that tell figures apart, captions as wide as the figure, labels with room."""
import itertools
import os
import random
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plots"))

import captions  # noqa: E402
import frame  # noqa: E402
import style  # noqa: E402
from labels import Labels  # noqa: E402
from wrapped import inches, wrapped  # noqa: E402

import pandas  # noqa: E402

FIELDS = ["backend", "task", "scope", "batch", "embed_dim", "lengths", "width", "others"]


def points(*rows):
    """Rows of (task, embed_dim, others), all else the same."""
    return pandas.DataFrame([{"backend": "simd", "task": task, "scope": "layer", "batch": 64, "embed_dim": width, "lengths": "",
                              "width": "", "others": others, "dtype": "f32", "num_threads": 1} for task, width, others in rows])


class Titles(unittest.TestCase):
    def titles(self, data):
        return {name: part for _, name, part in frame.figures(data, FIELDS)}

    def test_what_does_not_tell_figures_apart_stands_in_the_caption(self):
        found = self.titles(points(("recall", 36, "steps 20000, items 3"), ("recall", 36, "steps 20000, items 4"),
                                   ("lookup", 32, "steps 3000, items 2"), ("nearest", 32, "steps 3000")))
        self.assertEqual(set(found), {"simd, recall, layer, items 3", "simd, recall, layer, items 4",
                                      "simd, lookup, layer, items 2", "simd, nearest, layer"})
        told = captions.conditions(found["simd, recall, layer, items 3"])
        self.assertEqual(told, "f32, 1 thread, batch 64, embed_dim 36, steps 20000")

    def test_one_figure_names_nothing_that_is_the_same(self):
        self.assertEqual(list(self.titles(points(("none", 512, ""), ("none", 512, "")))), ["simd, layer"])

    def test_titles_and_files_of_random_sweeps_are_all_different(self):
        chance = random.Random(5)
        for _ in range(100):
            data = points(*{(chance.choice(["a", "b"]), chance.choice([32, 64]),
                             ", ".join(f"{name} {chance.choice([1, 2])}" for name in ("steps", "items", "rate")))
                            for _ in range(chance.randrange(1, 9))})
            found = list(frame.figures(data, FIELDS))
            self.assertEqual(len({suffix for suffix, _, _ in found}), len(data))
            for _, name, part in found:
                said = f"{name}, {captions.conditions(part)}"
                for field, form in (("embed_dim", "embed_dim {}"), ("task", "{}")):
                    if data[field].nunique() > 1:
                        self.assertIn(form.format(part[field].iloc[0]), said)


class Captions(unittest.TestCase):
    def test_no_line_is_wider_than_the_figure_and_no_word_is_lost(self):
        chance = random.Random(7)
        words = ["W" * 5, "i", "onnxruntime_decomposed:", "L", "512;", "MatMul,", "(Cooperlake", "kernels)", "a\u00a0L\u00a0512"]
        for width in (2.5, 3.3, 6.9):
            text = " ".join(chance.choice(words) for _ in range(300))
            lines = wrapped(text, width, 7.5)
            self.assertEqual(" ".join(lines), text)
            self.assertLessEqual(max(inches(line, 7.5) for line in lines), width + 0.01)
            self.assertGreater(min(inches(line, 7.5) for line in lines[:-1]), width - 1.6)

    def test_a_word_wider_than_the_line_stands_alone(self):
        self.assertEqual(wrapped("a " + "w" * 200 + " b", 2, 7.5), ["a", "w" * 200, "b"])


class Beside(unittest.TestCase):
    def test_labels_stand_on_no_other_and_on_no_point(self):
        figure, axes = style.panels(1, 1)
        ax, chance = axes[0][0], random.Random(11)
        xs, ys = [[chance.random() for _ in range(60)] for _ in range(2)]
        ax.plot(xs, ys, linestyle="none", marker="o")
        labels = Labels(ax, 7)
        labels.avoid(xs, ys)
        for x, y in zip(xs, ys):
            labels.beside("128", x, y, (1, -1))
        self.assertTrue(10 < len(ax.texts) < 60, f"{len(ax.texts)} labels")
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in ax.texts]
        for a, b in itertools.combinations(boxes, 2):
            self.assertFalse(a.shrunk(0.8, 0.6).overlaps(b.shrunk(0.8, 0.6)), f"{a} and {b}")
        middles = ax.transData.transform(list(zip(xs, ys)))
        for box in boxes:
            self.assertFalse(any(box.shrunk(0.9, 0.5).contains(x, y) for x, y in middles))


if __name__ == "__main__":
    unittest.main()
