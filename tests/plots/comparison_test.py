"""Figures that put variants beside each other in the same rounds: what they compute, draw, leave out and refuse.

Usage: comparison_test.py HEADCOUNT SOURCE. The program is asked for the ratios that the figures form themselves.
"""
import math
import os
import pathlib
import subprocess
import sys
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import synthetic  # noqa: E402
from figure_case import Comparison, run, texts_of  # noqa: E402
import cache_and_decode  # noqa: E402  (figure_case says where)
import fastest  # noqa: E402
import frame  # noqa: E402
import members  # noqa: E402
import pandas  # noqa: E402
import paired  # noqa: E402

HEADCOUNT, SOURCE = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))


class Ratios(Comparison):
    def test_they_are_those_of_the_program(self):
        for name in ("kernels", "equal_complexity"):
            data = self.directory(name)
            subprocess.run([HEADCOUNT, "export", SOURCE / f"results/reference/{name}.jsonl", "--format", "csv",
                            "--output", data], check=True, capture_output=True)
            export = frame.Frame(data)
            rounds, compared = paired.Rounds(export.samples()), 0
            for row in export.points[export.points["ratio"].notna()].itertuples():
                ours = rounds.ratio(row.point, row.ratio_base)
                for value, theirs in zip(ours, (row.ratio, row.ratio_low, row.ratio_high)):
                    self.assertEqual(math.isnan(value), math.isnan(theirs), row.point)
                    if not math.isnan(value):
                        self.assertAlmostEqual(value / theirs, 1, delta=1e-9, msg=row.point)
                        compared += 1
            self.assertGreater(compared, 100)

    def test_rounds_that_lack_one_of_the_two_are_left_out_and_the_first_of_two_samples_counts(self):
        visits = [("a", 0, 2), ("b", 0, 1), ("a", 1, 8), ("b", 1, 2), ("a", 1, 99), ("a", 2, 50)]
        rounds = paired.Rounds(pandas.DataFrame([{"point": point, "group": "g", "stratum": 0, "round": number,
                                                  "wall_s": seconds} for point, number, seconds in visits]))
        estimate, low, high = rounds.ratio("a", "b")
        self.assertAlmostEqual(estimate, math.sqrt(2 * 4))
        self.assertTrue(math.isnan(low) and math.isnan(high))
        self.assertIsNone(rounds.ratio("a", "c"))

    def test_six_rounds_have_an_interval_and_five_have_none(self):
        self.assertEqual([paired.rank_of_end(n) for n in (1, 5, 6, 8, 10)], [0, 0, 1, 4, 9])


class Names(unittest.TestCase):
    def test_a_member_is_named_by_what_tells_it_from_its_own_kind(self):
        rows = [("streaming", 8, 8, ""), ("multi_query", 8, 1, ""), ("grouped_query", 8, 4, ""),
                ("grouped_query", 4, 4, ""), ("grouped_query", 8, 8, ""), ("local", 8, 8, "window 64"),
                ("local", 8, 8, "window 256"), ("linear", 8, 8, "form chunked")]
        points = pandas.DataFrame(rows, columns=["variant", "num_heads", "num_kv_heads", "others"])
        self.assertEqual(list(members.member_names(points)),
                         ["streaming", "multi_query", "grouped_query, 4 kv heads", "grouped_query, 4 kv heads",
                          "grouped_query", "local, window 64", "local, window 256", "linear"])


