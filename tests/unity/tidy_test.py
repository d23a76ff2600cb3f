#!/usr/bin/env python3
"""Sources that clang-tidy sees as one: a fault in any is told under its own name, and what was clean is remembered.

usage: tidy_test.py
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CLEAN = "namespace headcount {\nint %s(int a) { return a; }\n}  // namespace headcount\n"
FAULTS = {
    "modernize-use-nullptr": "int* nothing() { return 0; }\n",
    "misc-unused-parameters": "namespace {\nint first(int a, int b) { return a; }\n}\nint use() { return first(1, 2); }\n",
    "performance-for-range-copy": "#include <string>\n#include <vector>\nstd::size_t all(const std::vector<std::string>& texts) {\n"
                                  "    std::size_t n = 0;\n    for (const std::string text : texts) n += text.size();\n    return n;\n}\n",
    "misc-unused-using-decls": "#include <utility>\nusing std::pair;\n",
    "misc-unused-(alias|using)-decls": "namespace other = headcount;\n",
}


class Tidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for name in (".ci/tidy.py", ".clang-tidy"):
            (self.root / name).parent.mkdir(exist_ok=True)
            shutil.copy(SOURCE / name, self.root / name)
        (self.root / "build").mkdir()
        (self.root / "build" / "clang-tidy").symlink_to(SOURCE / "build" / "clang-tidy")
        self.sources = [self.root / "harness" / f"{name}.cpp" for name in ("a", "b", "c")]
        for source in self.sources:
            source.parent.mkdir(exist_ok=True)
            source.write_text(CLEAN % source.stem)
        build = self.root / "build" / "lint"
        build.mkdir(parents=True)
        together = build / "unity_0_cxx.cxx"
        made = build / "made.cpp"  # by the build: nobody looks at it, and those beside it are looked at all the same
        made.write_text("int* made() { return 0; }\n")
        together.write_text("".join(f'#include "{source}"\n\n' for source in (self.sources[0], made, self.sources[1])))
        entries = [{"directory": str(build), "file": str(file), "command": f"clang++ -std=c++20 -o x.o -c {file}"}
                   for file in (together, self.sources[2])]
        (build / "compile_commands.json").write_text(json.dumps(entries))

    def tidy(self, *arguments):
        environment = os.environ | {"XDG_CACHE_HOME": str(self.root / "cache")}
        return subprocess.run([sys.executable, self.root / ".ci" / "tidy.py", *arguments], capture_output=True, text=True,
                              env=environment)

    def test_what_was_clean_is_remembered_until_one_of_them_changes(self):
        done = self.tidy()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("3 sources checked, 0 unchanged", done.stdout)
        self.assertIn("0 sources checked, 3 unchanged", self.tidy().stdout)
        self.sources[1].write_text(CLEAN % "other")
        self.assertIn("2 sources checked, 1 unchanged", self.tidy().stdout)
        self.assertIn("1 sources checked, 0 unchanged", self.tidy("--all", "build/lint", "c.cpp").stdout)

    def test_a_fault_of_any_is_told_under_its_own_name(self):
        for check, text in FAULTS.items():
            for source in self.sources[1:]:  # together with another, and alone
                with self.subTest(check=check, source=source.name):
                    source.write_text(text if "headcount" not in text else CLEAN % "x" + text)
                    done = self.tidy()
                    self.assertEqual(done.returncode, 1, done.stdout)
                    told = [line for line in done.stdout.splitlines() if re.search(rf"error: .*\[{check}", line)]
                    self.assertTrue(told and all(f"harness/{source.name}:" in line for line in told), done.stdout)
                    self.assertEqual(self.tidy().returncode, 1, "remembered as clean")
                    source.write_text(CLEAN % source.stem)


if __name__ == "__main__":
    unittest.main(verbosity=2)
