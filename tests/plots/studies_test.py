"""Figures of studies: bad exports are refused with the file, what is missing is left out."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import synthetic  # noqa: E402
from figure_case import FigureCase, run  # noqa: E402


class Studies(FigureCase):
    def test_bad_studies_of_heads_say_which_file_and_what_to_do(self):
        for name, old, new, script in (("heads_masked.csv", "harmful", "harm", "masked"),
                                       ("heads_masked.csv", ",yes", ",perhaps", "masked"),
                                       ("heads_masked.csv", "0,1,", "0,0,", "masked"),
                                       ("heads_masked.csv", "0,1,", "0,,", "masked"),
                                       ("heads_pruned.csv", ",72,", ",many,", "pruned"),
                                       ("heads_pruned.csv", ",72,", ",66,", "pruned"),
                                       ("heads_alike.csv", "head_b", "other", "alike"),
                                       ("heads_effective.csv", "low", "least", "alike"),
                                       ("run.json", '"num_heads": 12', '"num_heads": "12"', "alike")):
            with self.subTest(name, old=old, new=new):
                data = self.directory("data")
                synthetic.write_heads(data)
                self.replace(data, name, old, new)
                result = run(f"heads_{script}.py", data, self.directory("out"))
                self.check(result, 2)
                self.assertIn(os.path.join(data, name), result.stderr)
                self.assertIn("export", result.stderr)
                self.assertNotIn("Traceback", result.stderr)

    def test_recall_over_heads_left_is_drawn_without_times_too(self):
        data = self.directory("data")
        synthetic.write_heads(data, seconds=False)
        self.check(run("heads_pruned.py", data, self.directory("out"), "--format", "svg"), 0)

    def test_bad_studies_of_pruning_say_which_file_and_what_to_do(self):
        for name, old, new in (("pruning_curve.csv", "error_low", "least"), ("pruning_curve.csv", ",8,", ",many,"),
                               ("pruning_curve.csv", ",8,", ",6,"), ("run.json", '"seeds": 8', '"seeds": 0')):
            with self.subTest(name, old=old, new=new):
                data = self.directory("data")
                synthetic.write_pruning(data)
                self.replace(data, name, old, new)
                result = run("pruning.py", data, self.directory("out"))
                self.check(result, 2)
                self.assertIn(os.path.join(data, name), result.stderr)
                self.assertIn("export", result.stderr)

    def test_errors_over_heads_left_are_drawn_without_times_and_without_intervals_too(self):
        data = self.directory("data")
        synthetic.write_pruning(data, seconds=False)
        self.check(run("pruning.py", data, self.directory("out"), "--format", "svg"), 0)
        synthetic.write_pruning(data, ends=False)
        self.check(run("pruning.py", data, self.directory("out"), "--format", "svg"), 0)


if __name__ == "__main__":
    unittest.main()