class Fastest(Comparison):
    HEADS, LENGTHS = (1, 4, 16), (128, 512)

    def rows(self, seconds, variants=("multi_head", "streaming"), backends=("blas",), **changes):
        """Points whose median is what `seconds(variant, heads, length)` says; None leaves one out."""
        for variant in variants:
            for backend in backends:
                for h in self.HEADS:
                    for n in self.LENGTHS:
                        median = seconds(variant, h, n)
                        if median:
                            yield synthetic.point_row(variant, backend, n, h, median_s=median, **changes)

    @staticmethod
    def crossing(variant, heads, _):
        """streaming is twice as fast with 16 heads, half as fast with 1, and cannot be told apart with 4."""
        return 1e-3 * ({1: 2, 4: 1, 16: 0.5}[heads] if variant == "streaming" else 1)

    def cells(self, rows):
        """What the figure knows of each panel, by backend."""
        found = []
        with mock.patch.object(fastest, "figure", lambda data, name, panels, points: found.append(panels)):
            list(fastest.draw(frame.Frame(self.exported(rows))))
        self.assertEqual(len(found), 1)
        return found[0]

    @staticmethod
    def hatched(figure):
        return sum(patch.get_hatch() == fastest.UNDECIDED for ax in figure.axes for patch in ax.patches)

    def test_a_cell_names_the_fastest_its_ratio_and_whether_it_is_decided(self):
        cells = self.cells(self.rows(self.crossing))["blas"]
        self.assertEqual(len(cells), 6)
        for (heads, _), cell in cells.items():
            self.assertEqual(cell.decided, heads != 4)
            if heads != 4:
                self.assertEqual(cell.name, {1: "multi_head", 16: "streaming"}[heads])
                self.assertAlmostEqual(cell.ratio, 0.5, delta=0.03)
                self.assertEqual(cell.second_s, 2e-3 if heads == 1 else 1e-3)

    def test_undecided_cells_are_hatched_and_crossovers_beside_them_dashed(self):
        figure = self.drawn(fastest, self.rows(self.crossing))
        self.assertEqual(self.hatched(figure), 2)
        black = [line for line in figure.axes[0].get_lines() if line.get_color() == "black"]
        self.assertTrue(black)
        self.assertEqual({line.get_linestyle() for line in black}, {"--"})  # each crossing has an undecided side
        self.assertIn("undecided", texts_of(figure))

        def faster_with_four(variant, heads, length):
            return self.crossing(variant, heads, length) * (0.3 if (variant, heads) == ("streaming", 4) else 1)

        decided = self.drawn(fastest, self.rows(faster_with_four))
        self.assertEqual(self.hatched(decided), 0)
        black = [line for line in decided.axes[0].get_lines() if line.get_color() == "black"]
        self.assertEqual([(line.get_linestyle(), list(line.get_ydata())) for line in black],
                         [("-", [0.5, 0.5])] * len(self.LENGTHS))
        self.assertNotIn("Hatched", texts_of(decided))

    def test_a_third_that_cannot_be_told_from_the_fastest_leaves_the_cell_undecided(self):
        # The second is 10 % slower in every round; the third is slower still, but swings by half to both sides.
        factors = {"first": lambda i: 1, "second": lambda i: 1.1, "third": lambda i: 1.5 * (1.5 if i % 2 else 0.5)}
        rounds = paired.Rounds(pandas.DataFrame(
            [{"point": point, "group": "g", "stratum": 0, "round": i, "wall_s": 1e-3 * factor(i)}
             for point, factor in factors.items() for i in range(20)]))
        rows = pandas.DataFrame([{"point": point, "name": point, "median_s": 1e-3} for point in factors])
        cell = fastest.Cell(rows, rounds)
        self.assertFalse(cell.decided)
        self.assertTrue(fastest.Cell(rows[rows["name"] != "third"], rounds).decided)

    def test_two_backends_are_two_panels(self):
        rows = list(self.rows(self.crossing, backends=("blas", "naive")))
        figure = self.drawn(fastest, rows)
        self.assertEqual([ax.get_title(loc="left") for ax in figure.axes], ["blas", "naive"])
        self.check(run("fastest.py", self.exported(rows), self.directory("out"), "--format", "png"), 0)
        self.assertEqual(os.listdir(self.directory("out")), ["fastest_layer.png"])

    def test_what_is_missing_is_white_or_starred(self):
        def seconds(variant, heads, length):
            if (heads, length) == (16, 512) and variant != "streaming":
                return None
            if (heads, length) == (1, 128) and variant == "multi_head_split":
                return None
            return 1.5 * self.crossing("", heads, length) if variant == "multi_head_split" else self.crossing(
                variant, heads, length)

        rows = list(self.rows(seconds, variants=("multi_head", "streaming", "multi_head_split")))
        figure = self.drawn(fastest, rows)
        words = [text.get_text() for text in figure.axes[0].texts]
        self.assertEqual(sum("\n" in word for word in words), 5)  # letter and ratio of a cell
        self.assertEqual(sum("\N{EN DASH}" in word for word in words), 5)  # its interval
        self.assertEqual(sum("*" in word for word in words), 1)
        # Between a cell with all variants and one that lacks one, no crossover is sure.
        black = [line for line in figure.axes[0].get_lines() if line.get_color() == "black"]
        self.assertEqual({line.get_linestyle() for line in black}, {"--"})
        self.assertIn("White: no two", texts_of(figure))
        self.assertIn("Star: fewer", texts_of(figure))
        self.assertIn("Never the fastest: multi_head_split", texts_of(figure))

    def test_without_intervals_nothing_is_decided(self):
        figure = self.drawn(fastest, self.rows(self.crossing, n_rounds=5))
        self.assertEqual(self.hatched(figure), 6)
        self.assertIn("too few rounds give none", texts_of(figure))

    def test_variants_that_share_no_rounds_are_not_compared(self):
        data = self.exported(self.rows(self.crossing))
        table = pandas.read_csv(os.path.join(data, "samples.csv"))
        table["group"] = [point.split("/")[0] for point in table["point"]]
        table.to_csv(os.path.join(data, "samples.csv"), index=False)
        result = run("fastest.py", data, self.directory("out"))
        self.check(result, 4)
        self.assertIn("compare_by", result.stdout)

    def test_one_length_or_one_variant_makes_no_map(self):
        self.refused("fastest.py", [row for row in self.rows(self.crossing) if row["kv_len"] == 128])
        self.refused("fastest.py", self.rows(self.crossing, variants=("streaming",)))
        # Both lengths were timed, but only one of them with a second variant.
        self.refused("fastest.py", [row for row in self.rows(self.crossing)
                                    if row["kv_len"] == 128 or row["variant"] == "streaming"])


