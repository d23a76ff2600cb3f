"""Every figure of every result that is stored, and of random valid ones: none crashes, none is larger than a page, all that is
measured lies within the axes, and nothing is written outside the picture.

usage: reference_test.py HEADCOUNT SOURCE_DIR
"""
import importlib
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import synthetic  # noqa: E402
from figure_case import OF_HEADS, OF_PRUNING, SCRIPTS  # noqa: E402
import frame  # noqa: E402  (figure_case says where)
import looks  # noqa: E402
import studies  # noqa: E402
import style  # noqa: E402
from matplotlib.container import ErrorbarContainer  # noqa: E402
from matplotlib.colors import to_hex, to_rgba_array  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402

HEADCOUNT, SOURCE = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
# What each stored result shows at least: a figure that is silently no longer drawn is missed here.
AT_LEAST = {"bf16": {"time_over_heads", "breakdown", "counts_over_heads", "roofline"},
            "equal_complexity": {"time_over_heads", "heads_fused_causal", "breakdown", "counts_over_heads", "roofline",
                                 "scaling", "beside"},
            "expressiveness": {"error_over_heads", "cost_and_benefit", "loss_curves", "time_over_heads"},
            "heads-minilm": {"heads_alike", "heads_masked", "heads_pruned"},
            "heads-use-lite": {"heads_alike", "heads_masked", "heads_pruned"},
            "kernels": {"time_over_heads", "heads_fused_causal", "breakdown", "roofline", "beside"},
            "language": {"error_over_heads", "cost_and_benefit", "loss_curves"},
            "libraries": {"time_over_heads", "heads_fused_causal", "breakdown", "beside"},
            "peers": {"time_over_heads", "beside", "roofline"},
            "projections": {"time_over_heads", "heads_fused_causal", "breakdown", "counts_over_heads", "roofline", "beside"},
            "pruning-k_lookup": {"pruning"}, "pruning-next_byte": {"pruning"},
            "trade": {"cost_and_benefit", "error_over_heads", "loss_curves"}}
SLACK = 0.02  # inches


def reader_of(script):
    return studies.Heads if script in OF_HEADS else studies.Pruning if script in OF_PRUNING else frame.Frame


def colours_in(figure):
    """(variant, colour) of each entry of a legend that names one of two variants."""
    for legend in figure.legends:
        handles = legend.legend_handles if hasattr(legend, "legend_handles") else legend.legendHandles
        for text, handle in zip(legend.get_texts(), handles):
            words = set(re.split(r"[^a-z_]+", text.get_text()))
            for variant in words & {"multi_head", "streaming"}:
                value = handle.get_facecolor() if isinstance(handle, Patch) else handle.get_color()
                yield variant, to_hex(to_rgba_array(value)[0])


def ends_of_bars(ax):
    for bars in (c for c in ax.containers if isinstance(c, ErrorbarContainer)):
        for lines in bars[2]:
            for path in lines.get_paths():
                yield from path.vertices


