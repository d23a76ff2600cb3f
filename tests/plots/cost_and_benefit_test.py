"""Mechanisms against their costs: the front and its name, rings, rows, and ratios of errors as the program forms them.

Usage: cost_and_benefit_test.py HEADCOUNT SOURCE
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import synthetic  # noqa: E402
from figure_case import Comparison, texts_of  # noqa: E402
import cost_and_benefit  # noqa: E402  (figure_case says where)
import frame  # noqa: E402
import paired  # noqa: E402
import style  # noqa: E402
import trained  # noqa: E402

HEADCOUNT, SOURCE = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))


class CostAndBenefit(Comparison):
    SEEDS = 8

    @staticmethod
    def row(variant, heads, ms, flops, kept, **changes):
        row = synthetic.point_row(variant, "blas", 128, heads, task="k_lookup", group="main", median_s=ms / 1e3,
                                  required_flops=flops, kv_cache_bytes=kept)
        return row | changes

    def rows(self):
        return [self.row("multi_head", 2, 1, 100e6, 4096), self.row("multi_head", 4, 2, 100e6, 4096),
                self.row("multi_query", 2, 3, 60e6, 2048, num_kv_heads=1), self.row("multi_query", 4, 4, 50e6, 1024, num_kv_heads=1)]

    def drawn_with(self, errors, rows=None, noise=0.01, seeds=SEEDS):
        """The figure of points whose median errors are these, in the order of the rows."""
        rows = rows or self.rows()
        trainings = [{"point": row["point"], "group": "main", "round": seed, "step_s": row["median_s"],
                      "test_error": error * (1 + noise * (-1) ** seed * (seed // 2 + 1) * (place + 1))}
                     for place, (row, error) in enumerate(zip(rows, errors)) for seed in range(seeds)]
        with mock.patch.object(synthetic, "training_rows", lambda _: trainings):
            return self.drawn(cost_and_benefit, rows)

    @staticmethod
    def fronts(figure):
        return [text.get_text().replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ") for ax in figure.axes for text in ax.texts
                if text.get_text().startswith("front: ")]

    @staticmethod
    def rings(figure):
        return [sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "o" and line.get_fillstyle() == "none")
                for ax in figure.axes]

    def test_the_front_of_each_cost_is_named(self):
        figure = self.drawn_with([0.5, 0.1, 0.4, 0.2])
        self.assertEqual(self.fronts(figure), ["front: multi_head H=2; multi_head H=4", "front: multi_query H=4; multi_head H=4",
                                               "front: multi_query H=4; multi_head H=4"])
        self.assertEqual([ax.get_xlabel() for ax in figure.axes],
                         ["time of a step [ms]", "FLOPs of a step [M]", "cache of a sequence [KiB]"])
        self.assertIn(f"{self.SEEDS} seeds", texts_of(figure))
        filled = [sum(line.get_markerfacecolor() != "white" and line.get_marker() not in ("", ".") and len(line.get_xdata()) == 1
                      for line in ax.lines) for ax in figure.axes]
        self.assertEqual(filled, [2, 2, 2])

    def test_costs_are_those_of_the_points(self):
        figure = self.drawn_with([0.5, 0.1, 0.4, 0.2])
        for ax, expected in zip(figure.axes, ([1, 2, 3, 4], [50, 60, 100, 100], [1, 2, 4, 4])):
            found = sorted(line.get_xdata()[0] for line in ax.lines if line.get_marker() in ("o", "^") and len(line.get_xdata()) == 1)
            for value, other in zip(found, expected, strict=True):
                self.assertAlmostEqual(value, other)

    def test_what_cannot_be_told_from_the_front_has_a_ring(self):
        # multi_query with 4 heads errs a little more than multi_head with 4, at a longer time.
        self.assertEqual(self.rings(self.drawn_with([0.5, 0.1, 0.4, 0.1001], noise=0.05)), [1, 0, 0])
        self.assertEqual(self.rings(self.drawn_with([0.5, 0.1, 0.4, 0.2], noise=0.01)), [0, 0, 0])
        self.assertEqual(self.rings(self.drawn_with([0.5, 0.1, 0.4, 0.1001], noise=0.05, seeds=5)), [0, 0, 0])

    def test_one_mechanism_alone_is_drawn_and_one_point_is_not(self):
        self.assertEqual(self.fronts(self.drawn_with([0.5, 0.1], self.rows()[:2]))[1:],
                         ["front: multi_head H=4", "front: multi_head H=4"])
        self.assertIn("num_heads", self.refused("cost_and_benefit.py", self.rows()[:1]))

    def test_two_mechanisms_with_one_number_of_heads_are_compared(self):
        self.assertEqual(self.fronts(self.drawn_with([0.1, 0.2], self.rows()[1::2]))[2], "front: multi_query H=4; multi_head H=4")

    def test_points_of_two_meanings_stand_in_two_rows(self):
        rows = self.rows()[:2]
        rows += [row | {"causal": "true", "point": row["point"] + ",causal=true"} for row in rows]
        figure = self.drawn_with([0.5, 0.1, 0.4, 0.3], rows)
        self.assertEqual([ax.get_title(loc="left") for ax in figure.axes][::3], ["k_lookup", "k_lookup, causal"])

    def test_points_that_nothing_else_tells_apart_are_named_by_their_width(self):
        rows = self.rows()[:2]
        rows += [row | {"head_dim": 7, "point": row["point"] + ",head_dim=7"} for row in rows]
        self.assertIn("multi_head, head_dim 7 H=4", self.fronts(self.drawn_with([0.5, 0.1, 0.4, 0.01], rows))[1])

    def test_a_path_that_is_not_in_order_is_refused(self):
        figure, axes = style.panels(1, 1)
        with self.assertRaises(ValueError):
            style.path(axes[0][0], "num_heads", [1, 4, 2], [1, 2, 3], [1, 2, 3])
        style.path(axes[0][0], "num_heads", [1, 2, 4], [3, 2, 3], [1, 2, 3])
        style.hold_to(figure, frame.description({"lines_over": "num_heads"}), "good")
        for shows in ({}, {"lines_over": "kv_len"}):
            with self.assertRaises(ValueError):
                style.hold_to(figure, frame.description(shows), "bad")

    def test_ratios_of_errors_are_those_of_the_program(self):
        said = subprocess.run([HEADCOUNT, "advise", SOURCE / "results/reference/language.jsonl", "--task", "next_byte", "--budget-ms",
                               "1000"], check=True, capture_output=True, text=True).stdout.split("\n\n")[0]
        told = {int(heads): [float(end) for end in ends] for heads, *ends in
                re.findall(r"num_heads=(\d+): .*; ([\d.]+) \[([\d.]+), ([\d.]+)\] times the error", said)}
        (best,) = map(int, re.findall(r"take .*num_heads=(\d+):", said))
        data = self.directory("language")
        subprocess.run([HEADCOUNT, "export", SOURCE / "results/reference/language.jsonl", "--format", "csv", "--output", data],
                       check=True, capture_output=True)
        trainings = trained.points_of(frame.Frame(data), "this test")
        trainings = trainings[trainings["group"].str.startswith("main")]
        point = dict(zip(trainings["num_heads"], trainings["point"]))
        self.assertGreater(len(told), 5)
        for heads, ends in told.items():
            for ours, theirs in zip(paired.Seeds(trainings).ratio(point[heads], point[best]), ends):
                self.assertEqual(float(f"{ours:.3g}"), theirs)


if __name__ == "__main__":
    unittest.main()
