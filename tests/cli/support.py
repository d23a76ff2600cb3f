"""What the tests of the command line share: the program that they are given, and a result of a tiny sweep."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HEADCOUNT = sys.argv[1]
SOURCE = pathlib.Path(sys.argv[2])


def run(*arguments, cwd=SOURCE, **more):
    return subprocess.run([HEADCOUNT, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=300, **more)


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)


TINY = """
question: Does the path work?
problem: {embed_dim: 16, seq_len: 8}
axes:
  variant: [multi_head, streaming]
  backend: [naive, counting]
  num_heads: [1, 2, 3, 4]
compare_by: num_heads
protocol: {min_rounds: 10, max_rounds: 10, min_sample_s: 0.0001, budget_s: 10}
claims:
  - {id: equal, says: products cost the same, metric: core.multiplies, across: num_heads, expect: {equal: exactly}, outcome: supported}
  - {id: exps, says: exps are free, metric: softmax.exps, across: num_heads, expect: {equal: exactly}, outcome: refuted}
"""


class TinySweep(unittest.TestCase):
    """Has run TINY: `config` and `result` lie in `root`, `first` is how it went."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)
        cls.config = cls.root / "tiny.yaml"
        cls.config.write_text(TINY)
        cls.result = cls.root / "tiny.jsonl"
        cls.first = run("run", cls.config, "--output", cls.result)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def records(self, kind):
        return [r for r in map(json.loads, self.result.read_text().splitlines()) if r["kind"] == kind]
