"""Figures depend on the data alone: one figure under a table of surroundings, by the program and by its script, must have
the same bytes each time; and what becomes of an interpreter or a script that fails.

usage: surroundings_test.py HEADCOUNT SOURCE_DIR
"""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from support import HEADCOUNT, SOURCE, TinySweep, main  # noqa: E402

FIGURE = "time_over_heads"
GARBAGE = b"\xff\xfe\x00 no: [encoding\n"
SETTINGS = b"font.size: 30\nlines.linewidth: 9\nsavefig.dpi: 30\nsvg.fonttype: none\ntext.usetex: True\n"
POISON = "print('poison')\nraise SystemExit('poison')\n"


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def modules(folder, *names):
    for name in names:
        write(folder / f"{name}.py", POISON)
    return folder


def configured(folder, settings):
    """A home with settings and a style of its own."""
    write(folder / ".config/matplotlib/matplotlibrc", settings)
    write(folder / ".config/matplotlib/stylelib/mine.mplstyle", GARBAGE)
    return folder


def user_packages(folder):
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    modules(folder / f".local/lib/{version}/site-packages", "matplotlib", "pandas", "usercustomize")
    return folder


# What surrounds the drawing: variables that are set in it, given a folder, and what lies in the working directory.
VARIABLES = {
    "a backend that is no more": lambda f: {"MPLBACKEND": "Qt4Agg"},
    "a backend with a window": lambda f: {"MPLBACKEND": "TkAgg", "DISPLAY": ":9"},
    "settings by MATPLOTLIBRC": lambda f: {"MATPLOTLIBRC": str(write(f / "rc", SETTINGS))},
    "unreadable settings by MATPLOTLIBRC": lambda f: {"MATPLOTLIBRC": str(write(f / "rc", GARBAGE))},
    "settings by MPLCONFIGDIR": lambda f: {"MPLCONFIGDIR": str(write(f / "matplotlibrc", SETTINGS).parent)},
    "settings at home": lambda f: {"HOME": str(configured(f, SETTINGS))},
    "unreadable settings at home": lambda f: {"HOME": str(configured(f, GARBAGE))},
    "settings by XDG": lambda f: {"XDG_CONFIG_HOME": str(configured(f, SETTINGS) / ".config")},
    "no home": lambda f: {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"},
    "a cache of fonts that is none": lambda f: {
        "XDG_CACHE_HOME": str(write(f / "headcount/matplotlib/fontlist-v330.json", GARBAGE).parents[2])},
    "packages of the user": lambda f: {"HOME": str(user_packages(f))},
    "PYTHONPATH": lambda f: {"PYTHONPATH": str(modules(f, "frame", "style", "matplotlib", "pandas", "sitecustomize"))},
    "safe path": lambda f: {"PYTHONSAFEPATH": "1"},
    "no docstrings": lambda f: {"PYTHONOPTIMIZE": "2"},
    "warnings are errors": lambda f: {"PYTHONWARNINGS": "error"},
    "developer mode": lambda f: {"PYTHONDEVMODE": "1"},
    "a prompt at the end": lambda f: {"PYTHONINSPECT": "1"},
    "another order of sets": lambda f: {"PYTHONHASHSEED": "7"},
    "another encoding": lambda f: {"PYTHONIOENCODING": "utf-16", "PYTHONUTF8": "0"},
    "ASCII": lambda f: {"LC_ALL": "POSIX", "LANG": "C"},
    "a comma for a point": lambda f: {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"},
    "a date": lambda f: {"SOURCE_DATE_EPOCH": "0"},
    "a date that is none": lambda f: {"SOURCE_DATE_EPOCH": "yesterday"},
    "another processor for numpy": lambda f: {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX2 FMA3"},
}
WORKING_DIRECTORY = {
    "settings": lambda f: write(f / "matplotlibrc", SETTINGS),
    "unreadable settings": lambda f: write(f / "matplotlibrc", GARBAGE),
    "modules": lambda f: modules(f, "frame", "style", "matplotlib", "pandas", "random"),
    "a name for the shell": lambda f: None,
}
WHERE = {"a name for the shell": "it's a \"test\" ü\n"}


class Surroundings(TinySweep):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert cls.first.returncode == 0, cls.first.stderr
        cls.plain = cls.root / "plain"
        done = cls.plot(cls.plain)
        assert done.returncode == 0, done.stderr
        cls.expected = cls.figures(cls.plain)
        assert len(cls.expected) >= 3, done.stdout

    @staticmethod
    def figures(folder):
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    @classmethod
    def plot(cls, output, *more, cwd=SOURCE, **changes):
        return subprocess.run([HEADCOUNT, "plot", cls.result, "--output", output, "--only", FIGURE, "--format",
                               "png,svg,pdf", *more], cwd=cwd, env=dict(os.environ, **changes), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=300)

    def script(self, output, *options, cwd=SOURCE, **changes):
        """In one format: the program, which asks for all, runs the same script."""
        return subprocess.run([sys.executable, *options, SOURCE / "plots" / f"{FIGURE}.py", self.plain / "data", output,
                               "--format", "svg"], cwd=cwd, env=dict(os.environ, **changes), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=300)

    def same(self, drawn, output, kinds=(".png", ".svg", ".pdf")):
        self.assertEqual(drawn.returncode, 0, drawn.stderr.decode(errors="replace"))
        figures = self.figures(output)
        self.assertEqual(sorted(figures), sorted(name for name in self.expected if name.endswith(kinds)))
        for name, content in figures.items():
            self.assertTrue(content == self.expected[name], f"{name} differs")  # a diff would be megabytes
        self.assertNotIn(b"poison", drawn.stdout + drawn.stderr)

    def make(self, *parts):
        folder = self.root.joinpath(*parts)
        folder.mkdir(parents=True)
        return folder

    def test_variables(self):
        for number, (name, set_in) in enumerate(VARIABLES.items()):
            with self.subTest(name):
                changes = set_in(self.make(f"variables{number}"))
                out = self.root / f"by_program{number}"
                self.same(self.plot(out, **changes), out)
                # A script that is run by hand starts in the interpreter of the user, who poisons its very start.
                if "sitecustomize" not in str(list(map(os.listdir, changes.get("PYTHONPATH", "").split()))) and (
                        name != "packages of the user"):
                    out = self.root / f"by_script{number}"
                    self.same(self.script(out, **changes), out, ".svg")

    def test_working_directory(self):
        for number, (name, lies_in) in enumerate(WORKING_DIRECTORY.items()):
            with self.subTest(name):
                folder = self.make(f"working{number}", WHERE.get(name, "directory"))
                lies_in(folder)
                self.same(self.plot("by_program", cwd=folder), folder / "by_program")
                self.same(self.script("by_script", cwd=folder), folder / "by_script", ".svg")

    def test_an_interpreter_without_a_home_of_its_own(self):
        out = self.root / "pythonhome"
        self.same(self.plot(out, PYTHONHOME="/no/such"), out)

    def test_isolated_modes(self):
        for options in (["-I"], ["-E", "-s"], ["-P"], ["-OO"], ["-W", "default"]):
            with self.subTest(options):
                out = self.root / ("isolated" + "".join(options).replace(" ", ""))
                self.same(self.script(out, *options), out, ".svg")

    def interpreter(self, name, text):
        path = write(self.root / name, f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def test_what_an_interpreter_says_beside_the_result_does_no_harm(self):
        loud = self.interpreter("loud", f'echo "a warning: {{}}" >&2; exec {sys.executable} "$@"')
        out = self.root / "loud_figures"
        drawn = self.plot(out, HEADCOUNT_PYTHON=loud)
        self.same(drawn, out)
        self.assertNotIn(b"warning", drawn.stdout)
        lints = [subprocess.run([HEADCOUNT, "lint", self.result], env=dict(os.environ, HEADCOUNT_PYTHON=python),
                                capture_output=True, timeout=300) for python in (loud, sys.executable)]
        self.assertIn(lints[0].returncode, (0, 1), lints[0].stderr)
        self.assertEqual(lints[0].stdout, lints[1].stdout)

    def test_a_chosen_interpreter_that_fails_is_an_error_with_its_last_line(self):
        failing = {"/no/such": "No such file", "/bin/true": "no Python", str(self.root): "denied",
                   self.interpreter("boom", "echo first >&2; echo 'boom at the end' >&2; exit 3"): "boom at the end",
                   self.interpreter("killed", "kill -9 $$"): "signal 9",
                   self.interpreter("bare", f'shift 4; exec {sys.executable} -I -S "$@"'): "No module named"}
        for python, says in failing.items():
            for command in (["plot", self.result, "--output", self.root / "none"], ["lint", self.result]):
                with self.subTest(python=python, command=command[0]):
                    done = subprocess.run([HEADCOUNT, *command], env=dict(os.environ, HEADCOUNT_PYTHON=python),
                                          capture_output=True, text=True, timeout=300)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(f"HEADCOUNT_PYTHON={python}", done.stderr)
                    self.assertIn(says, done.stderr)
                    self.assertIn("unset it", done.stderr)
                    self.assertFalse((self.root / "none").exists())

    def test_the_scripts_of_the_checkout_hold_to_a_chosen_interpreter_too(self):
        for python, code in (("/no/such", 2), ("/bin/true", 2), (sys.executable, 0), ("", 0)):
            done = subprocess.run(["bash", "-c", ". .ci/common.sh; find_python json"], cwd=SOURCE, text=True,
                                  env=dict(os.environ, HEADCOUNT_PYTHON=python), capture_output=True, timeout=60)
            self.assertEqual(done.returncode, code, done.stderr)
            if python and not code:
                self.assertEqual(done.stdout.strip(), python)

    def test_a_script_that_crashes_is_a_bug_and_a_full_machine_is_none(self):
        for name, body, code, says in (("bug", "return {}['nothing']", 70, "a bug in headcount"),
                                       ("signal", "os.kill(os.getpid(), 11)", 70, "signal 11"),
                                       ("damaged", "raise frame.DataError('damaged')", 70, "damaged"),
                                       ("memory", "raise MemoryError", 4, "no memory left"),
                                       ("disk", "raise OSError(28, 'No space left')", 4, "No space left"),
                                       ("stopped", "os.kill(os.getpid(), 2)", 130, "")):
            with self.subTest(name):
                folder = self.make(f"data_{name}")
                (folder / "configs").symlink_to(SOURCE / "configs")
                shutil.copytree(SOURCE / "plots", folder / "plots", ignore=shutil.ignore_patterns("__pycache__"))
                write(folder / "plots" / "a_new_figure.py",
                      "import os\nimport sys\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n"
                      f"import frame\nSHOWS = {{}}\n\n\ndef draw(data):\n    {body}\n\n\n"
                      "if __name__ == '__main__':\n    raise SystemExit(frame.main('a_new_figure', draw, SHOWS))\n")
                out = folder / "out"
                done = self.plot(out, "--only", "a_new_figure", HEADCOUNT_DATA_DIR=str(folder))
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(says, done.stderr.decode())
                self.assertEqual(says == "a bug in headcount" or code == 70, b"please report" in done.stderr)
                if code != 130:  # the others are drawn all the same
                    self.assertEqual(self.figures(out), self.expected)


if __name__ == "__main__":
    main()