class CacheAndDecode(Comparison):
    @staticmethod
    def rows(backends=("blas",), lengths=(1024,), **changes):
        """More heads of keys keep more and take longer; an unfused core keeps as much as the fused one, and is slower.
        """
        for backend in backends:
            for length in lengths:
                for heads in (8, 32):
                    yield synthetic.decode_row("streaming", backend, length, heads, **changes)
                    slower = synthetic.decode_row("multi_head", backend, length, heads)
                    changed = {name: 2 * slower[name] for name in ("median_s", "low_s", "high_s")} | changes
                    yield slower | changed
                    yield synthetic.decode_row("grouped_query", backend, length, heads, num_kv_heads=2, **changes)
                    yield synthetic.decode_row("multi_query", backend, length, heads, num_kv_heads=1, **changes)

    @staticmethod
    def listed(ax):
        """The names under a panel."""
        return [line.split("  ")[1] for text in ax.texts for line in text.get_text().split("\n") if "  " in line]

    @staticmethod
    def rings(figure):
        return sum(len(line.get_xdata()) for ax in figure.axes for line in ax.get_lines()
                   if line.get_markersize() == 11)

    def test_the_front_is_named_and_numbered(self):
        figure = self.drawn(cache_and_decode, self.rows())
        self.assertEqual(self.listed(figure.axes[0]), ["multi_query, H = 32"])
        self.assertEqual(self.rings(figure), 0)
        self.assertEqual(len(figure.axes[0].containers), 8)

    def test_the_front_falls_with_what_is_kept_and_takes_the_smaller_of_equals(self):
        panel = pandas.DataFrame({"point": list("abcde"), "kv_cache_bytes": [4, 1, 2, 2, 8],
                                  "median_s": [3.0, 9.0, 5.0, 4.0, 3.0]})
        self.assertEqual(list(panel["point"][cache_and_decode.front_of(panel)]), ["b", "d", "a"])

    def test_what_cannot_be_told_from_the_front_has_a_ring(self):
        rows = list(self.rows())
        least = min(rows, key=lambda row: (row["kv_cache_bytes"], row["median_s"]))
        for row in rows:
            if row["variant"] == "grouped_query" and row["num_heads"] == 32:
                row["median_s"] = least["median_s"] * 1.0005
        self.assertEqual(self.rings(self.drawn(cache_and_decode, rows)), 1)

    def test_two_backends_and_two_lengths_are_four_panels(self):
        rows = list(self.rows(backends=("blas", "naive"), lengths=(1024, 4096)))
        figure = self.drawn(cache_and_decode, rows)
        self.assertEqual([ax.get_title(loc="left") for ax in figure.axes],
                         [f"{backend}, kv_len {length}" for backend in ("blas", "naive") for length in (1024, 4096)])
        self.check(run("cache_and_decode.py", self.exported(rows), self.directory("out"), "--format", "png"), 0)
        self.assertEqual(os.listdir(self.directory("out")), ["cache_and_decode_core.png"])

    def test_a_result_without_intervals_says_so_and_tells_nothing_apart(self):
        figure = self.drawn(cache_and_decode, self.rows(low_s="", high_s="", n_rounds=5))
        self.assertIn("none for 8 points", texts_of(figure))
        self.assertEqual(self.rings(figure), 7)

    def test_a_bound_above_the_time_is_not_drawn(self):
        near = self.drawn(cache_and_decode, [row | {"bound_s": 0.9 * row["median_s"]} for row in self.rows()])
        self.assertEqual(len([line for line in near.axes[0].get_lines()
                              if line.get_marker() == "_" and line.get_markersize() == 7 and len(line.get_xdata())]), 8)
        for bound, said in ((1, True), (1e-9, False)):
            figure = self.drawn(cache_and_decode, self.rows(bound_s=bound))
            marks = [line for line in figure.axes[0].get_lines()
                     if line.get_marker() == "_" and len(line.get_xdata()) == 1 and line.get_markersize() == 7]
            arrows = [text for text in figure.axes[0].texts if getattr(text, "arrow_patch", None)]
            self.assertEqual(len(marks), 0)
            self.assertEqual(len(arrows), 0 if said else 8)  # so far below that the axis ends before
            self.assertEqual("not drawn for 8 points" in texts_of(figure), said)

    def test_the_caption_says_what_was_timed(self):
        self.assertIn("Keys and values are given", texts_of(self.drawn(cache_and_decode, self.rows())))
        layer = [row | {"scope": "layer"} for row in self.rows()]
        self.assertIn("without a cache", texts_of(self.drawn(cache_and_decode, layer)))
        behind = [row | {"cached": "true", "point": row["point"] + ",cached=true"} for row in layer]
        self.assertIn("a step of decoding", texts_of(self.drawn(cache_and_decode, behind)))

    def test_passes_with_and_without_a_cache_are_no_rivals(self):
        layer = [row | {"scope": "layer"} for row in self.rows()]
        behind = [row | {"cached": "true", "point": row["point"] + ",cached=true"} for row in layer]
        self.check(run("cache_and_decode.py", self.exported(layer + behind), self.directory("out"), "--format", "png"), 0)
        self.assertEqual(sorted(os.listdir(self.directory("out"))),
                         ["cache_and_decode_layer.png", "cache_and_decode_layer_cached.png"])

    def test_several_queries_or_one_variant_are_no_step_of_decoding(self):
        self.assertIn("q_len 1", self.refused("cache_and_decode.py", [row | {"q_len": 2} for row in self.rows()]))
        self.refused("cache_and_decode.py", [row for row in self.rows() if row["variant"] == "streaming"])
        as_much = [row for row in self.rows() if row["variant"] in ("streaming", "multi_head")]
        self.assertIn("different numbers of bytes", self.refused("cache_and_decode.py", as_much))


if __name__ == "__main__":
    unittest.main()
