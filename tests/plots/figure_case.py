"""What tests of figures share: the scripts, made-up exports of each kind, and short ways to run and to break them."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import forked  # noqa: E402
import synthetic  # noqa: E402
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plots"))
import frame  # noqa: E402

PLOTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plots")


def holding(text):
    """The scripts that hold this text."""
    found = []
    for name in sorted(os.listdir(PLOTS)):
        if name.endswith(".py"):
            with open(os.path.join(PLOTS, name), encoding="utf-8") as file:
                found += [name] if text in file.read() else []
    return found


SCRIPTS = holding("\nSHOWS = ")
OF_HEADS = holding("SHOWS, studies.Heads")
OF_PRUNING = holding("SHOWS, studies.Pruning")
OF_POINTS = [script for script in SCRIPTS if script not in OF_HEADS + OF_PRUNING]


def kind_of(script):
    return "heads" if script in OF_HEADS else "pruning" if script in OF_PRUNING else "points"


def run(script, *arguments):
    return forked.run(os.path.join(PLOTS, script), *arguments)


class FigureCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="headcount_plots_")
        cls.data = os.path.join(cls.scratch.name, "data")
        synthetic.write(cls.data, variants=("multi_head", "streaming"), heads=(1, 4, 16),
                        backends=("blas",), widths=(63, 64, 65, 128), decode=(256,))
        cls.heads = os.path.join(cls.scratch.name, "heads")
        synthetic.write_heads(cls.heads)
        cls.pruning = os.path.join(cls.scratch.name, "pruning")
        synthetic.write_pruning(cls.pruning)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def directory(self, name):
        return os.path.join(self.scratch.name, self.id().rsplit(".", 1)[-1], name)

    def data_of(self, script):
        return {"heads": self.heads, "pruning": self.pruning, "points": self.data}[kind_of(script)]

    def check(self, result, code):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    def replace(self, data, name, old, new):
        path = os.path.join(data, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))


def texts_of(figure):
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


class Comparison(FigureCase):
    def exported(self, rows):
        data = self.directory("data")
        synthetic.write_rows(data, list(rows))
        return data

    def drawn(self, figure, rows):
        """The one figure of these points, laid out but not saved."""
        (_, drawn), = figure.draw(frame.Frame(self.exported(rows)))
        return drawn

    def refused(self, script, rows):
        result = run(script, self.exported(rows), self.directory("out"))
        self.check(result, 4)
        self.assertEqual(result.stdout.count("\n"), 1)
        return result.stdout
