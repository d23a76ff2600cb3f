"""Runs every figure script on a made-up export: files, exit codes, determinism, hostile text."""
import contextlib
import io
import json
import os
import sys
import unittest
from unittest import mock

import pandas

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import synthetic  # noqa: E402
from figure_case import OF_HEADS, OF_POINTS, OF_PRUNING, SCRIPTS, FigureCase, kind_of, run  # noqa: E402
import captions  # noqa: E402  (figure_case says where)
import frame  # noqa: E402
import style  # noqa: E402


class Plots(FigureCase):
    def test_the_figures_exist(self):
        for script in ("time_over_heads.py", "breakdown.py", "counts_over_heads.py", "scaling.py", "roofline.py",
                       "beside.py", "error_over_heads.py", "cost_and_benefit.py", "loss_curves.py", "heads_masked.py", "heads_pruned.py",
                       "heads_alike.py", "pruning.py", "odd_widths.py", "fastest.py", "cache_and_decode.py", "heads_fused_causal.py"):
            self.assertIn(script, SCRIPTS)

    def test_figures_beyond_the_most_are_not_dropped_in_silence(self):
        import time_over_heads
        data = self.directory("data")
        synthetic.write(data, lengths=(128,), heads=(1, 4), variants=("multi_head",), backends=("blas", "naive"))
        for most, drawn, told in ((1, 1, True), (2, 2, False)):
            said, listed = io.StringIO(), io.StringIO()
            with (mock.patch.object(frame, "MOST_FIGURES", most), contextlib.redirect_stderr(said),
                  mock.patch.object(sys, "argv", ["plot", data, self.directory(str(most)), "--format", "png"]),
                  contextlib.redirect_stdout(listed)):
                self.assertEqual(frame.main("time_over_heads", time_over_heads.draw, time_over_heads.SHOWS), 0)
            self.assertEqual(len(listed.getvalue().splitlines()), drawn)
            self.assertEqual("only the first 1 figures" in said.getvalue(), told)

    def test_every_script_draws_pdf_png_and_svg_names_its_files_and_draws_the_same_again(self):
        for script in SCRIPTS:
            with self.subTest(script):
                result = run(script, self.data_of(script), self.directory(script))
                self.check(result, 0)
                files = result.stdout.split("\n")[:-1]
                self.assertEqual({os.path.basename(f) for f in files}, set(os.listdir(self.directory(script))))
                self.assertEqual({f.rsplit(".", 1)[1] for f in files}, {"pdf", "png", "svg"})
                for file in files:
                    self.assertTrue(os.path.basename(file).startswith(script[:-3]))
                    self.assertGreater(os.path.getsize(file), 5000)
                    with open(file, "rb") as stream:
                        self.assertIn({"png": b"PNG", "svg": b"<svg", "pdf": b"%PDF"}[file[-3:]], stream.read(2000))
                again = self.directory(script + " again")
                self.check(run(script, self.data_of(script), again, "--format", "svg"), 0)
                drawn = {os.path.basename(f): self.read(f) for f in files if f.endswith(".svg")}
                self.assertEqual(set(drawn), set(os.listdir(again)))
                for file, content in drawn.items():
                    same = content == self.read(os.path.join(again, file))
                    self.assertTrue(same, f"{file} differs")  # a diff would be megabytes
                    self.assertNotIn(b"<dc:date>", content)

    def test_describe_prints_every_field_without_data(self):
        for script in SCRIPTS:
            with self.subTest(script):
                result = run(script, "--describe")
                self.check(result, 0)
                shown = json.loads(result.stdout)
                self.assertEqual(set(shown), set(frame.DESCRIPTION))
                self.assertEqual(shown["of"], kind_of(script))

    def test_a_figure_that_is_not_what_it_says_is_refused(self):
        shows = frame.description({"lines_over": "num_heads", "bars": "95 % intervals"})

        def drawn(x, label=style.AXIS_LABELS["num_heads"], bars=True, line="-", ylabel="time [ms]"):
            figure, axes = style.panels(1, 1)
            axes[0][0].errorbar(x, [1.0] * len(x), yerr=[0.1] * len(x) if bars else None, marker="o", linestyle=line)
            if not bars:
                axes[0][0].containers.clear()
            axes[0][0].set_xlabel(label)
            axes[0][0].set_ylabel(ylabel)
            return figure

        style.hold_to(drawn([1, 2, 4]), shows, "good")
        for figure in (drawn([1, 4, 2]), drawn([1, 2, 4], label="variant"), drawn([1, 2, 4], bars=False),
                       drawn([1, 2, 4], line="None"), drawn([1, 2, 4], ylabel="time / time of base")):
            with self.assertRaises(ValueError):
                style.hold_to(figure, shows, "bad")
        with self.assertRaises(ValueError):
            style.hold_to(drawn([1, 2]), frame.description({"bars": "95 % intervals"}), "lines not announced")

    def test_a_caption_names_the_samples_that_one_middle_value_does_not_describe(self):
        rows = pandas.DataFrame([{"variant": "streaming", "backend": "simd", "num_heads": h, "length": 128, "n_rounds": 20,
                                  "median_s": 0.01, "p5_s": 0.009, "p95_s": p95, "several_modes": modes}
                                 for h, p95, modes in ((1, 0.011, "false"), (2, 0.012, "true"), (4, 0.03, "false"))])
        text = captions.rounds_text(rows)
        self.assertIn("20 rounds", text)
        self.assertIn("H 2 L 128 9 ms to 12 ms", text)
        self.assertIn("H 4 L 128 9 ms to 30 ms", text)
        self.assertNotIn("H 1 ", text)
        self.assertIn(": streaming H 2 L 128", text)
        engine = rows.assign(variant="external", backend="torch_tuned")
        self.assertIn(": torch_tuned H 2 L 128", captions.rounds_text(engine))
        self.assertIn(", torch_tuned H 4 L 128", captions.rounds_text(pandas.concat([rows, engine])))
        self.assertIn(": streaming/simd H 2 L 128", captions.rounds_text(pandas.concat([rows, engine])))
        self.assertEqual(captions.rounds_text(rows.head(1)), "20 rounds")
        many = pandas.concat([rows.iloc[1:2]] * 20)
        self.assertIn(f"and {20 - captions.MOST_NAMED} more", captions.rounds_text(many))
        self.assertEqual(captions.rounds_text(rows[["n_rounds", "median_s"]]), "20 rounds")
        figure, _ = style.panels(1, 1)
        shows = frame.description({"spread": "in the caption"})
        with self.assertRaises(ValueError):
            style.hold_to(figure, shows, "no caption")
        style.caption(figure, f"Each point has {text}.")
        style.hold_to(figure, shows, "good")

    def test_what_the_config_leaves_out_stands_in_the_caption(self):
        data = self.directory("data")
        synthetic.write(data, variants=("multi_head",))
        path = os.path.join(data, "run.json")
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        record["left_out"] = {"processors": "one is asked of", "cpu.boost": "hidden here", "cpu.governor": "hidden"}
        record["environment"] |= {"cpu.boost": "unavailable: virtual", "cpu.governor": "performance"}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file)
        origin = frame.Frame(data).origin()
        self.assertIn("Left out: boost (hidden here); processors (one is asked of). Processor: ", origin)

    def test_a_single_point_is_not_applicable_with_one_line_of_reason(self):
        data = self.directory("data")
        synthetic.write(data, lengths=(128,), heads=(8,), variants=("multi_head",), backends=("blas",))
        synthetic.write_heads(self.directory("head"), layers=1, heads=1, left=(1,))
        synthetic.write_pruning(self.directory("pruned"), heads=1, left=(1,))
        of = {"heads": self.directory("head"), "pruning": self.directory("pruned"), "points": data}
        for script in SCRIPTS:
            with self.subTest(script):
                result = run(script, of[kind_of(script)], self.directory("out"))
                self.check(result, 4)
                self.assertEqual(result.stdout.count("\n"), 1)
                self.assertFalse(os.path.exists(self.directory("out")))

    def test_counted_points_alone_draw_counts_and_nothing_timed(self):
        data = self.directory("data")
        synthetic.write(data, outcome="counted", variants=("multi_head",), median_s="", low_s="", high_s="", ratio="",
                        ratio_low="", ratio_high="", ratio_base="", n_rounds="", peak_bytes=-1, process_peak_bytes=-1)
        for script in OF_POINTS:
            expected = 0 if script == "counts_over_heads.py" else 4
            self.check(run(script, data, self.directory("out"), "--format", "svg"), expected)

    def test_an_option_with_one_value_and_points_without_it_divides_nothing(self):
        data = self.directory("data")
        rows = [synthetic.point_row("streaming", backend, 512, heads) | {"key_block": "0" if backend == "blas" else ""}
                for backend in ("blas", "naive") for heads in (1, 8, 32)]
        for row in rows:
            row.update(ratio_base=f"streaming/{row['backend']}/seq_len=512,embed_dim=512,num_heads=1")
        synthetic.write(data)
        synthetic.write_csv(data, "points.csv", synthetic.POINT_COLUMNS + ["key_block"], rows)
        path = os.path.join(data, "run.json")
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        record["fields"].append({"name": "key_block", "type": "integer", "facet": "execution", "of": "backend blas"})
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file)
        self.check(run("time_over_heads.py", data, self.directory("out"), "--format", "svg"), 0)
        drawn = os.listdir(self.directory("out"))
        self.assertFalse([name for name in drawn if "key" in name], drawn)

    def test_options_that_no_figure_knows_divide_the_points(self):
        # key_block is that of configs/tune.yaml; nobody has heard of the other.
        for axis in ("key_block", "flavour"):
            data = self.directory(axis)
            rows = [synthetic.point_row("streaming", "blas", length, heads) | {axis: value}
                    for length in (128, 256, 512) for heads in (1, 8, 32) for value in ("0", "64")]
            for row in rows:
                base = f"streaming/blas/seq_len={row['kv_len']},embed_dim=512,num_heads={row['num_heads']}"
                row.update(point=f"{base},{axis}={row[axis]}", ratio_base=f"{base},{axis}=0")
            synthetic.write(data)
            synthetic.write_csv(data, "points.csv", synthetic.POINT_COLUMNS + [axis], rows)
            synthetic.write_csv(data, "exponents.csv", synthetic.EXPONENT_COLUMNS,
                                [{"point": row["point"], "exponent": 2, "low": 1.9, "high": 2.1, "first_step": 1.9,
                                  "last_step": 2.1, "median_exponent": 2, "median_low": 1.9, "median_high": 2.1}
                                 for row in rows])
            path = os.path.join(data, "run.json")
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            record["fields"].append({"name": axis, "type": "choice", "facet": "execution", "of": "backend blas"})
            with open(path, "w", encoding="utf-8") as file:
                json.dump(record, file)
            for script in OF_POINTS:
                with self.subTest(script + " " + axis):
                    result = run(script, data, self.directory("out_" + axis), "--format", "svg")
                    self.assertIn(result.returncode, (0, 4), result.stderr)
                    self.assertNotIn("Traceback", result.stderr)
            drawn = os.listdir(self.directory("out_" + axis))
            for value in ("0", "64"):
                self.assertTrue(any(f"{axis.replace('_', '-')}-{value}" in name and name.startswith("time_over_heads")
                                    for name in drawn), drawn)

    def test_times_without_ratios_are_drawn_as_times(self):
        data = self.directory("data")
        synthetic.write(data, variants=("multi_head",), ratio="", ratio_low="", ratio_high="", ratio_base="")
        self.check(run("time_over_heads.py", data, self.directory("out"), "--format", "svg"), 0)

    def test_bounds_are_drawn_or_their_absence_is_said(self):
        data = self.directory("data")
        synthetic.write(data, variants=("multi_head", "streaming"), widths=(64, 65, 128), decode=(256,), bound_s="",
                        bound_lacks="no limits", time_over_bound="")
        for script in OF_POINTS:  # what stands beside each other does so relative to the bound
            expected = 4 if script == "beside.py" else 0
            self.check(run(script, data, self.directory("unknown"), "--format", "svg"), expected)
        self.replace(data, "run.json", "fma_gflops.f32", "exp_gops.f32")
        result = run("roofline.py", data, self.directory("none"))
        self.check(result, 4)
        self.assertIn("limits", result.stdout)

        shows = frame.description({"bound": "a dash"})
        figure, axes = style.panels(1, 1)
        with self.assertRaises(ValueError):
            style.hold_to(figure, shows, "promises a bound")
        style.bound_marks(axes[0][0], [1, 2], [1.0, float("nan")], "black")
        style.hold_to(figure, shows, "good")
        with self.assertRaises(ValueError):
            style.hold_to(figure, frame.description({}), "draws a bound that it does not announce")

    def test_bad_data_say_which_file_and_what_to_do(self):
        def broken(change):
            data = self.directory(change.__name__)
            synthetic.write(data, lengths=(128, 256, 512), variants=("multi_head",))
            change(data)
            return data

        def no_directory(data):
            for file in os.listdir(data):
                os.remove(os.path.join(data, file))
            os.rmdir(data)

        def not_json(data):
            with open(os.path.join(data, "run.json"), "w", encoding="utf-8") as file:
                file.write("{")

        def no_column(data):
            self.replace(data, "points.csv", "num_heads,", "heads,")

        def not_a_number(data):
            self.replace(data, "points.csv", ",512,", ",many,")

        def point_twice(data):
            path = os.path.join(data, "points.csv")
            with open(path, encoding="utf-8") as file:
                lines = file.readlines()
            with open(path, "a", encoding="utf-8") as file:
                file.write(lines[1])

        def empty_file(data):
            with open(os.path.join(data, "breakdown.csv"), "w", encoding="utf-8"):
                pass

        for change in (no_directory, not_json, no_column, not_a_number, point_twice, empty_file):
            data = broken(change)
            with self.subTest(change.__name__):
                # One script stands for all: the reader is theirs together.
                result = run("breakdown.py", data, self.directory("out"))
                self.check(result, 2)
                self.assertIn(data, result.stderr)
                self.assertIn("export", result.stderr)
                self.assertNotIn("Traceback", result.stderr)

    def test_a_figure_of_another_kind_of_export_is_not_applicable(self):
        for script, data in [(OF_HEADS[0], self.data), (OF_POINTS[0], self.heads), (OF_PRUNING[0], self.heads),
                             (OF_HEADS[0], self.pruning)]:
            result = run(script, data, self.directory("out"))
            self.check(result, 4)
            self.assertEqual(result.stdout.count("\n"), 1)

    def test_two_groups_of_one_task_have_panels_of_their_own(self):
        import pandas
        import trained
        rows = pandas.DataFrame([
            {"group": group, "task": "next_byte", "batch": 16, "num_heads": heads, "head_dim": width}
            for group, widths in (("main", {1: 64, 4: 16}), ("wider", {1: 16, 4: 16})) for heads, width in widths.items()])
        self.assertEqual(trained.panel_names(rows, []),
                         {"main": "next_byte, H d 64", "wider": "next_byte, head_dim 16"})
        self.assertEqual(trained.panel_names(rows[rows["group"] == "main"], []), {"main": "next_byte"})

    def test_widths_of_different_numbers_of_heads_are_not_joined(self):
        data = self.directory("data")
        synthetic.write(data, lengths=(128,), heads=(1, 4, 16), variants=("multi_head",), backends=("blas",))
        result = run("odd_widths.py", data, self.directory("out"))
        self.check(result, 4)
        self.assertIn("at one num_heads", result.stdout)
        synthetic.write(data, lengths=(128,), heads=(), variants=("streaming",), backends=("blas", "naive"), widths=(63, 64, 65))
        self.check(run("odd_widths.py", data, self.directory("out"), "--format", "png"), 0)
        self.assertEqual(os.listdir(self.directory("out")), ["odd_widths_core.png"])

    def test_an_unknown_format_is_refused(self):
        result = run(SCRIPTS[0], self.data, self.directory("out"), "--format", "gif")
        self.check(result, 2)
        self.assertIn("png, svg, pdf", result.stderr)

    def test_hostile_names_stay_inside_the_output_directory_and_do_not_break_the_figure(self):
        data = self.directory("data")
        synthetic.write(data, variants=("multi_head", "streaming"), heads=(1, 8), widths=(64, 65, 128),
                        decode=(256,))
        self.replace(data, "points.csv", ",blas,", ",../../<script>alert(1)</script>$x^,")
        path = os.path.join(data, "run.json")
        with open(path, encoding="utf-8") as file:
            run_record = json.load(file)
        run_record["name"] = "../../$\\frac{$</text><script>alert(2)</script>"
        run_record["environment"]["cpu.model"] = "--><script>alert(3)</script> $x_{$ \\input{x}"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(run_record, file)
        heads = self.directory("heads")
        synthetic.write_heads(heads)
        for name in ("heads_alike.csv", "heads_effective.csv", "heads_pruned.csv"):
            self.replace(heads, name, "random", "</text><script>alert(4)</script>$\\frac{$")
        self.replace(heads, "run.json", "all-MiniLM-L6-v2", "../../</text><script>alert(5)</script>$\\\\frac{$")
        pruning = self.directory("pruning")
        synthetic.write_pruning(pruning)
        self.replace(pruning, "run.json", "k_lookup", "../../</text><script>alert(6)</script>$\\\\frac{$")
        of = {"heads": heads, "pruning": pruning, "points": data}
        for script in SCRIPTS:
            out = self.directory(script)
            result = run(script, of[kind_of(script)], out, "--format", "svg")
            self.check(result, 0)
            for file in result.stdout.split("\n")[:-1]:
                self.assertEqual(os.path.dirname(os.path.abspath(file)), os.path.abspath(out))
                with open(file, encoding="utf-8") as stream:
                    self.assertNotIn("<script>", stream.read())


if __name__ == "__main__":
    unittest.main()