class Drawn(unittest.TestCase):
    def draw_all(self, data, width=None):
        """The names of the figures that these data show, each looked at."""
        shown = set()
        style.Width.inches = width or style.PAGE[0]
        for script in SCRIPTS:
            name = script[:-3]
            module = importlib.import_module(name)
            try:
                for number, (suffix, figure) in enumerate(module.draw(reader_of(script)(data))):
                    with self.subTest(figure=f"{name}_{suffix}"):
                        shown.add(name)
                        style.hold_to(figure, frame.description(module.SHOWS), name)
                        self.look_at(figure)
                    style.pyplot.close(figure)
                    if number + 1 == frame.MOST_FIGURES:
                        break
            except frame.NotApplicable as reason:
                self.assertTrue(str(reason))
        return shown

    def look_at(self, figure):
        figure.draw_without_rendering()
        width, height = figure.get_size_inches()
        self.assertLessEqual(width, style.Width.inches + SLACK)
        self.assertLessEqual(height, style.PAGE[1] + SLACK)
        for ax in (ax for ax in figure.axes if ax.get_visible()):
            (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
            for x, y in ends_of_bars(ax):
                if x == x and y == y and (ax.get_yscale() != "log" or y > 0):
                    self.assertTrue(min(left, right) <= x <= max(left, right) and bottom <= y <= top,
                                    f"an interval ends at {x}, {y} outside {left, right, bottom, top}")
        labels = [ax.yaxis.label for ax in figure.axes if ax.get_visible()]  # upright, beside low panels
        for text in figure.texts + [t for legend in figure.legends for t in legend.get_texts()] + labels:
            box = text.get_window_extent()
            self.assertLessEqual(box.x1 / figure.dpi, width + SLACK, f"cut at the right: {text.get_text()[:80]}")
            self.assertGreaterEqual(box.y0 / figure.dpi, -SLACK, f"cut at the foot: {text.get_text()[:80]}")
            self.assertLessEqual(box.y1 / figure.dpi, height + SLACK, f"cut at the top: {text.get_text()[:80]}")

    def exported(self, name, folder):
        subprocess.run([HEADCOUNT, "export", SOURCE / f"results/reference/{name}.jsonl", "--format", "csv", "--output",
                        folder], check=True, capture_output=True)
        return folder


class References(Drawn):
    def test_the_table_names_every_stored_result(self):
        stored = {path.stem for path in (SOURCE / "results/reference").glob("*.jsonl")}
        self.assertEqual(stored, set(AT_LEAST))

    def test_every_figure_of_every_stored_result(self):
        for name, expected in AT_LEAST.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                self.assertLessEqual(expected, self.draw_all(self.exported(name, folder)))

    def test_a_column_of_a_journal(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertLessEqual(AT_LEAST["libraries"], self.draw_all(self.exported("libraries", folder), 3.3))


class RandomResults(Drawn):
    def random_rows(self, draws):
        """Points of a sweep that nobody planned: gaps, missing intervals and bounds, bases across anything."""
        lengths = draws.sample([16, 128, 512, 2048, 8192], draws.randint(1, 4))
        heads = draws.sample([1, 2, 3, 5, 8, 16, 64], draws.randint(1, 5))
        variants = draws.sample([*synthetic.VARIANTS, "of_the_user"], draws.randint(1, 4))
        rows = []
        for variant in variants:
            for backend in draws.sample(["blas", "naive"], draws.randint(1, 2)):
                for length in lengths:
                    for h in heads:
                        if draws.random() < 0.1:
                            continue
                        row = synthetic.point_row(variant, backend, length, h)
                        if draws.random() < 0.3:
                            row.update(low_s="", high_s="")
                        if draws.random() < 0.3:
                            row.update(bound_s="", bound_lacks="no limits")
                        if draws.random() < 0.5:
                            causal = dict(row, causal="true", point=row["point"] + ",causal=true",
                                          median_s=row["median_s"] * draws.uniform(0.3, 3), low_s="", high_s="")
                            rows.append(causal)
                        rows.append(row)
        base = draws.choice(rows)["point"] if rows else ""
        for row in rows:
            if draws.random() < 0.8:
                row["ratio_base"] = base
        return rows

    def test_none_crashes(self):
        for seed in range(12):
            with self.subTest(seed), tempfile.TemporaryDirectory() as folder:
                synthetic.write_rows(folder, self.random_rows(random.Random(seed)))
                self.draw_all(folder, [None, 3.3][seed % 2])


class Conventions(Drawn):
    def test_a_variant_has_one_colour_in_every_figure(self):
        with tempfile.TemporaryDirectory() as folder:
            synthetic.write(folder, variants=("multi_head", "streaming"), decode=(256,), lengths=(128, 512))
            data = frame.Frame(folder)
            found = {}
            for name in ("heads_fused_causal", "counts_over_heads", "cache_and_decode", "beside", "roofline", "fastest"):
                for _, figure in importlib.import_module(name).draw(data):
                    for variant, colour in colours_in(figure):
                        found.setdefault((variant, colour), set()).add(name)
                    style.pyplot.close(figure)
            colours = {variant: {c for v, c in found if v == variant} for variant in ("multi_head", "streaming")}
            for variant, seen in colours.items():
                self.assertEqual(seen, {looks.variant(variant)["color"].lower()}, found)
            self.assertGreaterEqual(len(set.union(*found.values())), 4, found)

    def test_no_two_variants_look_the_same(self):
        known = {path.stem for path in (SOURCE / "variants").glob("*.cpp")} - {"external"}
        self.assertEqual(known, set(looks.VARIANTS))
        pairs = [(looks.variant(v)["color"], looks.variant(v)["marker"]) for v in known]
        self.assertEqual(len(set(pairs)), len(pairs))

    def test_parts_of_a_breakdown_have_their_intervals_at_the_scale_of_the_bar(self):
        import breakdown
        rows = [synthetic.point_row("multi_head", "blas", 128, heads) for heads in (1, 2)]
        # Traced passes took twice as long as the median of each point.
        spans = [{"point": row["point"], "verb": role, "role": role, "share": synthetic.SHARE_OF[role],
                  "seconds": 2 * share * row["median_s"], "low_s": 1.6 * share * row["median_s"],
                  "high_s": 2.2 * share * row["median_s"]}
                 for row in rows for role, share in (("scores", 0.75), ("context", 0.25))]
        for known in (True, False):
            with self.subTest(known), tempfile.TemporaryDirectory() as folder:
                synthetic.write_rows(folder, rows, [span | ({} if known else {"low_s": "", "high_s": ""}) for span in spans])
                (_, figure), = breakdown.draw(frame.Frame(folder))
                style.hold_to(figure, frame.description(breakdown.SHOWS), "breakdown")
                said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
                self.assertEqual("Lines in the parts: 95 % interval of each" in said, known)
                self.assertEqual("The parts have no intervals" in said, not known)
                ends = sorted(y for _, y in ends_of_bars(figure.axes[0]))
                ms = [row["median_s"] * 1e3 for row in rows]
                parts = [m * end for m in ms for end in (0.6, 0.825, 0.95, 1.025)] if known else []
                whole = [row[end] * 1e3 for row in rows for end in ("low_s", "high_s")]
                for end, expected in zip(ends, sorted(parts + whole), strict=True):
                    self.assertAlmostEqual(end, expected, places=9)
                style.pyplot.close(figure)

    def test_captions_say_what_was_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            for script in SCRIPTS:
                if script in OF_HEADS + OF_PRUNING:
                    continue
                synthetic.write(folder, variants=("multi_head", "streaming"), heads=(1, 4, 16), backends=("blas",),
                                widths=(63, 64, 65, 128), decode=(256,))
                _, figure = next(importlib.import_module(script[:-3]).draw(frame.Frame(folder)))
                said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
                for word in ("f32", "1 thread", "batch 1", "Example CPU <x> $5 & Co.", "OpenBLAS 0.3.21 (Haswell kernels)",
                             "Commit: deadbeefdead"):
                    self.assertIn(word, said, script)
                self.assertNotIn("AVX3", said + " ".join(t.get_text() for ax in figure.axes for t in ax.texts))
                style.pyplot.close(figure)

    def test_far_bounds_do_not_press_the_data_flat(self):
        low, high = style.limits([1, 1.1, 1.2], [0.01], log=False)
        self.assertGreater(low, 0.9)
        low, high = style.limits([1, 1.1, 1.2], [0.96], log=False)
        self.assertLess(low, 0.96)
        self.assertLess(style.limits([1, 100], [0.5])[0], 0.5)
        self.assertGreater(style.limits([1, 100], [1e-6])[0], 0.5)

    def test_what_was_declared_is_said_and_drawn(self):
        import time_over_heads
        claims = [{"id": "A", "metric": "time", "across": ["num_heads"], "kind": "at_most", "argument": "1.5",
                   "where": {"variant": ["streaming"]}, "part": ""},
                  {"id": "B", "metric": "time", "across": ["variant"], "kind": "within", "argument": "0.1"},
                  {"id": "C", "metric": "time", "across": ["num_heads"], "kind": "at_least", "argument": "2 * base"}]
        with tempfile.TemporaryDirectory() as folder:
            synthetic.write(folder, variants=("multi_head", "streaming"), lengths=(512,), backends=("blas",), claims=claims)
            (_, figure), = time_over_heads.draw(frame.Frame(folder))
            said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
            self.assertIn("at most 1.5 times (A)", said)
            self.assertNotIn("(B)", said)
            dotted = [sum(c.get_linestyle()[0][1] is not None for c in ax.collections if c.get_linestyle()[0][1])
                      for ax in figure.axes[:2]]
            self.assertEqual([bool(d) for d in dotted], [False, True])  # of streaming alone


if __name__ == "__main__":
    unittest.main()
